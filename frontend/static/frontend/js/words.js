// The parts of this folder are one module, in the order of frontend/assets.py. Words come from the page: it knows the language.
const words = document.body.dataset;
const isShortcutsOn = () => words.shortcuts !== "off";
const say = (text) => {
  const region = document.getElementById("sr-status");
  if (region) region.textContent = text;
};
