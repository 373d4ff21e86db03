// Dialogs: a few fields, or the list of keys.

import { button, el } from "./dom.js";

const opened = (title, content, buttons) => {
  const back = document.activeElement;
  const dialog = el("dialog", { "aria-label": title }, el("form", { method: "dialog" }, el("h2", {}, title), content, el("p", { class: "choices" }, buttons)));
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); (back?.isConnected ? back : document.querySelector("#timeline [aria-current]"))?.focus({ preventScroll: true }); }); // what it was opened from may be drawn anew
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

// Resolves to the values by name, or to null where it was left. `act` gets the values and a function that says what is
// wrong with them; the dialog stays open, with everything typed, until `act` gives true.
export const ask = (title, fields, words, act) => new Promise(done => {
  const wrong = el("p", { class: "told", role: "alert", hidden: true });
  let told = null, acting = false;
  const dialog = opened(title, [...fields.map(field), wrong], [button("Cancel", () => dialog.close("")), el("button", { type: "submit", class: "main", value: "yes" }, words)]);
  dialog.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); dialog.querySelector(".main").click(); }
  });
  dialog.addEventListener("submit", async event => {
    event.preventDefault();
    if (acting) return;
    acting = true;
    wrong.hidden = true;
    const values = Object.fromEntries([...dialog.querySelectorAll("[name]")].map(control => [control.name, control.value]));
    const well = await act(values, message => { wrong.textContent = message; wrong.hidden = false; });
    acting = false;
    if (!well) return;
    told = values;
    dialog.close();
  });
  dialog.addEventListener("close", () => done(told));
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
