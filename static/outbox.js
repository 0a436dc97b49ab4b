/* The outbox: what a person typed and the server has not confirmed stays on this device until it has (DESIGN, Answers
   are never lost).

   IndexedDB "readiness-outbox-" + the person's public id, store "answers", one record for what a page says on a question:
     id, format   its key; 1. Later releases add fields, never delete, and leave alone what is newer than they are
     origin       the page that looks after it and holds the Web Lock "readiness-page-" + origin as long as it lives;
                  what a dead page left, the next one takes over: so each text has one sender
     url, page, code, question, place     where it is saved; where it is typed, and what it is about, in words
     flying       {id, base, fields, words, language} on its way: sent again unchanged until it is answered
     next         the same shape: what was typed since, to be based on the reply. Each text has its own save id
     then         a proposal confirmed after that, so that neither text takes the other's place
     state        "" goes by itself; "held", "refused", "conflict", "ended" wait for the person; message: why
   Store "files": what evidence.js has not sent yet, and says there; it goes with signing out.
   A record goes when the server has answered for all of it. A device's outboxes are empty when the "answers" of every
   database of indexedDB.databases() with that prefix count 0: a service worker can ask that too.

   window.readinessOutbox: ready, a promise; count(), how many texts of this person are not confirmed; what answers.js
   and evidence.js need. */
