// Full-text search over all events, page by page; each in its context, one click from the timeline.

import { get } from "./api.js";
import { app, on } from "./app.js";
import { view } from "./chart.js";
import { full, seconds, told } from "./clock.js";
import { add } from "./deciding.js";
import { $, button, count, debounce, el } from "./dom.js";
import { around } from "./evidence.js";

let asked = null;
let after = null;
let looked = 0;
let shown = 0;

const query = () => ({
  q: $("q").value, host: $("event-host").value, kind: $("event-kind").value, service: $("event-service").value,
  failed: $("event-failed").checked ? "1" : "",
  ...($("event-window").checked ? { since: Math.round(view.from * 1e6), until: Math.round(view.to * 1e6) } : {}),
});

const said = event => event.message ?? [event.method, event.path, event.action, event.target, event.outcome].filter(Boolean).join(" ");

// What was searched for, made visible in the text: as elements, never as HTML.
const marked = text => {
  const words = $("q").value.split(/\s+/).filter(word => word && !word.startsWith("-") && !word.startsWith("/")).map(word => word.replaceAll('"', "").toLowerCase()).filter(Boolean);
  const low = text.toLowerCase(), nodes = [];
  let at = 0;
  while (at < text.length) {
    const hits = words.map(word => [low.indexOf(word, at), word.length]).filter(([place]) => place >= 0).sort((a, b) => a[0] - b[0]);
    if (!hits.length || low.length !== text.length) break;
    const [[place, length]] = hits;
    nodes.push(text.slice(at, place), el("mark", {}, text.slice(place, place + length)));
    at = place + length;
  }
  return [...nodes, text.slice(at)];
};

const row = event => {
  const inside = el("div", { class: "context" });
  const words = said(event), bad = (event.status ?? 0) >= 500 || (event.severity ?? 0) >= 17 || event.outcome === "failed";
  const node = el("details", { class: `event${bad ? " bad" : ""}` },
    el("summary", {}, el("time", { datetime: event.time, title: full(seconds(event.time)) }, told(seconds(event.time))), el("span", { class: "host" }, event.host ?? ""), el("span", { class: "said" }, event.status && !event.message ? el("b", {}, `${event.status} `) : null, marked(words.slice(0, 600)))),
    inside);
  node.addEventListener("toggle", () => {
    if (!node.open || inside.childElementCount) return;
    const lines = el("div", {});
    inside.append(
      el("p", { class: "meta" }, `${event.source}:${event.line} · ${event.parser} · time ${event.time_basis}`, " ",
        button("Add to the timeline", () => add({ at: full(seconds(event.time)), text: words.trim().slice(0, 300), host: event.host ?? "", note: `${event.source}:${event.line}` }), { class: "link" })),
      lines);
    around(event, lines);
  });
  return node;
};

const search = async more => {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked, hits = $("hits"), state = $("searched");
  if (!more) { after = null; looked = 0; shown = 0; }
  state.textContent = more ? "Going on …" : "Searching …";
  $("go-on").hidden = true;
  try {
    const found = await get("events", { ...query(), after }, signal);
    if (!more) hits.replaceChildren();
    hits.append(...found.events.map(row));
    after = found.after;
    looked += found.looked_at;
    shown += found.events.length;
    state.textContent = `${count(shown)} ${shown === 1 ? "event" : "events"}${after ? " so far" : ""}${found.reached ? `, searched up to ${told(seconds(found.reached))}` : ""} (${count(looked)} of ${count(app.state.case.events)} looked at)`;
    $("go-on").hidden = !after;
  } catch (error) {
    if (error.name === "AbortError") return;
    state.textContent = error.message;
  }
};

const soon = debounce(() => search(false), 250);

export const searchEvents = () => { $("q").focus(); $("q").select(); };

export const makeEvents = () => {
  const pick = (id, name, options) => el("select", { id, "aria-label": name, on: { change: soon } }, options.map(([value, words]) => el("option", { value }, words)));
  const tick = (id, words) => el("label", {}, el("input", { type: "checkbox", id, on: { change: soon } }), ` ${words}`);
  $("events").append(
    el("form", { class: "filters", role: "search", on: { submit: event => { event.preventDefault(); search(false); } } },
      el("input", { type: "search", id: "q", placeholder: 'words, "a phrase", -not, /regex/', "aria-label": "Search all events", autocomplete: "off", spellcheck: "false", on: { input: soon } }),
      pick("event-host", "Host", [["", "all hosts"]]), pick("event-service", "Service", [["", "all services"]]), pick("event-kind", "Kind", [["", "all kinds"], ["request", "requests"], ["log", "log lines"], ["change", "changes"]]),
      tick("event-failed", "failures only"), tick("event-window", "in the chart's window")),
    el("p", { id: "searched", class: "quiet", role: "status" }),
    el("div", { id: "hits" }),
    el("p", {}, button("Go on", () => search(true), { id: "go-on", hidden: true })));
  let begun = false;
  on("tab", tab => { if (tab === "events" && !begun) { begun = true; search(false); } });
  on("state", () => {
    const fill = (id, first, names) => { if ($(id).options.length !== names.length + 1) $(id).replaceChildren(el("option", { value: "" }, first), ...names.map(name => el("option", { value: name }, name))); };
    fill("event-host", "all hosts", app.state.case.hosts);
    fill("event-service", "all services", app.services.map(one => one.name));
  });
  on("moved", debounce(() => { if (begun && $("event-window").checked) search(false); }, 400));
};

