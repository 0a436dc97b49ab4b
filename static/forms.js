/* Forms with a text to write, on a line that fails: the page stays until the server has the text, and until then the text
   is kept on this device, for its author alone; it stands in the form again when the page is opened. Questions of a
   section have an outbox of their own (answers.js). Loaded by outbox.js where there is such a form; without it a form
   posts as it is.

   localStorage "readiness-forms-" + the person's public id: by form {made, values, at}: what the form said when
   it came, what was typed, when. The server takes a form once, however often it comes (X-Form, readiness/middleware.py). */
"use strict";
(() => {
  const outbox = window.readinessOutbox, STORE = `readiness-forms-${outbox.person}`, DAYS = 30, PATIENCE = 60000;
  const { texts } = outbox;
  const forms = [...document.querySelectorAll("main form[method=post]")].filter((form) => form.querySelector("textarea:not([readonly])") && !form.querySelector("[type=file], [type=password]"));
  const fields = (form) => [...form.elements].filter((field) => field.name && !field.readOnly && !["hidden", "submit", "button"].includes(field.type) && field.tagName !== "FIELDSET");
  const isOn = (field) => !["radio", "checkbox"].includes(field.type) || field.checked;
  const said = (form) => JSON.stringify(fields(form).flatMap((field) => field.multiple ? [...field.selectedOptions].map((option) => [field.name, option.value]) : isOn(field) ? [[field.name, field.value]] : []));
  /* Where it is sent, for a form that was refused stands again on a page of that address. */
  const goesTo = (form) => new URL(form.getAttribute("action") ?? "", location.href).pathname;
  const name = (form) => `${goesTo(form)} ${forms.filter((other) => goesTo(other) === goesTo(form)).indexOf(form)}`;

  const stored = () => { try { return JSON.parse(localStorage[STORE] ?? "{}"); } catch { return {}; } };
  const store = (all) => { try { if (Object.keys(all).length) localStorage[STORE] = JSON.stringify(all); else localStorage.removeItem(STORE); return true; } catch { return false; } };
  const keep = (form) => { form.isKept = form.isTyped && store({ ...stored(), [name(form)]: { made: form.made, values: said(form), at: Date.now() } }); };
  const drop = (form) => { form.isTyped = false; const { [name(form)]: _sent, ...others } = stored(); store(others); };

  const say = (form, text, kind) => {
    form.state ??= Object.assign(document.createElement("p"), { role: "status" });
    form.state.className = `state mt-2 state-${kind}`;
    if (!form.state.isConnected) (form.querySelector("button:not([type=button])") ?? form.lastElementChild).after(form.state);
    form.state.textContent = text;
  };
  const fill = (form, values) => {
    const pairs = JSON.parse(values);
    for (const field of fields(form)) {
      const given = pairs.filter(([key]) => key === field.name).map(([, value]) => value);
      if (["radio", "checkbox"].includes(field.type)) field.checked = given.includes(field.value);
      else if (field.multiple) for (const option of field.options) option.selected = given.includes(option.value);
      else if (given.length) field.value = given[0];
    }
    form.isTyped = true;
    for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  };
  /* What was typed before: in the form again, or beside it where the form says something else by now. */
  const takes = (form, { made, values, at }) => {
    if (said(form) === values) return drop(form);
    const when = new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { dateStyle: "long", timeStyle: "short" }).format(new Date(at));
    if (made === form.made) { fill(form, values); return say(form, texts.formBack.replace("%s", when), "device"); }
    say(form, texts.formOther.replace("%s", when), "device");
    const use = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-sm d-block mt-2", textContent: texts.formUse });
    use.addEventListener("click", () => { fill(form, values); keep(form); form.state.textContent = ""; });
    form.state.append(use);
  };

  /* Goes by itself as long as the page is open and the text is the same: the server takes it once. */
  const later = (form, submitter) => {
    say(form, form.isKept ? texts.formKept : texts.formHere, "device");
    form.tries = (form.tries ?? 0) + 1;
    const go = () => { stop(); form.isBusy = true; send(form, submitter); };
    const stop = form.stop = () => { clearTimeout(timer); removeEventListener("online", go); };
    const timer = setTimeout(go, Math.min(PATIENCE, 2000 * 2 ** form.tries));
    addEventListener("online", go);
  };
  const send = async (form, submitter, again = true) => {
    const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    if (submitter?.name) body.append(submitter.name, submitter.value);
    const address = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
    let response = null, reply = {};
    try {
      response = await fetch(address, { method: "POST", body, signal: AbortSignal.timeout?.(PATIENCE), headers: { Accept: "application/json", "X-Form": form.sendId } });
      if (response.headers.get("Content-Type")?.startsWith("application/json")) reply = await response.json();
    } catch { response = null; }
    const status = response?.status ?? 0;
    if (status === 204) {
      drop(form);
      const to = new URL(response.headers.get("X-Location"), location.href), isHere = to.pathname + to.search === location.pathname + location.search;
      if (!isHere) return location.assign(to);
      history.replaceState(null, "", to);
      return location.reload();
    }
    if ((status === 401 || reply.problem === "csrf") && again && (await outbox.renewToken())) return send(form, submitter, false);
    form.isBusy = false;
    if (status === 409 && reply.message) return say(form, reply.message, "refused");
    if (status === 401) return say(form, texts.formSignedOut, "device");
    if (!status || status === 429 || status >= 500) return later(form, submitter);
    form.isPlain = true;  // the server says on a page of its own what is wrong
    form.requestSubmit(submitter);
  };

  for (const form of forms) {
    form.made = said(form);
    let waiting = 0;
    form.addEventListener("input", () => {
      form.isTyped = true;
      form.sendId = null;
      form.tries = 0;
      form.stop?.();
      clearTimeout(waiting);
      waiting = setTimeout(keep, 300, form);
    });
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented || form.isPlain) return;
      event.preventDefault();
      if (form.isBusy) return;
      form.isBusy = form.isTyped = true;
      form.stop?.();
      keep(form);
      say(form, texts.formSending, "sending");
      form.sendId ??= outbox.newId();
      send(form, event.submitter);
    });
    const before = stored()[name(form)];
    if (before) takes(form, before);
  }
  const keepAll = () => { for (const form of forms) keep(form); };
  addEventListener("pagehide", keepAll);
  document.addEventListener("visibilitychange", keepAll);
  addEventListener("beforeunload", (event) => { keepAll(); if (forms.some((form) => form.isTyped && !form.isKept && !form.isPlain)) event.preventDefault(); });
  const young = Object.entries(stored()).filter(([, { at }]) => Math.abs(Date.now() - at) < DAYS * 86400000);
  store(Object.fromEntries(young));
})();
