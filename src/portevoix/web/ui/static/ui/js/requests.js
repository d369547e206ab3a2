// A request of htmx that did not work is said, never swallowed; what the person wrote stays where it is.
import { toast } from "./announce.js";
import { word } from "./words.js";

document.addEventListener("htmx:sendError", () => toast({ text: word("failed"), tone: "danger" }));
document.addEventListener("htmx:timeout", () => toast({ text: word("failed"), tone: "danger" }));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.getResponseHeader("HX-Redirect")) return;
  toast({ text: word(xhr.status >= 500 ? "broken" : "refused"), tone: "danger" });
});

// 422 carries the form with its errors: it is painted like an answer.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.xhr?.status === 422) event.detail.target.querySelector("[data-focus-now]")?.focus();
});
