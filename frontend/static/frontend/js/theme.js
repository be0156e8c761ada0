// Before the first paint: what "as the system has it" means here, so that no page flashes.
(function () {
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function set() {
    if (root.dataset.theme === "auto") root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  }
  set();
  dark.addEventListener("change", set);
  root.classList.add("scripted");
})();
