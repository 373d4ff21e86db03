// Outages over the chart: bands whose edges can be dragged, or moved with the arrow keys, and saved.

import { get } from "./api.js";
import { act, app, begins, entries, ends, on, realOutages, select, tell } from "./app.js";
import { bounds, currentService, draw, readOff, timeAt, view, x } from "./chart.js";
import { clock, full, iso, seconds } from "./clock.js";
import { $, el } from "./dom.js";

const LEAST_S = 1; // an outage lasts

let moving = null; // {id, edge, at, snapped; held by a pointer, moved by it}
let redrawing = false; // what loses the focus then gets it back

const edgesOf = outage => ({ start: begins(outage), end: ends(outage) ?? bounds()[1] });

// Where an edge may lie: within the case, and on its side of the other edge.
const rangeOf = (outage, edge) => {
  const { start, end } = edgesOf(outage);
  const { begin: first, end: last } = app.state.case;
  if (edge === "start") return [Math.min(first / 1e6, start), Math.max(end - LEAST_S, start)];
  return [Math.min(start + LEAST_S, end), Math.max(last / 1e6, end)];
};

const within = (outage, edge, at) => {
  const [low, high] = rangeOf(outage, edge);
  return Math.min(Math.max(at, low), high);
};

export const drawBands = () => {
  const nodes = [];
  for (const outage of realOutages()) {
    if (outage.service && outage.service !== currentService()) continue;
    const { start, end } = { ...edgesOf(outage), ...(moving?.id === outage.id ? { [moving.edge]: moving.at } : {}) };
    const a = Math.max(x(start), 0), b = Math.min(x(end), view.plot);
    if (b < 0 || a > view.plot) continue;
    const band = el("div", { class: `band${app.selected?.id === outage.id ? " chosen" : ""}` });
    band.style.left = `${a}px`;
    band.style.width = `${Math.max(b - a, 2)}px`;
    nodes.push(...spreads(outage), band);
    for (const edge of ["start", "end"]) nodes.push(handle(outage, edge, edge === "start" ? start : end));
  }
  const held = document.activeElement?.dataset?.edge;
  redrawing = true;
  $("bands").replaceChildren(...nodes);
  if (held) $("bands").querySelector(`[data-edge="${held}"]`)?.focus({ preventScroll: true });
  redrawing = false;
};

// How sure a boundary is: the interval that holds it with 90 %.
const spreads = outage => [["start_low", "start_high"], ["end_low", "end_high"]].map(([low, high]) => {
  if (!outage[low] || !outage[high]) return null;
  const a = Math.max(x(seconds(outage[low])), 0), b = Math.min(x(seconds(outage[high])), view.plot);
  if (b - a < 3) return null;
  const node = el("div", { class: "spread" });
  node.style.left = `${a}px`;
  node.style.width = `${b - a}px`;
  return node;
}).filter(Boolean);

const handle = (outage, edge, at) => {
  const [low, high] = rangeOf(outage, edge), live = moving?.id === outage.id && moving.edge === edge;
  const open = edge === "start" ? outage.open_start : outage.open_end;
  const node = el("div", {
    class: `edge ${edge}${live ? " live" : ""}${open ? " open" : ""}`,
    role: "slider", tabindex: "0", data: { edge: `${outage.id} ${edge}` },
    "aria-label": `${edge === "start" ? "Start" : "End"} of the outage${outage.service ? ` of ${outage.service}` : ""}`,
    "aria-valuemin": Math.round(low), "aria-valuemax": Math.round(high), "aria-valuenow": Math.round(at),
    "aria-valuetext": full(at), "aria-orientation": "horizontal", title: `${edge === "start" ? "Outage begins" : "Outage ends"} ${full(at)}: drag to correct it`,
    on: { keydown: event => keys(event, outage, edge), blur: () => { if (moving && !moving.held && !redrawing) cancel(); } },
  }, el("span", { class: "grip" }), live ? el("span", { class: "flag" }, clock(at, 1) + (moving.snapped ? " ⌁" : "")) : null);
  node.style.left = `${x(at)}px`;
  node.hidden = x(at) < -1 || x(at) > view.plot + 1;
  node.addEventListener("pointerdown", event => grab(event, outage, edge));
  return node;
};

// --- where an edge keeps to --------------------------------------------------------------------------------------

