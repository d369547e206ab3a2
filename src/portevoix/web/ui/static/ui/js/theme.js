// Light, dark or like the device: applied at once, kept on the account.
import { csrf } from "./words.js";

document.addEventListener("change", (event) => {
  const box = event.target.closest?.("[data-theme-switch]");
  if (!box) return;
  document.documentElement.dataset.theme = event.target.value;
  fetch(box.dataset.url, {
    method: "POST",
    headers: { "X-CSRFToken": csrf() },
    body: new URLSearchParams({ theme: event.target.value }),
  });
});
