// The open connection: {seq, kind, id, contact} from the server becomes a DOM event "pv:<kind>" on the body, which
// htmx uses as a trigger (hx-trigger="pv:contact.offered from:body"). It carries no content and moves no focus.
// A page takes part by <body data-live="https://..." data-live-token="/live/token">.
import { announce } from "./announce.js";
import { word } from "./words.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
// The server beats every 5 s, and a page with a presence answers: that it is there, which a timer of a hidden page could
// not do often enough. A connection that says nothing for so long is dead, whatever the network pretends.
const SILENCE = 30000;
const ANSWER = 10000;
const SIGN_EVERY = 4000;
// A timer that comes so late says that the machine slept.
const SLEPT = 20000;

const { live: base, liveToken: tokenAddress } = document.body.dataset;
let last = sessionStorage.getItem("pv-last-seq") ?? "";
let wait = FIRST_WAIT;
let source = null;
let timer = 0;
let wasOff = false;
let said = false;
let heard = 0;
let signed = 0;
let token = "";
let tick = Date.now();

function tell(kind, detail) {
  document.body.dispatchEvent(new CustomEvent(`pv:${kind}`, { bubbles: true, detail }));
}

function show(state) {
  const box = document.getElementById("live-state");
  if (!box) return;
  box.hidden = false;
  box.dataset.state = state;
  box.querySelector("[data-live-word]").textContent = word(state === "on" ? "liveOn" : "liveOff");
}

function alive() {
  heard = performance.now();
  const mine = document.getElementById("presence")?.dataset.presence;
  if (!token || !mine || mine === "offline" || heard - signed < SIGN_EVERY) return;
  signed = heard;
  fetch(`${base}/here`, { method: "POST", body: token, mode: "cors", credentials: "omit", keepalive: true }).catch(() => {});
}

function receive(message) {
  alive();
  let push;
  try { push = JSON.parse(message.data); } catch { return; }
  const seq = message.lastEventId || push.seq;
  if (seq) {
    last = String(seq);
    sessionStorage.setItem("pv-last-seq", last);
  }
  tell(push.kind ?? message.type, push);
}

async function connect() {
  clearTimeout(timer);
  source?.close();
  source = null;
  const answer = await fetch(tokenAddress, {
    headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(ANSWER),
  }).catch(() => null);
  const target = answer?.headers.get("HX-Redirect");
  if (target) {
    // The session is over. Words that are not kept yet matter more than the way to the sign-in page.
    if (!document.querySelector('form[data-unsaved-guard][data-saved="no"]')) window.location.assign(target);
    return;
  }
  if (!answer?.ok) return again();
  ({ token } = await answer.json());
  const query = new URLSearchParams({ token });
  // A new EventSource cannot send Last-Event-ID itself.
  if (last) query.set("last", last);
  source = new EventSource(`${base}/events?${query}`);
  alive();
  source.addEventListener("beat", alive);
  source.addEventListener("open", opened);
  source.addEventListener("message", receive);
  source.addEventListener("push", receive);
  // All pages hear it at once; they need not all ask at once.
  source.addEventListener("resync", () => setTimeout(() => tell("resync", {}), 400 * Math.random()));
  // The token ran out, nothing is wrong: ask for the next one.
  source.addEventListener("expired", connect);
  // Ours rather than the browser's own retry: it needs a fresh token, and a crowd must not come back at once.
  source.addEventListener("error", again);
}

function opened() {
  alive();
  wait = FIRST_WAIT;
  show("on");
  if (wasOff) {
    wasOff = false;
    if (said) announce(word("liveBack"));
    said = false;
    // With a last number the server sends what was missed, or "resync"; without one only we know of the gap.
    if (!last) tell("resync", {});
  }
}

function again() {
  source?.close();
  source = null;
  wasOff = true;
  show("off");
  // A short break is not worth interrupting anybody.
  if (!said && wait >= 4 * FIRST_WAIT) {
    said = true;
    announce(word("liveOff"));
  }
  clearTimeout(timer);
  timer = setTimeout(connect, wait * (0.5 + Math.random()));
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

if (base && tokenAddress) {
  connect();
  window.addEventListener("online", connect);
  setInterval(() => {
    const slept = Date.now() - tick > SLEPT && !document.hidden;
    tick = Date.now();
    if (slept) {
      tell("woke", {});
      connect();
    } else if (source && performance.now() - heard > SILENCE) again();
  }, 5000);
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
}
