// The server: reading is GET, writing is POST with a header that no other site can set.

const answered = async response => {
  const json = response.headers.get("content-type")?.startsWith("application/json");
  if (response.ok && json) return response.json();
  const told = json ? (await response.json()).error : response.status === 403 ? "This page's session has ended: start afterlog review again." : "";
  throw new Error(told || `The server answered ${response.status}.`);
};

const gone = error => {
  if (error.name === "AbortError") throw error;
  if (error instanceof TypeError) throw new Error("The server does not answer. Is afterlog review still running?");
  throw error;
};

export const get = (name, query = {}, signal = undefined) => {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null && one !== "") words.append(key, one);
  }
  return fetch(`/api/${name}?${words}`, { signal, credentials: "same-origin" }).then(answered, gone);
};

export const post = (name, body = {}) =>
  fetch(`/api/${name}`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-Afterlog": "1" },
    body: JSON.stringify(body),
  }).then(answered, gone);
