// A diagram to change: [data-island=editor]. The gate of the server looks at it after each change; what it finds is
// painted on the elements. It saves to the draft, and says when somebody else has it.
import Modeler from "bpmn-js/lib/Modeler";
import simulation from "bpmn-js-token-simulation";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css";
import Panel from "./panel.js";
import see from "./sight.js";
import names from "./names.js";
import words, { sayWithin } from "./words.js";
import "./islands.css";

const PAUSE = 400; // ms after the last change
const island = document.querySelector("[data-island=editor]");
const choices = JSON.parse(document.getElementById("choices").textContent);
const modeler = new Modeler({
  container: island,
  panel: { parent: "#panel" },
  choices,
  additionalModules: [simulation, words, { __init__: ["panel"], panel: ["type", Panel] }],
  moddleExtensions: { spiffworkflow: names },
});
const told = document.getElementById("told"), list = document.getElementById("findings");
let looks = 0, waiting, revision = Number(island.dataset.revision);

const tell = async (address, method, body) =>
  fetch(address, { method, headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body) });
const diagram = async () => (await modeler.saveXML({ format: true })).xml;

async function look() {
  const mine = ++looks;
  const answer = await tell(island.dataset.checks, "POST", { diagram: await diagram() });
  if (mine !== looks || !answer.ok) return;
  paint((await answer.json()).findings);
}

function paint(findings) {
  const overlays = modeler.get("overlays"), shapes = modeler.get("elementRegistry");
  overlays.remove({ type: "finding" });
  for (const [id, some] of Map.groupBy(findings, (one) => one.element)) {
    if (!shapes.get(id)) continue;
    const worst = some.some((one) => one.severity === "error") ? "error" : "";
    const html = Object.assign(document.createElement("div"), { className: `finding-mark ${worst}`, textContent: "!", title: some.map(text).join("\n") });
    overlays.add(id, "finding", { position: { top: -10, left: -10 }, html });
  }
  list.replaceChildren(...findings.map(button));
  island.dataset.errors = findings.filter((one) => one.severity === "error").length;
}

const text = (finding) => (document.documentElement.lang.startsWith("zh") ? finding.zh : finding.en);

function button(finding) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: `finding ${finding.severity}` });
  made.textContent = `${finding.name || finding.element}: ${text(finding)}`;
  made.addEventListener("click", () => {
    const shape = modeler.get("elementRegistry").get(finding.element);
    if (!shape) return;
    modeler.get("selection").select(shape);
    modeler.get("canvas").scrollToElement(shape);
  });
  return made;
}

async function save() {
  const answer = await tell(island.dataset.save, "PUT", { diagram: await diagram(), revision });
  const said = await answer.json();
  if (answer.ok) {
    revision = said.revision;
    delete island.dataset.changed;
  }
  told.textContent = answer.ok ? told.dataset.saved : (document.documentElement.lang.startsWith("zh") ? said.zh : said.en) ?? said.detail;
  told.classList.toggle("wrong", !answer.ok);
}

await modeler.importXML(await (await fetch(island.dataset.diagram)).text());
see(modeler.get("canvas"));
sayWithin(island);
modeler.on("commandStack.changed", () => {
  island.dataset.changed = "yes";
  told.textContent = told.dataset.unsaved;
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE);
});
document.getElementById("save").addEventListener("click", () => save().catch(() => { told.textContent = told.dataset.offline; }));
addEventListener("beforeunload", (leaving) => island.dataset.changed && leaving.preventDefault());
await look();
island.modeler = modeler;
island.dataset.ready = "yes";
