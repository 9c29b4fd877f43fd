// Stepping through an incident: as the slider moves, the pieces of the page are fetched for that moment. Without this
// script the slider and its buttons are a plain form.
"use strict";
(() => {
  const form = document.querySelector("form[data-time]");
  if (!form) return;
  const piece = (name) => document.querySelector(`[data-piece="${name}"]`);
  const slider = form.elements.namedItem("t");
  const opened = Date.parse(form.dataset.opened);
  const [gutter, width, margin] = ["gutter", "width", "margin"].map((name) => Number(form.dataset[name]));
  const share = () => (Number(slider.value) - Number(slider.min)) / (Number(slider.max) - Number(slider.min) || 1);
  const words = (seconds) => `${new Date(opened + seconds * 1000).toISOString().slice(11, 19)} UTC, ${Math.round(seconds / 60)} minutes after the opening`;

  // what is seen at once: the pointer on the lanes, and the words for a reader's ear
  const point = () => {
    const svg = piece("lanes").querySelector("svg");
    const pointer = svg?.querySelector(".pointer");
    const x = gutter + share() * (width - gutter - margin);
    pointer?.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
    const sheet = piece("lanes"), at = x / width * (svg?.clientWidth || 0);
    if (sheet.scrollWidth > sheet.clientWidth && (at < sheet.scrollLeft + 40 || at > sheet.scrollLeft + sheet.clientWidth - 40)) {
      sheet.scrollLeft = at - sheet.clientWidth / 2;
    }
    slider.setAttribute("aria-valuetext", words(Number(slider.value)));
  };

  // what is fetched: one look at a time, the last one wanted wins
  let wanted = null, busy = false;
  const look = async () => {
    if (busy || !wanted) return;
    busy = true;
    const address = wanted;
    wanted = null;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      const said = await answer.json();
      if (!answer.ok) tell(said.detail);
      else if (!wanted) put(said, address);
    } catch {
      tell("The server does not answer: what you see is of the moment before.");
    } finally {
      busy = false;
      if (wanted) look();
    }
  };
  const tell = (text) => {
    const line = document.createElement("p");
    line.className = "notice";
    line.textContent = text;
    piece("then").prepend(line);
  };
  const put = (said, address) => {
    for (const [name, html] of Object.entries(said.pieces)) {
      const place = piece(name), focus = place.contains(document.activeElement) ? document.activeElement : null;
      const again = focus && (focus.name === "seq" ? `[name=seq][aria-label^="${focus.getAttribute("aria-label").slice(0, 12)}"]` : focus.value ? `[name="${focus.name}"][value="${focus.value}"]` : `[name="${focus.name}"]`);
      place.innerHTML = html;
      place.dispatchEvent(new Event("fresh", { bubbles: true }));
      if (again) (place.querySelector(`${again}:not([disabled])`) || slider).focus({ preventScroll: true });
    }
    const from = form.elements.namedItem("from"), to = form.elements.namedItem("to");
    Object.assign(slider, { min: from.dataset.min, max: to.dataset.max, step: to.dataset.step });
    if (document.activeElement !== slider || Math.abs(Number(slider.value) - said.t) > Number(slider.step)) slider.value = said.t;
    point();
    history.replaceState(null, "", address);
  };
  const ask = (fields) => {
    const query = new URLSearchParams({ from: form.elements.namedItem("from").value, to: form.elements.namedItem("to").value, ...fields });
    wanted = `${form.getAttribute("action")}?${query}`;
    look();
  };

  const seconds = (x) => Number(slider.min) + Math.min(1, (x - gutter) / (width - gutter - margin)) * (Number(slider.max) - Number(slider.min));
  const zoom = (how, more) => ask({ t: slider.value, zoom: how, ...more });

  slider.addEventListener("input", () => { point(); ask({ t: slider.value }); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = form.elements.namedItem("at"), by = event.submitter;
    if (typed.value.trim()) ask({ at: typed.value.trim() });
    else ask(by?.name ? { t: slider.value, [by.name]: by.value } : { t: slider.value });
  });
  piece("lanes").addEventListener("click", (event) => {
    const svg = event.target.closest("svg");
    if (!svg) return;
    const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * width;
    if (x < gutter) return;
    slider.value = Math.round(seconds(x));
    point();
    ask({ t: slider.value });
  });
  // zoom without its buttons: what is under the pointer stays there; Ctrl, so that a page is still scrolled by the wheel
  let turned = 0;
  piece("lanes").addEventListener("wheel", (event) => {
    const svg = event.target.closest("svg");
    if (!svg || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    turned += event.deltaY;
    if (busy || Math.abs(turned) < 40) return;
    const box = svg.getBoundingClientRect(), x = Math.max(gutter, (event.clientX - box.left) / box.width * width);
    zoom(turned < 0 ? "in" : "out", { about: Math.round(seconds(x)) });
    turned = 0;
  }, { passive: false });
  const keys = { "+": "in", "=": "in", "-": "out", "0": "all" };
  for (const place of [slider, piece("lanes")]) {
    place.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      zoom(keys[event.key], {});
    });
  }
  form.classList.add("scripted");
  point();
})();
