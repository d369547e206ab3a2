// Ringing for an offer: two soft tones, a flash round the offer, and words for screen readers.
// <section data-ring="Nouvelle proposition : Inscription, Mme Leroy"> rings once when it enters the page.
import { announceRinging } from "./announce.js";

let audio = null;

export function ring() {
  if (document.documentElement.dataset.sound !== "on") return;
  // Before the first click or key the browser keeps a page silent; the flash and the words are there anyway.
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume().catch(() => {});
  tone(660, 0);
  tone(880, 0.18);
}

function tone(pitch, delay) {
  const start = audio.currentTime + delay;
  const wave = audio.createOscillator();
  const gain = audio.createGain();
  wave.frequency.value = pitch;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.12, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.35);
  wave.connect(gain).connect(audio.destination);
  wave.start(start);
  wave.stop(start + 0.4);
}

const rung = new Set();

export function ringNew(root) {
  for (const element of root.querySelectorAll("[data-ring]")) {
    // A fragment painted again is the same offer: it rings once (data-ring-id, or its words).
    const id = element.dataset.ringId ?? element.dataset.ring;
    if (rung.has(id)) continue;
    rung.add(id);
    element.classList.add("ringing");
    setTimeout(() => element.classList.remove("ringing"), 4000);
    announceRinging(element.dataset.ring);
    ring();
  }
}

document.addEventListener("htmx:afterSettle", () => ringNew(document));
ringNew(document);
