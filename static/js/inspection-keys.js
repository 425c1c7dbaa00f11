// One digit chooses what is seen, Enter writes it down. Keys that come faster than fingers are a scanner: its code goes
// into the scan field, whatever has the focus, and never chooses anything.
const form = document.querySelector("[data-inspection]");
const field = document.querySelector("#scan");
const BURST = 120; // milliseconds between two keys of a scanner, at most
let typed = "";
let last = 0;
let waiting;

const typing = (target) => target.matches("input:not([type=radio]), textarea, select");

function choose(key) {
  const choice = form?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!choice) return;
  choice.checked = true;
  choice.focus();
}

// A scanner that ends with Tab instead of Enter.
field.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || !field.value.trim()) return;
  event.preventDefault();
  field.form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  clearTimeout(waiting);
  if (event.timeStamp - last > BURST) typed = "";
  last = event.timeStamp;
  if (event.key.length === 1 && event.key !== " ") {
    typed += event.key;
    if (typed.length === 1) waiting = setTimeout(choose, BURST, event.key);
    event.preventDefault();
  } else if (typed.length > 1 && (event.key === "Enter" || event.key === "Tab")) {
    event.preventDefault();
    field.value = typed;
    field.form.requestSubmit();
  } else if (event.key === "Enter") {
    if (typed) choose(typed);
    const choice = form?.querySelector("[data-key]:checked");
    if (!choice || event.target.matches("a, button, summary")) return;
    event.preventDefault();
    form.requestSubmit();
  }
});
