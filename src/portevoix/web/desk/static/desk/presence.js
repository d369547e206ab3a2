// The browser's sign of life, every 20 s: without it the centre frees one's work after a while.
const EVERY = 20000;

function beat() {
  const box = document.getElementById("presence");
  if (!box) return;
  htmx.ajax("POST", box.dataset.beat, { target: "#presence", swap: "outerHTML", values: { etat: box.dataset.presence } });
}
setInterval(beat, EVERY);
document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
document.addEventListener("pv:presence-changed", (event) => { if (event.detail?.mine) beat(); });
