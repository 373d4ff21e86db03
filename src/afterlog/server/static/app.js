// What the page knows, and what it does with it: one state from the server, one selection, and those who listen.

import { get, post } from "./api.js";
import { seconds, setZone } from "./clock.js";

const heard = new Map();

export const app = {
  state: null,
  services: [],
  span: null,
  selected: null, // {kind: "entry" | "outage" | "change", id}
  tab: "timeline",
};

export const on = (what, act) => { heard.set(what, [...(heard.get(what) ?? []), act]); };
export const tell = (what, ...given) => { for (const act of heard.get(what) ?? []) act(...given); };

// --- the state ---------------------------------------------------------------------------------------------------

let acting = Promise.resolve(); // until what this page did is answered

// Answers overtake each other, and two may tell the same: only what is news is shown.
const isNews = ({ version, concluded, problem }, { version: v, concluded: c, problem: p }) =>
  version !== v ? version > v : concluded !== c ? concluded > c : problem !== p;

const take = state => {
  if (app.state && !isNews(state, app.state)) return;
  app.state = state;
  const first = realOutages()[0];
  setZone(state.case.offsets, first ? begins(first) : null);
  tell("state");
};

export const load = async () => {
  const [state, services] = await Promise.all([get("state"), get("services")]);
  await acting; // what this page did is told by its own answer, to whoever waits for it
  app.services = services.services;
  app.span = services.span;
  take(state);
};

// Ask for news for as long as the page is open; the server answers when there are any.
export const watch = async () => {
  for (;;) {
    const { version, concluded, problem } = app.state;
    try {
      const told = await get("watch", { seen: `${version}.${concluded}.${problem ? "True" : "False"}` });
      await acting;
      if (told.version !== app.state.version || told.concluded !== app.state.concluded || told.problem !== app.state.problem) {
        await load();
        if (told.told) tell("toast", told.told);
      }
      tell("alive");
    } catch (error) {
      tell("lost", error.message);
      await new Promise(done => setTimeout(done, 2000));
    }
  }
};

// --- findings ----------------------------------------------------------------------------------------------------

export const findings = () => app.state?.findings ?? {};
export const entries = () => findings().entries ?? [];
export const outages = () => findings().outages ?? [];
export const realOutages = () => outages().filter(one => one.class !== "blip" && !one.single);
export const setAside = () => ({
  entries: findings().entries_set_aside ?? [],
  changes: findings().set_aside ?? [],
  outages: findings().rejected ?? [],
});

export const changes = () => {
  const found = new Map();
  const take_ = one => { if (one?.change && !found.has(one.change.id)) found.set(one.change.id, one.change); };
  for (const name of ["causes", "alibis", "attempts", "resolutions"]) (findings()[name] ?? []).forEach(take_);
  for (const one of findings().set_aside ?? []) if (!found.has(one.id)) found.set(one.id, one);
  return found;
};

export const find = ({ kind, id }) => {
  if (kind === "outage") return [...outages(), ...setAside().outages].find(one => one.id === id);
  if (kind === "change") return changes().get(id);
  return [...entries(), ...setAside().entries].find(one => one.id === id);
};

export const begins = outage => seconds(outage.first_failure ?? outage.start);
export const ends = outage => outage.open_end || !(outage.last_failure ?? outage.end) ? null : seconds(outage.last_failure ?? outage.end);

// What was decided about an id, as review.toml has it.
export const decided = id => (app.state?.review.decisions ?? []).find(one => one.id === id) ?? {};

export const isChange = entry => (entry.about ?? "").startsWith("change-");

// --- doing -------------------------------------------------------------------------------------------------------

export const select = (kind, id, { show = true } = {}) => {
  app.selected = { kind, id };
  tell("selected", show);
};

export const open = tab => { app.tab = tab; tell("tab", tab); };

const refusal = message => tell("toast", message, false, true);

const answered = async (promise, words, refused) => {
  try {
    take(await promise);
    if (words) tell("toast", words, true);
    return true;
  } catch (error) {
    refused(error.message);
    return false;
  }
};

const settle = (promise, words, refused = refusal) => {
  const done = answered(promise, words, refused);
  acting = Promise.all([acting, done]).then(() => tell("settled"));
  tell("acting");
  return done;
};

// Gives whether it was done; `refused` is told why not, else a toast says so.
export const act = (action, words, refused) => settle(post("act", { ...action, words }), words, refused);
export const undo = () => settle(post("undo"), app.state.undo ? `Undone: ${app.state.undo}` : "");
export const redo = () => settle(post("redo"), app.state.redo ? `Done again: ${app.state.redo}` : "");
