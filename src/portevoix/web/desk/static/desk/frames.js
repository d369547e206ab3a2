// The HTML of a mail in a frame without rights: made when one asks for it, pictures from afar only on a second click.
function frame(details, images) {
  let shown = details.querySelector("iframe");
  if (!shown) {
    shown = document.createElement("iframe");
    shown.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    shown.setAttribute("referrerpolicy", "no-referrer");
    shown.title = details.dataset.frameTitle;
    details.append(shown);
  }
  shown.src = details.dataset.frame + (images ? "?images=1" : "");
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.framed") && event.target.open && !event.target.querySelector("iframe")) frame(event.target, false);
}, true);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-frame-images]");
  if (!button) return;
  frame(button.closest("details.framed"), true);
  button.disabled = true;
});
