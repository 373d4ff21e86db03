// The timeline: the outages, then what happened in order; filters, and what was set aside.

import { app, begins, decided, ends, entries, findings, isChange, on, outages, select, setAside } from "./app.js";
import { full, lasting, seconds, told } from "./clock.js";
import { $, button, count, debounce, el, percent } from "./dom.js";
import { accept, pin, reject, restore } from "./deciding.js";

const KINDS = [["change", "changes"], ["attempt", "failed attempts"], ["look", "looks"], ["outage", "outage"], ["added", "by people"]];
const OF_OUTAGE = new Set(["onset", "phase", "end", "blip", "sign"]);
const filter = { words: "", kinds: new Set(), host: "", aside: false };

const kindOf = entry => OF_OUTAGE.has(entry.kind) ? "outage" : entry.kind;

const fits = entry =>
  (!filter.kinds.size || filter.kinds.has(kindOf(entry))) &&
  (!filter.host || entry.host.split(", ").includes(filter.host)) &&
  filter.words.toLowerCase().split(/\s+/).every(word => !word || `${entry.text} ${entry.host} ${entry.service}`.toLowerCase().includes(word));

// --- rows --------------------------------------------------------------------------------------------------------

const marksOf = (id, about) => {
  const own = decided(id), its = about ? decided(about) : {};
  const has = name => own[name] || its[name];
  return [
    has("verdict") === "accepted" ? el("span", { class: "badge ok", title: "accepted" }, "✓ accepted") : null,
    has("verdict") === "rejected" ? el("span", { class: "badge no", title: own.because ?? its.because ?? "rejected" }, "✕ rejected") : null,
    own.pinned || its.pinned ? el("span", { class: "badge", title: "always told" }, "pinned") : null,
    own.hidden || its.hidden ? el("span", { class: "badge", title: "not told" }, "hidden") : null,
    own.into ? el("span", { class: "badge" }, "merged") : null,
    own.start || own.end || own.text ? el("span", { class: "badge", title: "a person changed its time or text" }, "edited") : null,
    own.note ? el("span", { class: "badge", title: own.note }, "note") : null,
  ].filter(Boolean);
};

const quick = (kind, id, aside) => {
  if (aside) return el("span", { class: "quick" }, button("Put back", () => restore(kind, id), { tabindex: "-1" }));
  const tool = (words, name, act_) => button(words, () => { select(kind, id, { show: false }); act_(); }, { tabindex: "-1", title: name, "aria-label": name });
  return el("span", { class: "quick" }, tool("✓", "Accept (a)", accept), tool("✕", "Reject (r)", reject), kind === "entry" ? tool("⚲", "Pin (p)", pin) : null);
};

const row = (entry, number, aside = false) => {
  const at = seconds(entry.time), until = seconds(entry.until);
  const chosen = app.selected?.id === entry.id;
  const pick = el("button", {
    type: "button", class: "pick", "aria-current": chosen ? "true" : undefined, tabindex: chosen ? "0" : "-1",
    on: { click: () => select("entry", entry.id) },
  },
    el("time", { datetime: entry.time }, told(at), until - at >= 60 ? el("small", {}, `${lasting(until - at)}`) : null),
    el("i", { class: `dot k-${entry.kind}`, "aria-hidden": "true" }, number ? String(number) : "·"),
    el("span", { class: "what" },
      el("span", { class: "text" }, entry.text),
      el("span", { class: "meta" }, entry.kind === "added" ? "added by a person" : entry.kind === "onset" ? "outage" : entry.kind,
        entry.service ? ` · ${entry.service}` : "", entry.host ? ` · ${entry.host}` : "", entry.tied ? " · order not certain" : "", " ", marksOf(entry.id, isChange(entry) ? entry.about : ""))));
  return el("li", { class: `row${aside ? " aside" : ""}`, data: { id: entry.id } }, pick, quick("entry", entry.id, aside));
};

