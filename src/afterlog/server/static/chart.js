// The chart: failure rate and traffic of a service, outages and changes over it, zoom, pan and brush.
//
// uPlot draws the two plots; what can be touched (edges, marks) lies over them as elements with names and keys.

import uPlot from "./vendor/uPlot.js";
import { get } from "./api.js";
import { app, begins, ends, entries, on, outages, realOutages, tell } from "./app.js";
import { clock, date, full, offset, seconds, shortClock, width as widthOf, zoneName } from "./clock.js";
import { $, button, count, debounce, el, percent } from "./dom.js";
import { drawBands } from "./bands.js";
import { drawMarks } from "./marks.js";
import { drawLanes } from "./lanes.js";
import { drawStrip, makeStrip } from "./strip.js";
import { touch } from "./touch.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2419200];
const RIGHT = 14;
const MOST_BINS = 2000;
const LEAST_S = 5;

export const view = { from: 0, to: 1, left: 64, plot: 600, snap: false };

let rates = null; // the bins at hand, wider than the view
let lanes = null;
let whole = null; // all of the case, for the strip
let service = "";
let plots = [];
let asked = null;
let drawn = false;

export const x = t => (t - view.from) / (view.to - view.from) * view.plot;
export const timeAt = px => view.from + px / view.plot * (view.to - view.from);
export const currentService = () => service;
export const color = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const failures = one => refusedCount(one.service ?? service) ? one.failed.map((n, i) => n + one.client_errors[i]) : one.failed;

// Refused requests count as failures where they made an outage.
const refusedCount = name => outages().some(one => one.service === name && one.kind === "client-errors");

// --- what there is -----------------------------------------------------------------------------------------------

const limits = () => {
  const times = [...(app.span ?? []), ...entries().flatMap(e => [seconds(e.time), seconds(e.until)]), ...realOutages().flatMap(one => [begins(one), ends(one) ?? begins(one)])];
  if (!times.length) return [app.state.case.begin / 1e6, app.state.case.end / 1e6];
  const a = Math.min(...times), b = Math.max(...times), room = Math.max((b - a) * 0.02, 60);
  return [a - room, b + room];
};

export const bounds = () => limits();

const wide = () => {
  const [a, b] = limits(), length = view.to - view.from;
  return [Math.max(view.from - length, a - length), Math.min(view.to + length, b + length)];
};

const fetchView = async () => {
  if (!app.state) return;
  if (!service && !app.services.length) return;
  const [from, to] = wide();
  const perPixel = matchMedia("(pointer: coarse)").matches ? 0.55 : 0.4;
  const bins = Math.min(MOST_BINS, Math.max(60, Math.round(view.plot * perPixel * (to - from) / (view.to - view.from))));
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  try {
    const [one, more] = await Promise.all([
      get("rates", { service, from, to, bins }, signal),
      get("lanes", { service, from, to, bins: Math.min(bins, 900) }, signal),
    ]);
    rates = { ...one, from, to };
    lanes = more;
    draw();
  } catch (error) {
    if (error.name !== "AbortError") tell("toast", error.message, false, true);
  }
};

const fetchSoon = debounce(fetchView, 60);

const enough = () => {
  if (!rates || rates.service !== service || view.from < rates.from || view.to > rates.to) return false;
  const bins = (view.to - view.from) / rates.step;
  return bins >= view.plot * 0.12 || rates.step === 1;
};

// --- moving ------------------------------------------------------------------------------------------------------

export const show = (a, b) => {
  const [low, high] = limits();
  const length = Math.min(Math.max(b - a, LEAST_S), high - low);
  const from = Math.min(Math.max((a + b - length) / 2, low), high - length);
  Object.assign(view, { from, to: from + length });
  draw();
  if (!enough()) fetchSoon();
  tell("moved");
};

export const zoom = (factor, at = (view.from + view.to) / 2) => show(at - (at - view.from) * factor, at + (view.to - at) * factor);
export const pan = share => show(view.from + (view.to - view.from) * share, view.to + (view.to - view.from) * share);
export const all = () => show(...limits());

export const showOutage = () => {
  const real = realOutages();
  if (!real.length) { all(); return; }
  const a = Math.min(...real.map(begins)), b = Math.max(...real.map(one => ends(one) ?? limits()[1]));
  const room = Math.max((b - a) * 0.14, 120);
  show(a - room, b + room);
};

// Let a moment be seen, without moving more than needed.
export const reveal = t => {
  if (t >= view.from && t <= view.to) return;
  const half = (view.to - view.from) / 2;
  show(t - half, t + half);
};

