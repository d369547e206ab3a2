// Native dialogs and disclosure menus: the browser does the work, this opens and closes.
export function openDialog(name) {
  const dialog = document.getElementById(`dialog-${name}`);
  if (!dialog || dialog.open) return null;
  dialog.showModal();
  // The title first, so that a screen reader says what opened; a field that wants the focus says so.
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector("h2"))?.focus();
  return dialog;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    // Without a script the opener leads to the same form as a page of its own.
    if (document.getElementById(`dialog-${opener.dataset.dialog}`)) event.preventDefault();
    closeMenus();
    const dialog = openDialog(opener.dataset.dialog);
    // The opener may sit in a menu that has just closed: give the focus back to what is still there.
    dialog?.addEventListener("close", () => {
      const back = opener.closest("details")?.querySelector("summary") ?? opener;
      if (back.isConnected) back.focus();
    }, { once: true });
    return;
  }
  event.target.closest("[data-dialog-close]")?.closest("dialog")?.close();
  closeMenus(event.target.closest("details[data-menu]"));
});

// A form inside a dialog that htmx sent well is done with.
document.addEventListener("htmx:afterRequest", (event) => {
  const dialog = event.detail.elt.closest?.("dialog[open]");
  if (dialog && event.detail.successful && event.detail.elt.matches("[data-dialog-closes]")) dialog.close();
});

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});
