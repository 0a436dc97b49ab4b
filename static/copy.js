// Beside every read-only field with data-copy: a button that copies it. Without this script one selects by hand.
for (const field of document.querySelectorAll("input[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-sm mt-1";
  button.textContent = field.dataset.copy;
  const state = document.createElement("span");
  state.className = "small quiet ms-2";
  state.setAttribute("role", "status");
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // where the page is not served over https
    }
    state.textContent = field.dataset.copied;
  });
  field.after(button, state);
}
