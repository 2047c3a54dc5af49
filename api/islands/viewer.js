// A diagram to look at: [data-island=viewer data-diagram=… data-paint=…]. What is painted on it is JSON:
// {steps: {id: {state, count, incidents, heat, title}}, marks: {id: "added" | …}, ways: [id]}.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import see from "./sight.js";
import names from "./names.js";
import words from "./words.js";
import "./islands.css";

const told = JSON.parse(document.getElementById("marks")?.textContent ?? "{}");
const read = async (address, as) => (await fetch(address))[as]();

async function show(island) {
  const viewer = new NavigatedViewer({
    container: island,
    additionalModules: [words],
    moddleExtensions: { spiffworkflow: names },
  });
  const [diagram, paint] = await Promise.all([
    read(island.dataset.diagram, "text"),
    island.dataset.paint ? read(island.dataset.paint, "json") : {},
  ]);
  await viewer.importXML(diagram);
  see(viewer.get("canvas"));
  put(viewer, paint);
  put(viewer, { marks: told });
  viewer.on("element.click", ({ element }) => choose(viewer, element.id));
  island.dataset.ready = "yes";
}

function put(viewer, { steps = {}, marks = {}, ways = [] }) {
  const canvas = viewer.get("canvas"), shapes = viewer.get("elementRegistry");
  for (const [id, step] of Object.entries(steps)) {
    const shape = shapes.get(id);
    if (!shape) continue;
    if (step.state) canvas.addMarker(id, `step-${step.state}`);
    if (step.heat != null) canvas.addMarker(id, `heat-${Math.ceil(step.heat * 5)}`);
    if (step.count) badge(viewer, id, { bottom: 12, left: -8 }, "count", step.count, step.title);
    if (step.incidents) badge(viewer, id, { bottom: 12, right: 14 }, "bad", `! ${step.incidents}`);
  }
  for (const [id, mark] of Object.entries(marks)) if (shapes.get(id)) canvas.addMarker(id, `mark-${mark}`);
  for (const id of ways) if (shapes.get(id)) canvas.addMarker(id, "way");
}

function badge(viewer, id, position, kind, text, title = "") {
  const html = Object.assign(document.createElement("div"), { className: `badge ${kind}`, textContent: text, title });
  viewer.get("overlays").add(id, { position, html });
}

function choose(viewer, id) { // the row that tells of a step, and the step, point at each other
  const canvas = viewer.get("canvas");
  viewer.get("elementRegistry").forEach((one) => canvas.removeMarker(one.id, "chosen"));
  canvas.addMarker(id, "chosen");
  for (const row of document.querySelectorAll("[data-element]")) row.classList.toggle("chosen", row.dataset.element === id);
  document.querySelector(`[data-element="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
}

for (const island of document.querySelectorAll("[data-island=viewer]")) show(island);
