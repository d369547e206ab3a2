// What changed, in words: a live region for ears, a toast for eyes. Neither ever takes the focus.
// The server says it by a header: HX-Trigger: {"pv:toast": {"text": "...", "undo": "/path", "seconds": 10}}
import { csrf, word } from "./words.js";

const polite = document.getElementById("announce");
const ringing = document.getElementById("announce-ringing");

export function announce(text) {
  speak(polite, text);
}

export function announceRinging(text) {
  speak(ringing, text);
}

function speak(region, text) {
  if (!region || !text) return;
  // The same sentence twice must be read twice.
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

export function toast({ text, tone = "info", undo = "", seconds = 0 }) {
  const template = document.getElementById("toast-template");
  if (!template || !text) return;
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.tone = tone;
  item.querySelector("[data-toast-text]").textContent = text;
  const done = () => item.remove();
  item.querySelector("[data-toast-close]").addEventListener("click", done);
  const button = item.querySelector("[data-toast-undo]");
  if (undo) {
    button.hidden = false;
    button.addEventListener("click", () => undoAt(undo, item));
  }
  document.getElementById("toasts").append(item);
  announce(undo ? `${text} ${button.textContent.trim()} ?` : text);
  // A message with nothing to do may go by itself, but not while it is being read or pointed at (WCAG 2.2.1);
  // an undo lasts as long as the server keeps it.
  if (tone !== "danger") leaveAfter(item, (seconds || 8) * 1000);
  return item;
}

function leaveAfter(item, delay) {
  setTimeout(() => {
    if (item.matches(":hover, :focus-within")) leaveAfter(item, 2000);
    else item.remove();
  }, delay);
}

async function undoAt(address, item) {
  // A page that knows how to show the undone in its place does so; else the request goes out from here.
  const ask = new CustomEvent("pv:undo", { bubbles: true, cancelable: true, detail: { address } });
  if (!document.body.dispatchEvent(ask)) { item.remove(); return; }
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } })
    .catch(() => null);
  item.remove();
  if (!answer?.ok) {
    toast({ text: word(answer ? "refused" : "failed"), tone: "danger" });
    return;
  }
  const said = await answer.text();
  if (said) announce(said);
  document.body.dispatchEvent(new CustomEvent("pv:undone", { bubbles: true, detail: { address } }));
}

document.addEventListener("pv:toast", (event) => toast(event.detail));
document.addEventListener("pv:announce", (event) => announce(event.detail.text ?? event.detail.value));
