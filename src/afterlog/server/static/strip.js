// The strip: all of the case, small, with the part that the chart shows as a window that can be dragged and drawn out.

import { bounds, color, failures, pan, show, view, zoom } from "./chart.js";
import { full } from "./clock.js";
import { $, el } from "./dom.js";

let wide = 600;

const at = t => { const [a, b] = bounds(); return (t - a) / (b - a) * wide; };
const time = px => { const [a, b] = bounds(); return a + px / wide * (b - a); };

export const makeStrip = () => {
  const frame = el("div", {
    id: "window", role: "slider", tabindex: "0", "aria-label": "Part of the case that the chart shows", "aria-orientation": "horizontal",
    on: { keydown: keys },
  }, el("i", { class: "left" }), el("i", { class: "right" }));
  const strip = el("div", { id: "strip" }, el("canvas", { "aria-hidden": "true" }), frame);
  strip.addEventListener("pointerdown", grab);
  return strip;
};

const keys = event => {
  const act = { ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), ArrowUp: () => zoom(0.7), ArrowDown: () => zoom(1.4) }[event.key];
  if (act) { event.preventDefault(); event.stopPropagation(); act(); }
};

const grab = event => {
  if (event.button) return;
  event.preventDefault();
  const strip = $("strip"), begin = strip.getBoundingClientRect().left, first = event.clientX - begin;
  const { from, to } = view, a = at(from), b = at(to);
  const edge = Math.abs(first - a) < 9 ? "from" : Math.abs(first - b) < 9 ? "to" : null;
  const inside = first > a && first < b;
  strip.setPointerCapture(event.pointerId);
  const move = now => {
    const px = Math.min(Math.max(now.clientX - begin, 0), wide);
    if (edge === "from") show(Math.min(time(px), to - 5), to);
    else if (edge === "to") show(from, Math.max(time(px), from + 5));
    else if (inside) { const by = time(px) - time(first); show(from + by, to + by); }
    else if (Math.abs(px - first) > 3) show(Math.min(time(px), time(first)), Math.max(time(px), time(first)));
  };
  const stop = now => {
    strip.removeEventListener("pointermove", move);
    strip.removeEventListener("pointerup", stop);
    strip.removeEventListener("pointercancel", stop);
    if (!edge && !inside && Math.abs(now.clientX - begin - first) <= 3) { const half = (to - from) / 2; show(time(first) - half, time(first) + half); }
  };
  strip.addEventListener("pointermove", move);
  strip.addEventListener("pointerup", stop);
  strip.addEventListener("pointercancel", stop);
};

export const drawStrip = whole => {
  const strip = $("strip"), canvas = strip.querySelector("canvas"), frame = $("window");
  wide = strip.clientWidth || 600;
  const high = strip.clientHeight || 26, ratio = devicePixelRatio || 1;
  const a = Math.max(at(view.from), 0), b = Math.min(at(view.to), wide);
  frame.style.left = `${a}px`;
  frame.style.width = `${Math.max(b - a, 6)}px`;
  const [low, top_] = bounds();
  frame.setAttribute("aria-valuemin", String(Math.round(low)));
  frame.setAttribute("aria-valuemax", String(Math.round(top_)));
  frame.setAttribute("aria-valuenow", String(Math.round(view.from)));
  frame.setAttribute("aria-valuetext", `${full(view.from)} to ${full(view.to)}`);
  if (!whole) return;
  canvas.width = Math.round(wide * ratio);
  canvas.height = Math.round(high * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const failed = failures(whole), top = Math.max(1, ...whole.requests);
  for (const [counts, name] of [[whole.requests, "good"], [failed, "bad"]]) {
    pen.fillStyle = color(name);
    counts.forEach((n, i) => {
      if (!n) return;
      const left = at(whole.start + i * whole.step), tall = Math.max(Math.sqrt(n / top) * (high - 4), 1);
      pen.fillRect(left, high - 2 - tall, Math.max(at(whole.start + (i + 1) * whole.step) - left, 1), tall);
    });
  }
};
