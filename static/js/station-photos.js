// Photos that the paired phone sends appear by themselves. Without script, opening the page again shows them.
const place = document.querySelector("[data-station-photos]");
const EVERY = 3000; // milliseconds

async function look() {
  try {
    const answer = await fetch(place.dataset.stationPhotos, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const html = await answer.text();
      if (html !== place.innerHTML) place.innerHTML = html;
    }
  } finally {
    setTimeout(look, EVERY);
  }
}

if (place) setTimeout(look, EVERY);
