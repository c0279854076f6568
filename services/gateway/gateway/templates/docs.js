"use strict";
// What the page can do beyond being read: search, copy, and say where it was loaded from. It asks nothing of anybody.
const field = document.getElementById("search");
const found = document.getElementById("found");
const operations = [...document.querySelectorAll("article.operation")];
const articles = [...document.querySelectorAll("article")];
const sections = [...document.querySelectorAll("main > section")];
const groups = [...document.querySelectorAll("nav details")];
const entries = [...document.querySelectorAll("nav li")];

function matches(article, words) {
  const text = article.dataset.find.toLowerCase();
  const codes = (article.dataset.codes || "").split(" ");
  return words.every((word) => text.includes(word) || codes.includes(word));
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const article of articles) article.hidden = !matches(article, words);
  for (const section of sections) section.hidden = words.length > 0 && !section.querySelector("article:not([hidden])");
  for (const entry of entries) {
    const target = document.getElementById(entry.firstElementChild.hash.slice(1));
    entry.hidden = target.hidden || target.closest("section").hidden;
  }
  for (const group of groups) {
    group.hidden = !group.querySelector("li:not([hidden])");
    group.open = words.length > 0 && !group.hidden;
  }
  const count = operations.filter((operation) => !operation.hidden).length;
  found.textContent = words.length === 0 ? "" : count === 0 ? "No operation is like that." : count === 1 ? "1 operation" : `${count} operations`;
  if (words.length > 0) scrollTo(0, 0);
}

function clear() {
  field.value = "";
  search();
}

// A link leads to what it names, also where a search hides it.
function show() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (!target.checkVisibility()) clear();
  const entry = entries.find((each) => each.firstElementChild.hash === location.hash);
  for (const each of entries) each.firstElementChild.removeAttribute("aria-current");
  if (entry) {
    entry.firstElementChild.setAttribute("aria-current", "true");
    if (entry.closest("details")) entry.closest("details").open = true;
  }
  target.scrollIntoView();
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

document.getElementById("origin").textContent = location.origin;
document.querySelector(".search").hidden = false;
for (const example of document.querySelectorAll("pre.copied")) {
  const button = document.createElement("button");
  const text = example.textContent;
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-description", example.dataset.of || "first steps");
  button.addEventListener("click", () => copy(button, text));
  example.append(button);
}
field.addEventListener("input", search);
field.addEventListener("keydown", (event) => {
  const first = operations.find((operation) => !operation.hidden);
  if (event.key === "Enter" && field.value && first) {
    location.hash = first.id;
    first.querySelector(".here").focus({ preventScroll: true });
  }
});
addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("input, textarea, [contenteditable]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "Escape") {
    clear();
  }
});
addEventListener("hashchange", show);
show();
