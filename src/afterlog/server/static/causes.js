// The causes of each outage: the candidates with their terms, and one click to choose another, or none.

import { app, decided, findings, on, realOutages, select } from "./app.js";
import { lasting, seconds, told } from "./clock.js";
import { choose } from "./deciding.js";
import { $, button, el, percent } from "./dom.js";
import { evidence } from "./evidence.js";

const VERDICTS = { likely: "likely", uncertain: "uncertain", "no-change-explains-it": "no change in these logs explains it" };

const term = (one, most) => {
  const bar = el("i", { class: one.value > 0 ? "for" : "against", "aria-hidden": "true" });
  bar.style.width = `${Math.max(Math.abs(one.value) / most * 100, 3)}%`;
  return el("li", {}, el("span", { class: "nats", title: `${one.term}, in nats` }, `${one.value > 0 ? "+" : "−"}${Math.abs(one.value).toFixed(1)}`), el("span", { class: "bar" }, bar), el("span", {}, one.words));
};

const terms = cause => {
  const all = [...cause.for, ...cause.against];
  const most = Math.max(1, ...all.map(one => Math.abs(one.value)));
  return all.length ? el("ul", { class: "terms" }, all.map(one => term(one, most))) : null;
};

const gap = (outage, change) => {
  const by = seconds(outage.first_failure ?? outage.start) - seconds(change.start);
  return Math.abs(by) < 1 ? "at its start" : by > 0 ? `${lasting(by)} before` : `${lasting(-by)} after the start`;
};

const radio = (outage, id, chosen, words, title) => {
  const input = el("input", { type: "radio", name: `cause ${outage.id}`, value: id, checked: chosen, on: { change: () => choose(outage.id, id, words) } });
  return el("label", { class: "choice" }, input, title);
};

const candidate = (outage, cause, picked) => {
  const { change } = cause;
  const id = change?.id ?? null;
  const inferred = cause.rank === 1 && !picked;
  const title = el("span", { class: "title" }, el("strong", {}, cause.title), " ", el("span", { class: "share" }, picked && picked === id ? "chosen" : percent(Math.min(cause.confidence, 0.9999))) /* rounded on its way; nothing here is certain */);
  const head = id ? radio(outage, id, picked === id || inferred, `Cause: “${cause.title}”`, title) : el("div", { class: "choice" }, title);
  return el("li", { class: `cause${picked === id && id ? " picked" : ""}` }, head,
    change ? el("p", { class: "meta" }, `${told(seconds(change.start))}, ${gap(outage, change)} · `, button("details", () => select("change", id), { class: "link" })) : cause.sign ? el("p", { class: "meta" }, "a sign, no change") : null,
    cause.for.length + cause.against.length ? el("details", { open: cause.rank <= 2 }, el("summary", {}, `${cause.for.length} for, ${cause.against.length} against`), terms(cause)) : null,
    cause.evidence.length ? el("details", {}, el("summary", {}, `${cause.evidence.length} lines of evidence`), cause.evidence.slice(0, 40).map(item => evidence(item))) : null);
};

const innocent = (outage, alibi, picked) => el("li", { class: "cause" },
  alibi.change ? radio(outage, alibi.change.id, picked === alibi.change.id, `Cause: “${alibi.title}”`, el("span", { class: "title" }, alibi.title)) : el("div", { class: "choice" }, alibi.title),
  el("p", { class: "meta" }, alibi.change ? `${told(seconds(alibi.change.start))} · ` : "", alibi.alibi));

const section = outage => {
  const picked = decided(outage.id).cause ?? "";
  const causes = (findings().causes ?? []).filter(one => one.outage === outage.id);
  const alibis = (findings().alibis ?? []).filter(one => one.outage === outage.id);
  const missing = findings().missing?.[outage.id] ?? [];
  const verdict = findings().verdicts?.[outage.id];
  return el("section", { class: "outage-causes", "aria-label": `Causes of the outage of ${outage.service}` },
    el("h2", {}, `What caused the outage of ${outage.service || "the service"}?`),
    el("p", { class: "quiet" }, picked ? "Chosen by a person. " : `Inferred: ${VERDICTS[verdict] ?? verdict ?? "not known"}. `, picked ? button("Back to what was inferred", () => choose(outage.id, "", "Cause: as inferred"), { class: "link" }) : null),
    el("ol", { class: "candidates", role: "radiogroup", "aria-label": "Cause" },
      causes.map(one => candidate(outage, one, picked)),
      el("li", { class: `cause${picked === "none" ? " picked" : ""}` }, radio(outage, "none", picked === "none", "Cause: none of these", el("span", { class: "title" }, "None of these: no change in these logs was the trigger")))),
    missing.length ? el("p", { class: "quiet" }, `What would tell more: ${missing.join("; ")}.`) : null,
    alibis.length ? el("details", { class: "alibis", open: alibis.some(one => one.change?.id === picked) }, el("summary", {}, `${alibis.length} changes that were looked at and speak for themselves`), el("ol", { class: "candidates" }, alibis.map(one => innocent(outage, one, picked)))) : null);
};

const draw = () => {
  const pane = $("causes"), real = realOutages();
  const held = pane.contains(document.activeElement) ? document.activeElement.value : null;
  const openNow = [...pane.querySelectorAll("details")].map(node => node.open);
  pane.replaceChildren(...(real.length ? real.map(section) : [el("p", { class: "quiet empty" }, "There is no outage to explain.")]));
  const details = [...pane.querySelectorAll("details")];
  if (openNow.length === details.length) details.forEach((node, i) => { node.open = openNow[i]; });
  if (held) pane.querySelector(`input[value="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
};

export const makeCauses = () => on("state", () => { if (app.state) draw(); });
