// A long list of offices is two Tab stops: the one that leads, as radio buttons are, and the one
// line of those that assist, moved along by the arrows.
"use strict";

const assisting = (list) =>
  [...list.querySelectorAll("input[type=checkbox]")].filter((box) => !box.closest("tr").hidden);

// The one box that Tab leads to: `current`, else the first that is ticked, else the first.
function roveOffices(list, current) {
  const boxes = assisting(list);
  const stop = boxes.includes(current) ? current : boxes.find((box) => box.checked) ?? boxes[0];
  for (const box of boxes) box.tabIndex = box === stop ? 0 : -1;
}

function roveAll() {
  for (const list of document.querySelectorAll(".offices")) roveOffices(list);
}

document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (!box.matches(".offices input[type=checkbox]") || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const boxes = assisting(box.closest(".offices"));
  const next = boxes[boxes.indexOf(box) + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) next.focus();
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches(".offices input[type=checkbox]")) {
    roveOffices(event.target.closest(".offices"), event.target);
  }
});

// After console.js has hidden those that are not looked for.
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-filter]")) roveAll();
});

document.addEventListener("htmx:afterSwap", roveAll);
roveAll();
