/* Evidence beside a question: files and links leave at once. Without this script they go with the section's plain form.
   Stands on answers.js. */
"use strict";
(() => {
  if (!window.readiness) return;
  const { form, texts, token, address, renewToken } = window.readiness;

  const sendEvidence = async (place, code) => {
    const body = new FormData();
    for (const field of place.querySelectorAll("input")) {
      if (field.type === "file") for (const file of field.files) body.append(field.name, file);
      else if (field.type !== "checkbox" || field.checked) body.append(field.name, field.value);
    }
    const state = place.querySelector("[data-upload]");
    const say = (kind, text) => { state.hidden = false; state.className = `state state-${kind}`; state.textContent = text; };
    say("sending", texts.uploading ?? "…");
    try {
      let response = null;
      for (let attempt = 0; attempt < 2; attempt += 1) {
        response = await fetch(address(form.dataset.evidenceUrl, code), { method: "POST", body, headers: { "X-CSRFToken": token() } });
        if (response.status !== 403 || !(await renewToken())) break;
      }
      if (response.status === 200 || response.status === 422) {
        place.innerHTML = await response.text();
        prepareEvidence(place);
        (place.querySelector("[role=alert]") ?? place.querySelector("summary"))?.scrollIntoView({ block: "nearest" });
        return;
      }
    } catch { /* said below */ }
    say("refused", texts.uploadFailed ?? "!");
  };
  const prepareEvidence = (place) => {
    const code = place.dataset.evidence;
    place.querySelector("[data-file]")?.addEventListener("change", () => sendEvidence(place, code));
    const button = place.querySelector("[data-add-link]");
    if (button) { button.hidden = false; button.addEventListener("click", () => sendEvidence(place, code)); }
  };
  for (const place of form.querySelectorAll("[data-evidence]")) prepareEvidence(place);
})();
