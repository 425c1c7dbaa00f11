// A form that is on its way cannot be sent twice. Without script the server answers a second try with the first result.
for (const form of document.querySelectorAll('form[method="post" i]:not([data-submit-many])')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter ?? form.querySelector('button:not([type="button"])');
    button?.setAttribute("aria-busy", "true");
    if (button?.dataset.busy) button.querySelector("[data-busy-words]")?.replaceChildren(button.dataset.busy);
  });
}

// Coming back with the browser's own button shows the page as it was left: make it usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }
});
