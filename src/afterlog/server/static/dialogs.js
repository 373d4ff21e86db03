// Dialogs: a few fields, or the list of keys.

import { button, el } from "./dom.js";

const opened = (title, content, buttons) => {
  const back = document.activeElement;
  const dialog = el("dialog", { "aria-label": title }, el("form", { method: "dialog" }, el("h2", {}, title), content, el("p", { class: "choices" }, buttons)));
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); back?.focus?.({ preventScroll: true }); });
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(""); });
  dialog.showModal();
  dialog.scrollTop = 0; // its first button may lie below the screen
  return dialog;
};

const field = ({ name, label, kind, value, options, hint, need, first }) => {
  const control = kind === "long" ? el("textarea", { name, rows: "3", required: need }) : kind === "pick" ? el("select", { name, size: String(Math.min(options.length, 9)) }, options.map(([id, words], n) => el("option", { value: id, selected: n === 0 }, words))) : el("input", { name, required: need, autocomplete: "off" });
  if (kind !== "pick") control.value = value ?? "";
  if (first) control.autofocus = true;
  return el("label", {}, el("span", {}, label, hint ? el("small", {}, ` ${hint}`) : null), control);
};

// Resolves to the values by name, or to null where it was left.
export const ask = (title, fields, words) => new Promise(done => {
  const dialog = opened(title, fields.map(field), [button("Cancel", () => dialog.close("")), el("button", { type: "submit", class: "main", value: "yes" }, words)]);
  dialog.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); dialog.querySelector(".main").click(); }
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") { done(null); return; }
    done(Object.fromEntries([...dialog.querySelectorAll("[name]")].map(control => [control.name, control.value])));
  });
});

export const KEYS = [
  ["Walk", [["j / k", "next, previous in the timeline"], ["Enter", "open the evidence of what is selected"], ["f", "filter the timeline"], ["/", "search all events"], ["c", "causes"], ["d", "draft as it will read"], ["t", "timeline"]]],
  ["Decide", [["a", "accept; again: forget"], ["r", "reject; again: forget"], ["e", "edit time and text"], ["n", "note"], ["p", "pin: it is always told"], ["h", "hide: it is not told"], ["m", "merge into another"], ["i", "add an entry"], ["x", "remove an entry that people added"], ["u / Ctrl Z", "undo"], ["U / Ctrl Y", "redo"]]],
  ["Chart", [["+ / −", "zoom"], ["[ / ]", "earlier, later"], ["o", "the outage"], ["0", "everything"], ["s", "snap edges to events"], ["b / B", "take the outage's start, end in hand: ← → move it, Enter saves"]]],
];

export const help = () => {
  if (document.querySelector("dialog")) return;
  const content = el("div", { class: "keys" },
    KEYS.map(([name, keys]) => el("section", {}, el("h3", {}, name), el("dl", {}, keys.map(([key, words]) => [el("dt", {}, key.split(" / ").flatMap((one, n) => [n ? " / " : null, el("kbd", {}, one)])), el("dd", {}, words)])))),
    el("p", { class: "quiet" }, "With the mouse: drag over the chart to zoom in, turn the wheel, Shift and drag to move; drag an edge of the outage to correct it, with Shift it keeps to failed requests. Every decision is in review.toml at once; edit that file as you like, this page follows."));
  opened("Keys", content, [el("button", { type: "submit", class: "main", value: "" }, "Close")]).classList.add("wide");
};
