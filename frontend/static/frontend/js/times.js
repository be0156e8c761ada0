// Each minute every time that is told as "3 min ago" is told anew, in the words the server used (Intl knows the language).
const UNITS = [["year", 31536000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow", numeric: "always" });
const ago = (stamp) => {
  const seconds = (Date.parse(stamp) - Date.now()) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(seconds > 0 ? Math.round(seconds / length) : Math.trunc(seconds / length), unit);
  }
  return null;
};
const told = new WeakMap();
setInterval(() => {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = ago(time.dateTime);
    // What the server wrote stands until it is no longer true.
    if (text && told.get(time) && told.get(time) !== text) time.textContent = text;
    if (text) told.set(time, text);
  }
}, 60000);
