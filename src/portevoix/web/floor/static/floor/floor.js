// The board asks what became different when something happened, at most once a second, and changes these pieces alone.
// Without news it asks every half minute. The words that say how long ago are kept by the page itself.
// The wall, which has nothing to hold on to, is painted anew as a whole.
import { merge } from "./merge.js";

const LEAST = 1000;
const LONGEST = 30000;
const GROUPS = { "q-": "g-queues", "l-": "g-lines", "p-": "g-people" };
let planned = 0;
let asking = false;
let again = false;
let painted = performance.now();
const waiting = new Map(); // pieces that go as soon as nobody stands on them

const board = () => document.getElementById("board");
const held = (node) => node.contains(document.activeElement) || node.querySelector("details[open]") !== null;

function plan(wait = Math.max(50, LEAST - (performance.now() - painted))) {
  if (asking) again = true;
  else if (!planned) planned = setTimeout(round, wait);
}

function parsed(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return box.content.firstElementChild;
}

function place(fresh, group) {
  const before = [...group.children].find((one) => (one.dataset.order ?? "\uffff") > fresh.dataset.order);
  group.insertBefore(fresh, before ?? null);
}

function leave(name) {
  const old = document.getElementById(name);
  if (old && held(old)) waiting.set(name, old);
  else old?.remove();
}

/** Paint the pieces; what is null goes. */
export function apply(pieces) {
  for (const [name, html] of Object.entries(pieces)) {
    waiting.delete(name);
    const group = GROUPS[name.slice(0, 2)];
    if (html === null) { leave(name); continue; }
    const fresh = parsed(html);
    const old = document.getElementById(name);
    words(fresh);
    if (old) merge(old, fresh);
    else if (group && !(group === "g-people" && "more" in board().dataset)) place(fresh, document.getElementById(group));
  }
}

function words(root) {
  const { now, minutes } = board().dataset;
  if (!now) return;
  for (const one of root.querySelectorAll("time[data-relative]")) {
    const age = Math.floor((Date.now() - Date.parse(one.dateTime)) / 60000);
    if (age < 0 || age >= 60) continue;
    const text = age ? minutes.replace("%d", age) : now;
    if (one.textContent !== text) one.textContent = text;
  }
}

async function ask() {
  const { round: address, at } = board().dataset;
  const began = performance.now();
  const answer = await fetch(address, {
    headers: { "HX-Request": "true", "HX-Current-URL": location.href, "Floor-Since": at }, signal: AbortSignal.timeout(20000),
  }).catch(() => null);
  const target = answer?.headers.get("HX-Redirect");
  if (target) { location.assign(target); return; }
  if (!answer?.ok) return;
  const { at: told, pieces, scope } = await answer.json();
  if (!board()) return;
  if (scope !== board().dataset.scope) { location.reload(); return; } // other rights than when this page was made
  const changing = performance.now();
  apply(pieces);
  board().dataset.at = told;
  requestAnimationFrame(() => {
    performance.measure("floor-change", { start: changing });
    performance.measure("floor-round", { start: began });
  });
}

async function whole() {
  if (held(board())) { plan(LEAST); return; }
  const scrolled = [...board().querySelectorAll(".table-scroll")].map((one) => one.scrollLeft);
  await htmx.ajax("GET", board().dataset.refresh, { target: "#board", swap: "innerHTML" });
  [...board().querySelectorAll(".table-scroll")].forEach((one, index) => { one.scrollLeft = scrolled[index] ?? 0; });
}

async function round() {
  planned = 0;
  if (!board()) return;
  if (document.hidden) { again = true; return; }
  painted = performance.now();
  asking = true;
  again = false;
  try { await (board().dataset.round ? ask() : whole()); } finally { asking = false; }
  if (again) plan();
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && again) plan(0); });
document.addEventListener("focusout", () => setTimeout(() => {
  for (const [name, node] of waiting) if (!held(node)) { node.remove(); waiting.delete(name); }
}));

for (const kind of ["received", "accepted", "taken", "declined", "expired", "released", "transferred", "parked", "woken",
  "returned", "wrapped", "resumed", "closed", "offered", "abandoned"]) {
  document.body.addEventListener(`pv:contact-${kind}`, () => plan());
}
for (const kind of ["presence-changed", "configuration-changed", "team-message", "resync"]) {
  document.body.addEventListener(`pv:${kind}`, () => plan());
}
setInterval(() => {
  if (performance.now() - painted > LONGEST) plan(0);
  if (board()) words(board());
}, 5000);
