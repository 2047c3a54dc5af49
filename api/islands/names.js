// The extension elements that SpiffWorkflow 3.2 reads, as bpmn-js wants to know them.
const ofText = (name) => ({
  name,
  superClass: ["Element"],
  properties: [{ name: "value", isBody: true, type: "String" }],
});
const attribute = (name, type = "String") => ({ name, isAttr: true, type });
const many = (name, type) => ({ name, type, isMany: true });

export default {
  name: "SpiffWorkflow",
  prefix: "spiffworkflow",
  uri: "http://spiffworkflow.org/bpmn/schema/1.0/core",
  xml: { tagAlias: "lowerCase" },
  associations: [],
  types: [
    ...["PreScript", "PostScript", "MessagePayload", "MessageVariable", "PayloadExpression"].map(ofText),
    ...["VariableName", "CalledDecisionId", "InstructionsForEndUser"].map(ofText),
    { name: "Properties", superClass: ["Element"], properties: [many("properties", "Property")] },
    { name: "Property", superClass: ["Element"], properties: [attribute("name"), attribute("value")] },
    {
      name: "ServiceTaskOperator",
      superClass: ["Element"],
      properties: [
        attribute("id"),
        attribute("resultVariable"),
        { name: "parameterList", type: "Parameters" },
        { name: "retry", type: "Retry" },
      ],
    },
    { name: "Parameters", superClass: ["Element"], properties: [many("parameters", "Parameter")] },
    {
      name: "Parameter",
      superClass: ["Element"],
      properties: [attribute("id"), attribute("type"), attribute("value")],
    },
    {
      name: "Retry",
      superClass: ["Element"],
      properties: [attribute("retries", "Integer"), attribute("backoff_base", "Integer")],
    },
    {
      name: "ScriptsOnInstances",
      extends: ["bpmn:MultiInstanceLoopCharacteristics", "bpmn:StandardLoopCharacteristics"],
      properties: [attribute("scriptsOnInstances", "Boolean")],
    },
  ],
};
