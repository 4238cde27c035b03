// The queue by keyboard: the focus itself moves along the list, so a screen reader says each line,
// and one Tab stop leads into it. Single keys can be switched off (they get in the way of dictation).
"use strict";

const KEYS_OFF = "xiangyin.keys.off";
// The list as it was when a petition was opened from it: its query, and the place of the line.
const LEFT = "xiangyin.list";
const OPENED = "xiangyin.opened";
const keys = document.getElementById("keys");
const keysOn = document.getElementById("keys-on");

const lines = () => [...document.querySelectorAll("#list a.title")];

// The one line that Tab leads to.
function rove(current) {
  for (const line of lines()) line.tabIndex = line === current ? 0 : -1;
}

// Where one goes on: at the line opened last, or the one that has come in its place.
function returned() {
  const all = lines();
  const at = sessionStorage.getItem(LEFT) === location.search ? Number(sessionStorage.getItem(OPENED)) : 0;
  return all[Math.min(at, all.length - 1)];
}

function move(step) {
  const all = lines();
  if (all.length === 0) return;
  // The box of a line counts as the line.
  const at = all.indexOf(document.activeElement.closest("#list .item")?.querySelector("a.title"));
  const roving = all.findIndex((line) => line.tabIndex === 0);
  const next = at < 0 ? all[Math.max(roving, 0)] : all[Math.min(Math.max(at + step, 0), all.length - 1)];
  rove(next);
  next.focus();
  next.closest(".item").scrollIntoView({ block: "nearest" });
}

function showKeys() {
  if (!keys.open) keys.showModal();
}

const typing = (field) => field.matches("input:not([name=pick]), select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return;
  if (event.target.matches("#list a.title") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (!keysOn.checked || typing(event.target)) return;
  const act = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.getElementById("q").focus(),
    "?": showKeys,
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("#list a.title")) rove(event.target);
});

document.addEventListener("click", (event) => {
  const line = event.target.closest("#list a.title");
  if (!line) return;
  sessionStorage.setItem(LEFT, location.search.replace(/[?&]done=\w+/, ""));
  sessionStorage.setItem(OPENED, String(lines().indexOf(line)));
});

document.addEventListener("htmx:afterSwap", () => rove(lines()[0]));

const open = document.getElementById("keys-open");
open.hidden = false;
open.addEventListener("click", showKeys);
keysOn.checked = localStorage.getItem(KEYS_OFF) === null;
keysOn.addEventListener("change", () => {
  if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "1");
});
rove(returned());
