// Counts the characters left, the way the server counts them: by code point, in composed form.
"use strict";

for (const counter of document.querySelectorAll("[data-counter-for]")) {
  const text = document.getElementById(counter.dataset.counterFor);
  const limit = Number(counter.dataset.limit);
  const hint = counter.textContent;

  const show = () => {
    const used = [...text.value.normalize("NFC").trim()].length;
    counter.textContent = used ? `${used} / ${limit}` : hint;
    counter.classList.toggle("over", used > limit);
  };

  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });
  show();
}
