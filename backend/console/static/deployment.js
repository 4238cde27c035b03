// A text as citizens would see it, filled in as usual, and how long it gets as an SMS at most.
"use strict";

const PART = 70;
const PART_OF_MANY = 67;

function preview(form) {
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const [usual, fullest] = [form.dataset.usual, form.dataset.fullest].map(JSON.parse);
  const text = form.elements.text;
  const sms = form.elements.sms;
  const short = sms.value.trim() ? sms.value : text.value;
  show(text, fill(text.value, usual), fill(text.value, usual));
  show(sms, fill(short, usual), fill(short, fullest));
}

// `counted` is what the length is taken of.
function show(field, words, counted) {
  document.getElementById(field.dataset.preview).textContent = words.trim();
  document.getElementById(`${field.id}-box`).hidden = !words.trim();
  const length = [...counted.trim()].length;
  const longest = Number(field.dataset.longest || 0);
  const parts = length <= PART ? 1 : Math.ceil(length / PART_OF_MANY);
  const line = document.getElementById(`${field.id}-count`);
  line.textContent = longest
    ? `填满后 ${length} 个字，${parts} 条短信，最多 ${longest} 个字`
    : `填好后 ${length} 个字，群众看到的是：`;
  line.classList.toggle("field-bad", longest > 0 && length > longest);
}

const form = document.querySelector("form[data-usual]");
if (form) {
  form.addEventListener("input", () => preview(form));
  preview(form);
}
