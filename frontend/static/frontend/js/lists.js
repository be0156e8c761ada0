// Lists: "select all", the bar of what is done with the selected, and forms of filters that send themselves.
const boxes = (table) => [...table.querySelectorAll("tbody input[type=checkbox][name=selected]")];
const showSelected = (form) => {
  const all = boxes(form);
  const count = all.filter((box) => box.checked).length;
  for (const box of all) box.closest("tr")?.classList.toggle("sel", box.checked);
  const head = form.querySelector("[data-select-all]");
  if (head) {
    head.checked = count > 0 && count === all.length;
    head.indeterminate = count > 0 && count < all.length;
  }
  for (const place of form.querySelectorAll("[data-selected-count]")) place.textContent = count;
  for (const bar of form.querySelectorAll("[data-when-selected]")) bar.hidden = count === 0;
  for (const act of form.querySelectorAll("[data-takes]")) act.hidden = count !== Number(act.dataset.takes);
};
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-selects]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) {
    for (const box of boxes(form)) box.checked = event.target.checked;
  }
  showSelected(form);
});
document.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-clear-selection]");
  if (!clear) return;
  const form = clear.closest("form[data-selects]");
  for (const box of boxes(form)) box.checked = false;
  showSelected(form);
});
const showAllSelected = (root) => {
  for (const form of root.querySelectorAll?.("form[data-selects]") ?? []) showSelected(form);
};
showAllSelected(document);

// For other forms that are sent as somebody types.
let typing = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (!form) return;
  clearTimeout(typing);
  typing = setTimeout(() => form.requestSubmit(), event.target.matches("input[type=search], input[type=text]") ? 300 : 0);
});
