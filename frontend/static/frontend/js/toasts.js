// At most three; those that tell of success go after six seconds unless somebody looks at them.
const MOST = 3;
const SECONDS = 6;
const toasts = document.getElementById("toasts");
const toast = (text) => {
  const made = document.createElement("div");
  made.className = "toast-w note-danger";
  made.setAttribute("role", "alert");
  made.dataset.toast = "stays";
  const line = document.createElement("p");
  line.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "copy";
  close.dataset.close = "";
  close.setAttribute("aria-label", words.close);
  close.textContent = "×";
  made.append(line, close);
  toasts.append(made);
};
const leave = (made) => {
  if (!made.isConnected) return;
  if (made.matches(":hover, :focus-within")) setTimeout(() => leave(made), 1000 * SECONDS);
  else made.remove();
};
new MutationObserver(() => {
  while (toasts.children.length > MOST) toasts.firstElementChild.remove();
  for (const made of toasts.querySelectorAll("[data-toast=goes]:not([data-seen])")) {
    made.dataset.seen = "";
    setTimeout(() => leave(made), 1000 * SECONDS);
  }
}).observe(toasts, { childList: true });
document.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest("[data-toast]")?.remove());

// Beside a password: what was typed, while the button is pressed in.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveals]");
  if (!button) return;
  const field = document.getElementById(button.dataset.reveals);
  const isShown = field.type === "password";
  field.type = isShown ? "text" : "password";
  button.setAttribute("aria-pressed", String(isShown));
});
