// Shows how far a background job is, while the page is looked at, until it is over.
const EVERY_MS = 2000;

for (const place of document.querySelectorAll("[data-progress]")) {
  const pending = () => place.querySelector("[data-pending]");

  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.progress);
      if (!answer.ok) return;
      place.innerHTML = await answer.text();
    } catch {
      // Without a connection it stays as it is; the next round may do better.
    }
    if (!pending()) {
      clearInterval(timer);
      location.reload();
    }
  };

  const timer = pending() ? setInterval(ask, EVERY_MS) : 0;
}
