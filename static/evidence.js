/* Evidence beside a question. A chosen file leaves at once, in chunks that the server checks and counts, so that a cut
   costs the last chunk only. A large image may be made smaller here first, if its person agrees. Without this script files
   and links go with the section's plain form. Stands on outbox.js.

   Until the server has a file it is kept on this device, in the outbox's store "files", one record a file:
     id, since          its key; when it was chosen
     page, code         the section and the question it belongs to
     file, confidential what is sent: as it was chosen, or made smaller
     source             the same for whatever was made from one chosen file
     waits              for its person to say in which size it goes; where the page is gone before that, as it was chosen
     start, url, giveUp where it is announced; once it was, where it goes and is given up
   One page of a person sends, the one that holds the Web Lock "readiness-files-" + person: any section, or the
   questionnaire. Where a file cannot be kept, it goes on after a reload when it is chosen again. */
"use strict";
(() => {
  const texts = document.getElementById("evidence-texts")?.dataset, outbox = window.readinessOutbox;
  if (!outbox || !texts) return;
  const { token, renewToken, person } = outbox;
  const form = document.getElementById("answers");  // of a section
  const LEAST = 65536, MOST = 1048576, HEAD = 65536;  // bytes of a chunk; of what a file is known again by
  const LARGE_IMAGE = 1000000, LONGEST_SIDE = 2000, PATIENCE = 60000, LONGEST_WAIT = 15000, SOON = 10000, OLD = 7 * 86400000;
  const MEMORY = "readiness-uploads " + texts.list;  // that something is on its way from this device
  const uploads = new Map();   // those this page knows of that are not over, by id
  const unfinished = new Map();  // what an earlier page had begun: its link, by id or address

  const address = (template, code) => template.replace("CODE", encodeURIComponent(code));
  const element = (name, classes, text) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text) made.textContent = text;
    return made;
  };
  const button = (text, act) => {
    const made = element("button", "btn btn-quiet btn-sm", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };
  const pause = (milliseconds) => new Promise((resolve) => {
    const go = () => { clearTimeout(timer); removeEventListener("online", go); document.removeEventListener("visibilitychange", go); resolve(); };
    const timer = setTimeout(go, milliseconds);
    addEventListener("online", go);
    document.addEventListener("visibilitychange", go);
  });
  const sizeOf = (bytes) => bytes < 1e6  // rounded as the server's file_size
    ? texts.kilobytes.replace("%s", Math.max(1, Math.round(bytes / 1000)))
    : texts.megabytes.replace("%s", new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(Math.round(bytes / 1e5) / 10));
  const checksum = async (blob) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const remember = (whether) => { try { whether ? localStorage.setItem(MEMORY, "1") : localStorage.removeItem(MEMORY); } catch { /* the server knows anyway */ } };
  const post = async (url, body) => {
    for (let attempt = 0; ; attempt += 1) {
      const headers = { Accept: "application/json", "X-CSRFToken": token(), "X-Person": person };
      if (body instanceof Blob) headers["Content-Type"] = "application/octet-stream";
      const response = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout?.(PATIENCE) });
      if (response.status !== 403 || attempt || !(await renewToken())) return response;
    }
  };

  /* ── On this device ──────────────────────────────────────────────────────── */
  const inStore = (mode, act) => outbox.inStore(mode, act, "files");
  const update = (record) => inStore("readwrite", (store) => {  // unless it is over
    const asked = store.getKey(record.id);
    asked.onsuccess = () => { if (asked.result !== undefined) store.put(record); };
    return asked;
  }).catch(() => {});
  /* What other people left on this device and did not come back for. */
  const clear = async () => {
    for (const { name } of await indexedDB.databases()) {
      if (!name.startsWith("readiness-outbox-") || name.endsWith(person)) continue;
      const base = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      if (base.objectStoreNames.contains("files"))
        base.transaction("files", "readwrite").objectStore("files").openCursor().onsuccess = ({ target: { result: at } }) => {
          if (at && at.value.since < Date.now() - OLD) at.delete();
          at?.continue();
        };
      base.close();
    }
  };
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("readiness-files") : null;
  const tell = (message) => channel?.postMessage({ person, ...message });
  channel?.addEventListener("message", ({ data }) => {
    if (data.person !== person || outbox.isClosed()) return;
    const upload = uploads.get(data.id), place = placeOf(data);
    if (data.received !== undefined) { if (upload) { upload.received = data.received; upload.show(); } return; }
    upload?.end();
    if (data.html && place) { showPieces(place, data.html); say(place, texts.added.replace("%s", data.name)); }
  });

  /* ── One file on its way ─────────────────────────────────────────────────── */
  const placeOf = ({ page, code }) => (page === location.pathname && form?.querySelector(`[data-evidence="${CSS.escape(code)}"]`)) || null;
  const listIn = (place) => {
    let list = place.querySelector("[data-uploads]");
    if (!list) { list = element("ul", "list"); list.dataset.uploads = ""; place.append(list); }
    return list;
  };
  class Upload {
    constructor(record, isKept) {
      this.record = record; this.isKept = isKept; this.place = placeOf(record);
      this.received = 0; this.chunk = 4 * LEAST; this.tries = 0; this.asks = isKept;
      const { name, size } = record.file;
      this.row = element("li");
      this.bar = element("progress", "w-100");
      this.bar.max = 100; this.bar.value = 0;
      this.bar.setAttribute("aria-label", name);
      this.state = element("p", "state state-sending");
      this.state.setAttribute("role", "status");
      this.kept = element("p", "small quiet mb-2");
      this.choices = element("p", "d-flex flex-wrap gap-2 mb-0");
      this.title = element("span", "text-break", `${name} · ${sizeOf(size)}`);
      this.row.append(this.title, this.bar, this.state, this.kept, this.choices);
      if (this.place) listIn(this.place).append(this.row);
      this.say("sending", texts.waiting);
      this.choices.append(button(texts.stop, () => this.stop()));
      this.sayKept();
      uploads.set(record.id, this);
    }
    say(kind, text) { this.state.className = `state state-${kind}`; if (this.state.textContent !== text) this.state.textContent = text; }
    sayKept() { this.kept.textContent = this.isKept ? texts.kept : this.problem ?? ""; }
    show() {
      const share = Math.floor(100 * this.received / this.record.file.size);
      this.bar.value = share;
      this.say("sending", texts.arrived.replace("%s", share));
    }
    /* What is sent: the file as it is or smaller, as its person says, or said when it was begun; and where it is kept. */
    async prepare() {
      let release;
      const asking = new Promise((resolve) => { release = resolve; });
      navigator.locks?.request(asks(this.record), () => asking);
      try { await this.make(); } finally { release(); }
    }
    async keep() {
      try {
        if (this.isKept) await update(this.record);
        else await inStore("readwrite", (store) => store.put(this.record));
        this.isKept = true;
        if (this.over) return this.end();
        outbox.filesChanged();
      } catch (error) { this.problem = error?.name === "QuotaExceededError" ? texts.full : texts.stayHere; }
      this.sayKept();
    }
    async make() {
      const { record } = this, chosen = record.file;
      try { record.source = await checksum(new Blob([chosen.slice(0, HEAD), String(chosen.size)])); }
      catch { return this.refuse(texts.unreadable); }
      const isSame = ({ record: other }) => other !== record && other.code === record.code && other.page === record.page && other.source === record.source;
      if ([...uploads.values()].some(isSame)) { this.end(); return say(this.place, texts.onItsWay.replace("%s", chosen.name)); }
      const isOfThis = ({ question, source }) => question === record.code && source === record.source;
      const begun = (await left(isLargeImage(chosen))).find(isOfThis);
      const there = added.find((piece) => isOfThis(piece) && piece.is_confidential === record.confidential);
      if (there && !this.over) { this.end(); return say(this.place, texts.already.replace("%s", there.name)); }
      record.waits = true;
      await this.keep();
      if (!this.over && begun?.size !== chosen.size) {
        const smaller = await shrunk(chosen).catch(() => null);
        if (smaller && !this.over) record.file = begun ? smaller : await this.choose(smaller);
      }
      if (this.over) return;
      this.title.textContent = `${record.file.name} · ${sizeOf(record.file.size)}`;
      record.waits = false;
      await this.keep();
      if (this.over) return;
      this.isReady = true;
      work();
    }
    async choose(smaller) {
      const chosen = this.record.file;
      this.say("device", texts.smaller.replace("%a", sizeOf(chosen.size)).replace("%b", sizeOf(smaller.size)));
      const stop = this.choices.firstChild;
      const choice = await new Promise((resolve) => {
        const yes = button(texts.sendSmaller.replace("%b", sizeOf(smaller.size)), () => resolve(smaller));
        this.choices.replaceChildren(yes, button(texts.sendAsIs, () => resolve(chosen)), stop);
        stop.addEventListener("click", () => resolve(chosen));
        yes.focus();
      });
      this.choices.replaceChildren(stop);
      this.say("sending", texts.waiting);
      return choice;
    }
    /* Until it is there, refused or stopped; a line that is cut only makes it wait. */
    async run() {
      if (this.isKept) {  // another page may have sent it, or a part
        const now = await inStore("readonly", (store) => store.get(this.record.id)).catch(() => this.record);
        if (!now) return this.end();
        this.record = now;
      }
      remember(true);
      while (!this.over && !outbox.isClosed()) {
        try {
          this.record.url ? await this.sendChunk() : await this.start();
        } catch (error) {
          if (error.name === "NotReadableError" || error.name === "NotFoundError") this.refuse(texts.unreadable);
          else { this.chunk = Math.max(LEAST, this.chunk / 2); await this.wait(texts.noLine); }
        }
      }
    }
    async start() {
      const { record } = this, { file } = record, said = new FormData();
      said.append("name", file.name); said.append("size", file.size); said.append("source", record.source);
      said.append("fingerprint", await checksum(file.slice(0, HEAD)));
      if (record.confidential) said.append("is_confidential", "on");
      const reply = await this.read(await post(record.start, said));
      if (!reply) return;
      record.url = reply.url; record.giveUp = reply.give_up;
      this.received = reply.received; this.asks = reply.is_added;
      if (reply.is_added) this.added = reply.name;  // as it was sent before
      if (this.isKept) await update(record);
      forget((begun) => begun.url === reply.url || (begun.question === record.code && begun.source === record.source));
      this.show();
    }
    async sendChunk() {
      const { file, url } = this.record;
      const chunk = this.asks ? new Blob() : file.slice(this.received, this.received + this.chunk);  // asks how much is there
      const sum = await checksum(chunk), began = performance.now();
      const reply = await this.read(await post(`${url}?offset=${this.received}&sha256=${sum}`, chunk));
      if (!reply) return;
      const took = performance.now() - began;
      this.chunk = took < 2000 ? Math.min(MOST, 2 * this.chunk) : took > 8000 ? Math.max(LEAST, this.chunk / 2) : this.chunk;
      this.tries = 0; this.asks = false; this.received = reply.received;
      this.show();
      tell({ id: this.record.id, received: this.received });
      if (reply.html !== undefined) this.done(reply.html);
    }
    /* What the server took, or nothing where it has to be sent again, later or never. */
    async read(response) {
      const { status } = response, reply = await response.json().catch(() => null);
      if (this.over) return null;
      if (status === 413) this.refuse(reply?.message ?? texts.failed);
      else if (!reply) await this.wait(texts.noLine);  // cut on its way here, or not from our site
      else if (status === 200) return reply;
      else if (status === 409 && reply.problem === "elsewhere") {
        this.received = reply.received; this.tries += this.asks ? 0 : 1; this.asks = false;
        if (this.tries > 3) await this.wait(texts.noLine);
      }
      else if (status === 409 || status === 422) this.refuse(reply.message ?? texts.failed);
      else if (status === 404 && this.record.url) { this.record.url = ""; this.received = 0; this.asks = false; }
      else if (status === 401 || reply.problem === "csrf") {
        if (!this.asked) { this.asked = true; await renewToken(); }  // asks to sign in, once
        await this.wait(texts.signedOut);
      }
      else if (status === 403 || status === 404) this.refuse(texts.noAccess);
      else await this.wait(reply.message ?? texts.noLine, Number(response.headers.get("Retry-After")) || 0);
      return null;
    }
    async wait(text, seconds = 0) {
      this.tries += 1;
      this.say("device", text);
      await pause(1000 * seconds + Math.min(LONGEST_WAIT, 500 * 2 ** this.tries) * (0.5 + Math.random()));
    }
    /* It is over, for this page and for the device. */
    end() {
      this.over = true;
      this.row.remove();
      uploads.delete(this.record.id); unfinished.delete(this.record.id);
      if (this.isKept) inStore("readwrite", (store) => store.delete(this.record.id)).catch(() => {}).then(outbox.filesChanged);
      showUnfinished();
    }
    refuse(text) {
      this.end();
      tell({ id: this.record.id });
      this.bar.remove(); this.kept.remove(); this.choices.replaceChildren(button(texts.hide, () => this.row.remove()));
      listIn(this.place ?? unfinishedNote()).append(this.row);
      this.say("refused", text);
      this.state.setAttribute("role", "alert");
    }
    stop() {
      this.end();
      tell({ id: this.record.id });
      if (this.record.giveUp) post(this.record.giveUp, new FormData()).catch(() => {});
      this.place?.querySelector("[data-file]")?.focus();
    }
    done(html) {
      const { id, page, code, file: { name } } = this.record;
      this.end();
      tell({ id, page, code, name, html });
      if (!this.place) return;
      showPieces(this.place, html);
      say(this.place, this.added ? texts.already.replace("%s", this.added) : texts.added.replace("%s", name));
    }
  }
  /* One file after the other, and from one page: the line is slow enough for one. */
  let works = false;
  const work = async () => {
    if (works) return;
    works = true;
    const next = () => [...uploads.values()].find((upload) => upload.isReady && !upload.over);
    const act = async () => { for (let upload; (upload = next()) && !outbox.isClosed();) await upload.run(); };
    await (navigator.locks ? navigator.locks.request(`readiness-files-${person}`, act) : act());
    works = false;
    if (!uploads.size) remember(Boolean(unfinished.size));
    else if (next() && !outbox.isClosed()) work();
  };
  let preparing = Promise.resolve();  // one question about an image at a time
  const send = (place, files) => {
    const confidential = place.querySelector("[name$=':evidence-confidential']")?.checked ?? false;
    for (const file of files) {
      const { evidence: code } = place.dataset;
      const upload = new Upload({
        id: crypto.randomUUID(), since: Date.now(), page: location.pathname, code, file, confidential, source: "",
        start: address(texts.start, code), url: "", giveUp: "",
      }, false);
      preparing = preparing.then(() => upload.over || upload.prepare());
    }
  };

  const isLargeImage = (file) => /^image\/(jpeg|png|webp)$/.test(file.type) && file.size > LARGE_IMAGE;
  const shrunk = async (file) => {
    if (!isLargeImage(file)) return null;
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
    const canvas = element("canvas");
    canvas.width = Math.round(image.width * scale); canvas.height = Math.round(image.height * scale);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#fff"; paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    return blob && blob.size < 0.7 * file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : null;
  };

  /* ── The place beside a question ─────────────────────────────────────────── */
  const showPieces = (place, html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-pieces]");
    const here = place.querySelector("[data-pieces]");
    if (fresh && here) here.replaceWith(fresh);
  };
  const say = (place, text, kind = "saved") => {
    const state = place.querySelector("[data-upload]");
    state.hidden = false; state.className = `state state-${kind}`; state.textContent = text;
  };
  /* Links; and files, where the page is not one that may compute checksums (an http address of a test network). */
  const sendForm = async (place, code) => {
    const body = new FormData();
    for (const field of place.querySelectorAll("input[name]")) {
      if (field.type === "file") for (const file of field.files) body.append(field.name, file);
      else if (field.type !== "checkbox" || field.checked) body.append(field.name, field.value);
    }
    say(place, texts.sending, "sending");
    try {
      const response = await post(address(form.dataset.evidenceUrl, code), body);
      if (response.status === 200 || response.status === 422) {
        const html = await response.text(), problem = new DOMParser().parseFromString(html, "text/html").querySelector("[role=alert]");
        showPieces(place, html);
        for (const field of place.querySelectorAll("[data-file], [name$=':link']")) if (!problem || field.type === "file") field.value = "";
        return say(place, problem?.textContent ?? texts.linkAdded, problem ? "refused" : "saved");
      }
    } catch { /* said below */ }
    say(place, texts.failed, "refused");
  };
  const prepare = (place) => {
    const code = place.dataset.evidence;
    place.querySelector("[data-file]")?.addEventListener("change", (event) => {
      if (!crypto.subtle) return sendForm(place, code);
      send(place, event.target.files);
      event.target.value = "";
    });
    const link = place.querySelector("[data-use]");
    link?.addEventListener("click", (event) => { event.preventDefault(); chooseHere(place, link).catch(() => say(place, texts.notNow, "refused")); });
    const add = place.querySelector("[data-add-link]");
    if (add) { add.hidden = false; add.addEventListener("click", () => sendForm(place, code)); }
  };

  /* A piece that was added before: chosen here, where the page without this script leads to one of its own. */
  const chooseHere = async (place, link) => {
    const given = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
    const piece = given.getElementById("div_id_piece"), pages = given.getElementById("div_id_pages");
    if (!piece || !pages) { location.href = link.href; return; }
    document.getElementById("use-again")?.remove();
    const box = element("div", "mt-2");
    box.id = "use-again";
    const add = button(texts.use, async () => {
      const said = new FormData();
      said.append("question", place.dataset.evidence);
      for (const field of box.querySelectorAll("select, input")) said.append(field.id.slice(3), field.value);
      const response = await post(link.pathname, said).catch(() => null);
      if (response?.status !== 200) return say(place, response?.status === 422 ? texts.chooseFirst : texts.notNow, "refused");
      showPieces(place, (await response.json()).html);
      box.remove();
      say(place, texts.used);
    });
    box.append(piece, pages, add);
    for (const field of box.querySelectorAll("[name]")) field.removeAttribute("name");  // no answer of the form around it
    link.closest("p").after(box);
    box.querySelector("select").focus();
  };

  /* ── What a page before this one had begun to send ───────────────────────── */
  /* Told at the top of the page too: a file at the end of a section is far away. */
  const unfinishedNote = () => {
    let note = document.getElementById("unfinished");
    if (!note) {
      note = element("div", "note note-warn mt-2 text-break");
      note.id = "unfinished";
      note.append(element("p", "mb-0"));
      (document.querySelector("main .lead") ?? document.querySelector("main h1")).after(note);
    }
    return note;
  };
  const showUnfinished = () => {
    const links = [...unfinished.values()].filter(({ page }) => !form || page === location.pathname).map(({ page, code, name }) => {
      const link = element("a", "", `${name} (${code})`);
      link.href = `${page === location.pathname ? "" : page}#${code}`;
      return link;
    });
    if (!links.length && !document.getElementById("unfinished")) return;
    const note = unfinishedNote();
    note.querySelector("p").replaceChildren(...links.length ? [texts.unfinished] : [], ...links.flatMap((link) => [" ", link]));
    note.hidden = !links.length && !note.querySelector("li");
  };
  const showLeft = (begun) => {
    unfinished.set(begun.url, { page: begun.page, code: begun.question, name: begun.name });
    const place = placeOf({ page: begun.page, code: begun.question });
    if (!place) return;
    const row = element("div", "note note-warn mt-2");
    row.dataset.begun = begun.url;
    const chooser = element("input");
    chooser.type = "file"; chooser.hidden = true;
    chooser.addEventListener("change", () => send(place, chooser.files));
    const buttons = element("p", "d-flex flex-wrap gap-2 mt-2 mb-0");
    buttons.append(button(texts.chooseAgain, () => chooser.click()), button(texts.giveUp, () => { post(begun.give_up, new FormData()).catch(() => {}); forget(({ url }) => url === begun.url); }));
    row.append(element("p", "text-break", texts.left.replace("%n", begun.name).replace("%s", Math.floor(100 * begun.received / begun.size))), chooser, buttons);
    place.append(row);
  };
  const forget = (isOver) => {
    for (const begun of known ?? []) {
      if (!isOver(begun)) continue;
      unfinished.delete(begun.url);
      for (const row of document.querySelectorAll("[data-begun]")) if (row.dataset.begun === begun.url) row.remove();
    }
    known = known?.filter((begun) => !isOver(begun)) ?? null;
    showUnfinished();
  };
  /* The uploads that the server has a part of, asked for where this device may have begun some, or where `anew`, since
     then what was `added` matters too; again where the line did not allow it before. */
  let known = null, added = [];
  const left = async (anew) => {
    try {
      if (!anew && (known || !localStorage.getItem(MEMORY))) return known ?? [];
      const response = await fetch(texts.list, { headers: { Accept: "application/json", "X-Person": person }, signal: AbortSignal.timeout?.(SOON) });
      if (!response.ok) return known ?? [];
      const reply = await response.json();
      const held = [...uploads.values()].filter((upload) => upload.isReady).map(({ record }) => record);
      added = reply.added;
      known ??= reply.uploads.filter((begun) => !held.some(({ url, code, source }) => url === begun.url || (source && code === begun.question && source === begun.source)));
      for (const begun of known) if (!unfinished.has(begun.url)) showLeft(begun);
      showUnfinished();
      if (!known.length && !uploads.size) remember(false);
    } catch { /* asked again by the next page */ }
    return known ?? [];
  };
  const asks = ({ id }) => `readiness-choice-${id}`;  // the lock of the page that asks in which size
  const goOn = async () => {
    const held = new Set((await navigator.locks?.query())?.held.map((lock) => lock.name));
    for (const record of await inStore("readonly", (store) => store.getAll()).catch(() => [])) {
      if (uploads.has(record.id) || held.has(asks(record))) continue;
      new Upload(record, true).isReady = true;
      unfinished.set(record.id, { page: record.page, code: record.code, name: record.file.name });
    }
    showUnfinished();
    work();
    await left();
    await clear();
  };

  for (const place of form?.querySelectorAll("[data-evidence]") ?? []) prepare(place);
  addEventListener("beforeunload", (event) => { if (!outbox.isClosed() && !outbox.isReadAnew() && [...uploads.values()].some((upload) => !upload.isKept)) event.preventDefault(); });
  if (crypto.subtle) goOn().catch(() => {});
})();
