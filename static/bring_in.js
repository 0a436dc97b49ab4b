/* Answers from a file that the outbox wrote on another device or before: shown, then put among those to send. Each has
   the save id it had, so the same file twice saves nothing twice. Stands on outbox.js. */
"use strict";
(() => {
  const place = document.querySelector("[data-bring-in]"), outbox = window.readinessOutbox;
  if (!place || !outbox) return;
  const texts = place.dataset, part = (name) => place.querySelector(`[data-${name}]`);
  const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", IS_ID = new RegExp(`^${UUID}$`);
  const IS_SAVE = new RegExp(`^/projects/${UUID}/sheets/[\\w-]+/answers/[\\w.%-]+/$`), IS_PAGE = new RegExp(`^/projects/${UUID}/sheets/[\\w-]+/sections/[\\w.%-]+/$`);
  let answers = [];

  /* What may be sent of it: only answers, only to where answers are saved. */
  const isAnswer = ({ url, page, code, save_id: id, base, language, fields, answer, question, place: where }) =>
    IS_SAVE.test(url) && IS_PAGE.test(page) && IS_ID.test(id) && Number.isInteger(base) && [code, language, answer, question, where].every((text) => typeof text === "string") &&
    Array.isArray(fields) && fields.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === "string") && pair[0].startsWith(`${code}:`));
  const read = async (file) => {
    answers = [];
    try {
      const text = await file.text(), page = new DOMParser().parseFromString(text, "text/html");
      const read = JSON.parse(text.startsWith("{") ? text : page.querySelector("script[type='application/json']").textContent);
      if (read.format !== "readiness-outbox" || read.version > 1) return texts.unknown;
      if (read.person !== outbox.person) return texts.other.replace("%s", String(read.name ?? ""));
      if (!Array.isArray(read.answers) || !read.answers.every(isAnswer)) return texts.unknown;
      answers = read.answers;
    } catch { return texts.unknown; }
    return answers.length === 1 ? texts.one : texts.several.replace("%s", answers.length);
  };
  part("file").addEventListener("click", (event) => { event.target.value = ""; });  // the same file may be chosen again
  part("file").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    part("said").textContent = await read(file);
    part("list").replaceChildren(...answers.map(({ code, question, answer }) => {
      const entry = document.createElement("li"), name = document.createElement("p"), text = document.createElement("bdi");
      name.className = "strong mb-0";
      name.textContent = `${code} · ${question}`;
      text.textContent = answer;
      entry.append(name, text);
      return entry;
    }));
    part("send").hidden = !answers.length;
  });
  part("send").addEventListener("click", async () => {
    part("send").hidden = true;
    await outbox.ready;
    const told = { saved: 0, kept: 0 };
    const say = () => {
      const left = answers.length - told.saved - told.kept;
      part("said").textContent = [texts.saved.replace("%s", told.saved), told.kept && texts.kept.replace("%s", told.kept), left && texts.left.replace("%s", left)].filter(Boolean).join(" ");
    };
    const watcher = { show(kind) {
      if (kind === "saved") told.saved += 1;
      if (kind === "conflict" || kind === "closed") told.kept += 1;
      say();
    } };
    say();
    await outbox.bringIn(answers, watcher);
    part("file").value = "";
  });
})();
