/* The service worker: what a person opened can be opened again without a line. Served at /sw.js (readiness/offline.py),
   with the release in its first line.

   Kept are only pages whose reply says X-Keep (the questionnaire and its sections, for those who answer), in a cache of
   their own for each person; X-Reader of every page says who is signed in. Another person never gets them: the next one
   to sign in, or signing out, removes them; while a session is over they stay locked. Nothing here touches the outbox. */
"use strict";
const PATIENCE = 4000;                                // milliseconds; only where a copy is kept: slow is not away
const HASHED = /^\/static\/.+\.[0-9a-f]{12}\.\w+$/;   // never another content under the same address
const ASKED_FOR = /\/static\/[\w./-]+\.[0-9a-f]{12}\.\w+/g;
const AWAY = new Set([502, 503, 504]), GONE = new Set([403, 404, 410]);
const FILES = "files", STATE = "state", PAGES = "pages:", HELP = "offline";
const LANGUAGES = ["fr", "en"];
const OUTBOX = "readiness-outbox-", UNSENT = "answers";  // databases of outbox.js, one a person, and their store

/* ── Who is signed in ──────────────────────────────────────────────────────── */
let known = null;  // as in the cache, which outlives this script
let turn = 0;      // grows when someone signs out or another one comes: a reply asked for before that is shown, and no more
const reader = async () => {
  known ??= await (await caches.open(STATE)).match("/reader").then((kept) => kept?.json());
  return known ?? { person: "", language: LANGUAGES[0], open: false };
};
const remember = async (now) => {
  known = now;
  await (await caches.open(STATE)).put("/reader", new Response(JSON.stringify(now)));
};
const forget = async (except) => {
  for (const name of await caches.keys()) if (name.startsWith(PAGES) && name !== PAGES + except) await caches.delete(name);
};
const signOut = async () => {
  turn += 1;
  await remember({ ...(await reader()), person: "", open: false });
  await forget();
};
const meet = async (response) => {  // the page says whose it is
  const said = response.headers.get("X-Reader"), language = response.headers.get("Content-Language");
  if (!said) return;
  const before = await reader(), open = said !== "nobody";
  const now = { person: open ? said : before.person, language: LANGUAGES.includes(language) ? language : before.language, open };
  if (now.person !== before.person || now.open !== before.open) turn += 1;
  if (now.person !== before.person) await forget(now.person);
  if (JSON.stringify(now) !== JSON.stringify(before)) await remember(now);
};

