// The properties of the chosen element, as plain labelled fields. Each change is one command that can be undone.
// What an element may say: fields.js. What there is to choose from comes from the server (config.choices).
import { getBusinessObject } from "bpmn-js/lib/util/ModelUtil";
import makeFields from "./fields.js";
import { say } from "./words.js";

export default function Panel(config, choices, eventBus, modeling, moddle, canvas) {
  const place = document.querySelector(config.parent);
  const fieldsOf = makeFields({ modeling, moddle, canvas, choices });
  const closed = new Set();
  let chosen = null;

  function draw() {
    const element = chosen ?? canvas.getRootElement();
    const object = getBusinessObject(element);
    if (!object?.$type) return;
    const focused = document.activeElement?.id;
    const title = make("h2", { textContent: say(object.$type.slice("bpmn:".length)) });
    place.replaceChildren(title, ...fieldsOf(element).map(([name, fields]) => group(name, fields)));
    if (focused?.startsWith("field-")) document.getElementById(focused)?.focus();
  }

  function group(name, fields) {
    const box = make("details", { open: !closed.has(name) });
    box.addEventListener("toggle", () => (box.open ? closed.delete(name) : closed.add(name)));
    box.append(make("summary", { textContent: say(name) }), ...fields.map(field));
    return box;
  }

  eventBus.on("selection.changed", ({ newSelection }) => {
    chosen = newSelection.length === 1 ? (newSelection[0].labelTarget ?? newSelection[0]) : null;
    draw();
  });
  eventBus.on(["elements.changed", "import.done"], draw);
}
Panel.$inject = ["config.panel", "config.choices", "eventBus", "modeling", "moddle", "canvas"];

function field(one) {
  const id = `field-${one.id}`, control = controlOf(one, id);
  control.addEventListener("change", () => one.set(one.kind === "yes_no" ? control.checked : control.value.trim()));
  const label = make("label", { htmlFor: id, textContent: say(one.label) });
  return make("div", { className: "field" }, label, control);
}

function controlOf(one, id) {
  const value = one.get() ?? "";
  if (one.kind === "choice") return choice(one, id, value);
  if (one.kind === "text") return make("textarea", { id, value, rows: Math.min(8, value.split("\n").length + 1) });
  if (one.kind === "yes_no") return make("input", { id, type: "checkbox", checked: value === true || value === "true" });
  return make("input", { id, value, type: one.kind === "number" ? "number" : "text" });
}

function choice(one, id, value) {
  const select = make("select", { id });
  const known = one.from.map((each) => (typeof each === "string" ? { value: each, label: each } : each));
  if (value && !known.some((each) => each.value === value)) known.push({ value, label: value }); // kept, if not known
  for (const { value: key, label } of [{ value: "", label: "" }, ...known]) {
    select.append(make("option", { value: key, textContent: label, selected: key === value }));
  }
  return select;
}

function make(tag, values, ...inside) {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...inside);
  return element;
}
