/* Evidence beside a question. A chosen file leaves at once, in chunks that the server checks and counts, so that a cut
   costs the last chunk only: it goes on by itself when the line is back, and after a reload when the same file is chosen
   again. A large image may be made smaller here first, if its person agrees. Without this script files and links go with
   the section's plain form. Stands on answers.js. */
"use strict";
(() => {
  const texts = document.getElementById("evidence-texts")?.dataset;
  if (!window.readiness || !texts) return;
  const { form, token, address, renewToken } = window.readiness;
  const LEAST = 65536, MOST = 1048576, HEAD = 65536;  // bytes of a chunk; of what a file is known again by
  const LARGE_IMAGE = 1000000, LONGEST_SIDE = 2000, PATIENCE = 60000, LONGEST_WAIT = 30000;
  const MEMORY = "readiness-uploads " + texts.list;  // that something is on its way from this device
  const running = new Set();

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
    const go = () => { clearTimeout(timer); removeEventListener("online", go); resolve(); };
    const timer = setTimeout(go, milliseconds);
    addEventListener("online", go);
  });
  const sizeOf = (bytes) => bytes < 1e6  // rounded as the server's file_size
    ? texts.kilobytes.replace("%s", Math.max(1, Math.round(bytes / 1000)))
    : texts.megabytes.replace("%s", new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(Math.round(bytes / 1e5) / 10));
  const checksum = async (blob) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const remember = (whether) => { try { whether ? localStorage.setItem(MEMORY, "1") : localStorage.removeItem(MEMORY); } catch { /* the server knows anyway */ } };
  const post = async (url, body) => {
    for (let attempt = 0; ; attempt += 1) {
      const headers = { Accept: "application/json", "X-CSRFToken": token() };
      if (body instanceof Blob) headers["Content-Type"] = "application/octet-stream";
      const response = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout?.(PATIENCE) });
      if (response.status !== 403 || attempt || !(await renewToken())) return response;
    }
  };

  /* ── One file on its way ─────────────────────────────────────────────────── */
  class Upload {
    constructor(place, file) {
      this.place = place; this.code = place.dataset.evidence; this.file = file;
      this.confidential = place.querySelector("[name$=':evidence-confidential']")?.checked;
      this.received = 0; this.chunk = 4 * LEAST; this.tries = 0; this.url = "";
      let list = place.querySelector("[data-uploads]");
      if (!list) { list = element("ul", "list"); list.dataset.uploads = ""; place.append(list); }
      this.row = element("li");
      this.bar = element("progress", "w-100");
      this.bar.max = 100; this.bar.value = 0;
      this.bar.setAttribute("aria-label", file.name);
      this.state = element("p", "state state-sending");
      this.state.setAttribute("role", "status");
      this.choices = element("p", "d-flex flex-wrap gap-2 mb-0");
      this.row.append(element("span", "text-break", `${file.name} · ${sizeOf(file.size)}`), this.bar, this.state, this.choices);
      list.append(this.row);
      this.say("sending", texts.waiting);
      this.choices.append(button(texts.stop, () => this.stop()));
    }
    say(kind, text) { this.state.className = `state state-${kind}`; if (this.state.textContent !== text) this.state.textContent = text; }
    show() {
      const share = Math.floor(100 * this.received / this.file.size);
      this.bar.value = share;
      this.say("sending", texts.arrived.replace("%s", share));
    }
    /* Until it is there, refused or stopped; a line that is cut only makes it wait. */
    async run() {
      running.add(this); remember(true);
      await this.offerSmaller();
      while (!this.over) {
        try {
          this.url ? await this.sendChunk() : await this.start();
        } catch (error) {
          if (error.name === "NotReadableError" || error.name === "NotFoundError") this.refuse(texts.unreadable);
          else { this.chunk = Math.max(LEAST, this.chunk / 2); await this.wait(texts.noLine); }
        }
      }
      running.delete(this);
      if (!running.size) remember(Boolean(document.querySelector("[data-begun]")));
    }
    async start() {
      const said = new FormData();
      said.append("name", this.file.name); said.append("size", this.file.size);
      said.append("fingerprint", await checksum(this.file.slice(0, HEAD)));
      if (this.confidential) said.append("is_confidential", "on");
      const reply = await this.read(await post(address(texts.start, this.code), said));
      if (!reply) return;
      this.url = reply.url; this.giveUp = reply.give_up; this.received = reply.received;
      for (const left of document.querySelectorAll("[data-begun]")) if (left.dataset.begun === reply.url) left.remove();
      this.show();
    }
    async sendChunk() {
      const chunk = this.file.slice(this.received, this.received + this.chunk);
      const sum = await checksum(chunk), began = performance.now();
      const reply = await this.read(await post(`${this.url}?offset=${this.received}&sha256=${sum}`, chunk));
      if (!reply) return;
      const took = performance.now() - began;
      this.chunk = took < 2000 ? Math.min(MOST, 2 * this.chunk) : took > 8000 ? Math.max(LEAST, this.chunk / 2) : this.chunk;
      this.tries = 0; this.received = reply.received;
      this.show();
      if (reply.html !== undefined) this.done(reply.html);
    }
    /* What the server took, or nothing where it has to be sent again, later or never. */
    async read(response) {
      const { status } = response;
      const reply = await response.json().catch((error) => {
        if (response.ok) throw error;  // cut on its way here
        return {};
      });
      if (this.over) return null;
      if (status === 200) return reply;
      if (status === 409 && reply.problem === "elsewhere") { this.received = reply.received; this.tries += 1; if (this.tries > 3) await this.wait(texts.noLine); }
      else if (status === 409 || status === 422 || status === 413) this.refuse(reply.message ?? texts.failed);
      else if (status === 404 && this.url) { this.url = ""; this.received = 0; }
      else if (status === 401) await this.wait(texts.signedOut);
      else if (status === 403 || status === 404) this.refuse(texts.noAccess);
      else await this.wait(reply.message ?? texts.noLine, Number(response.headers.get("Retry-After")) || 0);
      return null;
    }
    async wait(text, seconds = 0) {
      this.tries += 1;
      this.say("device", text);
      await pause(1000 * seconds + Math.min(LONGEST_WAIT, 500 * 2 ** this.tries) * (0.5 + Math.random()));
    }
    refuse(text) {
      this.over = true;
      this.bar.remove(); this.choices.replaceChildren(button(texts.hide, () => this.row.remove()));
      this.say("refused", text);
      this.state.setAttribute("role", "alert");
    }
    stop() {
      this.over = true;
      if (this.giveUp) post(this.giveUp, new FormData()).catch(() => {});
      this.row.remove();
      this.place.querySelector("[data-file]")?.focus();
    }
    done(html) {
      this.over = true;
      this.row.remove();
      showPieces(this.place, html);
      say(this.place, texts.added.replace("%s", this.file.name));
    }
    /* The device draws the image again, upright, at most 2,000 pixels long. */
    async offerSmaller() {
      const smaller = await shrunk(this.file).catch(() => null);
      if (!smaller || this.over) return;
      this.say("device", texts.smaller.replace("%a", sizeOf(this.file.size)).replace("%b", sizeOf(smaller.size)));
      const stop = this.choices.firstChild;
      const choice = await new Promise((resolve) => {
        const yes = button(texts.sendSmaller.replace("%b", sizeOf(smaller.size)), () => resolve(smaller));
        this.choices.replaceChildren(yes, button(texts.sendAsIs, () => resolve(this.file)), stop);
        stop.addEventListener("click", () => resolve(this.file));
        yes.focus();
      });
      this.choices.replaceChildren(stop);
      this.file = choice;
    }
  }

  const shrunk = async (file) => {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size <= LARGE_IMAGE) return null;
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
  let last = Promise.resolve();  // one file after the other: the line is slow enough for one
  const send = (place, files) => {
    for (const upload of [...files].map((file) => new Upload(place, file))) last = last.then(() => (upload.over ? null : upload.run()));
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
  const showLeft = (left) => {
    const place = document.querySelector(`[data-evidence="${left.question}"]`);
    if (!place) return;
    const row = element("div", "note note-warn mt-2");
    row.dataset.begun = left.url;
    const chooser = element("input");
    chooser.type = "file"; chooser.hidden = true;
    chooser.addEventListener("change", () => send(place, chooser.files));
    const buttons = element("p", "d-flex flex-wrap gap-2 mt-2 mb-0");
    buttons.append(button(texts.chooseAgain, () => chooser.click()), button(texts.giveUp, () => { post(left.give_up, new FormData()).catch(() => {}); row.remove(); }));
    row.append(element("p", "text-break", texts.left.replace("%n", left.name).replace("%s", Math.floor(100 * left.received / left.size))), chooser, buttons);
    place.append(row);
  };
  const askForLeft = async () => {
    try {
      if (!localStorage.getItem(MEMORY)) return;
      const response = await fetch(texts.list, { headers: { Accept: "application/json" } });
      if (!response.ok) return;
      const { uploads } = await response.json();
      uploads.forEach(showLeft);
      if (!uploads.length) remember(false);
    } catch { /* asked again by the next page */ }
  };

  for (const place of form.querySelectorAll("[data-evidence]")) prepare(place);
  addEventListener("beforeunload", (event) => { if (running.size) event.preventDefault(); });
  askForLeft();
})();
