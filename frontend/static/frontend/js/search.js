// The search field is a combobox: the list under it comes from the server, the focus stays in the field (ARIA's pattern).
{
  const field = document.getElementById("search");
  const options = document.getElementById("suggestions");
  const all = () => [...options.querySelectorAll("[role=option]")];
  const chosen = () => options.querySelector("[aria-selected=true]");
  const choose = (option) => {
    chosen()?.removeAttribute("aria-selected");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };
  const open = (isOpen) => {
    options.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) choose(null);
  };
  const step = (by) => {
    const list = all();
    const at = list.indexOf(chosen());
    // Before the first and after the last is the field itself.
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by;
    choose(list[next] ?? null);
  };
  if (field && options) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!all().length) return;
        event.preventDefault();
        open(true);
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && !options.hidden && chosen()) {
        event.preventDefault();
        chosen().click();
      } else if (event.key === "Escape") {
        if (options.hidden) field.blur();
        else event.preventDefault();
        open(false);
      }
    });
    field.addEventListener("focus", () => open(all().length > 0));
    field.addEventListener("blur", () => open(false));
    // A press would take the focus away, and the list with it, before it is a click.
    options.addEventListener("mousedown", (event) => event.preventDefault());
    // An answer that comes late takes nothing from who has chosen already.
    let kept = "";
    options.addEventListener("htmx:beforeSwap", () => (kept = chosen()?.getAttribute("href") ?? ""));
    options.addEventListener("htmx:afterSwap", () => {
      open(all().length > 0 && document.activeElement === field);
      choose(all().find((option) => option.getAttribute("href") === kept) ?? null);
    });
    field.form.addEventListener("submit", () => open(false));
  }
}
