// The hand on the chart: drag for a brush, wheel and pinch for zoom, one finger or Shift to move.

import { all, pan, readOff, show, timeAt, view, zoom } from "./chart.js";
import { $ } from "./dom.js";

const LEAST = 5; // pixels: below, it was a click

export const touch = over => {
  const place = event => event.clientX - over.getBoundingClientRect().left;
  const fingers = new Map();
  let held = null; // {at, from, to, brush}

  over.addEventListener("wheel", event => {
    event.preventDefault();
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(sideways / view.plot);
    else zoom(Math.exp(Math.max(Math.min(event.deltaY, 240), -240) * 0.002), timeAt(place(event)));
  }, { passive: false });

  over.addEventListener("pointerdown", event => {
    if (event.button > 1 || event.target.closest(".edge, .mark")) return;
    over.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    const moves = event.pointerType === "touch" || event.shiftKey || event.button === 1;
    held = { at: place(event), from: view.from, to: view.to, brush: !moves, spread: null };
    if (fingers.size === 2) {
      const [p, q] = [...fingers.values()];
      held = { ...held, brush: false, spread: Math.abs(p - q), middle: timeAt((p + q) / 2) };
    }
  });

  over.addEventListener("pointermove", event => {
    const px = place(event);
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, px);
    if (!held || !fingers.has(event.pointerId)) { if (event.pointerType !== "touch") readOff(timeAt(px)); return; }
    if (held.spread !== null && fingers.size === 2) {
      const [p, q] = [...fingers.values()], length = (held.to - held.from) * held.spread / Math.max(Math.abs(p - q), 10);
      const share = ((p + q) / 2) / view.plot;
      show(held.middle - length * share, held.middle + length * (1 - share));
    } else if (held.brush) {
      const brush = $("brush"), a = Math.max(Math.min(px, held.at), 0), b = Math.min(Math.max(px, held.at), view.plot);
      brush.hidden = b - a < LEAST;
      brush.style.left = `${a}px`;
      brush.style.width = `${b - a}px`;
      readOff(timeAt(px));
    } else if (held.spread === null) {
      const by = (held.at - px) / view.plot * (held.to - held.from);
      show(held.from + by, held.to + by);
    }
  });

  const let_go = event => {
    fingers.delete(event.pointerId);
    const brush = $("brush"), done = held;
    if (fingers.size) return;
    held = null;
    brush.hidden = true;
    if (event.type !== "pointerup" || !done) return;
    const px = Math.min(Math.max(place(event), 0), view.plot);
    if (done.brush && Math.abs(px - done.at) >= LEAST) show(timeAt(Math.min(px, done.at)), timeAt(Math.max(px, done.at)));
    else if (event.pointerType === "touch") readOff(timeAt(px));
  };
  over.addEventListener("pointerup", let_go);
  over.addEventListener("pointercancel", let_go);
  over.addEventListener("pointerleave", () => { if (!held) readOff(null); });
  over.addEventListener("dblclick", event => { if (!event.target.closest(".edge")) all(); });
};
