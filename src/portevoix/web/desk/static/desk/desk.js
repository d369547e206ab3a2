// The desk: opened conversations, live changes, lists. Nothing here moves the focus except after a click or key.
import "./composer.js";
import "./keys.js";
import "./frames.js";
import { announce, toast } from "../ui/js/announce.js";
import { showPane } from "../ui/js/panes.js";

const MOVED = ["received", "accepted", "taken", "declined", "expired", "released", "transferred", "parked", "woken",
  "returned", "wrapped", "resumed", "closed", "offered", "abandoned"].map((name) => `contact-${name}`);
const SAID = ["message-added", "message-status", "acknowledged", "subject-chosen", "conversation-merged", "conversation-split", "conversation-absorbed",
  "conversation-renamed", "address-added", "person-changed"];
const QUEUE = new Set(["contact-received", "contact-returned", "contact-released", "contact-transferred", "contact-closed",
  "contact-accepted", "contact-taken"]);

const opened = () => document.getElementById("conversation");
const openedId = () => Number(opened()?.dataset.conversation ?? 0);

// The last message and event that this page shows.
const shown = () => Object.fromEntries([...document.querySelectorAll("#seen input")].map((one) => [one.name, one.value]));

function once(wait, act) {
  let timer = 0;
  return () => { if (!timer) timer = setTimeout(() => { timer = 0; act(); }, typeof wait === "function" ? wait() : wait); };
}

function busy(element) {
  return element?.contains(document.activeElement) && document.activeElement !== document.body;
}

// My work: painted anew with the focus kept on the same card or button.
const refreshMine = once(40, () => {
  const mine = document.getElementById("mine");
  if (!mine) return;
  const held = busy(mine) ? document.activeElement : null;
  const key = held?.dataset.card ?? "";
  const offer = held?.closest(".offer")?.id ?? "";
  htmx.ajax("GET", mine.dataset.refresh, { target: "#mine", swap: "outerHTML" }).then(() => {
    markCurrent();
    if (!held || document.activeElement !== document.body) return;
    const again = key ? document.querySelector(`#mine [data-card="${key}"]`) : offer && document.querySelector(`#${offer} button`);
    (again || document.getElementById("pane-work"))?.focus({ preventScroll: true });
  });
});

// The opened conversation: what is new is appended, the head painted anew unless somebody is in it.
let whole = false;
const refreshNews = once(80, () => {
  const conversation = opened();
  if (!conversation?.dataset.news) return;
  const values = Object.fromEntries(Object.entries(shown()).map(([name, value]) => [name.replace("_vu", ""), value]));
  values.pas = document.querySelector("#composer-area [data-step]")?.dataset.step ?? "";
  if (whole) values.entier = "1";
  whole = false;
  htmx.ajax("GET", conversation.dataset.news, { target: "#said", swap: "none", values });
});

const refreshNewer = once(() => 2000 + Math.random() * 2000, () => {
  const box = document.getElementById("newer");
  if (!box?.dataset.newer) return;
  const cards = document.querySelectorAll("#rows [data-card]:not([data-gone])");
  const values = { vus: [...cards].slice(0, 100).map((card) => card.dataset.card).join(",") };
  htmx.ajax("GET", box.dataset.newer, { target: "#newer", swap: "innerHTML", values });
});

const refreshWriters = once(100, () => {
  const conversation = opened();
  if (conversation?.dataset.writers) htmx.ajax("GET", conversation.dataset.writers, { target: "#writers", swap: "innerHTML" });
});

// The sheet of the person: painted anew unless somebody is in it or has opened something there.
const refreshPerson = once(120, () => {
  const person = document.getElementById("person");
  const address = person?.querySelector("[data-person]")?.dataset.person;
  if (address && !busy(person) && !person.querySelector("details[open]")) htmx.ajax("GET", address, { target: "#person", swap: "outerHTML" });
});

