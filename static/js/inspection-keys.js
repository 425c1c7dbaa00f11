// One digit chooses what is seen, Enter writes it down. Keys that come faster than fingers are a scanner: its code goes
// into the scan field, whatever has the focus, and never chooses anything. What is written down is answered without
// leaving the page, so that it can be heard; without script the same forms load the same page.
const BURST = 120; // milliseconds between two keys of a scanner, at most
const queue = []; // codes scanned while an answer is on its way
let typed = "";
let last = 0;
let waiting;
let busy = false;

const field = () => document.querySelector("#scan");
const typing = (target) => target.matches("input:not([type=radio]), textarea, select");

function choose(key) {
  const choice = document.querySelector(`[data-inspection] [data-key="${CSS.escape(key)}"]`);
  if (!choice) return;
  choice.checked = true;
  choice.focus();
}

function scan(code) {
  field().value = code;
  field().form.requestSubmit();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  // A scanner that ends with Tab instead of Enter.
  if (event.key === "Tab" && !event.shiftKey && event.target === field() && field().value.trim()) {
    event.preventDefault();
    field().form.requestSubmit();
  }
  if (typing(event.target)) return;
  clearTimeout(waiting);
  if (event.timeStamp - last > BURST) typed = "";
  last = event.timeStamp;
  if (event.key.length === 1 && event.key !== " ") {
    typed += event.key;
    if (typed.length === 1) waiting = setTimeout(choose, BURST, event.key);
    event.preventDefault();
  } else if (typed.length > 1 && (event.key === "Enter" || event.key === "Tab")) {
    event.preventDefault();
    scan(typed);
  } else if (event.key === "Enter") {
    if (typed) choose(typed);
    const choice = document.querySelector("[data-inspection] [data-key]:checked");
    if (!choice || event.target.matches("a, button, summary")) return;
    event.preventDefault();
    choice.form.requestSubmit();
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  // Other pages' forms go the usual way. A form that is on its way is not sent twice; what is scanned meanwhile waits.
  if (new URL(form.action).pathname !== location.pathname) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  const code = body.get("code")?.trim();
  if (code) field().value = "";
  if (busy) {
    if (code) queue.push(code);
    return;
  }
  send(form, body);
});

async function send(form, body) {
  busy = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Elsewhere, logged out, or refused: show that page.
    if (!fresh.querySelector("[data-inspection-page]")) return location.assign(answer.url);
    show(fresh, answer.ok);
    if (location.href !== answer.url) history.pushState(null, "", answer.url);
  } catch {
    return form.submit(); // the same form again, which counts once: the browser says what is wrong
  } finally {
    busy = false;
  }
  if (queue.length) scan(queue.shift());
}

function show(fresh, ok) {
  const begun = field().value; // the next scan may have begun
  const scanning = document.activeElement === field();
  document.title = fresh.title;
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  (scanning && begun ? field() : document.querySelector("main [autofocus]"))?.focus();
  field().value = begun || field().value;
  const told = document.querySelector("[data-scan-answer]")?.dataset.scanAnswer;
  document.dispatchEvent(new CustomEvent("answered", { detail: told ?? (ok ? "good" : "bad") }));
}

// Back and forward through what was written down.
window.addEventListener("popstate", () => location.reload());
