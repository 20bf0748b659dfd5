// Escape folds what is unfolded around the focus; what it was unfolded by has the focus then.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const fold = document.activeElement.closest("details[open]");
  if (!fold) return;
  fold.open = false;
  fold.querySelector("summary").focus();
});
