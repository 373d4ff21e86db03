// Decisions about what is selected; the same for buttons and keys.

import { act, app, decided, entries, find, isChange, on, outages, select, tell } from "./app.js";
import { full, seconds } from "./clock.js";
import { ask } from "./dialogs.js";

const short = words => words.length > 60 ? `${words.slice(0, 58)}…` : words;

export const titleOf = (kind, found) => !found ? "" : kind === "entry" ? found.text : kind === "change" ? found.title : `outage of ${found.service || "?"}`;

const current = () => {
  if (!app.selected) { tell("toast", "Select something first: j and k walk through the timeline."); return null; }
  const found = find(app.selected);
  return found ? { ...app.selected, found, title: short(titleOf(app.selected.kind, found)) } : null;
};

// A change is judged as a whole: what it is told as in the timeline goes with it.
const judged = one => one.kind === "entry" && isChange(one.found) ? one.found.about : one.id;

export const accept = () => toggle("accepted", "accept", "Accepted");
export const reject = () => toggle("rejected", "reject", "Rejected");

const toggle = async (verdict, action, words) => {
  const one = current();
  if (!one) return;
  const id = judged(one);
  if (one.found.kind === "added" && verdict === "rejected") { remove(); return; }
  if (decided(id).verdict === verdict) { act({ action: "unjudge", id }, `Forgot the verdict on “${one.title}”`); return; }
  await act({ action, id }, `${words}: “${one.title}”`);
  if (id !== one.id && verdict === "rejected") select("change", id); // its entries are gone
};

export const pin = () => switched("pinned", "pin", "unpin", "Pinned", "Unpinned");
export const hide = () => switched("hidden", "hide", "show", "Hidden", "Shown again");

const switched = (name, doing, undoing, words, back) => {
  const one = current();
  if (!one) return;
  const already = decided(one.id)[name];
  act({ action: already ? undoing : doing, id: one.id }, `${already ? back : words}: “${one.title}”`);
};

// Only what keeps a finding out is taken back: its times, texts, notes and cause stay.
const waysBack = id => {
  const own = decided(id);
  return [
    own.into ? { action: "merge", id, into: "" } : null,
    own.verdict === "rejected" ? { action: "unjudge", id } : null,
    own.hidden ? { action: "show", id } : null,
  ].filter(Boolean);
};

export const restore = async (kind, id) => {
  const found = find({ kind, id });
  const ids = kind === "entry" && found && isChange(found) ? [found.about, id] : [id];
  for (const action of ids.flatMap(waysBack)) {
    if (!await act(action, `Put back: “${short(titleOf(kind, found))}”`)) return;
  }
};

export const remove = () => {
  const one = current();
  if (one?.found.kind === "added") act({ action: "remove", id: one.id }, `Removed: “${one.title}”`);
  else if (one) tell("toast", "Only entries that people added can be removed; reject or hide this one.");
};

export const say = (id, name, words, title, refused) => act(name === "note" ? { action: "note", id, note: words } : { action: decided(id).verdict === "accepted" ? "accept" : "reject", id, because: words }, `${name === "note" ? "Note" : "Reason"}: “${short(title)}”`, refused);

export const choose = (outage, cause, words) => act({ action: "choose", id: outage, cause }, words);

// --- with questions ----------------------------------------------------------------------------------------------

export const note = async () => {
  const one = current();
  if (!one) return;
  await ask("Note", [{ name: "note", label: `On “${one.title}”`, kind: "long", value: decided(one.id).note ?? "" }], "Save", (told, refused) => say(one.id, "note", told.note, one.title, refused));
};

export const edit = async () => {
  const one = current();
  if (!one) return;
  const { kind, found } = one;
  const start = kind === "outage" ? found.first_failure ?? found.start : found.time ?? found.start;
  const end = kind === "outage" ? found.last_failure ?? found.end : found.until ?? found.end;
  const before = { start: full(seconds(start)), end: end ? full(seconds(end)) : "", text: titleOf(kind, found) };
  const fields = [
    { name: "start", label: "Start", value: before.start, hint: app.state.case.zone },
    { name: "end", label: "End", value: before.end, hint: "as the start, where it is a moment" },
    ...(kind === "outage" ? [] : [{ name: "text", label: "Text", kind: "long", value: before.text }]),
  ];
  await ask(`Edit ${kind === "outage" ? "the outage" : "the entry"}`, fields, "Save", (told, refused) => {
    const changed = Object.fromEntries(Object.entries(told).filter(([name, value]) => value.trim() !== before[name]));
    return !Object.keys(changed).length || act({ action: "edit", id: one.id, ...changed }, `Edited: “${one.title}”`, refused);
  });
};

export const merge = async () => {
  const one = current();
  if (!one) return;
  const others = one.kind === "outage" ? outages() : one.kind === "entry" ? entries() : [];
  const options = others.filter(other => other.id !== one.id).map(other => [other.id, `${full(seconds(other.time ?? other.start)).slice(11, 19)}  ${short(titleOf(one.kind, other))}`]);
  if (!options.length) { tell("toast", "There is nothing of its kind to merge it into."); return; }
  const told = await ask("Merge", [{ name: "into", label: `“${one.title}” becomes part of`, kind: "pick", options }], "Merge",
    (picked, refused) => act({ action: "merge", id: one.id, into: picked.into }, `Merged: “${one.title}”`, refused));
  if (told) select(one.kind, told.into);
};

export const add = async (given = {}) => {
  const start = given.at ?? (app.selected ? full(seconds(find(app.selected)?.time ?? find(app.selected)?.start ?? app.state.findings.outages?.[0]?.start ?? new Date().toISOString())) : "");
  const fields = [
    { name: "at", label: "When", value: start, hint: `${app.state.case.zone}, for example 2022-11-10 11:15:00`, need: true },
    { name: "text", label: "What happened", kind: "long", value: given.text ?? "", need: true, first: true },
    { name: "until", label: "Until", value: "", hint: "empty for a moment" },
    { name: "host", label: "Host", value: given.host ?? "" },
    { name: "note", label: "Note", value: given.note ?? "", hint: "where this is known from" },
  ];
  const before = new Set(entries().map(entry => entry.id));
  const told = await ask("Add an entry", fields, "Add", (typed, refused) => {
    const filled = Object.fromEntries(Object.entries(typed).filter(([, value]) => value.trim()));
    return act({ action: "add", ...filled }, `Added: “${short(typed.text)}”`, refused);
  });
  if (!told) return;
  awaited = before;
  selectAdded();
};

let awaited = null; // the entries before one was added, until it is among them: what follows may take a while

const selectAdded = () => {
  const fresh = awaited && entries().find(entry => !awaited.has(entry.id) && entry.kind === "added");
  if (!fresh) return;
  awaited = null;
  select("entry", fresh.id);
};

on("state", selectAdded);