const outageRow = (outage, aside = false) => {
  const from = begins(outage), to = ends(outage);
  const chosen = app.selected?.id === outage.id;
  const short = outage.class === "blip" || outage.single;
  const when = `${outage.open_start ? "before " : ""}${told(from)} – ${to === null ? "not over" : told(to)}`;
  const failed = outage.requests ? `${count(outage.failed)} of ${count(outage.requests)} requests failed (${percent(outage.failure_rate)})` : outage.notes?.[0] ?? "";
  return el("li", { class: `row outage${aside ? " aside" : ""}${short ? " short" : ""}`, data: { id: outage.id } },
    el("button", { type: "button", class: "pick", "aria-current": chosen ? "true" : undefined, tabindex: chosen ? "0" : "-1", on: { click: () => select("outage", outage.id) } },
      el("span", { class: "what" },
        el("span", { class: "text" }, el("strong", {}, outage.service || "stated by a person"), ` ${short ? outage.single ? "errors of one client" : "blip" : outage.class} `, el("span", { class: "when" }, when), to === null ? "" : ` (${lasting(to - from)})`),
        el("span", { class: "meta" }, failed, " ", marksOf(outage.id)))),
    quick("outage", outage.id, aside));
};

const changeRow = change => el("li", { class: "row aside", data: { id: change.id } },
  el("button", { type: "button", class: "pick", tabindex: "-1", on: { click: () => select("change", change.id) } },
    el("time", { datetime: change.start }, told(seconds(change.start))), el("i", { class: "dot k-change", "aria-hidden": "true" }, "·"),
    el("span", { class: "what" }, el("span", { class: "text" }, change.title), el("span", { class: "meta" }, "change", " ", marksOf(change.id)))),
  quick("change", change.id, true));

// --- the list ----------------------------------------------------------------------------------------------------

const asideRows = () => {
  const { entries: some, changes, outages: out } = setAside();
  const ids = new Set(changes.map(one => one.id));
  return [...out.map(one => outageRow(one, true)), ...changes.map(changeRow), ...some.filter(one => !ids.has(one.about)).map(one => row(one, 0, true))];
};

const noOutage = () => {
  const rejected = setAside().outages.filter(one => one.class !== "blip" && !one.single);
  if (!rejected.length) return "No outage was found; what was done is told all the same. State when it was: afterlog run … --outage START..END";
  const which = rejected.map(one => `${one.service ? `${one.service}, ` : ""}from ${full(begins(one))} ${ends(one) === null ? "to the end of the logs" : `to ${full(ends(one))}`}`);
  return `${rejected.length === 1 ? "A person rejected the only outage" : `A person rejected all ${rejected.length} outages`}; what was done is told all the same: ${which.join("; ")}. “Show what was set aside” leads to what can be put back.`;
};

