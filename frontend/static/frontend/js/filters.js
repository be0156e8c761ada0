// The form of the filters stands outside the list that is exchanged: after each step its fields follow the address.
const followAddress = () => {
  const form = document.getElementById("filters");
  if (!form) return;
  const query = new URLSearchParams(location.search);
  for (const field of form.elements) {
    if (!field.name || ["cols", "per"].includes(field.name) || field === document.activeElement) continue;
    const values = query.getAll(field.name);
    if (field.type === "checkbox") field.checked = values.includes(field.value);
    else if (field.type === "radio") field.checked = (values[0] ?? "") === field.value;
    else field.value = values[0] ?? "";
  }
  for (const menu of form.querySelectorAll("details.filter")) {
    menu.open = false;
    const isUsed = [...menu.querySelectorAll("input:checked:not([name=cols], [name=per], [name=rows])")].some((field) => field.value);
    menu.querySelector("summary").classList.toggle("is-on", isUsed);
  }
};
document.addEventListener("htmx:pushedIntoHistory", followAddress);
