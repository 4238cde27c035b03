// From one petition back to the list as it was left, by its link or by a key; and to what is to be
// done next. Keys are switched off in the list.
"use strict";

const toList = document.querySelector("a[data-list]");
toList.search = sessionStorage.getItem("xiangyin.list") ?? "";

const NEXT = ".part-next :is(textarea, button, summary, input:not([type=hidden]))";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (localStorage.getItem("xiangyin.keys.off") !== null) return;
  if (event.target.matches("input, select, textarea, [contenteditable]")) return;
  const act = {
    u: () => toList.click(),
    n: () => document.querySelector(NEXT)?.focus(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
