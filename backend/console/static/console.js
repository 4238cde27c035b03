// What the officials' pages do beyond htmx: find an office in a long list, keep a half-written
// answer when another part of the page changes, and say so when the network fails.
"use strict";

const drafts = new Map();

function say(words) {
  const line = document.getElementById("toast");
  line.textContent = words;
  line.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { line.hidden = true; }, 6000);
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.matches("[data-filter]")) {
    const wanted = field.value.trim();
    const list = document.getElementById(field.dataset.filter);
    let shown = 0;
    for (const row of list.querySelectorAll("tbody tr")) {
      const chosen = row.querySelector("input:checked") !== null;
      row.hidden = !(chosen || row.dataset.name.includes(wanted));
      shown += row.hidden ? 0 : 1;
    }
    list.querySelector("[data-none]").hidden = shown > 0;
  }
  if (field.matches("[data-draft]")) drafts.set(field.dataset.draft, field.value);
});

// An office leads or assists, never both.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches(".offices input") || !box.checked) return;
  const other = box.type === "radio" ? "checkbox" : "radio";
  const twin = box.closest("tr").querySelector(`input[type=${other}]`);
  if (twin) twin.checked = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-filter]")) event.preventDefault();
  if (event.key === "Escape") {
    const open = document.querySelector(".who[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  }
});

document.addEventListener("click", (event) => {
  const open = document.querySelector(".who[open]");
  if (open && !open.contains(event.target)) open.open = false;
});

document.addEventListener("htmx:afterSwap", () => {
  for (const field of document.querySelectorAll("[data-draft]")) {
    if (!field.value && drafts.has(field.dataset.draft)) {
      field.value = drafts.get(field.dataset.draft);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  const notice = document.querySelector("#petition > .notice");
  if (notice) { notice.focus({ preventScroll: true }); window.scrollTo({ top: 0 }); }
});

document.addEventListener("htmx:sendError", () => say("网络不通，刚才的操作没有送到，请再试一次。"));
document.addEventListener("htmx:timeout", () => say("等得太久了，请刷新页面看看刚才的操作有没有成功。"));
document.addEventListener("htmx:responseError", (event) => {
  const words = event.detail.xhr.getResponseHeader("X-Notice");
  say(words ? decodeURIComponent(words) : "刚才的操作没有成功，请刷新页面再试。");
});
