// What each kind of element may say, as fields: {id, label, kind, get, set}, in groups. Used by panel.js.
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";

const OURS = "spiffworkflow:";
const ACTIVITIES = ["bpmn:Task", "bpmn:SubProcess", "bpmn:CallActivity"];
const TIMES = { timeDuration: "a duration", timeDate: "an instant", timeCycle: "a cycle" };
const SENDS = ["bpmn:SendTask", "bpmn:IntermediateThrowEvent", "bpmn:EndEvent"];

export default function makeFields({ modeling, moddle, canvas, choices }) {
  const create = (type, values, parent) => Object.assign(moddle.create(type, values), { $parent: parent });

  function write(element, object, values) {
    if (object === getBusinessObject(element)) modeling.updateProperties(element, values);
    else modeling.updateModdleProperties(element, object, values);
  }

  const extension = (object, type) => object.extensionElements?.get("values").find((one) => is(one, OURS + type));

  function extend(element, object, type, build) { // a new box each time, so that undo finds the old one
    const box = create("bpmn:ExtensionElements", { values: [] }, object);
    const others = (object.extensionElements?.get("values") ?? []).filter((one) => !is(one, OURS + type));
    const one = build(box);
    box.values = one ? [...others, one] : others;
    write(element, object, { extensionElements: box.values.length ? box : undefined });
  }

  const attribute = (element, object, id, label, kind = "line", more = {}) => ({
    id, label, kind, ...more,
    get: () => object.get(id),
    set: (value) => write(element, object, { [id]: value === "" ? undefined : value }),
  });

  const body = (element, object, type, label, kind = "line", more = {}) => ({
    id: type, label, kind, ...more,
    get: () => extension(object, type)?.value,
    set: (value) => extend(element, object, type, (box) => value && create(OURS + type, { value }, box)),
  });

  const expression = (element, object, id, label) => ({
    id, label, kind: "line",
    get: () => object[id]?.body,
    set: (text) => write(element, object, { [id]: text ? create("bpmn:FormalExpression", { body: text }, object) : undefined }),
  });

  function property(element, object, name, label, kind = "line", more = {}) {
    const all = () => extension(object, "Properties")?.get("properties") ?? [];
    return {
      id: `property-${name}`, label, kind, ...more,
      get: () => all().find((one) => one.name === name)?.value,
      set(value) {
        const others = all().filter((one) => one.name !== name).map(({ name, value }) => ({ name, value }));
        const wanted = value === "" || value === false ? others : [...others, { name, value: String(value) }];
        extend(element, object, "Properties", (box) => {
          if (!wanted.length) return null;
          const properties = create(`${OURS}Properties`, {}, box);
          properties.properties = wanted.map((one) => create(`${OURS}Property`, one, properties));
          return properties;
        });
      },
    };
  }

  function general(element, object) {
    const fields = [attribute(element, object, "name", "Name"), attribute(element, object, "id", "Id")];
    const notes = {
      id: "documentation", label: "Description", kind: "text",
      get: () => object.documentation?.[0]?.text,
      set: (text) => write(element, object, { documentation: text ? [create("bpmn:Documentation", { text }, object)] : [] }),
    };
    return [...fields, notes];
  }

  const workOrder = (element, object) => [
    property(element, object, "form", "Form", "choice", { from: choices.forms }),
    body(element, object, "VariableName", "Answers go into"),
    property(element, object, "group", "Group (instead of the lane’s)", "choice", { from: choices.groups }),
    property(element, object, "stage", "Stage", "choice", { from: choices.stages }),
    property(element, object, "segment", "Segment", "choice", { from: choices.segments }),
    property(element, object, "budget_key", "Clock", "choice", { from: choices.clocks }),
    property(element, object, "priority", "Priority (1 to 5)", "number"),
    property(element, object, "on_site", "On site", "yes_no"),
    property(element, object, "key_node", "Key node", "yes_no"),
    property(element, object, "customer_visible", "Customer sees it", "yes_no"),
    body(element, object, "InstructionsForEndUser", "What to do", "text"),
  ];

  function service(element, object) {
    const operator = () => extension(object, "ServiceTaskOperator");
    const given = () => operator()?.parameterList?.get("parameters") ?? [];
    const parametersOf = (id) => choices.services.find((one) => one.value === id)?.parameters ?? [];

    function save(changed) {
      const before = { id: operator()?.id, resultVariable: operator()?.resultVariable, values: {} };
      for (const one of given()) before.values[one.id] = one.value;
      const now = { ...before, ...changed };
      extend(element, object, "ServiceTaskOperator", (box) => now.id && built(now, box));
    }
    function built({ id, resultVariable, values }, box) {
      const made = create(`${OURS}ServiceTaskOperator`, { id, resultVariable: resultVariable || undefined }, box);
      const list = create(`${OURS}Parameters`, {}, made);
      const names = parametersOf(id).filter((name) => values[name]);
      list.parameters = names.map((name) => create(`${OURS}Parameter`, { id: name, type: "any", value: values[name] }, list));
      made.parameterList = list;
      return made;
    }
    const fields = [{
      id: "operator", label: "Service", kind: "choice", from: choices.services,
      get: () => operator()?.id,
      set: (id) => save({ id }),
    }];
    if (!operator()) return fields;
    const values = () => Object.fromEntries(given().map((one) => [one.id, one.value]));
    for (const name of parametersOf(operator().id)) {
      const set = (value) => save({ values: { ...values(), [name]: value } });
      fields.push({ id: `parameter-${name}`, label: name, kind: "line", get: () => values()[name], set });
    }
    const set = (resultVariable) => save({ resultVariable });
    fields.push({ id: "result", label: "Result goes into", kind: "line", get: () => operator().resultVariable, set });
    return fields;
  }

  function timer(element, definition) {
    const kind = () => Object.keys(TIMES).find((one) => definition[one]) ?? "timeDuration";
    const text = () => definition[kind()]?.body ?? "";
    function put(wanted, value) {
      const times = Object.keys(TIMES).map((one) => [one, one === wanted ? create("bpmn:FormalExpression", { body: value }, definition) : undefined]);
      write(element, definition, Object.fromEntries(times));
    }
    const from = Object.entries(TIMES).map(([value, label]) => ({ value, label }));
    return [
      { id: "timer-kind", label: "Timer", kind: "choice", from, get: kind, set: (wanted) => put(wanted || kind(), text()) },
      { id: "timer-value", label: "Time", kind: "line", get: text, set: (value) => put(kind(), value) },
    ];
  }

  function reference(element, object, id, type, label) {
    const definitions = () => canvas.getRootElement().businessObject.$parent;
    const all = () => definitions().get("rootElements").filter((one) => is(one, type));
    return {
      id, label, kind: "line", // its name: that is what is sent and waited for
      get: () => object[id]?.name,
      set(name) {
        let named = name ? all().find((one) => one.name === name) : undefined;
        if (name && !named) {
          named = create(type, { id: `${type.slice("bpmn:".length).toLowerCase()}_${name.replace(/\W/g, "_")}`, name }, definitions());
          write(element, definitions(), { rootElements: [...definitions().get("rootElements"), named] });
        }
        write(element, object, { [id]: named });
      },
    };
  }

  function event(element, object) {
    const groups = [], definition = object.eventDefinitions?.[0];
    if (is(object, "bpmn:BoundaryEvent")) groups.push(["Event", [attribute(element, object, "cancelActivity", "Attached: interrupts", "yes_no")]]);
    const messenger = definition && is(definition, "bpmn:MessageEventDefinition") ? definition : null;
    const holder = messenger ?? (is(object, "bpmn:SendTask") || is(object, "bpmn:ReceiveTask") ? object : null);
    if (holder) groups.push(["Message", message(element, object, holder)]);
    if (!definition) return groups;
    if (is(definition, "bpmn:TimerEventDefinition")) groups.push(["Timer", timer(element, definition)]);
    if (is(definition, "bpmn:SignalEventDefinition")) groups.push(["Signal", [reference(element, definition, "signalRef", "bpmn:Signal", "Name")]]);
    return groups;
  }

  function message(element, object, holder) {
    const sends = SENDS.some((type) => is(object, type));
    return [
      reference(element, holder, "messageRef", "bpmn:Message", "Name"),
      sends
        ? body(element, holder, "MessagePayload", "What is sent", "text")
        : body(element, holder, "MessageVariable", "What was sent goes into"),
    ];
  }

  function way(element, object) {
    const source = object.sourceRef;
    const isDefault = {
      id: "default", label: "Default way", kind: "yes_no",
      get: () => source.default === object,
      set: (yes) => modeling.updateProperties(element.source, { default: yes ? object : undefined }),
    };
    return [expression(element, object, "conditionExpression", "Applies where"), isDefault];
  }

  return function fieldsOf(element) {
    const object = getBusinessObject(element), groups = [["General", general(element, object)]];
    if (is(object, "bpmn:UserTask")) groups.push(["Work order", workOrder(element, object)]);
    if (is(object, "bpmn:ServiceTask")) groups.push(["Service", service(element, object)]);
    if (is(object, "bpmn:ScriptTask")) groups.push(["Script", [attribute(element, object, "script", "Script", "text")]]);
    if (is(object, "bpmn:BusinessRuleTask")) {
      groups.push(["Decision table", [body(element, object, "CalledDecisionId", "Decision table", "choice", { from: choices.decisions })]]);
    }
    if (is(object, "bpmn:CallActivity")) {
      groups.push(["Called diagram", [attribute(element, object, "calledElement", "Called diagram", "choice", { from: choices.diagrams })]]);
    }
    if (is(object, "bpmn:SequenceFlow")) groups.push(["Applies where", way(element, object)]);
    groups.push(...event(element, object));
    if (ACTIVITIES.some((type) => is(object, type)) && !is(object, "bpmn:ScriptTask")) {
      groups.push(["Script", [body(element, object, "PreScript", "Script before", "text"), body(element, object, "PostScript", "Script after", "text")]]);
    }
    return groups;
  };
}
