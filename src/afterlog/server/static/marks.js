// Marks over the chart: one for each entry that somebody or something did, numbered as in the timeline.

import { app, entries, select } from "./app.js";
import { view, x } from "./chart.js";
import { full, seconds } from "./clock.js";
import { $, el } from "./dom.js";

const KINDS = new Set(["change", "attempt", "sign", "look", "added"]);
const APART = 17; // pixels between two marks of one row

export const drawMarks = () => {
  const marks = [], lines = [];
  const last = [-99, -99];
  entries().forEach((entry, index) => {
    const at = x(seconds(entry.time));
    if (!KINDS.has(entry.kind) || at < -1 || at > view.plot + 1) return;
    const row = at - last[0] >= APART ? 0 : at - last[1] >= APART ? 1 : last[0] <= last[1] ? 0 : 1;
    const shown = Math.max(at, Math.min(last[row] + APART, at + APART)); // a little beside its line, rather than over another
    last[row] = shown;
    const chosen = app.selected?.id === entry.id;
    const mark = el("button", {
      type: "button", class: `mark k-${entry.kind}${chosen ? " chosen" : ""}`, tabindex: "-1",
      "aria-label": `${index + 1}: ${full(seconds(entry.time))}, ${entry.text}`, title: `${full(seconds(entry.time))}  ${entry.text}`,
      on: { click: () => select("entry", entry.id) },
    }, String(index + 1));
    mark.style.left = `${shown}px`;
    mark.style.top = `${row * 15}px`;
    marks.push(mark);
    const line = el("div", { class: `line k-${entry.kind}${chosen ? " chosen" : ""}` });
    line.style.left = `${at}px`;
    lines.push(line);
  });
  $("marks").replaceChildren(...marks);
  $("bands").append(...lines);
};
