// Times: seconds since 1970 UTC inside, the case's zone on the page.

let offsets = [[0, 0]];
let day = "";

export const setZone = (given, mainDay) => { offsets = given; day = mainDay === null ? "" : date(mainDay); };

export const offset = t => {
  let found = offsets[0][1];
  for (const [at, seconds] of offsets) if (t >= at) found = seconds;
  return found;
};

export const seconds = iso => Date.parse(iso) / 1000;
export const iso = t => new Date(Math.round(t * 1000)).toISOString();

const local = t => new Date(Math.round((t + offset(t)) * 1000)).toISOString();
export const date = t => local(t).slice(0, 10);
export const clock = (t, places = 0) => local(t).slice(11, places ? 20 + places : 19);
export const shortClock = t => local(t).slice(11, 16);
export const full = t => `${date(t)} ${clock(t, 3)}`.replace(".000", "");

// The time of day, with the date where it is another day than that of the outage.
export const told = t => date(t) === day ? clock(t) : `${date(t)} ${clock(t)}`;

export const zoneName = t => {
  const o = offset(t), s = Math.abs(o);
  return o === 0 ? "UTC" : `UTC${o < 0 ? "−" : "+"}${String(Math.floor(s / 3600)).padStart(2, "0")}:${String(s % 3600 / 60).padStart(2, "0")}`;
};

export const lasting = s => {
  s = Math.round(s);
  const h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60);
  return h ? `${h} h ${String(m).padStart(2, "0")} min` : m ? `${m} min ${s % 60} s` : `${s} s`;
};

export const width = s => s % 3600 === 0 ? (s === 3600 ? "hour" : `${s / 3600} h`) : s % 60 === 0 ? (s === 60 ? "minute" : `${s / 60} min`) : s === 1 ? "second" : `${s} s`;
