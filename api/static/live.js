// Parts of a page that refresh themselves. What is chosen and where one stands stays; that the line is
// lost is told, and it goes on by itself. Without it a page is as of when it was asked for.
(() => {
  "use strict";
  const boxes = () => [...document.querySelectorAll("[name=order]")];
  const every = 10000, wait = 5000;
  let asked = Date.now();
  function tell(words) {
    const told = document.querySelector("[data-told]");
    if (told) [told.textContent, told.hidden] = [words, !words];
  }
  function renew(part, html) {
    const chosen = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
    const here = document.activeElement, row = part.contains(here) && here.closest("[data-row]")?.dataset.row;
    const link = part.contains(here) && here.getAttribute("href");
    part.innerHTML = html;
    for (const box of boxes()) if (chosen.delete(box.value)) box.checked = true;
    const again = [...part.querySelectorAll("[data-row], a[href]")];
    again.find((one) => (row ? one.dataset.row === row : link && one.getAttribute("href") === link))?.focus();
    document.dispatchEvent(new Event("renewed"));
    return chosen.size; // chosen ones that are gone
  }
  async function refresh() {
    const part = document.querySelector("[data-live]"), words = document.querySelector("[data-told]")?.dataset;
    if (!part || !words) return;
    if (document.hidden) return void setTimeout(refresh, wait);
    let next = every;
    try {
      const answer = await fetch(part.dataset.live, { headers: { "Baton-Mark": part.dataset.mark }, cache: "no-store" });
      if (answer.redirected) tell(words.out);
      else if (!answer.ok) throw new Error(answer.status);
      else {
        asked = Date.now();
        const gone = answer.status === 200 ? renew(part, await answer.text()) : 0;
        part.dataset.mark = answer.headers.get("Baton-Mark") || part.dataset.mark;
        if (answer.status === 200 || words.was === "lost") tell(gone ? words.gone.replace("{count}", gone) : "");
        words.was = "";
      }
    } catch {
      tell(words.lost.replace("{at}", new Date(asked).toLocaleTimeString()));
      [words.was, next] = ["lost", wait];
    }
    setTimeout(refresh, next);
  }

  async function suggest(opened) { // who should take what is chosen, and why
    const details = opened.target, place = details.matches("[data-asks][open]") && details.querySelector("[data-suggest]");
    const chosen = boxes().filter((box) => box.checked).map((box) => `order=${box.value}`);
    if (!place || !chosen.length) return;
    const answer = await fetch(`${place.dataset.suggest}?${chosen.join("&")}`).catch(() => null);
    if (answer?.ok) place.innerHTML = await answer.text();
    details.querySelector("input")?.focus();
  }

  document.addEventListener("toggle", suggest, true);
  setTimeout(refresh, every);
})();
