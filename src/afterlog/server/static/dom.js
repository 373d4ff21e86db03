// Elements, made one by one: text from logs becomes a text node and is never parsed.

export const el = (name, props = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [kind, act] of Object.entries(value)) node.addEventListener(kind, act);
    else if (key === "class") node.className = value;
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key in node && typeof node[key] === "boolean") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return node;
};

export const button = (words, act, props = {}) => el("button", { type: "button", ...props, on: { click: act } }, words);

export const $ = id => document.getElementById(id);

export const debounce = (act, wait) => {
  let waiting = 0;
  return (...given) => { clearTimeout(waiting); waiting = setTimeout(() => act(...given), wait); };
};

export const typing = target => target.closest("input, textarea, select, [contenteditable]") !== null;

export const count = number => number.toLocaleString("en-GB");

export const percent = share => share > 0 && share < 0.001 ? "under 0.1 %" : share < 1 && share > 0.999 ? "over 99.9 %" : `${(share * 100).toFixed(1)} %`;
