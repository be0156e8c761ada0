// Single keys, off in the preferences (WCAG 2.1.4), and never where somebody types. The help page has the list of them.
const isTyping = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") != null;
const rows = () => [...document.querySelectorAll("#list tbody tr, .hits li")];
const move = (step) => {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.querySelector("th a, td a, .hit a")?.focus();
};
const inRow = (selector) => document.activeElement.closest?.("tr, .hits li")?.querySelector(selector)?.click();
// What cannot be done on this page does nothing: its link or button is not there.
const press = (selector) => document.querySelector(selector)?.click();
const goTo = { h: "/", p: "/projects", a: "/audit", j: "/jobs", s: "/me/preferences, /preferences" };
const go = (paths) => press(paths.split(", ").map((path) => `a[href="${path}"], a[href^="${path}?next="]`).join(", "));
const switchTheme = () => {
  const dark = document.documentElement.dataset.bsTheme === "dark";
  press(`form[action="/preferences/theme"] button[value="${dark ? "light" : "dark"}"]`);
};
const search = () => {
  const field = [...document.querySelectorAll("#search, form[role=search] input[name=q]")].find((each) => each.offsetParent);
  field?.focus();
  field?.select();
};
const acts = {
  "/": search,
  "?": () => press("a[href$='/help'], a[href='/help#shortcuts']"),
  j: () => move(1),
  k: () => move(-1),
  o: () => inRow("th a, td a, .hit a"),
  x: () => inRow("input[name=selected]"),
  y: () => (document.activeElement.closest?.("tr") ? inRow(".menu [data-copy]") : press(".cmd [data-copy]")),
  d: () => inRow(".copy[data-copy]"),
  c: () => press("[data-when-selected]:not([hidden]) button[formaction*='/compare']:not([hidden])"),
  f: () => document.querySelector(".filters input:not([type=hidden])")?.focus(),
  t: switchTheme,
};
let isGoing = false;
document.addEventListener("keydown", (event) => {
  if (!isShortcutsOn() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (isGoing) {
    isGoing = false;
    if (goTo[event.key]) go(goTo[event.key]);
    return;
  }
  if (event.key === "g") {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
    return;
  }
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
