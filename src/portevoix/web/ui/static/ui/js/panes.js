// On a narrow screen one pane at a time. Every pane stays in the page, so nothing is lost by looking elsewhere.
export function showPane(name, focus = false) {
  const panes = document.querySelector("[data-showing]");
  if (!panes) return;
  panes.dataset.showing = name;
  for (const button of document.querySelectorAll("[data-pane-button]")) {
    button.setAttribute("aria-current", String(button.dataset.paneButton === name));
  }
  if (focus) document.getElementById(`pane-${name}`)?.focus({ preventScroll: false });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pane-button]");
  if (button) showPane(button.dataset.paneButton, true);
});
