// Keeps the counts of new notifications and messages right while a page is looked at, and says when they grow.
const SOON_MS = 30000;
const LATER_MS = 300000;

const said = document.querySelector("[data-unread]");
const title = document.title.replace(/^\(\d+\) /, "");
let wait = SOON_MS;
let timer;
let before = null;

const show = (counts) => {
  for (const badge of document.querySelectorAll("[data-count]")) {
    const count = counts[badge.dataset.count];
    badge.textContent = count >= 99 ? "99+" : count;
    badge.hidden = count === 0;
  }
  const total = counts.notifications + counts.messages;
  document.title = total ? `(${total}) ${title}` : title;
  if (before !== null && total > before) said.textContent = counts.text;
  // While nothing happens it asks less and less often; the browser gets a 304 then.
  wait = total === before ? Math.min(2 * wait, LATER_MS) : SOON_MS;
  before = total;
};

// The login has ended, perhaps in another tab: nothing of it stays to be read here, unless somebody is writing.
const leave = () => {
  // What a page brought back because it was not right was written, too.
  const fields = [...document.querySelectorAll("textarea, input:not([type=hidden])")];
  const written = fields.some((field) => field.value !== field.defaultValue || field.matches("[aria-invalid]"));
  if (!written) location.replace(said.dataset.login);
};

const ask = async () => {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(said.dataset.unread, { headers: { Accept: "application/json" } });
    if (answer.status === 403) return leave();
    if (answer.ok) show(await answer.json());
    else wait = Math.min(2 * wait, LATER_MS);
  } catch {
    wait = Math.min(2 * wait, LATER_MS);
  }
  timer = setTimeout(ask, wait);
};

// What is on the page is seen as soon as somebody looks at the page; without scripts a button says so.
const see = async () => {
  if (document.hidden) return;
  for (const form of document.querySelectorAll("form[data-seen]:not([hidden])")) {
    form.hidden = true;
    try {
      await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    } catch {
      form.hidden = false;
    }
  }
};

const look = async () => {
  wait = SOON_MS;
  await see();
  await ask();
};

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
if (document.querySelector("form[data-seen]")) look();
else {
  before = [...document.querySelectorAll("[data-count]:not([hidden])")].reduce((sum, badge) => sum + parseInt(badge.textContent, 10), 0);
  timer = setTimeout(ask, wait);
}
