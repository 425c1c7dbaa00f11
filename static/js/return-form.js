// A return being put together. What is chosen and typed stays when the page is loaded again. A photo is made small here,
// sent at once with its progress shown, and sent again after a reload that came in between. Without script all of it
// goes with the form.
const form = document.querySelector("form[data-stays]");
const SAID = `said ${location.pathname}${location.search}`;
const SENDING = `sending ${location.pathname}`;
const LONGEST_SIDE = 2000; // the server keeps no more
let onTheWay = 0;
let asked = null; // the button of a form that waits for its photos

// ── What is chosen and typed ──

const fields = () => [...form.elements].filter((one) => one.name && !["hidden", "file", "submit"].includes(one.type));
const isTick = (field) => ["checkbox", "radio"].includes(field.type);
const keyOf = (field) => (isTick(field) ? `${field.name}=${field.value}` : field.name);

function remember() {
  const said = fields().map((field) => [keyOf(field), isTick(field) ? field.checked : field.value]);
  sessionStorage.setItem(SAID, JSON.stringify(said));
}

function recall() {
  const said = new Map(JSON.parse(sessionStorage.getItem(SAID)));
  for (const field of fields().filter((one) => said.has(keyOf(one)))) {
    const value = said.get(keyOf(field));
    if (isTick(field)) field.checked = value;
    else field.value = value;
    if (value && field.tagName === "TEXTAREA") field.closest("details")?.setAttribute("open", "");
  }
}

// ── Photos ──

async function small(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return canvas.toDataURL("image/jpeg", 0.88);
}

const unsent = () => JSON.parse(sessionStorage.getItem(SENDING) ?? "[]");

function keepUnsent(list) {
  try {
    sessionStorage.setItem(SENDING, JSON.stringify(list));
  } catch {
    // More than the browser keeps: it is still sent now, only not again after a reload.
  }
}

function say(place, words) {
  place.querySelector("[data-refused]")?.remove();
  if (!words) return;
  const line = document.createElement("p");
  line.className = "field__error";
  line.dataset.refused = "";
  line.role = "alert";
  line.textContent = words;
  place.append(line);
}

function send(place, picture) {
  const entry = document.createElement("li");
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", place.dataset.sending);
  bar.max = 1;
  bar.value = 0;
  entry.append(bar);
  place.querySelector("ul").append(entry);

  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("line", place.dataset.line);
  const bytes = Uint8Array.from(atob(picture.split(",")[1]), (letter) => letter.charCodeAt(0));
  body.set("photo", new Blob([bytes], { type: "image/jpeg" }), "photo.jpg");

  const request = new XMLHttpRequest();
  request.open("POST", place.dataset.photos);
  request.upload.onprogress = (event) => (bar.value = event.loaded / event.total);
  request.onloadend = () => {
    if (request.status === 0 || request.status >= 500) {
      entry.remove();
      say(place, place.dataset.failed);
      asked = null;
    } else if (!request.responseURL.endsWith(place.dataset.photos)) {
      location.assign(request.responseURL); // meanwhile it has become a return
    } else {
      keepUnsent(unsent().filter((one) => one.picture !== picture));
      const kept = request.status === 200;
      if (kept) entry.outerHTML = request.responseText;
      else entry.remove();
      say(place, kept ? "" : request.responseText);
      if (!kept) asked = null;
    }
    onTheWay -= 1;
    if (asked && !onTheWay) form.requestSubmit(asked);
  };
  onTheWay += 1;
  request.send(body);
}

async function take(place, input) {
  const files = [...input.files];
  for (const file of files) {
    let picture;
    try {
      picture = await small(file);
    } catch {
      input.value = "";
      say(place, place.dataset.unknown);
      continue;
    }
    input.value = ""; // or it would be sent with the form as well
    say(place, "");
    keepUnsent([...unsent(), { line: place.dataset.line, picture }]);
    send(place, picture);
  }
}

if (form) {
  if (!document.querySelector(".field--error")) recall();
  form.addEventListener("input", remember);
  for (const place of form.querySelectorAll("[data-photos]")) {
    const input = place.querySelector("input[type=file]");
    input.addEventListener("change", () => take(place, input));
    for (const one of unsent()) if (one.line === place.dataset.line) send(place, one.picture);
  }
  window.addEventListener(
    "submit",
    (event) => {
      if (!onTheWay) return;
      event.preventDefault();
      event.stopPropagation();
      asked = event.submitter;
    },
    true,
  );
}
