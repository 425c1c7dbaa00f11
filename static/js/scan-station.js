// Scans never wait for a page: each code is queued, sent in its turn, and the answer takes the place of the last one
// while the field keeps the focus. Without script the same form loads the same page.
const station = document.querySelector("[data-scan-station]");
const queue = [];
const ECHO = 300; // milliseconds: a trigger held too long reads a label twice, two pieces never pass this fast
let busy = false;
let before = { code: "", at: -ECHO };

// A scan that comes before the field has the focus, or after a click beside it, goes into the field all the same.
document.addEventListener("keydown", (event) => {
  if (event.key.length > 1 || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("a, button, input, select, summary, textarea")) return;
  station?.querySelector("#scan").focus();
});

station?.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-scan-form]")) return;
  event.preventDefault();
  take(event.target.elements.code);
});

// A scanner with a Tab suffix sends the code as one with Enter does.
station?.addEventListener("keydown", (event) => {
  const input = event.target;
  if (event.key !== "Tab" || event.shiftKey || !input.matches("[data-scan-form] [name=code]") || !input.value.trim()) return;
  event.preventDefault();
  take(input);
});

// The labelled keys do what their printed codes do, in turn with the scans before them.
document.addEventListener("keydown", (event) => {
  const key = /^F\d+$/.test(event.key) && station?.querySelector(`[data-function-key="${event.key}"]`);
  if (!key) return;
  event.preventDefault();
  send(key.dataset.code ?? key.value);
});

function take(input) {
  const code = input.value;
  input.value = "";
  input.focus();
  if (code.trim()) send(code);
}

// Whether a code is an echo is known when it is read, not when its turn comes.
function send(code) {
  const at = performance.now();
  queue.push({ code, echo: code.trim() === before.code && at - before.at < ECHO });
  before = { code: code.trim(), at };
  if (!busy) work();
}

// How long the last step can still be taken back.
setInterval(() => {
  const until = station?.querySelector("[data-until]");
  if (!until) return;
  const left = Math.ceil((new Date(until.dateTime) - Date.now()) / 1000);
  if (left <= 0) until.closest("button").remove();
  else until.textContent = `${left} s`;
}, 1000);

async function work() {
  busy = true;
  while (queue.length) {
    const form = station.querySelector("[data-scan-form]");
    const body = new URLSearchParams(new FormData(form));
    body.set("code", queue[0].code);
    if (queue[0].echo) body.set("echo", "1");
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-scan-station]");
      if (!fresh) return location.assign(answer.url); // logged out meanwhile, or refused: show that page
      show(fresh, form);
      history.replaceState(null, "", answer.url);
      queue.shift();
    } catch {
      // Nothing is lost: the same page is sent again, and counts once.
      station.setAttribute("data-away", "");
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
  busy = false;
}

function show(fresh, form) {
  station.removeAttribute("data-away");
  const next = fresh.querySelector("[data-scan-form]");
  form.action = next.action;
  form.elements.form_token.value = next.elements.form_token.value;
  form.elements.about.value = next.elements.about.value;
  form.querySelector("label").textContent = next.querySelector("label").textContent;
  const answer = station.querySelector("[data-scan-answer]");
  const given = fresh.querySelector("[data-scan-answer]");
  answer.dataset.scanAnswer = given.dataset.scanAnswer;
  if (given.dataset.meaning) answer.dataset.meaning = given.dataset.meaning;
  else delete answer.dataset.meaning;
  answer.replaceChildren(...given.childNodes);
  station.querySelector("[data-scan-rest]").replaceWith(fresh.querySelector("[data-scan-rest]"));
  document.dispatchEvent(new CustomEvent("answered", { detail: given.dataset.scanAnswer }));
}
