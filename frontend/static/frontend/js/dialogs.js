// Links with data-dialog lead to a page of their own. Here its form opens over the page: native <dialog>, which keeps the focus.
const openDialog = async (link) => {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = page.querySelector("[data-dialog-body]");
  // Something else came, such as the page to sign in: go there.
  if (!answer.ok || answer.redirected || !body) return location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const title = document.createElement("h2");
  title.id = "dialog-title";
  title.textContent = page.querySelector("h1")?.textContent ?? "";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(title, document.adoptNode(body));
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    (link.isConnected ? link : document.querySelector("[data-focus], #main"))?.focus();
  });
  dialog.showModal();
  (dialog.querySelector("input:not([type=hidden]), select, textarea") ?? dialog.querySelector("[data-dialog-close]"))?.focus();
};
document.addEventListener("click", (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-dialog]");
  const away = event.target.closest("dialog a[data-dialog-close]");
  if (!link && !away) return;
  event.preventDefault();
  if (away) away.closest("dialog").close();
  else openDialog(link).catch(() => location.assign(link.href));
});
