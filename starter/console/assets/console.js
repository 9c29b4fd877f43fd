// The console's one script. It shows times in the viewer's zone, ticks clocks, sends forms without leaving the page, and
// puts in what the stream brings. Nothing is shown before the incident has it, and nothing moves under a hand.
"use strict";
(() => {
  const body = document.body;
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // time: the server's clock counts, whatever this machine believes
  let ahead = Date.parse(body.dataset.now) - Date.now();
  const now = () => Date.now() + ahead;
  const zones = { local: undefined, UTC: "UTC" };
  let zone = localStorage.getItem("zone") === "UTC" ? "UTC" : "local";
  const two = (number) => String(number).padStart(2, "0");
  const length = (ms, hours) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    const days = Math.floor(s / 86400), h = Math.floor((s % 86400) / 3600), m = Math.floor((s % 3600) / 60);
    if (days) return `${days} d ${two(h)}:${two(m)}`;
    if (hours) return `${two(h)}:${two(m)}:${two(s % 60)}`;
    return h ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`;
  };
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const tick = (root) => {
    for (const due of all("[data-due]", root)) {
      const left = Date.parse(due.dateTime) - now();
      say(due, left >= 0 ? `in ${length(left + 999)}` : `over by ${length(-left)}`);
      due.classList.toggle("past", left < 0);
    }
    for (const since of all("[data-since]", root)) say(since, length(now() - Date.parse(since.dateTime), true));
  };
  const format = (options) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zones[zone], hourCycle: "h23" });
  // a tick of a drawing, as exactly as it was drawn
  const ticks = (form) => ({
    ...(/day|date|year/.test(form) ? { day: "2-digit", month: "short" } : {}), ...(form === "year" ? { year: "numeric" } : {}),
    ...(/date|year/.test(form) ? {} : { hour: "2-digit", minute: "2-digit" }), ...(form.includes("seconds") ? { second: "2-digit" } : {}),
  });
  const localise = (root) => {
    const clock = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const day = format({ weekday: "short", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });
    for (const at of all("[data-at]", root)) {
      const moment = new Date(at.dateTime);
      say(at, (at.dataset.at === "day" ? day : clock).format(moment).replace(",", "") + (zone === "UTC" ? "Z" : ""));
      at.title = `${at.dateTime.replace("T", " ").replace(/\.\d+/, "")} (UTC)`;
    }
    for (const due of all("[data-due], [data-since]", root)) due.title = `${clock.format(new Date(due.dateTime))} here, ${due.dateTime.slice(11, 19)} UTC`;
    for (const at of all("[data-moment]", root)) { // times in a drawing
      const moment = new Date(at.dataset.moment.replace("day ", "")), whole = { day: "2-digit", month: "short", year: "numeric" };
      say(at, at.dataset.moment.startsWith("day ") ? `${format(whole).format(moment)}, ${zone === "UTC" ? "UTC" : "your time"}`
        : format(ticks(at.dataset.form || "")).format(moment).replace(",", ""));
    }
    tick(root);
    adjust(root);
  };
  // moments that people write: in the zone that they see, with the same in UTC below; they are sent as UTC
  const meant = (input) => new Date(input.value + (input.dataset.wall === "UTC" ? "Z" : ""));
  const wall = (at) => new Date(at - (zone === "UTC" ? 0 : at.getTimezoneOffset() * 60000)).toISOString().slice(0, 19).replace(/:00$/, "");
  const beside = (input) => {
    let words = input.nextElementSibling;
    if (!words?.matches("[data-utc]")) {
      words = document.createElement("p");
      words.className = "hint";
      words.dataset.utc = "";
      input.after(words);
    }
    const other = input.dataset.wall === "UTC" ? undefined : "UTC";
    const shown = () => new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", timeZone: other, hourCycle: "h23" }).format(meant(input)).replace(",", "");
    say(words, input.value ? `${shown()} ${other || Intl.DateTimeFormat().resolvedOptions().timeZone}` : "");
  };
  const adjust = (root) => {
    for (const name of all("[data-zone-name]", root)) say(name, `(${zone === "UTC" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone})`);
    for (const input of all("input[type=datetime-local]", root)) {
      const before = input.dataset.wall || "UTC"; // the server writes UTC
      if (input.value && before !== zone) {
        const untouched = input.value === input.defaultValue;
        input.dataset.wall = before;
        input.value = wall(meant(input));
        if (untouched) input.defaultValue = input.value;
      }
      input.dataset.wall = zone;
      beside(input);
    }
  };
  addEventListener("input", (event) => { if (event.target.matches("input[type=datetime-local]")) beside(event.target); });
  addEventListener("reset", (event) => setTimeout(() => adjust(event.target)));
  addEventListener("formdata", (event) => {
    for (const input of all("input[type=datetime-local][name]", event.target)) {
      if (input.value) event.formData.set(input.name, meant(input).toISOString());
    }
  });
  const zoneButton = $("[data-zone]");
  if (zoneButton) {
    zoneButton.hidden = false;
    const label = () => {
      say(zoneButton, zone === "UTC" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);
      zoneButton.title = "Show times in " + (zone === "UTC" ? "your zone" : "UTC");
    };
    zoneButton.addEventListener("click", () => {
      zone = zone === "UTC" ? "local" : "UTC";
      localStorage.setItem("zone", zone);
      label();
      localise(document);
    });
    label();
  }
  // what a piece says, whatever the clocks in it show and whichever proof its forms carry
  const gist = (root) => root.innerHTML.replace(/(<time[^>]*>)[^<]*/g, "$1").replace(/name="(key|csrf_token)" value="[^"]*"/g, "");
  const shown = new Map(all("[data-region]").map((region) => [region.dataset.region, gist(region)]));
  localise(document);
  setInterval(() => tick(document), 1000);
  document.addEventListener("fresh", (event) => localise(event.target)); // another script has put something in

  // regions: put in as they come, unless somebody has a hand, the focus or unsent words in them
  let touchedAt = 0, touched = null;
  addEventListener("pointerdown", (event) => { touchedAt = Date.now(); touched = event.target; }, { passive: true });
  const written = (region) => all("textarea, input:not([type=hidden]), select", region).some((input) =>
    input.type === "radio" || input.type === "checkbox" ? input.checked !== input.defaultChecked
      : input.tagName === "SELECT" ? [...input.options].some((option) => option.selected !== option.defaultSelected && input.selectedIndex > 0)
        : input.value !== input.defaultValue);
  const welcome = new Map(); // regions whose visitor has just done something there, and waits to see it
  const busy = (region) => {
    if ((welcome.get(region) || 0) > Date.now() && !written(region)) return false;
    if (region.querySelector("form, button, a, summary") === null) return false;
    const focused = region.contains(document.activeElement);
    const hovered = matchMedia("(hover: hover)").matches && region.matches(":hover");
    const justTouched = touched && region.contains(touched) && Date.now() - touchedAt < 4000;
    return focused || hovered || justTouched || written(region) || region.querySelector("form.sending") !== null;
  };
  const held = new Map();
  const put = (region, html) => {
    held.delete(region);
    $(".waiting", region)?.remove();
    const open = all("details[open]", region).map((each) => each.dataset.keep || each.closest("[id]")?.id + $("summary", each)?.textContent);
    const answers = all(".wait[id] .answer:not(:empty)", region).map((each) => [each.closest("[id]").id, each.cloneNode(true)]);
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const lost = region.contains(document.activeElement);
    region.replaceChildren(fresh.content);
    for (const each of all("details", region)) {
      if (open.includes(each.dataset.keep || each.closest("[id]")?.id + $("summary", each)?.textContent)) each.open = true;
    }
    for (const [id, answer] of answers) document.getElementById(id)?.querySelector(".answer")?.replaceWith(answer);
    localise(region);
    if (lost) { const title = $("h2, h1", region); if (title) { title.tabIndex = -1; title.focus({ preventScroll: true }); } }
  };
  const hold = (region, html) => {
    held.set(region, html);
    let button = $(":scope > .waiting", region);
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "waiting";
      button.addEventListener("click", () => put(region, held.get(region)));
      region.append(button);
    }
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const known = new Set(all("li[id]", region).map((each) => each.id));
    const more = all("li[id]", fresh.content).filter((each) => !known.has(each.id)).length;
    say(button, more ? `${more} new` : "changed: show");
  };
  const bring = (name, html) => {
    const region = $(`[data-region="${name}"]`), fresh = document.createElement("template");
    fresh.innerHTML = html;
    if (!region || shown.get(name) === gist(fresh)) return;
    shown.set(name, gist(fresh));
    if (busy(region)) hold(region, html); else put(region, html);
  };
  setInterval(() => { for (const [region, html] of held) if (!busy(region)) put(region, html); }, 500);

  // the timeline: newest on top; new rows wait while somebody reads in it
  let seq = Number(body.dataset.seq || 0), queued = [];
  const rows = $("[data-rows]"), newRows = $("[data-held]"), timeline = $("[data-timeline]");
  const reading = () => rows && (rows.contains(document.activeElement) || (matchMedia("(hover: hover)").matches && rows.matches(":hover"))
    || (touched && rows.contains(touched) && Date.now() - touchedAt < 4000) || rows.getBoundingClientRect().top < -40);
  const show = () => {
    if (!rows || !queued.length) return;
    const fresh = document.createElement("template");
    fresh.innerHTML = queued.reverse().join("");
    queued = [];
    for (const row of all(".row", fresh.content)) {
      row.classList.add("fresh");
      setTimeout(() => row.classList.remove("fresh"), 4000);
    }
    localise(fresh.content);
    rows.prepend(fresh.content);
    newRows.hidden = true;
  };
  const told = (html) => {
    queued.push(...html);
    if (!reading()) return show();
    newRows.hidden = false;
    say(newRows, `${queued.length} new`);
  };
  newRows?.addEventListener("click", () => { show(); timeline.scrollIntoView({ block: "start" }); });
  if (rows) setInterval(() => { if (queued.length && !reading()) show(); }, 500);

  // the stream: one connection while the page is looked at; it says when it is cut, and goes on where it was
  const wire = $("[data-wire]");
  let source = null, heardAt = 0, tries = 0, timer = 0, cutAt = 0;
  const cut = () => {
    if (!cutAt) cutAt = now();
    if (now() - cutAt < 1500) return;
    say(wire, `Reconnecting. What you see is from ${format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(cutAt))}; what you decide is refused or kept, never lost.`);
    wire.classList.add("cut");
  };
  const heard = (event) => {
    heardAt = Date.now();
    tries = 0;
    if (event?.lastEventId) seq = Math.max(seq, Number(event.lastEventId) || 0);
    if (cutAt) { cutAt = 0; wire.classList.remove("cut"); say(wire, ""); }
  };
  const close = () => { source?.close(); source = null; };
  // logged out: nothing typed is lost. The page stays, and goes on when somebody has logged in again beside it
  let out = false;
  const loggedOut = () => {
    out = true;
    clearTimeout(timer);
    close();
    say(wire, "You are logged out. What you typed stays here. ");
    const way = document.createElement("a");
    way.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    way.target = "_blank";
    way.textContent = "Log in in a new tab";
    wire.append(way, ", then come back to this one.");
    wire.classList.add("cut");
    back(); // somebody may have logged in beside it already, before this page heard of the log-out
  };
  const loggedIn = async () => (await fetch("/api/v1/me", { headers: { Accept: "application/json" } })).status !== 401;
  const back = async () => {
    if (!out || !await loggedIn().catch(() => false)) return;
    out = false;
    cutAt = now();
    if (await proven().catch(() => false)) connect();
  };
  /** The proof of this login for every form, if the page is still its owner's; else it is loaded anew only by hand. */
  const proven = async () => {
    const page = new DOMParser().parseFromString(await (await fetch(location.href, { headers: { Accept: "text/html" } })).text(), "text/html");
    const proof = page.querySelector('input[name="csrf_token"]')?.value, who = page.querySelector("[data-me]");
    if (!proof || who?.dataset.me !== $("[data-me]")?.dataset.me) {
      say(wire, who ? `This browser is logged in as ${who.textContent} now. Load the page again to go on as ${who.textContent}.` : "Load the page again to go on.");
      wire.classList.add("cut");
      return false;
    }
    for (const field of all('input[name="csrf_token"]')) field.value = proof;
    return true;
  };
  window.addEventListener("focus", back);
  const connect = () => {
    clearTimeout(timer);
    close();
    const address = new URL(body.dataset.stream, location.href);
    address.searchParams.set("after", String(seq));
    source = new EventSource(address);
    heardAt = Date.now();
    source.addEventListener("hello", (event) => { ahead = Date.parse(JSON.parse(event.data).now) - Date.now(); heard(event); tick(document); });
    source.addEventListener("beat", heard);
    source.addEventListener("region", (event) => { heard(event); const { name, html } = JSON.parse(event.data); bring(name, html); });
    source.addEventListener("rows", (event) => {
      const before = seq;
      heard(event);
      const fresh = JSON.parse(event.data).filter(([number]) => number > before);
      told(fresh.map(([, html]) => html));
    });
    source.addEventListener("login", loggedOut);
    source.onerror = async () => {
      close();
      if (!cutAt) cutAt = now();
      tries++; // asked each time: a session may also end while nothing answers
      if (!await loggedIn().catch(() => true)) return loggedOut();
      timer = setTimeout(connect, Math.min(250 * 2 ** tries, 5000));
    };
  };
  if (body.dataset.stream && window.EventSource) {
    connect();
    setInterval(() => {
      if (source && Date.now() - heardAt > 12000) { if (!cutAt) cutAt = now() - 12000; connect(); }
      if (cutAt && !out && !document.hidden) cut();
    }, 500);
    let asleep = 0;
    document.addEventListener("visibilitychange", () => { // browsers allow few connections: a hidden page gives its own back
      clearTimeout(asleep);
      if (document.hidden) asleep = setTimeout(() => { clearTimeout(timer); close(); }, 60000);
      else if (out) back();
      else if (!source) connect();
    });
  }

  // forms: sent in place; the answer is the server's word, and the page changes when the incident has
  const saidLast = $("[data-told]");
  let toastTimer = 0;
  const toast = (text) => {
    clearTimeout(toastTimer);
    say(saidLast, text);
    toastTimer = setTimeout(() => say(saidLast, ""), 8000);
  };
  const key = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-deed]");
    if (!form || form.dataset.deed === "page") return;
    event.preventDefault();
    if (form.classList.contains("sending")) return;
    const sent = new FormData(form, event.submitter);
    const answer = $(".answer", form);
    const tell = (text, no) => { answer.classList.toggle("no", no); say(answer, text); };
    form.classList.add("sending");
    for (const button of all("button", form)) button.disabled = true;
    tell("Sending…", false);
    try {
      const send = () => fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(sent), headers: { Accept: "application/json" }, redirect: "manual" });
      let response = await send();
      if (response.type === "opaqueredirect" || response.status === 401) {
        tell("Not sent: you are logged out. What you typed stays here: log in in a new tab, and send it again.", true);
        loggedOut();
        return;
      }
      let said = await response.json();
      if (said.code === "csrf" && await proven()) { // the same person has logged in again since
        sent.set("csrf_token", form.elements.namedItem("csrf_token").value);
        response = await send();
        said = await response.json();
      }
      if (said.confirm) { form.dataset.deed = "page"; for (const button of all("button", form)) button.disabled = false; form.requestSubmit(event.submitter); return; }
      if (response.ok) {
        tell(said.told, false);
        toast(said.told);
        form.reset();
        const region = form.closest("[data-region]");
        if (region) welcome.set(region, Date.now() + 5000);
        const again = form.elements.namedItem("key");
        if (again) again.value = key();
        if (said.goto) location.assign(said.goto);
      } else tell(`Not done: ${said.detail}${said.hint ? ` (${said.hint})` : ""}`, true);
    } catch {
      tell("Not sent: the server does not answer. Try again; pressing twice counts once.", true);
    } finally {
      form.classList.remove("sending");
      for (const button of all("button", form)) button.disabled = false;
    }
  });
})();