export const setService = name => {
  if (name === service) return;
  service = name;
  $("service").value = name;
  rates = null;
  fetchWhole();
  fetchView();
};

const fetchWhole = async () => {
  const [from, to] = limits();
  try { whole = await get("rates", { service, from, to, bins: 600 }); } catch { whole = null; }
  drawStrip(whole);
};

// --- drawing -----------------------------------------------------------------------------------------------------

const nice = n => { const p = 10 ** Math.floor(Math.log10(Math.max(n, 1))); return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(k => k * p).find(k => k >= n && Number.isInteger(k)) ?? 1; };

const ticks = () => {
  const step = STEPS.find(s => (view.to - view.from) / s <= view.plot / 84) ?? STEPS.at(-1);
  const found = [];
  for (let t = Math.ceil((view.from + offset(view.from)) / step) * step - offset(view.from); t <= view.to; t += step) found.push(t);
  return { step, found };
};

const tickWords = (_u, splits) => {
  const { step } = ticks();
  let last = "";
  return splits.map(t => {
    const day = date(t), words = step >= 86400 ? day.slice(5) : step >= 60 ? shortClock(t) : clock(t);
    const told = step < 86400 && last && day !== last ? `${words}\n${day.slice(5)}` : words;
    last = day;
    return told;
  });
};

const plotOf = (host, height, options) => {
  const axis = { stroke: color("quiet"), font: "11px system-ui, sans-serif", ticks: { show: false }, grid: { stroke: color("line"), width: 1 } };
  return new uPlot({
    width: view.left + view.plot + RIGHT,
    height,
    padding: [6, RIGHT, options.axis ? 0 : 3, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, auto: false, range: () => [view.from, view.to] }, y: options.y },
    axes: [
      { ...axis, show: Boolean(options.axis), size: 20, gap: 3, grid: { show: false }, splits: () => ticks().found, values: tickWords },
      { ...axis, size: view.left, gap: 6, splits: options.splits, values: options.values },
    ],
    series: [{}, ...options.series],
  }, options.data, host);
};

const build = () => {
  plots.forEach(plot => plot.destroy());
  const bad = color("bad"), good = color("good");
  const bars = uPlot.paths.bars({ size: [1, Infinity], align: 1, gap: 0 });
  const rate = plotOf($("rate"), $("rate").clientHeight, {
    y: { auto: false, range: () => [0, 1.04] },
    splits: () => [0, 0.5, 1],
    values: (_u, splits) => splits.map(share => `${share * 100} %`),
    series: [{ stroke: bad, width: 1.5, fill: color("under"), paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } }],
    data: [[], []],
  });
  const traffic = plotOf($("traffic"), $("traffic").clientHeight, {
    y: { auto: true, range: (_u, _low, high) => [0, nice(high ?? 1)] },
    splits: (_u, _axis, _low, high) => [0, high],
    values: (_u, splits) => splits.map(count),
    axis: true,
    series: [
      { fill: good, stroke: good, width: 0, paths: bars, points: { show: false } },
      { fill: bad, stroke: bad, width: 0, paths: bars, points: { show: false } },
    ],
    data: [[], [], []],
  });
  plots = [rate, traffic];
  plots.forEach(plot => { plot.root.setAttribute("aria-hidden", "true"); });
  drawn = false;
};

const feed = () => {
  const failed = failures(rates), times = rates.requests.map((_, i) => rates.start + i * rates.step);
  const share = rates.requests.map((n, i) => n ? Math.min(failed[i] / n, 1) : null);
  plots[0].setData([times, share], false);
  plots[1].setData([times, rates.requests, failed.map(n => n || null)], false);
  drawn = rates;
  readOff(pointed);
};

export const draw = () => {
  if (!plots.length || !app.state) return;
  if (rates && drawn !== rates) feed();
  for (const plot of plots) plot.batch(() => plot.setScale("x", { min: view.from, max: view.to }));
  $("rate-name").textContent = `Failure rate${service ? `, ${service}` : ""}`;
  $("traffic-name").textContent = rates ? `Requests per ${widthOf(rates.step)}` : "Requests";
  drawBands();
  drawMarks();
  drawLanes(lanes);
  drawStrip(whole);
};

