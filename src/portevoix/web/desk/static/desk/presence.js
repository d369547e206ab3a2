// The browser's sign of life. While the open connection answers for it (live.js) every 20 s is enough; without one every 5 s,
// for the centre frees the work of a page that it does not hear of.
const EVERY = 20000;
const WITHOUT = 5000;
let last = 0;

function beat() {
  const box = document.getElementById("presence");
  if (!box) return;
  last = Date.now();
  htmx.ajax("POST", box.dataset.beat, { target: "#presence", swap: "outerHTML", values: { etat: box.dataset.presence } });
}
setInterval(() => {
  const on = document.getElementById("live-state")?.dataset.state === "on";
  if (Date.now() - last >= (on ? EVERY : WITHOUT) - 500) beat();
}, WITHOUT);
document.addEventListener("pv:woke", beat);
document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
document.addEventListener("pv:presence-changed", (event) => {
  if (!event.detail?.mine) return;
  beat();
  document.body.dispatchEvent(new CustomEvent("pv:mine", { bubbles: true }));
});