"use strict";
window.readinessOutbox = (() => {
  const frame = document.getElementById("outbox-texts");
  if (!frame) return undefined;
  const texts = frame.dataset, person = texts.person;
  const QUIET = 1500, SHORT = 5000, RELEASE = 2, LONGEST_WAIT = 60000, AT_ONCE = 4, FORMAT = 1, PREFIX = "readiness-outbox-";
  const STORED = ["id", "format", "origin", "url", "page", "code", "question", "place", "flying", "next", "then", "state", "message"];

  const newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const origin = newId();
  const records = new Map();    // this page's, by id
  const questions = new Map();  // on this page, by the address they are saved at
  let others = [];              // what other open pages of this person have not sent
  let files = [];               // of evidence that have not arrived, whichever page sends them
  let halted = "";              // "signedOut", "other": nothing is sent
  let notice = "", sending = 0;

  /* ── On this device ──────────────────────────────────────────────────────── */
  let opened = null, broken = "";  // "none": nothing can be kept here; "full": no room left
  const open = (version) => new Promise((resolve, reject) => {
    const asked = indexedDB.open(PREFIX + person, version);
    asked.onupgradeneeded = () => {
      for (const name of ["answers", "files"]) if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name, { keyPath: "id" });
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opened = null; };
      asked.result.onclose = () => { opened = null; };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  const database = () => opened ??= open(RELEASE).catch((error) => { if (error?.name === "VersionError") return open(); throw error; });
  const inStore = async (mode, act, name = "answers") => {
    const base = await database();
    return new Promise((resolve, reject) => {
      const work = base.transaction(name, mode, { durability: "strict" });
      const asked = act(work.objectStore(name));
      work.oncomplete = () => resolve(asked.result);
      work.onabort = () => reject(work.error ?? asked.error);
    });
  };
  const stored = async () => {
    try { return (await inStore("readonly", (store) => store.getAll())).filter((record) => record.format <= FORMAT); }
    catch { broken ||= "none"; opened = null; return []; }
  };
  const isUnsent = (record) => Boolean(record.flying || record.next);
  const isDone = (record) => !isUnsent(record) && (record.shownBy || record.state !== "conflict");
  /* Resolves when the record is written as it now is; what changes meanwhile is written right after. */
  const keep = (record) => {
    record.changed = true;
    record.writing ??= (async () => {
      while (record.changed) {
        record.changed = false;
        try {
          const plain = Object.fromEntries(STORED.map((name) => [name, record[name] ?? null]));
          await inStore("readwrite", (store) => isDone(record) ? store.delete(record.id) : store.put(plain));
          broken = "";
        } catch (error) {
          broken = error?.name === "QuotaExceededError" ? "full" : "none";
          opened = broken === "none" ? null : opened;
        }
      }
      record.writing = null;
      if (isDone(record) && !record.shownBy) records.delete(record.id);
      tell({ kind: "changed" });
      count();
    })();
    return record.writing;
  };

  /* ── Other pages ─────────────────────────────────────────────────────────── */
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("readiness-outbox") : null;
  const tell = (message) => channel?.postMessage({ person, ...message });
  const lookAtOthers = async () => {
    others = (await stored()).filter((record) => record.origin !== origin && isUnsent(record));
    files = await inStore("readonly", (store) => store.getAll(), "files").catch(() => []);
    if (files.length) setTimeout(count, SHORT);
    count();
  };
  let looking = 0;
  channel?.addEventListener("message", ({ data }) => {
    if (data.person !== person) return data.kind === "here" ? leaveTo() : undefined;
    if (data.kind === "left") return leaveTo("left");
    if (data.kind === "changed") { clearTimeout(looking); looking = setTimeout(lookAtOthers, 300); }
    if (data.kind === "saved") questions.get(data.url)?.savedElsewhere(data);
    if (data.kind === "signedIn" && halted === "signedOut") renewToken().then((done) => { if (done) sendAll(); });
  });
  /* Someone else has signed in in this browser, or its person has signed out: nothing of them is shown, sent or given
     out as a file any more. */
  const leaveTo = (why = "other") => {
    if (halted === "other") return;
    halted = "other";
    for (const record of records.values()) { clearTimeout(record.timer); if (isUnsent(record)) keep(record); }
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    document.querySelector("main").replaceChildren(frame.content.querySelector(`[data-${why}]`));
    document.querySelector("details.menu")?.remove();
    bar.remove();
    questions.clear();
    count();
  };
  const whenGone = async (other, act) => {  // while nobody else can
    if (!navigator.locks) return act();
    await navigator.locks.request(`readiness-page-${other}`, { ifAvailable: true }, (lock) => lock && act());
  };
  const takeOver = async () => {
    const found = (await stored()).filter((record) => record.origin !== origin && !records.has(record.id));
    for (const other of new Set(found.map((record) => record.origin)))
      await whenGone(other, async () => {
        for (const record of (await stored()).filter((entry) => entry.origin === other)) {
          record.origin = origin;
          records.set(record.id, record);
          if (record.state === "ended" || (record.state === "conflict" && record.next)) record.state = "";
          const question = questions.get(record.url);
          if (question && !question.record?.next && !question.record?.flying) question.takes(record);
          keep(record);
        }
      });
    await lookAtOthers();
    sendAll();
  };

  /* ── Sending ─────────────────────────────────────────────────────────────── */
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const who = async (options = {}) => {
    try {
      const response = await fetch(texts.sessionUrl, { cache: "no-store", ...options, headers: { Accept: "application/json", ...options.headers } });
      const reply = await response.json();
      return { status: response.status, ...reply };
    } catch { return null; }
  };
  const useToken = (fresh) => { for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = fresh; };
  /* True when the session is this person's; a new token then stands in every form. */
  const renewToken = async () => {
    const reply = await who();
    if (!reply?.token) return false;
    if (reply.person === person) { useToken(reply.token); halted = halted === "signedOut" ? "" : halted; return true; }
    if (reply.person) leaveTo(); else { useToken(reply.token); askToSignIn(); }
    return false;
  };
  const show = (record, kind, reply = {}) => { record.shownBy?.show(kind, record, reply); count(); };

  /* A text as it is now. It goes when no key was pressed for a while, or `now`; `after` what waits, not in its place. */
  const type = (record, text, now, after) => {
    if (after && !record.flying && !record.state) [record.flying, record.next] = [record.next, null];
    const slot = record.then || (after && record.flying && record.next) ? "then" : "next";
    record[slot] = { id: newId(), language: document.documentElement.lang, ...text };
    record.state = text.missing ? "held" : "";
    record.message = "";
    records.set(record.id, record);
    record.tries = 0;
    keep(record).then(() => { if (record.next && !record.busy) show(record, record.state || "device"); });
    clearTimeout(record.timer);
    if (!record.state) record.timer = setTimeout(send, now ? 0 : QUIET, record);
    count();
  };
  const send = async (record) => {
    clearTimeout(record.timer);
    if (halted || record.busy || record.state || !isUnsent(record)) return;
    if (sending >= AT_ONCE) { record.timer = setTimeout(send, 200, record); return; }
    if (!record.flying) [record.flying, record.next, record.then] = [record.next, record.then, null];
    const text = record.flying, { code } = record;
    record.busy = true; sending += 1;
    keep(record);
    show(record, "sending");
    let response = null, reply = null;
    try {
      const body = new URLSearchParams([...text.fields, [`${code}:base`, text.base], [`${code}:save_id`, text.id], [`${code}:language`, text.language]]);
      response = await fetch(record.url, {
        method: "POST", body, keepalive: body.toString().length < 60000, signal: AbortSignal.timeout?.(60000),
        headers: { Accept: "application/json", "X-CSRFToken": token(), "X-Person": person },
      });
      reply = await response.json();
    } catch { /* no line, or an answer that is not ours: treated below as nothing */ }
    record.busy = false; sending -= 1;
    answered(record, reply ? response.status : 0, reply ?? {}, Number(response?.headers.get("Retry-After")) || 0);
  };
  const answered = (record, status, reply, seconds) => {
    if (status === 200 && reply.outcome === "saved") return saved(record, reply);
    if (status === 409 && (reply.problem === "conflict" || reply.problem === "closed")) return keptBeside(record, reply);
    if (status === 422) return refused(record, reply.message);
    if (status === 413) return refused(record, texts.tooLarge);
    if (status === 401) { if (reply.problem === "other_person") return leaveTo(); show(record, "device"); return askToSignIn(); }
    if (status === 403 && reply.problem === "csrf") return renewToken().then((done) => done ? send(record) : halted ? show(record, "device") : later(record));
    if (status === 403 || status === 404) { record.state = "ended"; keep(record); return show(record, "ended"); }
    later(record, status === 429 ? texts.tooFast : "", seconds);
  };
  const saved = (record, reply) => {
    const { fields } = record.flying;
    record.flying = null; record.tries = 0;
    if (notice === texts.noLine) notice = "";
    if (record.next) record.next.base = reply.number;
    keep(record);
    const { number, message, section, sheet } = reply, told = { kind: "saved", url: record.url, fields, number, message, section, sheet, at: Date.now() };
    tell(told);
    if (isLeaving) handOn(told);
    show(record, "saved", reply);
    askToStay();
    if (record.next) send(record);
  };
  /* The next page in this tab may have been made before this save: it learns of it here. */
  let isLeaving = false;
  const HANDED_ON = `readiness-saved-${person}`;
  const handOn = (told) => {
    try { sessionStorage[HANDED_ON] = JSON.stringify([...JSON.parse(sessionStorage[HANDED_ON] ?? "[]"), told]); } catch { /* then it shows what it was made with */ }
  };
  const takeOn = () => {
    try {
      for (const told of JSON.parse(sessionStorage[HANDED_ON] ?? "[]")) questions.get(told.url)?.savedElsewhere(told);
      sessionStorage.removeItem(HANDED_ON);
    } catch { /* none */ }
  };
  const keptBeside = (record, reply) => {  // on the server, as a version that does not count
    record.flying = null; record.tries = 0;
    if (record.next) { keep(record); return send(record); }  // what was typed since is kept beside too, and is what is shown
    if (reply.problem === "conflict") record.state = "conflict";
    record.message = reply.message;
    keep(record);
    show(record, reply.problem, reply);
    if (reply.problem === "closed" && !record.shownBy) notice = reply.message;
  };
  const refused = (record, message) => {
    const isTypedOn = Boolean(record.next);  // then what was refused no longer stands there
    record.next ??= record.flying;
    record.flying = null; record.tries = 0;
    if (isTypedOn) { keep(record); return send(record); }
    record.state = "refused"; record.message = message;
    keep(record);
    show(record, "refused");
  };
  const later = (record, message = "", seconds = 0) => {  // not before so many
    record.tries = (record.tries ?? 0) + 1;
    record.why = message;
    show(record, "device");
    const pause = 1000 * seconds + Math.min(LONGEST_WAIT, 1000 * 2 ** record.tries) * (0.5 + Math.random());
    record.timer = setTimeout(send, pause, record);
  };
  const sendAll = () => { for (const record of records.values()) send(record); };
  const sendNow = async () => {
    for (const record of records.values()) { record.tries = 0; record.why = ""; if (record.state === "ended") record.state = ""; }
    notice = "";
    if (await renewToken()) { await takeOver(); sendAll(); return; }
    notice = halted ? "" : texts.noLine;
    count();
  };
  let asked = false;
  const askToStay = async () => {  // that the browser does not throw away what is kept here
    if (asked) return;
    asked = true;
    try { if (!(await navigator.storage.persisted())) await navigator.storage.persist(); } catch { /* then it may */ }
  };

  /* ── Signing in, in place; signing out ───────────────────────────────────── */
  const signIn = frame.content.getElementById("sign-in-again"), signOut = frame.content.getElementById("sign-out");
  const ask = (dialog) => { document.body.append(dialog); if (!dialog.open) dialog.showModal(); };
  const askToSignIn = () => {
    if (halted === "other") return;
    halted = "signedOut";
    if (!signIn.open) { ask(signIn); signIn.querySelector("[type=password]").focus(); }
    count();
  };
  signIn.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target, problem = form.querySelector("[role=alert]"), field = form.querySelector("[type=password]");
    problem.textContent = "";
    const now = await who();
    if (now?.token) useToken(now.token);
    const reply = now?.person ? now : now && await who({ method: "POST", body: new URLSearchParams({ person, login: form.querySelector("[type=email]").value, password: field.value }), headers: { "X-CSRFToken": now.token } });
    if (reply?.person === person) {
      useToken(reply.token);
      field.value = ""; halted = "";
      signIn.close();
      tell({ kind: "signedIn" });
      return sendAll();
    }
    if (reply?.person) return leaveTo();
    problem.textContent = reply?.message || texts.noLine;
    field.select();
  });
  let leaves = false;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.getAttribute("action") !== texts.signOutUrl || leaves) return;
    const waits = () => count() + files.length;
    if (!waits()) return tell({ kind: "left" });
    event.preventDefault();
    sendAll();
    for (let waited = 0; waited < 3000 && waits(); waited += 100) await pause(100);
    const go = async () => {
      leaves = true;
      tell({ kind: "left" });
      await inStore("readwrite", (store) => store.clear(), "files").catch(() => {});
      form.submit();
    };
    if (!waits()) return go();
    signOut.querySelector("[data-sign-out]").onclick = go;
    signOut.querySelector("[data-sign-out-count]").textContent = inWords();
    signOut.querySelector("[data-sign-out-files-count]").textContent = filesInWords(files.length);
    signOut.querySelector("[data-sign-out-files]").hidden = !files.length;
    for (const here of signOut.querySelectorAll("[data-sign-out-answers]")) here.hidden = !count();
    ask(signOut);
  });
  for (const button of frame.content.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  /* ── Told once for the page ──────────────────────────────────────────────── */
  const bar = document.querySelector("[data-outbox]"), part = (name) => bar.querySelector(`[data-${name}]`);
  const more = part("outbox-more");
  let askedForMore = false;  // something the person should read
  const unsent = () => [...records.values()].filter(isUnsent);
  const inWords = () => { const number = unsent().length + others.length; return number === 1 ? texts.countOne : texts.count.replace("%s", number); };
  const filesInWords = (number) => number === 1 ? texts.filesOne : texts.files.replace("%s", number);
  const count = () => {
    const all = [...records.values()], here = unsent();
    const stopped = all.find((record) => ["refused", "conflict", "held"].includes(record.state) && !(record.state === "held" && record.shownBy));
    const late = halted || here.some((record) => record.tries > 0 || record.state === "ended");
    const hasLate = Boolean(here.length && (late || broken));
    const ended = here.some((record) => record.state === "ended"), asksForMore = Boolean(hasLate && (halted || ended || broken)) || Boolean(notice);
    part("send-now").hidden = !hasLate && !notice;
    part("download").hidden = !here.length || !(hasLate || stopped);
    part("outbox-stopped").hidden = part("outbox-link").hidden = !stopped;
    if (stopped) part("outbox-link").href = `${stopped.page === location.pathname ? "" : stopped.page}#${stopped.code}${stopped.state === "conflict" ? "-two" : ""}`;
    const why = halted ? texts[halted] : ended ? texts.noAccess : broken ? texts[broken] : texts.goesOn;
    part("outbox-count").textContent = here.length || notice === texts.noLine ? inWords() : stopped ? texts.stopped : texts.late;
    part("outbox-why").textContent = notice || (hasLate ? why : "");
    if (asksForMore !== askedForMore) more.open = askedForMore = asksForMore;  // else one line, the rest on a tap
    more.hidden = !hasLate && !stopped && !notice;
    const waiting = halted === "other" ? [] : files.filter((file) => Date.now() - file.since > SHORT);
    part("outbox-files").hidden = !waiting.length;
    if (waiting.length) {
      part("outbox-files-count").textContent = filesInWords(waiting.length);
      part("outbox-files-link").href = `${waiting[0].page === location.pathname ? "" : waiting[0].page}#${waiting[0].code}`;
    }
    bar.hidden = more.hidden && !waiting.length;
    document.documentElement.style.setProperty("--outbox", `${bar.offsetHeight}px`);
    return here.length + others.length;
  };

  /* ── As a file ───────────────────────────────────────────────────────────── */
  /* Any browser shows it, to read or to print; the part that bring_in.js reads is a script of data in it. */
  const readable = (file) => {
    const page = document.implementation.createHTMLDocument(texts.fileTitle);
    const add = (name, text, more) => page.body.append(Object.assign(page.createElement(name), { textContent: text, ...more }));
    page.documentElement.lang = document.documentElement.lang;
    page.head.prepend(Object.assign(page.createElement("meta"), { name: "viewport", content: "width=device-width" }));
    page.head.prepend(page.createElement("meta"));
    page.querySelector("meta").setAttribute("charset", "utf-8");
    add("h1", texts.fileTitle);
    add("p", file.what);
    for (const { place, code, question, answer } of file.answers) {
      add("h2", `${code} · ${question}`);
      add("p", place);
      add("p", answer, { style: "white-space: pre-wrap", dir: "auto" });
    }
    add("script", JSON.stringify(file, null, 1).replaceAll("<", "\\u003c"), { type: "application/json" });
    return `<!doctype html>\n${page.documentElement.outerHTML}\n`;
  };
  const download = async () => {
    const known = await stored();
    const all = [...records.values(), ...known.filter((record) => !records.has(record.id))].filter(isUnsent);
    const answers = all.flatMap((record) => [record.flying, record.next, record.then].filter(Boolean).map((text) => ({
      place: record.place, code: record.code, question: record.question, answer: text.words, page: record.page, url: record.url,
      save_id: text.id, base: text.base, language: text.language, fields: text.fields,
    })));
    const file = { what: texts.fileWhat, format: "readiness-outbox", version: FORMAT, person, name: document.querySelector("details.menu summary")?.textContent, answers };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([readable(file)], { type: "text/html" }));
    link.download = `${texts.fileName}-${new Date().toISOString().slice(0, 10)}.html`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  /* The texts of such a file go among those to send; each has the save id it had, so that none is saved twice. */
  const bringIn = async (answers, shownBy) => {
    for (const { save_id: id, base, language, fields, answer: words, ...about } of answers) {
      const record = { ...about, id: `file-${id}`, format: FORMAT, origin, shownBy, state: "", message: "", next: null, flying: { id, base, language, fields, words } };
      records.set(record.id, record);
      await keep(record);
    }
    sendAll();
  };

  /* ── The page ────────────────────────────────────────────────────────────── */
  /* "Back" fills forms in again as they were left; not with what another person had typed. */
  if (history.state?.person && history.state.person !== person)
    addEventListener("pageshow", () => { for (const form of document.forms) if (form.autocomplete !== "off") form.reset(); });
  history.replaceState({ ...history.state, person }, "");
  part("send-now").addEventListener("click", sendNow);
  more.addEventListener("toggle", () => count());
  for (const button of [part("download"), signOut.querySelector("[data-download]")]) button.addEventListener("click", download);
  addEventListener("online", () => { for (const record of records.values()) record.tries = 0; takeOver(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && !halted) takeOver(); else sendAll(); });
  addEventListener("beforeunload", () => { isLeaving = true; });
  addEventListener("pagehide", () => { for (const record of records.values()) if (isUnsent(record)) keep(record); });
  let isReadAnew = false;
  addEventListener("pageshow", (event) => {  // from the back button, as it was left: others may have saved since
    if (!event.persisted || (broken && unsent().length)) return;
    isReadAnew = true;
    location.reload();
  });
  setInterval(() => { if (!halted) takeOver(); }, 60000);
  navigator.locks?.request(`readiness-page-${origin}`, () => new Promise(() => {}));  // until the page goes
  const ready = new Promise((resolve) => document.addEventListener("DOMContentLoaded", () => {
    tell({ kind: "here" });
    takeOver().then(takeOn).then(resolve, resolve);
  }));

  if (document.querySelector("main form[method=post] textarea:not([readonly])") && !document.getElementById("answers"))
    addEventListener("DOMContentLoaded", () => document.head.append(Object.assign(document.createElement("script"), { src: texts.formsUrl })));

  return {
    ready, count, newId, texts, token, renewToken, type, send, sendAll, bringIn, person, inStore,
    filesChanged: () => { tell({ kind: "changed" }); return lookAtOthers(); },
    isClosed: () => halted === "other",
    record: (about) => ({ id: newId(), format: FORMAT, origin, flying: null, next: null, state: "", message: "", ...about }),
    bind: (url, question) => questions.set(url, question),
    keepsNothing: () => broken,
    isReadAnew: () => isReadAnew,  // what is typed is on the device, and comes back
    isSlow: () => [...records.values()].some((record) => record.tries > 0) || Boolean(halted),
  };
})();
