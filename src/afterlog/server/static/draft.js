// The draft as it will read, built from a tree of elements; its footnotes open the lines behind them.

import { get, post } from "./api.js";
import { app, on, tell } from "./app.js";
import { $, button, el } from "./dom.js";
import { evidence } from "./evidence.js";

const KNOWN = new Set("h1 h2 h3 h4 h5 h6 p ul ol li blockquote pre code strong em s del a sup span time table thead tbody tr th td hr br div".split(" "));
let version = null;
let notes = {};
let asking = false;

const build = node => {
  if (typeof node === "string") return node;
  const [name, attributes, children] = node;
  if (!KNOWN.has(name)) return children.map(build);
  const { href, ...rest } = attributes;
  const made = el(name, { ...rest }, children.flatMap(build));
  if (href?.startsWith("#") || /^(https?:\/\/|mailto:)/.test(href ?? "")) {
    made.setAttribute("href", href);
    made.setAttribute("rel", "noreferrer noopener");
    if (!href.startsWith("#")) made.setAttribute("target", "_blank");
  }
  return made;
};

const openNote = (link, note) => {
  const there = link.closest(".table, p, li, blockquote") ?? link.parentElement;
  const old = there.querySelector(":scope > .peek");
  const same = old?.dataset.note === note.label;
  old?.remove();
  if (same) return;
  there.append(el("span", { class: "peek", data: { note: note.label } }, evidence(note, true)));
};

const show = async () => {
  if (asking || !app.state || app.tab !== "draft" || version === app.state.concluded) return;
  asking = true;
  const told = $("draft-told");
  told.textContent = version === null ? "Writing the draft …" : "Updating …";
  try {
    const made = await get("draft");
    const pane = $("draft"), scrolled = pane.scrollTop;
    notes = made.notes;
    $("paper").replaceChildren(...made.tree.flatMap(build));
    pane.scrollTop = scrolled;
    version = made.version;
    told.textContent = [`As ${made.file} will read.`, ...made.told].join(" ");
  } catch (error) {
    told.textContent = error.message;
  }
  asking = false;
  if (version !== null && version < app.state.concluded) show();
};

const write = async () => {
  try {
    const made = await post("write");
    tell("toast", [`Written: ${made.draft}${made.report ? ` and ${made.report}` : ""}.`, ...made.told].join(" "));
  } catch (error) { tell("toast", error.message, false, true); }
};

export const makeDraft = () => {
  $("draft").append(
    el("div", { class: "draft-head" }, button("Write postmortem.md and report.html", write, { class: "main" }), el("p", { id: "draft-told", class: "quiet", role: "status" })),
    el("article", { id: "paper" }));
  $("draft").addEventListener("click", event => {
    const link = event.target.closest("a");
    const href = link?.getAttribute("href");
    if (!href?.startsWith("#")) return;
    event.preventDefault();
    const note = notes[href.slice(1)];
    if (note) openNote(link, note); else document.getElementById(href.slice(1))?.scrollIntoView();
  });
  on("tab", show);
  on("state", show);
};
