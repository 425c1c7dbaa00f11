// A scanner with a Tab suffix sends the code as one with Enter does.
const input = document.querySelector("[data-scan-form] input[name=code]");
input?.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || !input.value.trim()) return;
  event.preventDefault();
  input.form.requestSubmit();
});