function moved(event) {
  const push = event.detail ?? {};
  if (push.mine) refreshMine();
  if (push.id === openedId() && ["conversation-merged", "conversation-split"].includes(push.kind)) whole = true;
  if (push.id && push.id === openedId()) refreshNews();
  if (push.id && push.id === openedId() && ["address-added", "person-changed"].includes(push.kind)) refreshPerson();
  if (QUEUE.has(push.kind)) refreshNewer();
}
for (const kind of [...MOVED, ...SAID]) document.addEventListener(`pv:${kind}`, moved);
document.addEventListener("pv:writing", (event) => { if (event.detail?.id === openedId()) refreshWriters(); });
document.addEventListener("pv:resync", () => { refreshMine(); refreshNews(); refreshNewer(); });
document.addEventListener("pv:mine", refreshMine);
// A supervisor's word: shown at once, said once, and it stays until it is read.
const said = new Set([...document.querySelectorAll(".team-word")].map((one) => one.id));
document.addEventListener("pv:team-message", refreshMine);
document.body.addEventListener("htmx:afterSettle", () => {
  for (const word of document.querySelectorAll(".team-word")) {
    if (said.has(word.id)) continue;
    said.add(word.id);
    announce(`${word.querySelector("strong").textContent} : ${word.querySelector("[data-word]").textContent}`);
  }
});
// An answer called back: the conversation is painted as after every act, with the text in the reply again.
document.addEventListener("pv:undo", (event) => {
  if (!openedId()) return;
  event.preventDefault();
  htmx.ajax("POST", event.detail.address, { target: "#said", swap: "innerHTML", values: shown() });
});
document.addEventListener("pv:undone", () => { if (openedId()) location.reload(); });
// A colleague who stopped writing is no longer named.
setInterval(() => { if (document.getElementById("writers")?.childElementCount) refreshWriters(); }, 8000);

// What a push brings is not put under somebody's fingers: neither the head nor the reply box while the focus is in it,
// nor an open dialog. What one did oneself ("acted") is always painted.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const acted = fragment.dataset?.acted !== undefined;
  const held = {
    "conversation-head": () => busy(target),
    "composer-area": () => busy(target) || target.querySelector('[data-saved="no"]'),
    "conversation-dialogs": () => target.querySelector("dialog[open]"),
  }[target?.id];
  if (!acted && held?.()) event.detail.shouldSwap = false;
  // The answer to what one did and the news that a push asked for may bring the same message: it is shown once.
  if (target?.id === "thread" && event.detail.fragment.dataset?.whole !== undefined) {
    event.detail.shouldSwap = false;
    weave(target, event.detail.fragment);
  } else if (target?.id === "thread") {
    for (const entry of [...event.detail.fragment.querySelectorAll(":scope > [id], #thread > [id]")]) {
      if (target.querySelector(`:scope > [id="${CSS.escape(entry.id)}"]`)) entry.remove();
    }
  }
});
// The thread as it is now, put into the one that is shown: what came in between is put there, what went elsewhere goes,
// and everything that is read, opened or written keeps its place.
function weave(thread, whole) {
  const number = (element) => Number(/^message-(\d+)$/.exec(element.id)?.[1] ?? 0);
  const there = new Set([...whole.children].map((element) => element.id));
  const first = Math.min(...[...whole.children].map(number).filter(Boolean));
  const start = document.getElementById(`message-${first}`);
  const within = (element) => !start || start.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  for (const element of [...thread.children]) {
    // What happened in between is told anew: its steps may be gathered otherwise now.
    const stale = number(element) ? number(element) >= first && !there.has(element.id) : element.id.startsWith("event-") && within(element);
    if (stale && !busy(element)) element.remove();
  }
  let after = null;
  for (const element of [...whole.children]) {
    const known = element.id && [...thread.children].find((one) => one.id === element.id);
    if (known) { after = known; continue; }
    if (!element.id) continue;
    if (after) after.after(element); else thread.prepend(element);
    htmx.process(element);
    after = element;
  }
}

function markCurrent() {
  const id = String(openedId());
  for (const card of document.querySelectorAll("[data-card]")) {
    if (card.dataset.card === id) card.setAttribute("aria-current", "true");
    else card.removeAttribute("aria-current");
  }
}

// A conversation that was opened by hand: show its pane, begin at its title, bring the last message into view.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "conversation" && event.target?.id !== "conversation") return;
  markCurrent();
  watchCovering();
  showPane("conversation");
  lastMessage();
  document.getElementById("conversation-title")?.focus({ preventScroll: true });
});

