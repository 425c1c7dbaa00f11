// Light, dark or as the system says. The choice is a cookie, so the server draws the next page right at once.
const root = document.documentElement;
const year = 365 * 24 * 3600;

for (const group of document.querySelectorAll("[data-theme-switch]")) {
  const buttons = [...group.querySelectorAll("button")];
  const show = () =>
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? ""))));
  group.hidden = false;
  show();
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.value) root.dataset.theme = button.value;
    else delete root.dataset.theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${button.value}; Path=/; SameSite=Lax; Max-Age=${button.value ? year : 0}${secure}`;
    show();
  });
}
