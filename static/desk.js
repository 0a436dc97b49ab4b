/* The experts' desk by keys: 1 to 5 choose the level, J and K go on and back. Never while one types, and they can be
   turned off (WCAG 2.1.4). The page works whole without it. */
(() => {
  const form = document.querySelector("[data-desk]"), line = document.querySelector("[data-keys]");
  if (!form || !line) return;
  const stored = () => { try { return localStorage.getItem("desk-keys"); } catch { return null; } };
  const store = (value) => { try { localStorage.setItem("desk-keys", value); } catch { /* this page only */ } };
  const change = line.querySelector("[data-keys-switch]");
  let on = stored() !== "off", touched = false;
  const say = () => { change.textContent = on ? change.dataset.off : change.dataset.on; };
  change.addEventListener("click", () => { on = !on; store(on ? "on" : "off"); say(); });
  say();
  line.hidden = false;
  form.addEventListener("input", () => { touched = true; });
  const typing = (target) => target.closest("textarea, select, input:not([type=radio])") !== null;
  document.addEventListener("keydown", (event) => {
    if (!on || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (/^[1-9]$/.test(event.key)) {
      const level = document.getElementById(`verdict-${event.key}`);
      if (!level) return;
      level.checked = touched = true;
      level.focus();
      event.preventDefault();
    } else if (!touched && (event.key === "j" || event.key === "k")) {
      const address = event.key === "j" ? form.dataset.following : form.dataset.previous;
      if (address) location.href = address;
    }
  });
})();
