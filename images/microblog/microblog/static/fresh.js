// Asks now and then whether there are new posts, while the page is looked at, and offers to show them.
const EVERY_MS = 30000;
const MOST = 99;

for (const link of document.querySelectorAll("[data-fresh]")) {
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(link.dataset.fresh, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { count, text } = await answer.json();
      link.hidden = count === 0;
      if (link.textContent !== text) link.textContent = text;
      if (count >= MOST) clearInterval(timer);
    } catch {
      // Without a connection the page stays as it is; the next round may do better.
    }
  };

  const timer = setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