/* ── Keeping ───────────────────────────────────────────────────────────────── */
const keepFiles = async (text) => {
  const cache = await caches.open(FILES);
  for (const path of new Set(text.match(ASKED_FOR))) if (!(await cache.match(path))) await cache.add(path);
};
const whole = async (response) => {  // as it will be read again: its body is no longer packed
  const headers = new Headers(response.headers), text = await response.text();
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  return [text, new Response(text, { headers })];
};
/* With a page that its person may no longer have go all of its project. */
const drop = async (path) => {
  const [project] = path.match(/^\/projects\/[^/]+\//) ?? [path];
  for (const name of await caches.keys()) {
    const cache = name.startsWith(PAGES) ? await caches.open(name) : null;
    if (await cache?.delete(path)) for (const page of await cache.keys()) if (new URL(page.url).pathname.startsWith(project)) await cache.delete(page);
  }
};
const keep = async (path, response) => {
  const mine = turn;
  const person = response.headers.get("X-Reader"), [text, page] = await whole(response);
  await keepFiles(text);
  if (turn !== mine || (await reader()).person !== person) return false;  // signed out meanwhile
  await (await caches.open(PAGES + person)).put(path, page);
  return true;
};
/* Learn from a reply, asked for in that turn; the promise of the copy that is being kept of it, if it may be. */
const learn = async (url, response, asked) => {
  if (asked !== turn) return { kept: Promise.resolve(false) };
  await meet(response);
  if (response.status === 200 && response.headers.has("X-Keep") && !url.search) return { kept: keep(url.pathname, response.clone()) };
  if (GONE.has(response.status)) await drop(url.pathname);
  return { kept: Promise.resolve(false) };
};
const fetchAndKeep = async (path) => {
  const asked = turn;
  try {
    const response = await fetch(path, { headers: { Accept: "text/html" }, redirect: "manual" });
    return await (await learn(new URL(path, location.origin), response, asked)).kept;
  } catch { return false; }
};

/* ── Answering ─────────────────────────────────────────────────────────────── */
const copyOf = async (url) => {
  const { person, open } = await reader();
  return open ? caches.match(url.pathname, { cacheName: PAGES + person }) : undefined;
};
/* The page says when it was so: a script finds the time in the first tag. */
const shown = async (kept) => {
  const since = new Date(kept.headers.get("Date") ?? 0).toISOString();
  return new Response((await kept.text()).replace("<html ", `<html data-kept="${since}" `), { headers: kept.headers });
};
const help = async () => (await caches.open(HELP)).match(`/offline/${(await reader()).language}/`);
const navigate = async (event, url) => {
  const asked = turn, coming = fetch(event.request).then(async (response) => {
    event.waitUntil((await learn(url, response, asked)).kept.catch(() => {}));
    return response;
  });
  event.waitUntil(coming.catch(() => {}));  // what comes too late to be shown is kept all the same
  const kept = await copyOf(url);
  if (!kept) return coming.catch(async () => (await help()) ?? Response.error());
  const came = await Promise.race([coming.catch(() => null), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  return came && !AWAY.has(came.status) ? came : shown(kept);
};
const file = async (event) => {
  const cache = await caches.open(FILES), kept = await cache.match(event.request.url);
  if (kept) return kept;
  const response = await fetch(event.request);
  if (response.status === 200) event.waitUntil(cache.put(event.request.url, response.clone()).catch(() => {}));
  return response;
};
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(navigate(event, url));
  else if (request.mode === "navigate" && url.pathname === "/accounts/logout/") event.waitUntil(signOut());
  else if (request.method === "GET" && HASHED.test(url.pathname)) event.respondWith(file(event));
});

/* ── From one release to the next ──────────────────────────────────────────── */
/* A new release waits while an answer of anybody on this device is not sent: the pages that hold it go on as they are. */
const nothingWaits = async () => {
  for (const { name } of (await indexedDB.databases()).filter((base) => base.name?.startsWith(OUTBOX))) {
    const base = await new Promise((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const unsent = await new Promise((resolve, reject) => {
      const counting = base.transaction(UNSENT).objectStore(UNSENT).count();
      counting.onsuccess = () => resolve(counting.result);
      counting.onerror = () => reject(counting.error);
    }).finally(() => base.close());
    if (unsent) return false;
  }
  return true;
};
const takeOver = async () => {
  try {
    if (!registration.active || (await nothingWaits())) await skipWaiting();
  } catch { /* whether anything waits cannot be known: the browser starts the release when no page is open */ }
};
const getReady = async () => {
  const cache = await caches.open(HELP);
  for (const language of LANGUAGES) {
    const path = `/offline/${language}/`, response = await fetch(path, { credentials: "omit", cache: "no-cache" });
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
    const [text, page] = await whole(response);
    await keepFiles(text);
    await cache.put(path, page);
  }
};
/* Files that no page kept asks for any more. */
const tidy = async () => {
  const asked = new Set();
  for (const name of await caches.keys()) {
    if (name !== HELP && !name.startsWith(PAGES)) continue;
    const cache = await caches.open(name);
    for (const page of await cache.matchAll()) for (const path of (await page.text()).match(ASKED_FOR) ?? []) asked.add(path);
  }
  const cache = await caches.open(FILES);
  for (const request of await cache.keys()) if (!asked.has(new URL(request.url).pathname)) await cache.delete(request);
};
addEventListener("install", (event) => event.waitUntil(getReady().then(takeOver)));
addEventListener("activate", (event) => event.waitUntil(tidy().then(() => clients.claim())));
addEventListener("message", (event) => {
  const { keep: path, forget: everything, release } = event.data;
  const answer = (done) => event.ports[0]?.postMessage(done);
  if (path) event.waitUntil(fetchAndKeep(path).then(answer));
  if (everything) event.waitUntil(forget().then(() => answer(true)));
  if (release) event.waitUntil(takeOver());
});
