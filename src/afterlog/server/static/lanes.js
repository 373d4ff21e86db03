// Lanes: a row for every service and for every host of the chosen one; red as far as requests failed.

import { color, currentService, failures, setService, view, x } from "./chart.js";
import { $, el, count, percent } from "./dom.js";

const HEIGHT = 13;
const MOST = 9;

export const drawLanes = lanes => {
  const shown = rows(lanes?.lanes ?? []);
  if (shown.length < 2) { $("lanes").replaceChildren(); return; }
  const kept = $("lanes").childElementCount === shown.length && [...$("lanes").children].every((node, i) => node.dataset.name === nameOf(shown[i]));
  if (!kept) $("lanes").replaceChildren(...shown.map(lane));
  const [bad, good] = [color("bad"), color("good")];
  shown.forEach((row, index) => paint($("lanes").children[index].querySelector("canvas"), row, lanes, bad, good));
};

// All services, the chosen one followed by its hosts; the worst first, as they come.
const rows = all => {
  const own = all.filter(row => row.host !== null);
  const services = all.filter(row => row.host === null);
  const others = services.filter(row => row.service !== currentService());
  const chosen = services.filter(row => row.service === currentService());
  return [...chosen, ...own, ...others].slice(0, MOST);
};

const nameOf = row => `${row.service}\n${row.host ?? ""}`;

const lane = row => {
  const name = row.host ?? row.service;
  const words = el("bdi", { dir: "ltr" }, name); // too long a name keeps its end: that tells web-01 from web-02
  const label = row.host === null && row.service !== currentService()
    ? el("button", { type: "button", tabindex: "-1", title: `Show ${name}`, on: { click: () => setService(row.service) } }, words)
    : el("span", { title: name }, words);
  const all = row.requests.reduce((a, b) => a + b, 0), failed = failures(row).reduce((a, b) => a + b, 0);
  const told = `${name}: ${count(failed)} of ${count(all)} requests failed${all ? ` (${percent(failed / all)})` : ""}`;
  return el("div", { class: row.host === null ? "lane" : "lane host", data: { name: nameOf(row) } }, label, el("canvas", { role: "img", "aria-label": told }));
};

const paint = (canvas, row, { start, step }, bad, good) => {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(view.plot * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const failed = failures(row), top = Math.max(1, ...row.requests);
  row.requests.forEach((all, index) => {
    const [a, b] = [index, index + 1].map(n => Math.round(x(start + n * step) * ratio) / ratio); // whole pixels: no seams
    if (!all || b < 0 || a > view.plot) return;
    const share = Math.min(failed[index] / all, 1), wide = Math.max(b - a, 1);
    pen.globalAlpha = 0.25 + 0.75 * Math.sqrt(all / top);
    pen.fillStyle = good;
    pen.fillRect(a, 2, wide, HEIGHT - 4);
    if (!share) return;
    pen.globalAlpha = Math.max(0.12, Math.sqrt(share)); // a few failures among many are no outage
    pen.fillStyle = bad;
    pen.fillRect(a, 2, wide, HEIGHT - 4);
  });
};
