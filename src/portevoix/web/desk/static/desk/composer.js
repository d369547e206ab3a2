// The reply box: a draft kept on the server while one writes, files with their progress, saved answers.
import { announce, toast } from "../ui/js/announce.js";
import { csrf, word } from "../ui/js/words.js";

const QUIET = 900;
const PING = 4000;
let timer = 0;
let lastPing = 0;
let saving = null;

const form = () => document.getElementById("reply-form");

function post(address, body) {
  return fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf(), "HX-Request": "true" }, body });
}

function paint(target, html) {
  htmx.swap(target, html, { swapStyle: "innerHTML" });
}

async function save(box) {
  clearTimeout(timer);
  timer = 0;
  if (saving) { await saving; }
  if (!box.isConnected) return;
  const data = new FormData(box);
  const fields = new URLSearchParams();
  for (const name of ["body", "to", "cc", "version"]) fields.set(name, data.get(name) ?? "");
  saving = post(box.dataset.draft, fields).catch(() => null);
  const answer = await saving;
  saving = null;
  if (!answer?.ok || !box.isConnected) return;
  box.dataset.saved = box.elements.body.value === data.get("body") ? "yes" : "no";
  paint("#draft-state", await answer.text());
}

document.addEventListener("input", (event) => {
  const box = event.target.closest("#reply-form");
  if (!box || event.target.type === "file") return;
  clearTimeout(timer);
  timer = setTimeout(() => save(box), QUIET);
});
// A colleague who has the same conversation open is told that somebody writes, be it an answer or a note.
document.addEventListener("input", (event) => {
  const conversation = event.target.matches("textarea") && event.target.closest("#composer-area") && event.target.closest("[data-writes]");
  if (!conversation || Date.now() - lastPing < PING) return;
  lastPing = Date.now();
  post(conversation.dataset.writes, new URLSearchParams({ moi: "1" })).then(async (answer) => {
    if (answer.ok) paint("#writers", await answer.text());
  }).catch(() => {});
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "reply-form") clearTimeout(timer);
});
// What is written goes along when another conversation is opened.
document.addEventListener("htmx:beforeSwap", (event) => {
  const box = form();
  if (event.detail.target?.id === "conversation" && box?.dataset.saved === "no") save(box);
});

document.addEventListener("click", (event) => {
  const mine = event.target.closest("[data-keep-mine]");
  const theirs = event.target.closest("[data-take-theirs]");
  if (!mine && !theirs) return;
  const box = form();
  if (theirs) box.elements.body.value = document.getElementById("their-draft").textContent;
  box.elements.version.value = (mine?.dataset.keepMine ?? theirs.dataset.takeTheirs) || "0";
  document.getElementById("draft-conflict").replaceChildren();
  box.elements.body.focus();
  save(box);
});

// Files: one request with its progress, said in words at the end.
document.addEventListener("change", (event) => {
  const input = event.target.closest("[data-attach]");
  if (!input?.files.length) return;
  const data = new FormData();
  for (const file of input.files) data.append("fichiers", file);
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.setAttribute("aria-label", input.closest("label").textContent.trim());
  document.getElementById("uploads").append(bar);
  const request = new XMLHttpRequest();
  request.open("POST", input.dataset.attach);
  request.setRequestHeader("X-CSRFToken", csrf());
  request.setRequestHeader("HX-Request", "true");
  request.upload.addEventListener("progress", (progress) => { if (progress.lengthComputable) bar.value = (progress.loaded / progress.total) * 100; });
  request.addEventListener("loadend", () => {
    bar.remove();
    input.value = "";
    if (request.status === 200) paint("#uploads", request.responseText);
    else toast({ text: word("failed"), tone: "danger" });
  });
  request.send(data);
});

// What a dialog shows is fetched when it opens: it is then what is true now.
document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-dialog]")?.dataset.dialog;
  const box = name && document.querySelector(`#dialog-${CSS.escape(name)} [data-load]`);
  if (!box) return;
  const address = box.dataset.load;
  if ("loadOnce" in box.dataset) box.removeAttribute("data-load");
  htmx.ajax("GET", address, { target: `#${box.id}`, swap: "innerHTML" }).then(() => {
    if (box.closest("dialog")?.open) box.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
  });
});

// Quoting a message in the reply: at the end of what is written, each line with its mark.
function quote(body) {
  const field = document.getElementById("reply-body");
  if (!field || !body) return;
  const lines = body.textContent.trim().split("\n").map((line) => (line ? `> ${line}` : ">"));
  const before = field.value.trimEnd();
  field.focus();
  field.setRangeText(`${before ? `${before}\n\n` : ""}${body.dataset.quote}\n${lines.join("\n")}\n\n`, 0, field.value.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
document.addEventListener("click", (event) => {
  const one = event.target.closest("[data-quote-message]");
  if (one) quote(document.querySelector(`#message-${one.dataset.quoteMessage} > [data-quote]`));
  else if (event.target.closest("[data-quote-last]")) quote([...document.querySelectorAll("#thread .message-in > [data-quote]")].pop());
});

// Escape leaves the reply: the single letters work again, and what is written stays.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !event.target.matches("#reply-body, #note-body")) return;
  document.getElementById("conversation-title")?.focus({ preventScroll: true });
});

// A saved answer is put where the cursor is.
document.addEventListener("click", async (event) => {
  const pick = event.target.closest("[data-answer]");
  if (!pick) return;
  const answer = await fetch(pick.dataset.answer).catch(() => null);
  if (!answer?.ok) { toast({ text: word("failed"), tone: "danger" }); return; }
  const { text, missing, warning } = await answer.json();
  pick.closest("dialog").close();
  const field = document.getElementById("reply-body");
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("answer-missing").textContent = warning;
  if (missing.length) {
    const at = field.value.search(/\{\{\s*[^{}\n]{0,60}?\s*\}\}/);
    if (at >= 0) field.setSelectionRange(at, field.value.indexOf("}}", at) + 2);
    announce(warning);
  }
});
