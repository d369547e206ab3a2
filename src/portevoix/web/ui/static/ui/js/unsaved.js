// A form with data-unsaved-guard warns before its page is left with words that were not kept.
// What the server already has (a draft saved: the form gets data-saved="yes") needs no warning.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-unsaved-guard]");
  if (form) form.dataset.saved = "no";
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-unsaved-guard]")) event.target.dataset.saved = "yes";
});
document.addEventListener("pv:saved", (event) => {
  const form = event.target.closest?.("form[data-unsaved-guard]");
  if (form) form.dataset.saved = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector('form[data-unsaved-guard][data-saved="no"]')) event.preventDefault();
});
