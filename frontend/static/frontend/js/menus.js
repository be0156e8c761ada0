// <details class="menu"> opens by itself. Here: Escape and a click elsewhere close it, and the focus goes back to where it was.
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
});
// A filter at the end of its line opens to its other side; what does not bubble is caught on its way down.
document.addEventListener("toggle", ({ target: menu }) => {
  if (!menu.open || !menu.matches("details.filter:not(#filter-cols)")) return;
  const room = document.documentElement.clientWidth - menu.getBoundingClientRect().left;
  menu.classList.toggle("end", menu.querySelector(".menu-list").offsetWidth > room);
}, true);
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// Rows that scroll sideways begin at what is chosen in them, so that a phone shows where one is.
for (const row of document.querySelectorAll(".tabs, .cbox-tools")) {
  const chosen = row.querySelector(":scope > [aria-current]");
  if (chosen) row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.offsetWidth) / 2;
}
