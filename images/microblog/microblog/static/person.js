// Shows a person in short when their name is pointed at or focused: it stays while the pointer is on it or the
// focus in it, and Escape puts it away. Without this the name is the link it always is.
const OPEN_MS = 350;
const CLOSE_MS = 250;
const KEPT_MS = 60000;
const known = new Map();
let open = null;
let timer = 0;

const card = (url) => {
  const kept = known.get(url);
  if (kept && Date.now() - kept.at < KEPT_MS) return kept.html;
  const html = fetch(url).then((answer) => (answer.ok ? answer.text() : ""));
  html.catch(() => known.delete(url));
  known.set(url, { at: Date.now(), html });
  return html;
};

const close = () => {
  clearTimeout(timer);
  open?.box.remove();
  open = null;
};

const place = (link, box) => {
  const around = link.getBoundingClientRect();
  const page = document.documentElement;
  const left = Math.min(around.left, page.clientWidth - box.offsetWidth - 8);
  const below = around.bottom + box.offsetHeight + 8 < page.clientHeight || around.top < box.offsetHeight + 8;
  box.style.left = `${Math.max(8, left) + window.scrollX}px`;
  box.style.top = `${(below ? around.bottom + 2 : around.top - box.offsetHeight - 2) + window.scrollY}px`;
};

const show = async (link) => {
  const here = `${location.pathname}${location.search}`;
  const html = await card(`${new URL(link.href).pathname}/card?next=${encodeURIComponent(here)}`).catch(() => "");
  if (!html || pointed !== link) return;
  close();
  const box = document.createElement("div");
  box.className = "person card";
  box.innerHTML = html;
  // Right behind the name, so that Tab leads into it.
  link.after(box);
  open = { link, box };
  place(link, box);
};

let pointed = null;

const reach = (event) => {
  const link = event.target.closest?.("a.author");
  if (!link || (open && open.link === link)) {
    if (open && (link || open.box.contains(event.target))) clearTimeout(timer);
    return;
  }
  if (open?.box.contains(event.target)) return;
  clearTimeout(timer);
  pointed = link;
  timer = setTimeout(show, OPEN_MS, link);
};

const leave = (event) => {
  const to = event.relatedTarget;
  if (!event.target.closest?.("a.author, .person.card")) return;
  if (to && open && (open.box.contains(to) || open.link.contains(to))) return;
  clearTimeout(timer);
  pointed = null;
  timer = setTimeout(close, CLOSE_MS);
};

document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && reach(event));
document.addEventListener("pointerout", (event) => event.pointerType === "mouse" && leave(event));
document.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && reach(event));
document.addEventListener("focusout", leave);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  pointed = null;
  if (open?.box.contains(document.activeElement)) open.link.focus();
  close();
});