const resize = () => {
  const box = $("plots").getBoundingClientRect();
  if (!box.width) return; // another tab is shown
  view.left = box.width < 560 ? 44 : 64;
  view.plot = Math.max(box.width - view.left - RIGHT, 120);
  $("chart").style.setProperty("--left", `${view.left}px`);
  $("chart").style.setProperty("--right", `${RIGHT}px`);
  build();
  draw();
  if (!enough()) fetchSoon();
};

// --- reading off -------------------------------------------------------------------------------------------------

let pointed = null;

export const readOff = t => {
  pointed = t;
  const cursor = $("cursor"), told = $("readout");
  if (t === null || !rates) { cursor.hidden = true; told.textContent = hint(); return; }
  cursor.hidden = false;
  cursor.style.left = `${x(t)}px`;
  const index = Math.floor((t - rates.start) / rates.step), all_ = rates.requests[index];
  const at = rates.start + index * rates.step, bad = failures(rates)[index];
  told.textContent = `${full(t).slice(0, 19)} ${zoneName(t)}` + (all_ === undefined ? "" :
    all_ ? `: ${bad} of ${all_} requests failed (${percent(bad / all_)}) in the ${widthOf(rates.step)} from ${clock(at)}` : `: no requests in the ${widthOf(rates.step)} from ${clock(at)}`);
};

const hint = () => `${full(view.from).slice(0, 16)} to ${full(view.to).slice(0, 16)} ${app.state.case.zone}.${matchMedia("(pointer: coarse)").matches ? "" : " Drag to zoom in, or turn the wheel."}`;

// --- the frame ---------------------------------------------------------------------------------------------------

export const makeChart = () => {
  const pick = el("select", { id: "service", on: { change: event => setService(event.target.value) } });
  const tool = (words, name, act, fine = false) => button(words, act, { "aria-label": name, title: name, class: fine ? "fine" : undefined });
  const snap = el("button", { type: "button", id: "snap", "aria-pressed": "false", title: "Edges keep to failed requests and marks (s; or hold Shift while dragging)", on: { click: () => setSnap(!view.snap) } }, el("kbd", {}, "s"), " Snap");
  $("chart").append(
    el("div", { class: "bar" },
      el("label", { class: "service" }, el("span", {}, "Service "), pick),
      el("span", { class: "legend", "aria-hidden": "true" },
        [["bad", "failed"], ["all", "answered"], ["out", "outage"]].map(([kind, words]) => [el("i", { class: `k-${kind}` }), words])),
      el("span", { class: "buttons" }, snap,
        tool("Outage", "Show the outage (o)", showOutage), tool("All", "Show everything (0)", all),
        tool("+", "Zoom in (+)", () => zoom(0.5), true), tool("−", "Zoom out (−)", () => zoom(2), true),
        tool("←", "Earlier (←)", () => pan(-0.3), true), tool("→", "Later (→)", () => pan(0.3), true))),
    el("div", { id: "plots" },
      el("div", { id: "marks", role: "group", "aria-label": "Changes and looks" }),
      el("div", { class: "plot" }, el("span", { id: "rate-name", class: "name" }), el("div", { id: "rate" })),
      el("div", { class: "plot" }, el("span", { id: "traffic-name", class: "name" }), el("div", { id: "traffic" })),
      el("div", { id: "over", tabindex: "0", role: "group", "aria-label": "Chart of failure rate and requests. Plus and minus zoom, arrow keys move, o shows the outage, 0 everything. Tab goes to the edges of the outages." },
        el("div", { id: "bands" }), el("div", { id: "cursor", hidden: true }), el("div", { id: "brush", hidden: true })),
      el("div", { id: "lanes" }),
    ),
    makeStrip(),
    el("p", { id: "readout" }),
  );
  touch($("over"));
  new ResizeObserver(debounce(resize, 50)).observe($("plots"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { build(); draw(); });
  on("state", update);
  on("selected", () => draw());
};

export const setSnap = wanted => {
  view.snap = wanted;
  $("snap").setAttribute("aria-pressed", String(wanted));
};

let last = "";
const update = () => {
  const names = app.services.map(one => one.name);
  const key = JSON.stringify(names);
  if (key !== last) {
    last = key;
    $("service").replaceChildren(...names.map(name => el("option", { value: name }, name)));
    $("service").parentElement.hidden = names.length < 2;
    const worst = realOutages()[0]?.service;
    service = names.includes(service) ? service : names.includes(worst) ? worst : names[0] ?? "";
    $("service").value = service;
    rates = null;
    fetchWhole();
    if (view.to <= 1) showOutage();
    fetchView();
  }
  draw();
  if (pointed === null) readOff(null);
};

