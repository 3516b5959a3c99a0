// Flick through the slices of each series: wheel, keys, slider, strip. Pictures come one by one and are kept in memory only.
// It knows no application: panes, layers and their words come with the page and the result.
"use strict";
(() => {
  const root = document.getElementById("viewer");
  if (!root) return;
  const AT_ONCE = 6, KEPT = 600, ZOOM = 1.8;
  const panes = {}, cache = new Map();
  let data = null, lead = "", drawing = false;
  const layers = {}; // name of a layer -> is it shown?
  let opacity = 0.7, zoomed = false, center = [0.5, 0.52], heat = false, heatmap = "";

  // --- pictures
  const waiting = [];
  let running = 0;
  const pump = () => {
    while (running < AT_ONCE && waiting.length) {
      const job = waiting.shift();
      running += 1;
      fetch(job.url, { credentials: "same-origin" })
        .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.blob(); })
        .then((blob) => createImageBitmap(blob))
        .then((bitmap) => { job.entry.bitmap = bitmap; paint(); }, () => { job.entry.failed = true; })
        .finally(() => { running -= 1; pump(); });
    }
  };
  const picture = (url, urgent) => {
    if (!url) return null;
    let entry = cache.get(url);
    if (!entry) {
      entry = { bitmap: null, failed: false };
      cache.set(url, entry);
      if (cache.size > KEPT) { const [oldest, gone] = cache.entries().next().value; if (gone.bitmap) { gone.bitmap.close(); cache.delete(oldest); } }
      waiting[urgent ? "unshift" : "push"]({ url, entry });
      pump();
    } else if (urgent && !entry.bitmap) {
      const at = waiting.findIndex((job) => job.url === url);
      if (at > 0) waiting.unshift(...waiting.splice(at, 1));
    }
    return entry.bitmap;
  };
  const shownLayers = (pane) => [...(heat ? [heatmap] : []), ...Object.keys(pane.layers).filter((name) => layers[name])]
    .map((name) => [name, pane.layers[name]])
    .filter(([, source]) => source);
  const preload = () => {
    const most = Math.max(...Object.values(panes).map((pane) => pane.count));
    for (let step = 0; step < most; step += 1) {
      for (const pane of Object.values(panes)) {
        for (const index of step ? [pane.index + step, pane.index - step] : [pane.index]) {
          if (index < 0 || index >= pane.count) continue;
          picture(pane.layers.base[index], false);
          for (const [, source] of shownLayers(pane)) picture(source[index], false);
        }
      }
    }
  };

  // --- place: one series leads, the others show their slice at the same place in the patient, where they have one;
  // a series that cannot be compared with it stays where it is
  const goTo = (name, index) => {
    const leader = panes[name];
    lead = name;
    leader.index = Math.min(leader.count - 1, Math.max(0, index));
    leader.missing = false;
    for (const pane of Object.values(panes)) {
      if (pane === leader) continue;
      const places = leader.matches[pane.name];
      if (!places) { pane.missing = false; continue; }
      const match = places[leader.index];
      pane.missing = match === null || match === undefined;
      if (!pane.missing) pane.index = match;
    }
    const slider = root.querySelector("[data-slider]"), shown = panes[reference()];
    slider.value = String(shown.index);
    slider.setAttribute("aria-valuetext", `slice ${shown.index + 1} of ${shown.count}`);
    paint();
  };
  const stepBy = (name, by) => goTo(name, panes[name].index + by);
  const reference = () => (panes[data.reference] ? data.reference : Object.keys(panes)[0]);
  const visible = () => Object.values(panes).filter((pane) => !pane.element.hidden);

  // --- drawing
  const paint = () => { if (!drawing) { drawing = true; requestAnimationFrame(() => { drawing = false; visible().forEach(draw); mark(); }); } };
  const fit = (pane, width, height) => {
    const room = pane.element.clientWidth, tallest = Math.max(300, window.innerHeight - 372);
    const scale = Math.min(room / width, tallest / height);
    const dots = window.devicePixelRatio || 1;
    const w = Math.round(width * scale), h = Math.round(height * scale);
    if (pane.canvas.width !== Math.round(w * dots) || pane.canvas.height !== Math.round(h * dots)) {
      pane.canvas.width = Math.round(w * dots); pane.canvas.height = Math.round(h * dots);
      pane.canvas.style.width = `${w}px`; pane.canvas.style.height = `${h}px`;
    }
  };
  const draw = (pane) => {
    const base = pane.missing ? null : picture(pane.layers.base[pane.index], true);
    pane.tag.title.textContent = pane.title;
    pane.tag.slice.textContent = pane.missing ? "" : `${pane.index + 1} / ${pane.count}`;
    pane.element.setAttribute("aria-label", `${pane.title}, slice ${pane.index + 1} of ${pane.count}`);
    const number = pane.numbers[pane.index];
    pane.tag.note.textContent = pane.missing ? "no slice at this place" : number === null || number === undefined ? "" : `image ${number}`;
    if (pane.missing) { pane.canvas.getContext("2d").clearRect(0, 0, pane.canvas.width, pane.canvas.height); return; }
    if (!base) return;
    const rows = base.height * (pane.aspect || 1);
    fit(pane, base.width, rows);
    const context = pane.canvas.getContext("2d");
    const part = zoomed ? 1 / ZOOM : 1, [cx, cy] = center.map((one) => Math.min(1 - part / 2, Math.max(part / 2, one)));
    const crop = [(cx - part / 2) * base.width, (cy - part / 2) * base.height, part * base.width, part * base.height];
    const put = (bitmap, alpha) => {
      const fx = bitmap.width / base.width, fy = bitmap.height / base.height;
      context.globalAlpha = alpha;
      context.drawImage(bitmap, crop[0] * fx, crop[1] * fy, crop[2] * fx, crop[3] * fy, 0, 0, pane.canvas.width, pane.canvas.height);
    };
    context.imageSmoothingQuality = "high";
    context.globalAlpha = 1;
    context.fillRect(0, 0, pane.canvas.width, pane.canvas.height);
    put(base, 1);
    for (const [name, source] of shownLayers(pane)) {
      const bitmap = picture(source[pane.index], true);
      if (bitmap) put(bitmap, opacity);
    }
  };

  // --- the strip of slices
  const SVG = "http://www.w3.org/2000/svg";
  const rect = (svg, css, x, y, width, height, title) => {
    const one = document.createElementNS(SVG, "rect");
    for (const [key, value] of Object.entries({ class: css, x, y, width, height })) one.setAttribute(key, value);
    if (title) { const words = document.createElementNS(SVG, "title"); words.textContent = title; one.append(words); }
    svg.append(one);
    return one;
  };
  const buildStrip = () => {
    const svg = root.querySelector("[data-strip]"), pane = panes[reference()];
    svg.setAttribute("viewBox", `0 0 ${pane.count * 10} 46`);
    const by = new Map(data.strip.map((row) => [row.index, row])), most = Math.max(1, ...data.strip.map((row) => row.share));
    for (let index = 0; index < pane.count; index += 1) {
      const row = by.get(index), words = row ? `Slice ${index + 1}: ${row.words}` : `Slice ${index + 1}`;
      const height = row ? 42 * Math.min(1, Math.max(0, row.share / most)) : 0;
      rect(svg, row ? "b-judged" : "b-back", index * 10 + 0.6, 0, 8.8, 46, words);
      if (row) rect(svg, "b-share", index * 10 + 0.6, 46 - height, 8.8, height, words);
      if (data.marks[index]) rect(svg, "b-mark", index * 10 + 0.6, 0, 8.8, 3, words);
    }
    pane.now = rect(svg, "b-now", 0, 0.8, 8.8, 44.4);
    pane.now.setAttribute("vector-effect", "non-scaling-stroke");
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect();
      const index = Math.min(pane.count - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * pane.count)));
      goTo(pane.name, index);
    });
    root.querySelector("[data-legend]").textContent = data.legend;
  };
  const mark = () => {
    const pane = panes[reference()];
    if (pane.now) pane.now.setAttribute("x", pane.index * 10 + 0.6);
    const row = data.strip.find((one) => one.index === pane.index);
    root.querySelector("[data-position]").textContent = `slice ${pane.index + 1}` + (row ? `: ${row.words}` : "");
  };

  // --- controls
  const boxes = [...root.querySelectorAll("[data-layer]")], heatBox = root.querySelector("[data-heat]");
  const setLayout = (layout) => {
    for (const pane of Object.values(panes)) pane.element.hidden = layout !== "" && layout !== pane.name;
    root.classList.toggle("single", visible().length < 2);
    paint();
  };
  const setLayer = (name, on) => {
    layers[name] = on;
    boxes.find((box) => box.dataset.layer === name).checked = on;
    paint();
    preload();
  };
  const setHeat = (on) => { heat = on; heatBox.checked = on; paint(); preload(); };
  const setZoom = (on) => { zoomed = on; root.querySelector("[data-zoom]").checked = on; paint(); };
  const onKey = (event) => {
    if (event.target.matches("input[type=text], input[type=search], input[type=password], textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const inside = root.contains(event.target), name = event.target.dataset && event.target.dataset.pane ? event.target.dataset.pane : lead in panes ? lead : reference();
    const box = boxes[Number(event.key) - 1];
    if (box && !box.disabled) { setLayer(box.dataset.layer, !box.checked); return; }
    if (heatBox && Number(event.key) === boxes.length + 1) { setHeat(!heat); return; }
    if (event.key === "z") { setZoom(!zoomed); return; }
    if (!inside || event.target.matches("input")) return;
    const steps = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -5, PageDown: 5, Home: -1e6, End: 1e6 };
    if (event.key in steps) { event.preventDefault(); stepBy(name, steps[event.key]); }
  };
  const wire = () => {
    for (const box of boxes) {
      const there = Object.values(panes).some((pane) => pane.layers[box.dataset.layer]);
      box.disabled = !there;
      box.closest("label").hidden = !there;
      layers[box.dataset.layer] = there && box.checked;
      box.addEventListener("change", () => setLayer(box.dataset.layer, box.checked));
    }
    const kind = root.querySelector("[data-heatmap]");
    if (heatBox) {
      heat = heatBox.checked;
      heatmap = kind.value;
      heatBox.addEventListener("change", () => setHeat(heatBox.checked));
      kind.addEventListener("change", () => { heatmap = kind.value; setHeat(true); });
    }
    root.querySelector("[data-opacity]").addEventListener("input", (event) => { opacity = Number(event.target.value) / 100; paint(); });
    root.querySelector("[data-zoom]").addEventListener("change", (event) => setZoom(event.target.checked));
    const layout = root.querySelector("#layout");
    if (layout) layout.addEventListener("change", () => setLayout(layout.value));
    const slider = root.querySelector("[data-slider]");
    slider.max = String(panes[reference()].count - 1);
    slider.addEventListener("input", () => goTo(reference(), Number(slider.value)));
    document.addEventListener("keydown", onKey);
    for (const pane of Object.values(panes)) {
      let rest = 0;
      pane.element.addEventListener("wheel", (event) => {
        event.preventDefault();
        rest += event.deltaMode === 1 ? event.deltaY * 33 : event.deltaY;
        const steps = Math.trunc(rest / 50);
        if (steps) { rest -= steps * 50; stepBy(pane.name, Math.sign(steps) * Math.min(3, Math.abs(steps))); }
      }, { passive: false });
      pane.canvas.addEventListener("pointermove", (event) => {
        if (!zoomed) return;
        const box = pane.canvas.getBoundingClientRect();
        center = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
        paint();
      });
      pane.element.addEventListener("pointerdown", () => { lead = pane.name; });
    }
    new ResizeObserver(paint).observe(root);
    for (const link of document.querySelectorAll("[data-goto]")) {
      link.addEventListener("click", () => { if (panes[link.dataset.in]) goTo(link.dataset.in, Number(link.dataset.goto)); });
    }
  };

  fetch(root.dataset.viewer, { credentials: "same-origin", headers: { "X-Panel-Part": "1" } })
    .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
    .then((answer) => {
      data = answer;
      for (const element of root.querySelectorAll("[data-pane]")) {
        const given = data.panes[element.dataset.pane];
        if (!given) continue;
        const tag = Object.fromEntries([...element.querySelectorAll("[data-tag]")].map((one) => [one.dataset.tag, one]));
        panes[element.dataset.pane] = { ...given, name: element.dataset.pane, element, canvas: element.querySelector("canvas"), tag, index: given.first };
        tag.left.textContent = given.letters[0];
        tag.right.textContent = given.letters[1];
      }
      if (!Object.keys(panes).length) throw new Error("no pictures");
      wire();
      setLayout("");
      buildStrip();
      const first = panes[reference()];
      goTo(first.name, first.first);
      preload();
    })
    .catch((error) => { root.querySelector(".panes").textContent = `The pictures cannot be shown (${error.message}).`; });
})();
