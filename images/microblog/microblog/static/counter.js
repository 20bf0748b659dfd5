// Counts the characters the way the server counts them: as a person sees them, in composed form.
const characters = (text) =>
  "Segmenter" in Intl ? [...new Intl.Segmenter().segment(text)].length : [...text].length;

for (const counter of document.querySelectorAll("[data-counter-for]")) {
  const text = document.getElementById(counter.dataset.counterFor);
  const limit = Number(counter.dataset.limit);
  const hint = counter.textContent;

  const show = () => {
    const used = characters(text.value.normalize("NFC").trim());
    counter.textContent = used ? `${used} / ${limit}` : hint;
    counter.classList.toggle("over", used > limit);
  };

  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });
  show();
}
