// Around the requests of htmx: the token against CSRF, what is busy, no polling in a hidden tab, and where the focus goes.
const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf();
});
// What a page asks by itself moves no focus, and says nothing where it fails: it asks again.
const quiet = new WeakSet();
document.addEventListener("htmx:beforeRequest", (event) => {
  const trigger = event.detail.elt.getAttribute("hx-trigger") ?? "";
  const isPolling = trigger.includes("every");
  if (isPolling && document.hidden) {
    event.preventDefault();
    return;
  }
  if (isPolling || trigger.includes("revealed")) {
    quiet.add(event.detail.xhr);
    return;
  }
  event.detail.target?.setAttribute("aria-busy", "true");
  document.documentElement.classList.add("busy");
});
const atRest = (event) => {
  event.detail.target?.removeAttribute("aria-busy");
  document.documentElement.classList.remove("busy");
};
document.addEventListener("htmx:afterRequest", atRest);
document.addEventListener("htmx:afterSettle", (event) => {
  const list = document.getElementById("list");
  const target = event.detail.target.isConnected ? event.detail.target : (list ?? document.body);
  showAllSelected(document);
  if (quiet.has(event.detail.xhr)) return;
  // What had the focus is gone, or hidden and will lose it with the next frame: on to the heading of what came.
  const focused = document.activeElement;
  if (focused !== document.body && focused.checkVisibility()) return;
  const heading = target.querySelector("[data-focus]") ?? document.getElementById("main");
  heading?.focus({ preventScroll: true });
});
document.addEventListener("htmx:responseError", (event) => {
  // Signed out meanwhile: the page says so better than a fragment.
  const { status, responseText } = event.detail.xhr;
  if (status === 401) location.reload();
  else if (!quiet.has(event.detail.xhr)) toast((event.detail.xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/plain") ? responseText : words.failed);
});
const unanswered = (event) => quiet.has(event.detail.xhr) || toast(words.offline);
document.addEventListener("htmx:sendError", unanswered);
document.addEventListener("htmx:timeout", unanswered);
