// The review page: makes its parts, listens to keys, and follows the server.

import { app, begins, ends, find, load, on, open, realOutages, redo, tell, undo, watch } from "./app.js";
import { all, draw, makeChart, pan, reveal, setService, setSnap, showOutage, view, zoom } from "./chart.js";
import { seconds } from "./clock.js";
import { makeCauses } from "./causes.js";
import { accept, add, edit, hide, merge, note, pin, reject, remove } from "./deciding.js";
import { help } from "./dialogs.js";
import { $, button, count, typing } from "./dom.js";
import { makeDraft } from "./draft.js";
import { makeEvents, searchEvents } from "./events.js";
import { makeFinding, openEvidence } from "./finding.js";
import { makeTimeline, showSelected, step } from "./timeline.js";

const TABS = ["timeline", "finding", "causes", "events", "draft"];
const narrow = matchMedia("(max-width: 60rem)");

// --- tabs --------------------------------------------------------------------------------------------------------

const showTab = tab => {
  const shown = !narrow.matches && tab === "timeline" ? "finding" : tab;
  document.body.dataset.tab = shown;
  for (const name of TABS) {
    const own = $(`tab-${name}`);
    own.setAttribute("aria-selected", String(name === shown));
    own.setAttribute("tabindex", name === shown ? "0" : "-1");
    if (name !== "timeline") $(name).hidden = name !== shown;
  }
  if (shown === "timeline") showSelected();
};

const tabKeys = event => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const there = TABS.filter(name => narrow.matches || name !== "timeline");
  const next = there[(there.indexOf(document.body.dataset.tab) + by + there.length) % there.length];
  open(next);
  $(`tab-${next}`).focus();
};

// --- what is said ------------------------------------------------------------------------------------------------

let fading = 0;
const toast = (words, canUndo = false, bad = false) => {
  const node = $("toast");
  node.className = bad ? "bad" : "";
  node.replaceChildren(words, ...(canUndo && app.state.undo ? [" ", button("Undo", () => { undo(); node.hidden = true; })] : []));
  node.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { node.hidden = true; }, bad ? 12000 : 6000);
};

const drawState = () => {
  const { state } = app, { case: told } = state;
  $("case-name").textContent = told.name;
  $("case-told").textContent = `${count(told.events)} events of ${told.sources} sources, ${told.zone}`;
  document.title = `${told.name}: afterlog review`;
  $("undo").disabled = !state.undo;
  $("undo").title = state.undo ? `Undo: ${state.undo}` : "Nothing to undo";
  $("redo").disabled = !state.redo;
  $("redo").title = state.redo ? `Do again: ${state.redo}` : "Nothing to do again";
  const decisions = state.review.decisions.length + state.review.entries.length;
  $("status").textContent = state.working ? "Analysing anew …" : decisions ? `${decisions} ${decisions === 1 ? "decision" : "decisions"}, saved` : "";
  $("status").className = state.working ? "working" : "";
  $("problem").hidden = !state.problem;
  $("problem").textContent = state.problem;
};

// --- keys --------------------------------------------------------------------------------------------------------

// The edge of the selected outage, or of the one that the selected entry belongs to; else the first that is in view.
const edge = which => {
  const about = app.selected?.kind === "outage" ? app.selected.id : app.selected && find(app.selected)?.about;
  const own = realOutages().find(one => one.id === about);
  if (app.selected?.kind === "outage" && !own) { tell("toast", "The selected outage has no edges in the chart; e edits its times."); return; }
  if (own) {
    if (app.services.some(one => one.name === own.service)) setService(own.service);
    reveal(which === "start" ? begins(own) : ends(own) ?? view.to);
    draw();
  }
  const handles = [...document.querySelectorAll(`#bands .edge.${which}`)].filter(node => !node.hidden && (!own || node.dataset.edge.startsWith(`${own.id} `)));
  if (handles.length) handles[0].focus(); else showOutage();
};

const focusTab = tab => { open(tab); $(tab).focus({ preventScroll: true }); };

const KEYS = {
  j: () => step(1), k: () => step(-1), Enter: openEvidence,
  a: accept, r: reject, e: edit, n: note, p: pin, h: hide, m: merge, i: () => add(), x: remove,
  u: undo, U: redo, c: () => focusTab("causes"), d: () => focusTab("draft"), t: () => focusTab("timeline"),
  "/": () => { open("events"); searchEvents(); }, f: () => { open("timeline"); $("entry-words").focus(); },
  "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "[": () => pan(-0.3), "]": () => pan(0.3),
  o: showOutage, 0: all, s: () => setSnap(!view.snap), b: () => edge("start"), B: () => edge("end"), "?": help,
};

const key = event => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const combined = event.ctrlKey || event.metaKey;
  if (combined && !typing(event.target) && ["z", "Z", "y"].includes(event.key)) {
    event.preventDefault();
    if (event.key === "z" && !event.shiftKey) undo(); else redo();
    return;
  }
  if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
  if (combined || event.altKey || typing(event.target)) return;
  const pressing = event.target.closest("button, summary, a, [role=slider]");
  if (event.key === "Enter" && pressing && !event.target.closest(".pick")) return;
  const onChart = event.target.closest("#over") && { ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), ArrowUp: () => zoom(0.7), ArrowDown: () => zoom(1.4) }[event.key];
  const inList = event.target.closest("#timeline") && { ArrowDown: () => step(1), ArrowUp: () => step(-1) }[event.key];
  const todo = onChart || inList || KEYS[event.key];
  if (!todo) return;
  event.preventDefault();
  todo();
};

// --- beginning ---------------------------------------------------------------------------------------------------

const begin = async () => {
  makeChart();
  makeTimeline();
  makeFinding();
  makeCauses();
  makeEvents();
  makeDraft();
  on("tab", showTab);
  on("state", drawState);
  on("toast", toast);
  on("lost", words => { $("problem").hidden = false; $("problem").textContent = words; });
  on("alive", drawState);
  on("acting", () => { $("status").textContent = "Saving …"; $("status").className = "working"; });
  on("settled", drawState);
  on("selected", () => {
    const found = app.selected && find(app.selected);
    if (found) reveal(seconds(found.time ?? found.first_failure ?? found.start));
  });
  narrow.addEventListener("change", () => showTab(app.tab));
  for (const name of TABS) $(`tab-${name}`).addEventListener("click", () => open(name));
  $("tabs").addEventListener("keydown", tabKeys);
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("add").addEventListener("click", () => add());
  $("help").addEventListener("click", help);
  document.addEventListener("keydown", key);
  open("timeline");
  try {
    await load();
  } catch (error) {
    tell("lost", error.message);
    return;
  }
  document.documentElement.dataset.ready = "true";
  watch();
};

begin();