function lastMessage() {
  const messages = document.querySelectorAll("#thread > .message");
  const pane = document.getElementById("pane-conversation");
  const last = messages[messages.length - 1];
  if (!last || !pane || location.hash) return;
  if (pane.scrollHeight > pane.clientHeight && messages.length > 1) last.scrollIntoView({ block: "nearest" });
}
lastMessage();
showPane(document.querySelector("[data-showing]")?.dataset.showing ?? "work");

// An action that took its own button away says where to go.
document.addEventListener("pv:go", (event) => {
  const target = document.getElementById(event.detail.to) ?? document.getElementById("conversation-title");
  target?.focus({ preventScroll: event.detail.to !== "reply-body" });
  markCurrent();
});

// What one has just said is brought into view, above the reply box; the focus stays where it is.
document.addEventListener("pv:show", (event) => {
  const messages = document.querySelectorAll("#thread > .message");
  const target = document.getElementById(event.detail.id) ?? messages[messages.length - 1];
  target?.scrollIntoView({ block: "nearest" });
});

// How much of the pane its sticky head and reply box cover: nothing that is scrolled to hides behind them.
const covering = new ResizeObserver(() => {
  const pane = document.getElementById("pane-conversation");
  const sticky = (id) => {
    const element = document.getElementById(id);
    return element && getComputedStyle(element).position === "sticky" ? element.offsetHeight : 0;
  };
  if (pane) pane.style.scrollPadding = `${sticky("conversation-head") + 8}px 0 ${sticky("composer-place") + 8}px`;
});
function watchCovering() {
  covering.disconnect();
  for (const id of ["conversation-head", "composer-place"]) {
    const element = document.getElementById(id);
    if (element) covering.observe(element);
  }
}
watchCovering();

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target?.matches?.("[data-row]")) event.detail.target.closest("[data-card]")?.setAttribute("data-gone", "");
  const said = event.detail.target?.querySelector?.("[data-announce]");
  if (said) announce(said.dataset.announce);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const text = /data-announce="([^"]+)"/.exec(event.detail.serverResponse ?? "")?.[1];
  if (text) announce(new DOMParser().parseFromString(text, "text/html").documentElement.textContent);
});

// A conversation that went to a line one does not see: said once, in its place.
document.addEventListener("htmx:responseError", (event) => {
  const conversation = opened();
  const path = event.detail.pathInfo?.requestPath ?? "";
  const there = conversation?.dataset.news?.replace(/nouveau$/, "");
  if (event.detail.xhr.status !== 404 || !there || !path.startsWith(there)) return;
  event.stopImmediatePropagation();
  const said = document.getElementById("said");
  if (!conversation.dataset.lost || !said) return;
  const notice = document.createElement("p");
  notice.className = "notice tone-warning";
  notice.textContent = conversation.dataset.lost;
  said.replaceChildren(notice);
  delete conversation.dataset.lost;
}, true);

// Seconds that run: an offer, an undo.
setInterval(() => {
  for (const element of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((new Date(element.dataset.until) - Date.now()) / 1000);
    if (left <= 0) {
      if (element.dataset.gone === "remove") element.remove();
      else if (element.closest(".offer")) { element.removeAttribute("data-until"); refreshMine(); }
    } else if (element.dataset.gone !== "remove") element.textContent = `${left} s`;
  }
}, 1000);

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  await navigator.clipboard?.writeText(new URL(copy.dataset.copy, location.href).href).catch(() => {});
  copy.closest("details").open = false;
  toast({ text: copy.dataset.copied, tone: "success" });
});

// Lists that are narrowed by typing.
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-filter]");
  if (!field) return;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  for (const item of document.querySelectorAll(`${field.dataset.filter} > li`)) {
    const text = plain(item.textContent);
    item.hidden = !words.every((word) => text.includes(word));
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-filter]")) return;
  const first = document.querySelector(`${event.target.dataset.filter} > li:not([hidden]) :is(input, button)`);
  event.preventDefault();
  if (!first) return;
  if (first.matches("input")) { first.checked = true; first.focus(); } else first.click();
});

// The address of the list that is shown is remembered by the server, not in the bar.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target?.id === "work" || event.detail.target?.id === "work") markCurrent();
});