const draw = () => {
  if (!app.state) return;
  const list = $("entries"), pane = $("timeline"), place = app.selected && rowOf(app.selected.id)?.offsetTop;
  const held = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.id : null;
  const all = entries();
  const shown = all.map((entry, index) => fits(entry) ? row(entry, index + 1) : null).filter(Boolean);
  const aside = asideRows();
  const every = outages(), short = every.filter(one => one.class === "blip" || one.single);
  const unfolded = $("outages").querySelector("details")?.open || short.some(one => one.id === app.selected?.id);
  $("outages").replaceChildren(...every.filter(one => !short.includes(one)).map(one => outageRow(one)), ...(short.length ? [
    el("li", {}, el("details", { open: unfolded }, el("summary", {}, `${short.length} ${short.length === 1 ? "blip or error" : "blips and errors"} of single clients`), el("ol", {}, short.map(one => outageRow(one))))),
  ] : []));
  $("outages").hidden = !every.length;
  list.replaceChildren(...shown);
  $("set-aside").replaceChildren(...(filter.aside ? aside : []));
  $("aside-count").textContent = `show what was set aside (${aside.length})`;
  $("aside").parentElement.hidden = !aside.length && !filter.aside;
  const left = findings().left_out ?? 0;
  const calm = every.length === short.length && !app.state.working;
  $("none").textContent = calm && (shown.length || !all.length) ? noOutage() : shown.length ? (left ? `${left} less telling entries are left out; pin a change to have it told.` : "") :
    all.length ? "No entry fits these filters." : "Analysing …";
  if (!list.querySelector('.pick[tabindex="0"]') && !$("outages").querySelector('.pick[tabindex="0"]')) (list.querySelector(".pick") ?? $("outages").querySelector(".pick"))?.setAttribute("tabindex", "0");
  const hosts = [...new Set(all.flatMap(entry => entry.host ? entry.host.split(", ") : []))].sort();
  const pick = $("entry-host");
  if (pick.options.length !== hosts.length + 1) pick.replaceChildren(el("option", { value: "" }, "all hosts"), ...hosts.map(host => el("option", { value: host }, host)));
  pick.value = filter.host;
  if (held) rowOf(held)?.querySelector(".pick").focus({ preventScroll: true });
  const now = app.selected && rowOf(app.selected.id)?.offsetTop;
  if (place && now) pane.scrollTop += now - place; // what is selected stays where it is
};

const rowOf = id => document.querySelector(`#timeline li[data-id="${CSS.escape(id)}"]`);

export const showSelected = () => { if (app.selected) rowOf(app.selected.id)?.scrollIntoView({ block: "nearest" }); };

export const step = by => {
  const rows = [...document.querySelectorAll("#timeline li.row")];
  if (!rows.length) return;
  const now = rows.findIndex(node => node.dataset.id === app.selected?.id);
  const next = rows[Math.min(Math.max(now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by, 0), rows.length - 1)];
  next.querySelector(".pick").click();
  next.querySelector(".pick").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
};

export const makeTimeline = () => {
  const search = el("input", { type: "search", id: "entry-words", placeholder: "Filter entries (f)", "aria-label": "Filter entries", on: { input: debounce(event => { filter.words = event.target.value; draw(); }, 80) } });
  const chips = KINDS.map(([kind, words]) => el("button", {
    type: "button", class: `chip k-${kind}`, "aria-pressed": "false",
    on: { click: event => {
      const there = filter.kinds.delete(kind);
      if (!there) filter.kinds.add(kind);
      event.currentTarget.setAttribute("aria-pressed", String(!there));
      draw();
    } },
  }, el("i", { class: `dot k-${kind === "outage" ? "onset" : kind}`, "aria-hidden": "true" }), words));
  $("timeline").append(
    el("div", { class: "filters" }, search, el("select", { id: "entry-host", "aria-label": "Host", on: { change: event => { filter.host = event.target.value; draw(); } } }, el("option", { value: "" }, "all hosts")),
      el("span", { class: "chips", role: "group", "aria-label": "Kinds" }, chips)),
    el("ol", { id: "outages", "aria-label": "Outages" }),
    el("ol", { id: "entries", "aria-label": "Entries" }),
    el("p", { id: "none", class: "quiet" }),
    el("label", { class: "quiet", hidden: true }, el("input", { type: "checkbox", id: "aside", on: { change: event => { filter.aside = event.target.checked; draw(); } } }), " ", el("span", { id: "aside-count" })),
    el("ol", { id: "set-aside", "aria-label": "Set aside" }));
  on("state", draw);
  on("selected", show => {
    for (const pick of document.querySelectorAll("#timeline .pick")) {
      const chosen = pick.closest("li").dataset.id === app.selected?.id;
      chosen ? pick.setAttribute("aria-current", "true") : pick.removeAttribute("aria-current");
      pick.setAttribute("tabindex", chosen ? "0" : "-1");
      if (chosen && show) pick.closest("li").scrollIntoView({ block: "nearest" });
    }
  });
};

