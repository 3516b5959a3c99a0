// Keeps the parts of a page marked data-live fresh: fetches the fragment, replaces it only where it changed and nobody is busy in it.
"use strict";
(() => {
  const busyIn = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, button, summary, a:focus-visible")
    || (document.getSelection() && !document.getSelection().isCollapsed && part.contains(document.getSelection().anchorNode));
  let pressed = false;
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => { pressed = false; }, 400));
  for (const part of document.querySelectorAll("[data-live]")) {
    let last = part.innerHTML.trim();
    const pause = Number(part.dataset.every || 5) * 1000;
    const tick = async () => {
      if (document.hidden) return schedule();
      try {
        const answer = await fetch(part.dataset.live, { headers: { "X-Panel-Part": "1" }, credentials: "same-origin", cache: "no-store" });
        if (answer.status === 401) { location.reload(); return; }
        if (answer.ok) {
          const text = (await answer.text()).trim();
          if (text !== last && !pressed && !busyIn(part)) {
            const open = new Set([...part.querySelectorAll("details[open][id]")].map((one) => one.id));
            part.innerHTML = text;
            last = text;
            for (const id of open) { const one = document.getElementById(id); if (one) one.open = true; }
            part.dispatchEvent(new CustomEvent("panel:changed", { bubbles: true }));
          }
          if (answer.headers.get("X-Panel-Reload") === "1") { location.reload(); return; }
        }
      } catch { /* the node may be restarting: try again */ }
      schedule();
    };
    const schedule = () => setTimeout(tick, pause);
    schedule();
  }
})();
