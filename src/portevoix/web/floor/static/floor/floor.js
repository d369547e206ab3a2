// The board is painted anew when something happened, at most once a second, never under somebody's hands: while the
// focus or an open fold is inside, it waits. Without news it looks every half minute, for the ages that it shows.
const LEAST = 1000;
const LONGEST = 30000;
let planned = 0;
let painted = performance.now();

const board = () => document.getElementById("board");

function busy() {
  const here = board();
  return here.contains(document.activeElement) || here.querySelector("details[open]") !== null || document.hidden;
}

function plan(wait) {
  if (planned) return;
  planned = setTimeout(paint, wait);
}

async function paint() {
  planned = 0;
  if (!board()) return;
  if (busy()) { plan(LEAST); return; }
  painted = performance.now();
  const scrolled = [...board().querySelectorAll(".table-scroll")].map((one) => one.scrollLeft);
  await htmx.ajax("GET", board().dataset.refresh, { target: "#board", swap: "innerHTML" });
  [...board().querySelectorAll(".table-scroll")].forEach((one, place) => { one.scrollLeft = scrolled[place] ?? 0; });
}

for (const kind of ["received", "accepted", "taken", "declined", "expired", "released", "transferred", "parked", "woken",
  "returned", "wrapped", "resumed", "closed", "offered", "abandoned"]) {
  document.body.addEventListener(`pv:contact-${kind}`, () => plan(Math.max(50, LEAST - (performance.now() - painted))));
}
for (const kind of ["presence-changed", "configuration-changed", "team-message", "resync"]) {
  document.body.addEventListener(`pv:${kind}`, () => plan(Math.max(50, LEAST - (performance.now() - painted))));
}
setInterval(() => { if (performance.now() - painted > LONGEST) plan(0); }, 5000);
