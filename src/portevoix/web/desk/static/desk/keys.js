// j and k (and the arrows inside a list) walk through the cards of the list that is shown. Single letters can be turned
// off in the preferences (WCAG 2.1.4); the letters of the buttons are the look's (data-key).
function typing(target) {
  return target.isContentEditable || target.closest("input:not([type=checkbox], [type=radio], [type=button]), textarea, select");
}

function walk(step) {
  const cards = [...document.querySelectorAll("#work a.work-card")].filter((card) => card.checkVisibility());
  if (!cards.length) return false;
  const at = cards.indexOf(document.activeElement.closest?.(".work-card"));
  const start = at >= 0 ? at + step : cards.findIndex((card) => card.hasAttribute("aria-current"));
  const next = cards[Math.min(cards.length - 1, Math.max(0, start))];
  next.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("dialog")) return;
  const inList = event.target.closest?.("#work, #person")?.contains(event.target) && event.target.matches(".work-card");
  if (inList && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const cards = [...event.target.closest("#work, #person").querySelectorAll("a.work-card")];
    const next = cards[cards.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
    return;
  }
  if (typing(event.target) || document.documentElement.dataset.shortcuts !== "on") return;
  if (event.key === "j" || event.key === "k") {
    if (walk(event.key === "j" ? 1 : -1)) event.preventDefault();
  }
});

// Tabs of the reply box: arrows move between them, as in every tab list.
function select(tab, focusInside) {
  for (const other of tab.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (focusInside) document.getElementById(tab.dataset.tabFocus)?.focus();
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) select(tab, true);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const next = tabs[(tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : -1) + tabs.length) % tabs.length];
  event.preventDefault();
  select(next, false);
  next.focus();
});
// The note of a conversation that somebody else holds stands in a fold: its key opens it, and at once, so that no
// letter is lost of what is typed right after it.
document.addEventListener("click", (event) => {
  const summary = event.target.closest("details.note-panel > summary");
  if (!summary) return;
  event.preventDefault();
  summary.parentElement.open = !summary.parentElement.open;
  if (summary.parentElement.open) document.getElementById("note-body")?.focus();
});
// Ctrl+Enter sends what is being written.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("textarea")) return;
  event.target.form?.requestSubmit(event.target.form.querySelector("button[type=submit]"));
});
