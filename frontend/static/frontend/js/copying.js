// Buttons with data-copy. Without https there is no clipboard for scripts: an old way, which works there, is the second.
const copyOldWay = (text) => {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
};
const copy = async (text) => {
  if (!navigator.clipboard) return copyOldWay(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text);
  }
};
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const isCopied = await copy(button.dataset.copy || location.href);
  button.focus();
  button.classList.toggle("copied", isCopied);
  say(isCopied ? words.copied : words.notCopied);
  setTimeout(() => button.classList.remove("copied"), 1500);
});
