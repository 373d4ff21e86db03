// The finding that is selected: what it says, what can be decided about it, and the lines it rests on.

import { app, begins, changes, decided, ends, find, findings, isChange, on, open, select } from "./app.js";
import { full, lasting, seconds, told, zoneName } from "./clock.js";
import { accept, edit, hide, merge, note, pin, reject, remove, restore, say, titleOf } from "./deciding.js";
import { $, button, count, el, percent } from "./dom.js";
import { evidence } from "./evidence.js";

const tool = (key, words, act, pressed) => el("button", { type: "button", "aria-pressed": pressed === undefined ? undefined : String(Boolean(pressed)), on: { click: act } }, el("kbd", {}, key), ` ${words}`);

const tools = (kind, found) => {
  const own = decided(found.id), its = kind === "entry" && isChange(found) ? decided(found.about) : own;
  if (found.kind === "added") return [tool("e", "Edit", edit), tool("n", "Note", note), tool("x", "Remove", remove)];
  return [
    tool("a", its.verdict === "accepted" ? "Accepted" : "Accept", accept, its.verdict === "accepted"),
    tool("r", its.verdict === "rejected" ? "Rejected" : "Reject", reject, its.verdict === "rejected"),
    tool("e", "Edit", edit),
    kind === "outage" ? null : tool("p", own.pinned ? "Pinned" : "Pin", pin, own.pinned),
    kind === "outage" ? null : tool("h", own.hidden ? "Hidden" : "Hide", hide, own.hidden),
    tool("n", "Note", note),
    kind === "change" ? null : tool("m", "Merge", merge),
  ].filter(Boolean);
};

const line = (name, ...words) => words.some(Boolean) ? [el("dt", {}, name), el("dd", {}, ...words)] : [];

const when = (start, end, low, high) => {
  const a = seconds(start), b = end ? seconds(end) : null;
  return `${full(a)}${b !== null && b - a >= 1 ? ` to ${told(b)}, ${lasting(b - a)}` : ""} ${zoneName(a)}${seconds(high ?? start) - seconds(low ?? start) > 1 ? sure(low, high) : ""}`;
};

const sure = (low, high) => low && high && seconds(high) - seconds(low) >= 1 ? `, surely between ${told(seconds(low))} and ${told(seconds(high))}` : "";

const words = (id, name, label, value, title) => {
  const area = el("textarea", { rows: "2", "aria-label": label, placeholder: label });
  area.value = value ?? "";
  area.addEventListener("change", () => say(id, name, area.value, title));
  return area;
};

const entryOf = entry => [
  el("h2", {}, entry.text),
  el("dl", { class: "facts" },
    line("When", when(entry.time, entry.until, entry.time_low, entry.time_high)),
    line("Where", [entry.service, entry.host].filter(Boolean).join(" · ")),
    line("Kind", entry.kind === "added" ? "added by a person" : entry.kind, entry.tied ? "; it may lie before the entry above it" : ""),
    isChange(entry) && changes().has(entry.about) ? line("Change", button(changes().get(entry.about).title, () => select("change", entry.about), { class: "link" })) : [],
    (entry.about ?? "").startsWith("outage-") ? line("Outage", button("the outage it belongs to", () => select("outage", entry.about), { class: "link" })) : []),
];

const outageOf = outage => [
  el("h2", {}, `Outage of ${outage.service || "what a person stated"}`),
  el("dl", { class: "facts" },
    line("Begins", full(begins(outage)), outage.open_start ? ", or before the logs begin" : sure(outage.start_low, outage.start_high)),
    line("Ends", ends(outage) === null ? "not within these logs" : full(ends(outage)), sure(outage.end_low, outage.end_high)),
    line("Lasts", ends(outage) === null ? "" : lasting(ends(outage) - begins(outage))),
    line("Failed", outage.requests ? `${count(outage.failed)} of ${count(outage.requests)} requests (${percent(outage.failure_rate)}; usually ${percent(outage.baseline_rate)}), ${count(outage.clients)} clients` : ""),
    line("Hosts", outage.hosts.join(", ")),
    line("Routes", outage.routes?.join(", "))),
  outage.phases.length > 1 ? el("table", { class: "phases" }, el("caption", {}, "Levels of failure"), el("thead", {}, el("tr", {}, ["from", "to", "failed", "on"].map(name => el("th", { scope: "col" }, name)))),
    el("tbody", {}, outage.phases.map(phase => el("tr", {}, el("td", {}, told(seconds(phase.start))), el("td", {}, told(seconds(phase.end))), el("td", {}, percent(phase.rate)), el("td", {}, phase.hosts.join(", ")))))) : null,
  outage.notes?.length ? el("ul", { class: "quiet" }, outage.notes.map(one => el("li", {}, one))) : null,
  button("Its causes", () => open("causes"), { class: "link" }),
];

