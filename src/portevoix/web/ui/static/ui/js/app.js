// Starts the small modules on every page.
import "./theme.js";
import "./dialog.js";
import "./announce.js";
import "./shortcuts.js";
import "./panes.js";
import "./requests.js";
import "./unsaved.js";
import "./live.js";
import "./sound.js";

// The summary of errors is the first thing to read after a form came back.
document.querySelector("[data-focus-now]")?.focus();
