// Evidence: the quoted line, and on demand the lines around it, read from the log itself.

import { get } from "./api.js";
import { el, button } from "./dom.js";

const STEP = 12;

// item: {source, line, offset, quote, hash}
export const evidence = (item, opened = false) => {
  const inside = el("div", { class: "context" });
  const node = el("details", { class: "evidence", open: opened },
    el("summary", {}, el("code", { class: "where" }, `${item.source}:${item.line}`), el("code", { class: "quote" }, item.quote ?? "")),
    inside);
  let asked = false;
  const load = () => { if (!asked && node.open) { asked = true; around(item, inside); } };
  node.addEventListener("toggle", load);
  if (opened) load();
  return node;
};

export const around = async (item, into) => {
  if (item.offset === null || item.offset === undefined) {
    into.replaceChildren(el("p", { class: "quiet" }, "Where this line stands is not known any more."));
    return;
  }
  let before = 3, after = 3, first = true;
  const show = async () => {
    if (first) into.replaceChildren(el("p", { class: "quiet" }, "Reading the log …"));
    try {
      const told = await get("context", { source: item.source, line: item.line, offset: item.offset, hash: item.hash, before, after });
      const lines = told.lines.map(line => el("span", { class: line.cited ? "cited" : "near" }, el("b", {}, String(line.number)), el("span", {}, line.text)));
      const more = (wanted, words, act) => wanted ? button(words, () => { act(); show(); }, { class: "more" }) : null;
      into.replaceChildren(...[
        told.unchanged ? null : el("p", { class: "told" }, "This line is not the one that was cited: the log has changed since."),
        more(told.more_above, "↑ earlier lines", () => { before += STEP; }),
        el("pre", { tabindex: "0", "aria-label": `Lines around ${item.source}:${item.line}` }, lines),
        more(told.more_below, "↓ later lines", () => { after += STEP; }),
      ].filter(Boolean));
      first = false;
    } catch (error) {
      into.replaceChildren(el("p", { class: "told" }, error.message));
    }
  };
  await show();
};
