// Sentences for the modules, translated by the server, and the proof of origin for a request of our own.
export function word(name) {
  return document.getElementById("words")?.dataset[name] ?? "";
}

export function csrf() {
  const headers = document.body.getAttribute("hx-headers");
  return headers ? JSON.parse(headers)["X-CSRFToken"] : "";
}
