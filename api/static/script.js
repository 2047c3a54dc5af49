// What pages do by themselves: count down, obey keys, remember the row. Without it all still works.
(() => {
  "use strict";
  const byServer = Date.parse(document.body.dataset.now) - Date.now(); // the viewer's clock may be wrong
  const soon = 30 * 60;
  const two = (number) => String(number).padStart(2, "0");

  function countDown() {
    const now = Date.now() + byServer;
    for (const time of document.querySelectorAll("time[data-due]:not([data-still] *)")) {
      const left = Math.round((Date.parse(time.dateTime) - now) / 1000), length = Math.abs(left);
      const days = Math.floor(length / 86400), sign = left < 0 ? "−" : "";
      const clock = [Math.floor(length / 3600) % 24, Math.floor(length / 60) % 60, length % 60].map(two).join(":");
      time.title ||= time.textContent;
      time.textContent = sign + (days ? `${days}d ` : "") + clock;
      time.classList.toggle("late", left < 0);
      time.classList.toggle("soon", left >= 0 && left < soon);
    }
  }

  const rows = () => [...document.querySelectorAll("[data-rows] tbody tr")];
  function step(by) {
    const all = rows(), at = all.indexOf(document.activeElement.closest("tr"));
    all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]?.focus();
  }
  function inRow(what) {
    const row = document.activeElement.closest("tr") || rows()[0];
    row?.querySelector(what)?.click();
  }
  const inList = { j: () => step(1), k: () => step(-1), o: () => inRow("[data-open]"), a: () => inRow("[data-accept]"), x: () => inRow("[name=order]") };

  const boxes = () => [...document.querySelectorAll("[name=order]")];
  function tellChosen() {
    const chosen = boxes().filter((box) => box.checked).length, told = document.querySelector("[data-chosen]");
    const all = document.querySelector("[data-all]");
    if (!told || !all) return;
    told.textContent = `${chosen} ×`;
    told.hidden = !chosen;
    all.hidden = false;
    all.checked = chosen && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
  function choose(change) {
    if (change.target.matches("[data-all]")) for (const box of boxes()) box.checked = change.target.checked;
    if (change.target.matches("[data-all], [name=order]")) tellChosen();
  }

  let first = "";
  function obey(press) {
    const typing = press.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || press.ctrlKey || press.metaKey || press.altKey || document.querySelector("dialog[open]")) return;
    const keys = (first ? `${first} ` : "") + press.key;
    const wanted = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === keys);
    first = !first && press.key === "g" ? "g" : "";
    if (wanted) {
      press.preventDefault();
      wanted.matches("input:not([type=checkbox])") ? wanted.focus() : wanted.click();
    } else if (rows().length && inList[press.key]) {
      press.preventDefault();
      inList[press.key]();
    }
  }

  function openDialog(click) {
    const opener = click.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog).showModal();
  }
  function onlyOnce(sent) { // a second press must not send it twice
    const form = sent.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) sent.preventDefault();
    form.dataset.sent = "yes";
    addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
  }

  function showPlace() { // of a wide diagram, what it waits for
    const one = document.querySelector("[data-into-view]"), frame = one?.closest("figure");
    if (!frame) return;
    const at = one.getBoundingClientRect(), its = frame.getBoundingClientRect();
    frame.scrollLeft += at.left - its.left - frame.clientWidth / 2;
    frame.scrollTop += at.top - its.top - frame.clientHeight / 2;
  }

  document.addEventListener("keydown", obey);
  document.addEventListener("click", openDialog);
  document.addEventListener("submit", onlyOnce);
  document.addEventListener("change", choose);
  document.addEventListener("toggle", showPlace, true);
  document.addEventListener("renewed", () => { tellChosen(); countDown(); }); // live.js
  tellChosen();
  showPlace();
  countDown();
  setInterval(countDown, 1000);
  document.querySelector("[aria-invalid=true]")?.focus();
})();
