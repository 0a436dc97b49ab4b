/* Each answer saves by itself: 1.5 s after the last key or on leaving the field. What was typed goes to the outbox
   (outbox.js), which keeps and sends it; beside each answer stands where it is: on this device, sending, saved. Without
   this script the section posts as a plain form. */
"use strict";
(() => {
  const form = document.getElementById("answers"), outbox = window.readinessOutbox;
  if (!form || !outbox) return;
  const texts = { ...outbox.texts, ...document.getElementById("texts")?.dataset };
  const saves = "sheet" in form.dataset;
  const questions = new Map();

  const address = (template, code) => template.replace("CODE", encodeURIComponent(code));
  const element = (name, classes, text) => Object.assign(document.createElement(name), { className: classes, textContent: text });

  /* ── One question ────────────────────────────────────────────────────────── */
  class Question {
    constructor(box) {
      this.box = box;
      this.code = box.dataset.question;
      this.state = box.querySelector("[data-state]");
      this.base = box.querySelector("[data-base]");
      this.url = saves ? address(form.dataset.saveUrl, this.code) : "";
      this.record = null;      // what the outbox holds of it
      this.isCounted = false;  // as answered, in the counts that the server gave
    }
    field(name) { return this.box.querySelector(`[name="${this.code}:${name}"]`); }
    fields() {
      return [...this.box.querySelectorAll("input, textarea, select")].filter(
        (field) => field.name.startsWith(this.code + ":") && field.type !== "file" && !/:(link|evidence-confidential|base|save_id)$/.test(field.name));
    }
    get unsent() { return Boolean(this.record?.flying || this.record?.next); }
    special() { return this.box.querySelector("[data-special]:checked")?.value ?? ""; }
    say(kind, text) {
      this.state.hidden = false;
      this.state.className = "state is-live mt-2" + (kind ? ` state-${kind}` : "");
      if (this.state.textContent !== text) this.state.textContent = text;
    }
    pairs() {
      return this.fields().filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked).map((field) => [field.name, field.value]);
    }
    /* A date of which the browser gives nothing on, because a part of it is missing. */
    isHalf() { return this.fields().some((field) => field.validity.badInput); }
    needsReason() { return this.special() === "not_applicable" && !this.field("reason").value.trim(); }
    touched(now, more = [], after = more.length > 0) {
      this.record ??= outbox.record({
        url: this.url, page: location.pathname, code: this.code, shownBy: this,
        question: this.box.querySelector("h2").textContent.replace(this.box.querySelector("h2 .code").textContent, "").trim(), place: document.title,
      });
      outbox.type(this.record, { base: Number(this.base.value), fields: [...this.pairs(), ...more], words: this.inWords(), missing: this.needsReason() || this.isHalf() }, now, after);
    }
    send() { if (this.record) outbox.send(this.record); }

    /* Where the text is, as the outbox tells it. */
    show(kind, record, reply) {
      if (kind === "sending") return this.say("sending", texts.sending);
      if (kind === "saved") return this.saved(record, reply);
      if (kind === "conflict") return reply.theirs ? this.conflict(reply) : this.say("refused", texts.choose);
      if (kind === "held") return this.say("device", this.isHalf() ? texts.half : texts.reason);
      if (kind === "ended") return this.say("device", texts.ended);
      if (kind === "refused" || kind === "closed") return this.say("refused", record.message);
      const kept = outbox.keepsNothing() ? texts.page : texts.device;
      this.say("device", navigator.onLine === false ? `${kept} ${texts.offline}` : record.why || kept);
    }
    saved(record, reply) {
      this.base.value = reply.number;
      this.box.querySelector("[data-conflict]")?.remove();
      this.hideProposal();
      this.isCounted = this.isAnswered();
      if (!record.next) { this.echo(reply.shown); this.say("", this.setAside ? `${reply.message} ${texts.setAside}` : reply.message); this.setAside = false; }
      showCounts(reply);
      showHidden(reply.hidden);
      showWarnings(reply.warnings);
    }
    echo(shown) {  // a number as it was understood, in the reader's notation
      const set = (name, text) => { const field = this.field(name); if (field && field.inputMode === "decimal" && field !== document.activeElement) field.value = text; };
      if (typeof shown === "string") set("value", shown);
      else if (shown && shown.amount !== undefined) set("amount", shown.amount);
    }
    /* What an earlier page left stands in the fields again, based on what its author had seen. */
    takes(record) {
      if (record.state === "conflict" && !record.next) { record.shownBy = this; return; }  // the page shows both
      const text = record.then ?? record.next ?? record.flying;
      record.shownBy = this;
      this.record = record;
      this.fill(text.fields);
      this.base.value = (record.flying ?? record.next).base;
      this.hideProposal();
      this.show(record.state || "device", record, {});
      showConditions();
    }
    /* Another page of the same person saved it; nothing is typed here. */
    savedElsewhere({ fields, number, message, ...counts }) {
      if (this.unsent || number <= Number(this.base.value)) return;
      this.fill(fields);
      this.base.value = number;
      this.say("", message);
      this.isCounted = this.isAnswered();
      if (counts.section && !(told?.at > counts.at)) showCounts(counts);
      showConditions();
    }
    fill(pairs) {
      for (const field of this.fields()) {
        if (field.type === "hidden") continue;  // for whom the page says that it is typed in
        const given = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
        if (["radio", "checkbox"].includes(field.type)) field.checked = given.includes(field.value);
        else if (given.length || field.tagName !== "SELECT") field.value = given[0] ?? "";
        const fold = field.closest("details");
        if (fold && (["radio", "checkbox"].includes(field.type) ? field.checked : field.value)) fold.open = true;
      }
      this.showReason();
    }
    /* Two answers stand in a box that the server made; one is chosen, based on the answer that stands. */
    conflict(reply) {
      this.say("refused", texts.choose);
      this.box.querySelector("[data-conflict]")?.remove();
      this.state.insertAdjacentHTML("afterend", reply.box);
      this.offerChoice();
    }
    offerChoice() {
      const box = this.box.querySelector("[data-conflict]");
      for (const button of box?.querySelectorAll("[data-keep]") ?? []) {
        button.hidden = false;
        button.addEventListener("click", () => {
          const isTyped = (this.unsent || this.record?.state === "conflict") && "mine" in button.dataset;  // it stands in the fields, perhaps mended
          const typedSince = this.unsent && !isTyped;  // goes first, to be kept beside: the choice does not take its place
          if (!isTyped) this.fill(JSON.parse(button.dataset.keep));
          this.base.value = box.dataset.head;
          box.remove();
          if (this.record) { this.record.state = ""; this.record.then = null; }
          this.touched(true, [], typedSince);
          this.setAside = "theirs" in button.dataset;
          this.focus();
        });
      }
    }
    focus() {
      (this.fields().find((field) => field.matches("textarea, :checked") && !field.closest("[hidden], details:not([open])")) ?? this.fields()[0]).focus();
      this.box.querySelector("h2").scrollIntoView({ block: "nearest" });
    }
    /* What is proposed becomes the answer, by the outbox like anything typed, and after what was typed before. */
    confirm(pairs) {
      if (this.record?.state === "conflict") return this.say("refused", texts.choose);
      this.fill(pairs);
      this.touched(true, pairs.filter(([name]) => name === `${this.code}:proposal`));
      this.hideProposal();
      this.focus();
      showConditions();
    }
    hideProposal() {  // where the question has an answer
      const part = this.box.querySelector("[data-proposal]");
      if (part) part.hidden = Boolean(this.given() || this.special());
    }
    inWords() {
      const special = this.box.querySelector("[data-special]:checked");
      if (special) return special.nextElementSibling.textContent.trim() + " " + (this.field("reason")?.value ?? "");
      const parts = this.fields().filter((field) => /:(value|amount|currency|cell:.*)$/.test(field.name)).flatMap((field) =>
        ["radio", "checkbox"].includes(field.type) ? (field.checked ? [field.getAttribute("aria-label") ?? field.nextElementSibling?.textContent.trim() ?? field.value] : []) : [field.value]);
      const note = this.field("note")?.value ?? "";
      return [...parts, note].filter(Boolean).join("\n");
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
    /* Whether it counts, and has an answer. */
    isAnswered() { return "core" in this.box.dataset && Boolean(this.base) && !this.box.hidden && Boolean(this.given() || this.special()); }
    /* The answer as a condition sees it: "" when there is none. */
    given() {
      if (this.box.hidden || this.special()) return null;
      const chosen = this.fields().filter((field) => /:(value|amount|cell:.*)$/.test(field.name) && (!["radio", "checkbox"].includes(field.type) || field.checked) && field.value.trim());
      return chosen.length ? chosen.map((field) => field.name.includes(":cell:") ? `${field.name.split(":cell:")[1]}:${field.value}` : field.value) : null;
    }
  }

  /* ── The page ────────────────────────────────────────────────────────────── */
  /* What the server counted last, and what was typed since: without a line, too, nothing seems to be undone. */
  let told = null;
  const showCounts = (reply = told) => {
    if (!reply) return;
    told = reply;
    const typed = [...questions.values()].reduce((sum, question) => sum + question.isAnswered() - question.isCounted, 0);
    const { applicable } = reply.section, answered = Math.min(reply.section.answered + typed, applicable);
    const whole = document.querySelector("[data-section-count]"), here = document.querySelector("[data-here-count]"), sheet = document.querySelector("[data-sheet-count]");
    if (whole) whole.textContent = texts.counted.replace("%a", answered).replace("%b", applicable);
    if (here) here.firstChild.textContent = `${answered}/${applicable}`;
    if (sheet) sheet.textContent = `${Math.min(reply.sheet.answered + typed, reply.sheet.applicable)}/${reply.sheet.applicable}`;
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
    showCounts();
  };
  const flush = () => { for (const question of questions.values()) question.send(); };

  for (const box of form.querySelectorAll("[data-question]")) {
    const question = new Question(box);
    questions.set(question.code, question);
    question.isCounted = question.isAnswered();
    if (saves && question.base) { question.addClear(); question.offerChoice(); outbox.bind(question.url, question); }
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
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-confirm]");
      if (!button) return;
      event.preventDefault();  // else it posts as a form of its own
      questionOf(button).confirm(JSON.parse(button.dataset.confirm));
    });
    form.addEventListener("focusout", (event) => { const question = questionOf(event.target); if (question?.unsent && isAnswer(event.target) && !question.box.contains(event.relatedTarget)) question.send(); });
    form.addEventListener("submit", (event) => { if (event.submitter?.form === form) { event.preventDefault(); flush(); } });
    const isTyped = () => [...questions.values()].some((question) => question.unsent);
    let goesOn = false;  // to another page of this site, which sends what is on this device
    addEventListener("beforeunload", (event) => {
      const link = [...form.querySelectorAll("[name$=':link']")].some((field) => field.value.trim());  // typed, not added
      if (link || (isTyped() && !goesOn && !outbox.isReadAnew())) { flush(); event.preventDefault(); }
      goesOn = false;
    });
    /* A link waits a moment for what is on its way. */
    document.addEventListener("click", async (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
      if (!isTyped()) return;
      event.preventDefault();
      flush();
      const isWaiting = (question) => question.unsent && !question.record.state;
      for (let waited = 0; waited < 4000 && !outbox.isSlow() && [...questions.values()].some(isWaiting); waited += 100) await new Promise((resolve) => setTimeout(resolve, 100));
      goesOn = link.origin === location.origin && !outbox.keepsNothing();
      location.href = link.href;
    });
    told = form.dataset.counts ? JSON.parse(form.dataset.counts) : null;
    showConditions();
  }
})();