const changeOf = change => [
  el("h2", {}, change.title),
  el("dl", { class: "facts" },
    line("When", when(change.start, change.end)),
    line("Hosts", change.hosts.join(", ")),
    line("Targets", change.targets.slice(0, 12).join(", "), change.targets.length > 12 ? ` and ${change.targets.length - 12} more` : ""),
    line("Outcome", change.outcome, change.failure ? `: ${change.failure}` : ""),
    line("Subject", change.subject),
    line("Routine", change.routine ? `yes${change.times > 1 ? `, ${change.times} times` : ""}` : "")),
  change.steps.length > 1 ? el("details", {}, el("summary", {}, `${change.steps.length} steps`), el("ol", { class: "steps" }, change.steps.slice(0, 200).map(one => el("li", {}, el("time", {}, told(seconds(one.time))), ` ${one.host} `, el("code", {}, one.text), one.outcome === "failed" ? " failed" : "")))) : null,
];

const draw = () => {
  const chosen = app.selected && find(app.selected), pane = $("finding");
  if (!chosen) {
    const unknown = findings().review?.unknown ?? [];
    pane.replaceChildren(el("p", { class: "quiet empty" }, "Select an entry, a mark or an outage: what it rests on opens here. ", el("kbd", {}, "j"), " and ", el("kbd", {}, "k"), " walk, ", el("kbd", {}, "?"), " shows all keys."),
      ...(unknown.length ? [el("p", { class: "told" }, `review.toml decides about ${unknown.length} findings that are not here any more: ${unknown.join(", ")}. They are kept.`)] : []));
    return;
  }
  const { kind } = app.selected, own = decided(chosen.id), judged = kind === "entry" && isChange(chosen) ? chosen.about : chosen.id;
  const verdict = decided(judged), title = titleOf(kind, chosen);
  const aside = verdict.verdict === "rejected" || own.hidden || own.into;
  pane.replaceChildren(...[
    ...(kind === "entry" ? entryOf(chosen) : kind === "outage" ? outageOf(chosen) : changeOf(chosen)),
    el("div", { class: "deciding", role: "toolbar", "aria-label": "Decide" }, tools(kind, chosen)),
    aside ? el("p", { class: "told" }, own.into ? "Merged into another; " : verdict.verdict === "rejected" ? "Rejected: neither timeline, causes nor draft tell it; " : "Hidden; ", button("put it back", () => restore(kind, chosen.id), { class: "link" })) : null,
    verdict.verdict ? words(judged, "because", `Why ${verdict.verdict}?`, verdict.because, title) : null,
    own.note ? words(chosen.id, "note", "Note", own.note, title) : null,
    chosen.evidence?.length ? el("h3", {}, `Evidence (${chosen.evidence.length})`) : el("p", { class: "quiet" }, chosen.kind === "added" ? "A person's word; there is no line behind it." : ""),
    ...(chosen.evidence ?? []).map(item => evidence(item)),
  ].filter(Boolean));
};

// Open the lines around the first evidence, or close them again.
export const openEvidence = () => {
  const first = $("finding").querySelector("details.evidence");
  if (!first) return;
  open("finding");
  first.open = !first.open;
  first.querySelector("summary").focus();
};

export const makeFinding = () => {
  let last = "";
  on("state", () => { if (!$("finding").contains(document.activeElement) || document.activeElement.tagName !== "TEXTAREA") draw(); });
  on("selected", show => {
    const key = JSON.stringify(app.selected);
    draw();
    if (key !== last) $("finding").scrollTop = 0;
    last = key;
    if (show) open("finding");
  });
};
