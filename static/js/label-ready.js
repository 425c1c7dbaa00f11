// While the carrier makes the label the answer is 204: ask again, and show the page anew when that has changed. Without
// script the page reloads itself.
const waiting = document.querySelector("[data-label]");
let pause = 1000;
async function ask() {
  try {
    const answer = await fetch(waiting.dataset.label, { method: "HEAD", cache: "no-store" });
    if (answer.status !== 204 && answer.status < 500) return location.reload();
  } catch {
    // Away from the network for a moment: ask again.
  }
  pause = Math.min(pause * 1.3, 15000);
  setTimeout(ask, pause);
}
if (waiting) setTimeout(ask, pause);
