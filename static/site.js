/* Small comforts on every page; nothing needs them. */
"use strict";
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.getElementById("errors")?.focus();
const zone = document.querySelector("form:has([autocomplete=new-password]) select[name=time_zone]");  // of an account being opened
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone?.value === "UTC" && [...zone.options].some((option) => option.value === here)) zone.value = here;
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
/* A word is explained where it stands: a tap opens its meaning below the text, another closes it. */
for (const link of document.querySelectorAll("a.term")) { link.setAttribute("role", "button"); link.setAttribute("aria-expanded", "false"); }
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.term");
  const meaning = link && document.querySelector(`${link.getAttribute("href")} dd`);
  if (!meaning) return;
  event.preventDefault();
  const open = link.word?.isConnected;
  if (open) link.word.remove();
  else {
    link.word = document.createElement("span");
    link.word.className = "meaning";
    link.word.setAttribute("role", "status");
    link.after(link.word);
    link.word.textContent = meaning.textContent;
  }
  link.setAttribute("aria-expanded", String(!open));
});
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.("a.term")) { event.preventDefault(); event.target.click(); }
});
