// Ticking lines of the queue: x and shift+x, shift-click for a range, all of the page. The boxes and
// their buttons work without this.
"use strict";

(() => {
  let from = null; // the number where a range begins
  let kept = []; // the numbers ticked before the list is read anew

  const boxes = () => [...document.querySelectorAll("#list input[name=pick]")];
  const boxOf = (element) => element.closest?.("#list .item")?.querySelector("input[name=pick]");
  const bar = () => document.getElementById("bulk");

  function say() {
    if (!bar()) return;
    const all = bar().querySelector(".bulk-all");
    const number = boxes().filter((box) => box.checked).length;
    all.hidden = false;
    const every = all.querySelector("input");
    every.checked = number > 0 && number === boxes().length;
    every.indeterminate = number > 0 && !every.checked;
    const words = number > 0 ? `已选 ${number} 件` : "";
    const count = bar().querySelector(".bulk-count");
    if (count.textContent !== words) count.textContent = words;
    for (const button of bar().querySelectorAll("button")) {
      button.disabled = number < Number(button.dataset.least);
      const first = "first" in button.dataset && !button.disabled;
      button.classList.toggle("btn-primary", first);
      button.classList.toggle("btn-plain", !first);
    }
    bar().classList.toggle("active", number > 0);
  }

  function tick(box, { range }) {
    const all = boxes();
    const start = range ? all.findIndex((one) => one.value === from) : -1;
    const end = all.indexOf(box);
    const between = start < 0 ? [box] : all.slice(Math.min(start, end), Math.max(start, end) + 1);
    for (const one of between) one.checked = box.checked;
    from = box.value;
    say();
  }

  // One Tab stop: the box of the line one is in.
  function rove(current) {
    for (const box of boxes()) box.tabIndex = box === current ? 0 : -1;
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches("#list input[name=pick]")) tick(event.target, { range: event.shiftKey });
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches(".bulk-all input")) return;
    for (const box of boxes()) box.checked = event.target.checked;
    say();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const box = boxOf(event.target);
    if (!box || !document.getElementById("keys-on").checked) return;
    event.preventDefault();
    box.checked = event.shiftKey ? true : !box.checked;
    tick(box, { range: event.shiftKey });
  });

  document.addEventListener("focusin", (event) => {
    const box = boxOf(event.target);
    if (box) rove(box);
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "list") {
      kept = boxes().filter((box) => box.checked).map((box) => box.value);
    }
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) box.checked ||= kept.includes(box.value);
    kept = [];
    rove(boxes()[0]);
    say();
  });

  // Going back, browsers bring ticks back after the page was read.
  window.addEventListener("pageshow", say);
  rove(boxes()[0]);
  say();
})();
