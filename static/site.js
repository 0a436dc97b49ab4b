/* Small comforts on every page; nothing needs them. */
"use strict";
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.getElementById("errors")?.focus();
const zone = document.querySelector("form:has([autocomplete=new-password]) select[name=time_zone]");  // of an account being opened
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone?.value === "UTC" && [...zone.options].some((option) => option.value === here)) zone.value = here;
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
/* What was chosen in a form that saves all at once is not left unsaved unawares. */
const unsaved = document.querySelector("form[data-unsaved]");
let changed = Boolean(document.getElementById("errors"));
unsaved?.addEventListener("input", () => { changed = true; });
unsaved?.addEventListener("submit", () => { changed = false; });
if (unsaved) addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
/* A word is explained where it stands: a tap opens its meaning below the text, another closes it. */
for (const link of document.querySelectorAll("a.term")) { link.setAttribute("role", "button"); link.setAttribute("aria-expanded", "false"); }
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.term");
  const meaning = link && document.querySelector(`${link.getAttribute("href")} dd`);
  if (!meaning) return;
  event.preventDefault();
  const open = link.word?.isConnected;
  if (open) link.word.remove();
  else {
    link.word = document.createElement("span");
    link.word.className = "meaning";
    link.word.setAttribute("role", "status");
    (link.closest("p, h2, dd, li, label > span") ?? link.parentNode).append(link.word);  // below the whole sentence
    link.word.textContent = meaning.textContent;
  }
  link.setAttribute("aria-expanded", String(!open));
});
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.("a.term")) { event.preventDefault(); event.target.click(); }
});

/* ── What this device keeps of the questionnaire (worker.js), said on the pages themselves ──────────────────────────── */
const LONGEST = 60000;  // milliseconds that a page may take to come
(async () => {
  const find = (name) => document.querySelector(name);
  const note = find("[data-kept][role]"), list = find("[data-offline]"), help = find("[data-pages]");
  if (!(note || help) || !("serviceWorker" in navigator) || !window.caches) return;

  /* A copy says when it was so. */
  const since = document.documentElement.dataset.kept;
  if (note && since) {
    const when = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { dateStyle: "long", timeStyle: "short" }).format(new Date(since));
    note.firstChild.textContent = note.dataset.kept.replace("%s", when);
    note.hidden = false;
  }

  /* The person whose pages may be opened now, and those pages. */
  const reader = async () => (await (await caches.open("state")).match("/reader").then((kept) => kept?.json())) ?? {};
  const pages = async () => {
    const { person, open } = await reader();
    return open && (await caches.has("pages:" + person)) ? caches.open("pages:" + person) : null;
  };
  const isPage = (request) => !request.url.includes("/answers/");
  const paths = async () => new Set(((await (await pages())?.keys()) ?? []).filter(isPage).map((request) => new URL(request.url).pathname));

  if (help) {  // the page that stands in for one that cannot be had
    find("[data-again]").href = location.href;
    const cache = await pages();
    const requests = ((await cache?.keys()) ?? []).filter(isPage).sort((one, other) => one.url.localeCompare(other.url, "en", { numeric: true }));
    for (const request of requests) {
      const page = new DOMParser().parseFromString(await (await cache.match(request)).text(), "text/html");
      const link = document.createElement("a"), entry = document.createElement("li");
      link.href = new URL(request.url).pathname;
      link.textContent = page.title.replace(/ – Readiness$/, "");
      link.lang = page.documentElement.lang;
      entry.append(link);
      help.querySelector("ul").append(entry);
    }
    help.hidden = !help.querySelector("li");
    const { person, open } = await reader();
    find("[data-locked]").hidden = !person || open;
    return;
  }

  /* ── Of those who answer ─────────────────────────────────────────────────── */
  const came = navigator.serviceWorker.controller !== null;  // through the worker, so it is kept
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
  /* What is saved after a copy was made lies beside it, under the address it is saved at, and is put into it again when
     it is shown: by the very message with which outbox.js tells the person's other pages. */
  const form = document.getElementById("answers");
  if (form?.dataset.saveUrl && "BroadcastChannel" in window) {
    const channel = new BroadcastChannel("readiness-outbox");
    channel.addEventListener("message", async ({ data }) => {
      if (data.kind === "saved" && since && note) note.firstChild.textContent = note.dataset.back;
      if (data.kind === "saved" && data.person === (await reader()).person) await (await pages())?.put(data.url, new Response(JSON.stringify(data)));
    });
    if (since) {
      await window.readinessOutbox?.ready;
      for (const { dataset } of form.querySelectorAll("[data-question]")) {
        const saved = await (await pages())?.match(form.dataset.saveUrl.replace("CODE", encodeURIComponent(dataset.question)));
        if (saved) channel.postMessage(await saved.json());
      }
    }
  }

  try { await navigator.serviceWorker.register("/sw.js"); } catch { return; }
  const registration = await navigator.serviceWorker.ready;
  registration.waiting?.postMessage({ release: true });
  const tell = (message) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    registration.active.postMessage(message, [port2]);
    setTimeout(resolve, LONGEST, false);
  });
  if (!came) await tell({ keep: location.pathname });
  if (!list) return;

  const said = list.dataset, state = list.querySelector("[data-state]");
  const links = [...document.querySelectorAll("#sections ~ table th a")];
  const button = list.querySelector("[data-fetch]"), remove = list.querySelector("[data-forget]");
  const show = async () => {
    const kept = await paths(), here = links.filter((link) => kept.has(link.pathname));
    for (const link of links) {
      link.parentNode.querySelector("[data-mark]")?.remove();
      if (!kept.has(link.pathname)) continue;
      const mark = document.createElement("span");
      mark.dataset.mark = "";
      mark.className = "small quiet fw-normal d-block";
      mark.textContent = said.mark;
      link.after(mark);
    }
    state.textContent = !here.length ? said.none : here.length === links.length ? said.all : here.length === 1 ? said.one : said.some.replace("%s", here.length);
    remove.hidden = !here.length;
    list.hidden = false;
  };
  const done = new Set();  // in this view of the page: choosing the button again goes on where it stopped
  button.addEventListener("click", async () => {
    button.disabled = true;
    for (const link of links) {
      state.textContent = said.underWay.replace("%a", done.size).replace("%b", links.length);
      if (!done.has(link.pathname) && (await tell({ keep: link.pathname }))) done.add(link.pathname);
    }
    await tell({ keep: location.pathname });
    button.disabled = false;
    await show();
    if (done.size < links.length) state.textContent += " " + said.missed;
  });
  remove.addEventListener("click", async () => { await tell({ forget: true }); done.clear(); await show(); button.focus(); });
  await show();
})().catch(() => {});  // a window that keeps nothing