const candidates = async (outage, edge) => {
  const [low, high] = rangeOf(outage, edge);
  const sorted = times => times.filter(t => t >= low && t <= high).sort((a, b) => a - b);
  const marks = entries().flatMap(entry => [seconds(entry.time), seconds(entry.until)]);
  try {
    const told = await get("failing", { service: outage.service, from: view.from, to: view.to });
    return sorted([...told.seconds, ...marks]);
  } catch { return sorted(marks); }
};

const nearest = (times, at) => times.reduce((best, t) => Math.abs(t - at) < Math.abs(best - at) ? t : best, times[0] ?? at);

// The very event of a second, where there is one: an edge belongs to it, and the toast quotes it.
const exact = async (outage, edge, at) => {
  try {
    const { event } = await get("snap", { at: Math.floor(at), service: outage.service, edge });
    return event;
  } catch { return null; }
};

// A pixel stands for seconds: a moment between them would be more exact than the hand.
const rounded = at => (view.to - view.from) / view.plot > 0.1 ? Math.round(at) : at;

// --- by mouse or finger ------------------------------------------------------------------------------------------

const grab = (event, outage, edge) => {
  if (event.button) return;
  event.preventDefault();
  event.stopPropagation();
  const over = $("over"), box = over.getBoundingClientRect();
  moving = { id: outage.id, edge, at: edgesOf(outage)[edge], held: true, snapped: false };
  let times = null;
  candidates(outage, edge).then(found => { times = found; });
  over.setPointerCapture(event.pointerId);
  const move = now => {
    const at = timeAt(Math.min(Math.max(now.clientX - box.left, 0), view.plot));
    const snapping = times?.length && view.snap !== now.shiftKey;
    moving = { ...moving, moved: true, at: snapping ? nearest(times, at) : within(outage, edge, rounded(at)), snapped: snapping };
    drawBands();
    readOff(moving.at);
  };
  const stop = async now => {
    over.removeEventListener("pointermove", move);
    over.removeEventListener("pointerup", stop);
    over.removeEventListener("pointercancel", stop);
    const done = moving;
    if (now.type === "pointercancel" || !done.moved) { moving = null; select("outage", outage.id); drawBands(); return; }
    await save(outage, done);
  };
  over.addEventListener("pointermove", move);
  over.addEventListener("pointerup", stop);
  over.addEventListener("pointercancel", stop);
};

// --- by keyboard -------------------------------------------------------------------------------------------------

const keys = async (event, outage, edge) => {
  const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -20, PageUp: 20 }[event.key];
  if (step === undefined && !["Enter", "Escape"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === "Escape") { cancel(); return; }
  if (event.key === "Enter") {
    if (moving?.id === outage.id) await save(outage, moving); else select("outage", outage.id);
    return;
  }
  const at = moving?.id === outage.id && moving.edge === edge ? moving.at : edgesOf(outage)[edge];
  if (view.snap !== event.shiftKey) {
    const times = (await candidates(outage, edge)).filter(t => step < 0 ? t < at - 0.001 : t > at + 0.001);
    moving = { id: outage.id, edge, at: (step < 0 ? times.at(-1) : times[0]) ?? at, snapped: true };
  } else {
    const unit = Math.max(1, Math.round((view.to - view.from) / view.plot));
    moving = { id: outage.id, edge, at: within(outage, edge, rounded(at + step * unit)), snapped: false };
  }
  drawBands();
  tell("toast", `${edge === "start" ? "Start" : "End"} ${full(moving.at)}: Enter saves, Escape leaves it`);
};

const cancel = () => {
  moving = null;
  drawBands();
};

const save = async (outage, done) => {
  const event = done.snapped ? await exact(outage, done.edge, done.at) : null;
  const near = event && Math.floor(event.us / 1e6) === Math.floor(done.at);
  const words = `${done.edge === "start" ? "Start" : "End"} of the outage set to ${full(near ? event.us / 1e6 : done.at)}`;
  select("outage", outage.id);
  moving = { ...done, held: true }; // it stays where it was put until the answer is there
  await act({ action: "edit", id: outage.id, [done.edge]: near ? event.time : iso(done.at) }, near ? `${words}, at ${event.source}:${event.line}` : words);
  moving = null;
  draw();
};

on("state", () => { if (moving && !moving.held) moving = null; });
