// Single-letter shortcuts: any button or link with data-key="r" answers to its letter. They can be turned off
// (WCAG 2.1.4), never act while somebody types, and never with Ctrl, Alt or Meta, which belong to others.
import { openDialog } from "./dialog.js";
import { showPane } from "./panes.js";

const PANES = { 1: "work", 2: "conversation", 3: "person" };

function typing(target) {
  return target.isContentEditable || target.closest("input:not([type=checkbox], [type=radio], [type=button]), textarea, select");
}

function on() {
  return document.documentElement.dataset.shortcuts === "on";
}

function visible(element) {
  return element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("dialog") || typing(event.target) || !on()) return;
  const act = action(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

function action(key) {
  if (key === "?") return () => openDialog("shortcuts");
  if (key === "/") {
    const search = document.querySelector("[data-search-field], input[type=search]");
    return search && (() => search.focus());
  }
  if (PANES[key] && document.getElementById(`pane-${PANES[key]}`)) return () => showPane(PANES[key], true);
  const wanted = key.toLowerCase();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (element.dataset.key.toLowerCase() === wanted && !element.disabled && visible(element)) {
      return () => {
        if (element.matches("input, textarea, select")) element.focus();
        else element.click();
      };
    }
  }
  return null;
}
