/* Each answer saves by itself: 1.5 s after the last key or on leaving the field, one small POST (DESIGN, Answers are
   never lost). What the server has not confirmed stays in the page and is sent again. Without this script the section
   posts as a plain form. */
"use strict";
(() => {
  const form = document.getElementById("answers");
  if (!form) return;
  const texts = document.getElementById("texts")?.dataset ?? {};
  const saves = "sheet" in form.dataset;
  const QUIET = 1500, LONGEST_WAIT = 60000;
  const questions = new Map();

  const newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
  const address = (template, code) => template.replace("CODE", encodeURIComponent(code));
  const element = (name, classes, text) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text) made.textContent = text;
    return made;
  };

  /* ── One question ────────────────────────────────────────────────────────── */
  class Question {
    constructor(box) {
      this.box = box;
      this.code = box.dataset.question;
      this.state = box.querySelector("[data-state]");
      this.base = box.querySelector("[data-base]");
      this.flying = null;      // the body on its way: immutable, resent unchanged until it is answered
      this.dirty = false;      // typed since, to be based on the reply
      this.stopped = false;    // waits for a choice or a correction
      this.tries = 0;
      this.timer = 0;
    }
    field(name) { return this.box.querySelector(`[name="${this.code}:${name}"]`); }
    fields() {
      return [...this.box.querySelectorAll("input, textarea")].filter(
        (field) => field.name.startsWith(this.code + ":") && field.type !== "file" && !/:(link|evidence-confidential|base|save_id)$/.test(field.name));
    }
    get unsent() { return Boolean(this.flying || this.dirty); }
    special() { return this.box.querySelector("[data-special]:checked")?.value ?? ""; }
    say(kind, text) {
      this.state.hidden = false;
      this.state.className = "state is-live mt-2" + (kind ? ` state-${kind}` : "");
      if (this.state.textContent !== text) this.state.textContent = text;
    }
    touched(now) {
      this.dirty = true;
      this.stopped = this.stopped && Boolean(this.box.querySelector("[data-choice]"));
      if (!this.stopped && !this.flying) this.say("device", texts.device);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.send(), now ? 0 : QUIET);
      count();
    }
    needsReason() { return this.special() === "not_applicable" && !this.field("reason").value.trim(); }
    body() {
      const body = new URLSearchParams();
      for (const field of this.fields())
        if (!["radio", "checkbox"].includes(field.type) || field.checked) body.append(field.name, field.value);
      body.set(`${this.code}:base`, this.base.value);
      body.set(`${this.code}:save_id`, newId());
      return body;
    }
    async send() {
      clearTimeout(this.timer);
      if (this.stopped || this.busy) return;
      if (!this.flying) {
        if (!this.dirty) return;
        if (this.needsReason()) return this.say("device", texts.reason);
        this.flying = this.body();
        this.dirty = false;
      }
      this.busy = true;
      this.say("sending", texts.sending);
      let response = null, reply = null;
      try {
        response = await fetch(address(form.dataset.saveUrl, this.code), {
          method: "POST", body: this.flying, keepalive: this.flying.toString().length < 60000,
          headers: { Accept: "application/json", "X-CSRFToken": token() },
        });
        reply = await response.json();
      } catch { /* no line, or an answer that is not ours: treated below as nothing */ }
      this.busy = false;
      this.answered(reply ? response.status : 0, reply ?? {}, Number(response?.headers.get("Retry-After")) || 0);
      count();
    }
    answered(status, reply, seconds) {
      if (status === 200) return this.saved(reply);
      if (status === 409 && reply.problem === "conflict") return this.conflict(reply);
      if (status === 409 || status === 422) return this.refused(reply.message);
      if (status === 401) return this.wait(texts.signedOut, false);
      if (status === 403 && reply.problem === "csrf") return renewToken().then((done) => done ? this.send() : this.later());
      if (status === 403 || status === 404) return this.wait(texts.noAccess, false);
      if (status === 413) return this.refused(texts.tooLarge);
      if (status === 429) return this.later(texts.tooFast, seconds);
      this.later();
    }
    saved(reply) {
      this.tries = 0;
      this.base.value = reply.number;
      this.flying = null;
      this.box.querySelector("[data-conflict]")?.remove();
      if (!this.dirty) { this.echo(reply.shown); this.say("", reply.message); } else this.send();
      showCounts(reply);
      showHidden(reply.hidden);
      showWarnings(reply.warnings);
    }
    echo(shown) {  // a number as it was understood, in the reader's notation
      const set = (name, text) => { const field = this.field(name); if (field && field.inputMode === "decimal" && field !== document.activeElement) field.value = text; };
      if (typeof shown === "string") set("value", shown);
      else if (shown && shown.amount !== undefined) set("amount", shown.amount);
    }
    refused(message) {
      this.flying = null;
      if (this.dirty) return this.send();  // typed on meanwhile: what was refused no longer stands here
      this.dirty = true; this.stopped = true;
      this.say("refused", message);
    }
    wait(message, resend) {
      this.say("device", message);
      if (resend) this.later();
      else this.held = true;
    }
    later(message = texts.device, seconds = 0) {  // not before so many
      this.tries += 1;
      this.say("device", navigator.onLine === false ? texts.offline : message);
      const pause = 1000 * seconds + Math.min(LONGEST_WAIT, 1000 * 2 ** this.tries) * (0.5 + Math.random());
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.send(), pause);
    }
    conflict(reply) {
      this.flying = null; this.dirty = true; this.stopped = true;
      this.say("refused", texts.choose);
      this.box.querySelector("[data-conflict]")?.remove();
      const box = element("div", "conflict");
      box.dataset.conflict = ""; box.dataset.choice = "";
      box.append(element("h3", "", texts.conflict), element("p", "mb-0", texts.conflictWhat.replace("%s", reply.theirs.author)));
      const versions = element("div", "versions");
      const mine = element("div", "version"), theirs = element("div", "version");
      mine.append(element("p", "label", texts.mine), element("p", "", this.inWords()));
      theirs.append(element("p", "label", texts.theirs.replace("%s", reply.theirs.author).replace("%t", reply.theirs.when)));
      for (const line of [...reply.theirs.lines, reply.theirs.reason, reply.theirs.note].filter(Boolean)) theirs.append(element("p", "", line));
      const choose = (label, parent, before) => {
        const button = element("button", "btn btn-quiet btn-sm", label);
        button.type = "button";
        button.addEventListener("click", () => {
          before();
          box.remove();
          this.base.value = reply.head; this.stopped = false; this.touched(true);
          this.box.querySelector("h2").scrollIntoView({ block: "nearest" });
        });
        parent.append(button);
      };
      choose(texts.keepMine, mine, () => {});
      choose(texts.keepTheirs, theirs, () => this.fill(reply.theirs));
      versions.append(mine, theirs);
      box.append(versions);
      this.state.before(box);
    }
    inWords() {
      const special = this.box.querySelector("[data-special]:checked");
      if (special) return special.nextElementSibling.textContent.trim() + " " + (this.field("reason")?.value ?? "");
      const parts = this.fields().filter((field) => /:(value|amount|currency|cell:.*)$/.test(field.name)).flatMap((field) =>
        ["radio", "checkbox"].includes(field.type) ? (field.checked ? [field.getAttribute("aria-label") ?? field.nextElementSibling?.textContent.trim() ?? field.value] : []) : [field.value]);
      const note = this.field("note")?.value ?? "";
      return [...parts, note].filter(Boolean).join("\n");
    }
    fill(version) {
      for (const field of this.fields()) {
        const name = field.name.slice(this.code.length + 1);
        const special = field.hasAttribute("data-special");
        if (special) field.checked = field.value === version.status;
        else if (name === "value" && ["radio", "checkbox"].includes(field.type)) field.checked = version.status === "answered" && [version.value].flat().map(String).includes(field.value);
        else if (name.startsWith("cell:")) field.checked = (version.value ?? {})[name.slice(5)] === field.value;
        else if (name === "amount" || name === "currency") field.value = (version.value ?? {})[name] ?? "";
        else if (name === "value") field.value = version.value ?? "";
        else if (name === "basis") field.checked = field.value === version.basis;
        else if (name === "confidential") field.checked = version.is_confidential;
        else if (name === "reason" || name === "note") field.value = version[name];
      }
      this.showReason();
    }
    showReason() {
      const part = this.box.querySelector("[data-reason]");
      if (part) part.hidden = this.special() !== "not_applicable";
    }
    /* "Don't know", "not applicable" and "none" exclude the rest. */
    settle(field) {
      if (field.type === "checkbox" && field.checked) {
        const others = field.hasAttribute("data-special")
          ? [...this.box.querySelectorAll("input:checked")].filter((other) => other !== field && (other.hasAttribute("data-special") || /:(value|cell:.*)$/.test(other.name)))
          : field.name.endsWith(":value") ? [...this.box.querySelectorAll(`[name="${field.name}"]:checked, [data-special]:checked`)].filter((other) => other !== field && (other.hasAttribute("data-special") || (field.value === "none") !== (other.value === "none"))) : [];
        for (const other of others) other.checked = false;
      } else if (/:(value|amount|cell:.*)$/.test(field.name) && field.type !== "radio" && field.value)
        for (const special of this.box.querySelectorAll("[data-special]:checked")) special.checked = false;
      this.showReason();
    }
    addClear() {
      const group = this.box.querySelector("fieldset");
      if (!group || !group.querySelector("input[type=radio]")) return;
      const button = element("button", "btn btn-link btn-sm", texts.clear);
      button.type = "button";
      button.addEventListener("click", () => {
        for (const radio of group.querySelectorAll("input:checked")) radio.checked = false;
        this.showReason(); this.touched(true); showConditions();
      });
      group.append(button);
    }
    /* The answer as a condition sees it: "" when there is none. */
    given() {
      if (this.box.hidden || this.special()) return null;
      const chosen = this.fields().filter((field) => /:(value|amount|cell:.*)$/.test(field.name) && (!["radio", "checkbox"].includes(field.type) || field.checked) && field.value.trim());
      return chosen.length ? chosen.map((field) => field.name.includes(":cell:") ? `${field.name.split(":cell:")[1]}:${field.value}` : field.value) : null;
    }
  }

  /* ── The page ────────────────────────────────────────────────────────────── */
  const count = () => {
    const bar = document.querySelector("[data-outbox]");
    if (!bar) return;
    const unsent = [...questions.values()].filter((question) => question.unsent);
    const late = unsent.some((question) => question.tries > 0 || question.held);
    const stopped = unsent.find((question) => question.stopped);
    const part = (name) => bar.querySelector(`[data-${name}]`);
    part("outbox-line").hidden = part("send-now").hidden = !late;
    part("outbox-stopped").hidden = !stopped;
    if (stopped) part("outbox-link").href = `#${stopped.code}`;
    part("outbox-count").textContent = unsent.length === 1 ? texts.countOne : texts.count.replace("%s", unsent.length);
    bar.hidden = !late && !stopped;
    document.documentElement.style.setProperty("--outbox", `${bar.offsetHeight}px`);
  };
  const showCounts = (reply) => {
    const { answered, applicable } = reply.section;
    const whole = document.querySelector("[data-section-count]"), here = document.querySelector("[data-here-count]"), sheet = document.querySelector("[data-sheet-count]");
    if (whole) whole.textContent = texts.counted.replace("%a", answered).replace("%b", applicable);
    if (here) here.firstChild.textContent = `${answered}/${applicable}`;
    if (sheet) sheet.textContent = `${reply.sheet.answered}/${reply.sheet.applicable}`;
  };
  const showHidden = (hidden) => { for (const question of questions.values()) question.box.hidden = hidden.includes(question.code); };
  const showWarnings = (warnings) => {
    for (const [code, lines] of Object.entries(warnings)) {
      const place = questions.get(code)?.box.querySelector("[data-warnings]");
      if (place) place.replaceChildren(...lines.map((line) => element("p", "note note-warn mt-2 mb-0", line)));
    }
  };
  const number = (text) => Number(text.replace(/[\s\u00a0\u202f]/g, "").replace(document.documentElement.lang === "fr" ? "," : /,/g, document.documentElement.lang === "fr" ? "." : ""));
  const showConditions = () => {
    for (const question of questions.values()) {
      const { conditionQuestion, conditionOperator, conditionValue } = question.box.dataset;
      const asked = questions.get(conditionQuestion);
      if (!asked) continue;  // an earlier section's: the server said
      const given = asked.given();
      const holds = given !== null && { answered: () => true, is: () => given[0] === conditionValue, is_not: () => given[0] !== conditionValue, includes: () => given.includes(conditionValue), at_least: () => number(given[0]) >= Number(conditionValue) }[conditionOperator]();
      question.box.hidden = !holds;
    }
  };
  const renewToken = async () => {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.href, { headers: { Accept: "text/html" } })).text(), "text/html");
      const fresh = page.querySelector("[name=csrfmiddlewaretoken]");
      if (!fresh) return false;
      for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = fresh.value;
      return true;
    } catch { return false; }
  };
  const flush = (again) => {
    for (const question of questions.values()) {
      if (again) { question.held = false; question.tries = 0; }
      if (question.unsent && !question.held) question.send();
    }
  };

  for (const box of form.querySelectorAll("[data-question]")) {
    const question = new Question(box);
    questions.set(question.code, question);
    if (saves && question.base) question.addClear();
  }
  const questionOf = (target) => questions.get(target.closest("[data-question]")?.dataset.question);
  const isAnswer = (field) => field.name?.includes(":") && field.type !== "file" && !/:(link|evidence-confidential)$/.test(field.name);

  if (saves) {
    form.addEventListener("input", (event) => {
      const question = questionOf(event.target);
      if (!question || !isAnswer(event.target)) return;
      question.settle(event.target);
      question.touched(["radio", "checkbox"].includes(event.target.type));
      showConditions();
    });
    form.addEventListener("focusout", (event) => { const question = questionOf(event.target); if (question?.dirty && isAnswer(event.target) && !question.box.contains(event.relatedTarget)) question.send(); });
    form.addEventListener("submit", (event) => { if (event.submitter?.form === form) { event.preventDefault(); flush(true); } });
    addEventListener("online", () => flush(true));
    document.addEventListener("visibilitychange", () => flush(document.visibilityState === "visible"));
    document.querySelector("[data-send-now]")?.addEventListener("click", () => renewToken().then(() => flush(true)));
    addEventListener("beforeunload", (event) => {
      const link = [...form.querySelectorAll("[name$=':link']")].some((field) => field.value.trim());  // typed, not added
      if (link || [...questions.values()].some((question) => question.unsent)) { flush(); event.preventDefault(); }
    });
    /* A link waits a moment for what is on its way. */
    document.addEventListener("click", async (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.getAttribute("href").startsWith("#")) return;
      if (![...questions.values()].some((question) => question.unsent)) return;
      event.preventDefault();
      flush();
      for (let waited = 0; waited < 4000 && [...questions.values()].some((question) => question.unsent && !question.stopped && !question.held); waited += 100) await new Promise((resolve) => setTimeout(resolve, 100));
      location.href = link.href;
    });
    showConditions();
  }

  window.readiness = { form, texts, token, address, renewToken };  // evidence.js uses them
})();
