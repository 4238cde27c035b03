// A text as citizens would see it, filled in as usual, and how long it is as an SMS.
"use strict";

const PART = 70;
const PART_OF_MANY = 67;

function preview(form) {
  const usual = JSON.parse(form.dataset.usual);
  const fill = (words) => words.replace(/\{(\w+)\}/g, (whole, name) => usual[name] ?? whole);
  const text = form.elements.text;
  const sms = form.elements.sms;
  show(text, fill(text.value));
  show(sms, fill(sms.value.trim() ? sms.value : text.value));
}

function show(field, words) {
  document.getElementById(field.dataset.preview).textContent = words.trim();
  document.getElementById(`${field.id}-box`).hidden = !words.trim();
  const length = [...words.trim()].length;
  const longest = Number(field.dataset.longest || 0);
  const parts = length <= PART ? 1 : Math.ceil(length / PART_OF_MANY);
  const line = document.getElementById(`${field.id}-count`);
  line.textContent = longest
    ? `填好后 ${length} 个字，${parts} 条短信，最多 ${longest} 个字`
    : `填好后 ${length} 个字，群众看到的是：`;
  line.classList.toggle("field-bad", longest > 0 && length > longest);
}

const form = document.querySelector("form[data-usual]");
if (form) {
  form.addEventListener("input", () => preview(form));
  preview(form);
}
