// The log of a job that runs: kept at its end while it is followed, and never more than a window of its lines.
const MOST_LINES = 2000;
const followed = () => document.querySelector("[data-follow]");
const isFollowing = () => followed()?.getAttribute("aria-pressed") === "true";
const toItsEnd = () => {
  const log = document.querySelector(".log");
  if (log && isFollowing()) log.scrollTop = log.scrollHeight;
};
const setFollowing = (isOn) => {
  followed()?.setAttribute("aria-pressed", String(isOn));
  toItsEnd();
};
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-follow]")) setFollowing(!isFollowing());
});
// Whoever scrolls back reads: what comes meanwhile is asked for when he follows again.
document.querySelector(".log")?.addEventListener("scroll", (event) => {
  const { scrollTop, scrollHeight, clientHeight } = event.target;
  const isAtEnd = scrollHeight - scrollTop - clientHeight < 24;
  if (followed() && isAtEnd !== isFollowing()) followed().setAttribute("aria-pressed", String(isAtEnd));
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches(".log-tail") && !isFollowing()) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", () => {
  const lines = [...document.querySelectorAll(".log li:not(.log-tail)")];
  const over = lines.length - MOST_LINES;
  if (over > 0) {
    for (const line of lines.slice(0, over)) line.remove();
    const earlier = document.querySelector("[data-log-earlier]");
    const page = new URL(earlier.href);
    page.searchParams.set("before", lines[over].id.replace("line-", ""));
    page.searchParams.delete("after");
    page.hash = "log";
    earlier.href = page;
    earlier.parentElement.hidden = false;
  }
  toItsEnd();
  const button = followed();
  if (button && button !== document.activeElement) button.hidden = !document.querySelector(".log-tail");
});
toItsEnd();
