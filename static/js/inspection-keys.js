// One digit chooses what is seen, Enter writes it down. Keys that come faster than fingers are a scanner: they open the
// return of what was scanned and never choose anything.
const form = document.querySelector("[data-inspection]");
const finder = document.querySelector("[data-find]");
const BURST = 45; // milliseconds between two keys of a scanner, at most
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

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
  const fast = event.timeStamp - last < BURST;
  last = event.timeStamp;
  if (event.key.length === 1 && event.key !== " ") {
    clearTimeout(waiting);
    typed = fast ? typed + event.key : event.key;
    if (typed.length === 1) waiting = setTimeout(choose, BURST, event.key);
    event.preventDefault();
  } else if (fast && typed.length > 2 && (event.key === "Enter" || event.key === "Tab")) {
    event.preventDefault();
    finder.elements.code.value = typed;
    finder.requestSubmit();
  } else if (event.key === "Enter" && event.target.matches("[data-key]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});
