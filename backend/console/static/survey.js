// Surveys: a township's villages ticked at once; charts drawn from their own tables; counts that
// keep fresh while a survey is open.
"use strict";

const LEAF = "#0d6b5c", INK = "#1f2a27", LINE = "#dde3de";
const POLL_MS = 5000;
// Question → whether its table is looked at; it stays so when fresh counts come.
const asTable = new Map();

document.addEventListener("change", (event) => {
  const box = event.target;
  const town = box.closest("[data-town]");
  if (!town) return;
  const all = town.querySelector("[data-all]");
  const villages = [...town.querySelectorAll("input")].filter((one) => one !== all);
  if (box === all) for (const one of villages) one.checked = all.checked;
  else if (all) all.checked = villages.every((one) => one.checked);
});

function readRows(panel) {
  return [...panel.querySelectorAll("[data-row]")].map((row) => ({
    name: row.cells[0].textContent,
    count: Number(row.cells[1].textContent),
    share: row.cells[2].textContent,
  }));
}

function options(rows) {
  return {
    animation: false,
    textStyle: { color: INK, fontFamily: getComputedStyle(document.body).fontFamily },
    // Tooltips as HTML would need inline styles, which our pages do not allow.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    grid: { left: 8, right: 84, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: "value", minInterval: 1, axisLabel: { show: false }, splitLine: { lineStyle: { color: LINE } } },
    yAxis: {
      type: "category", data: rows.map((row) => row.name), inverse: true, axisTick: { show: false },
      axisLabel: { width: 120, overflow: "truncate", interval: 0 },
    },
    series: [{
      name: "人数", type: "bar", data: rows.map((row) => row.count), barMaxWidth: 18, itemStyle: { color: LEAF },
      label: { show: true, position: "right", color: INK, formatter: (one) => `${one.value}（${rows[one.dataIndex].share}）` },
    }],
  };
}

function draw(panel) {
  const box = panel.querySelector(".chart");
  const table = panel.querySelector(".table-box");
  const toggle = panel.querySelector("[data-toggle]");
  const rows = readRows(panel);
  const show = (tableToo) => {
    asTable.set(panel.dataset.chart, tableToo);
    table.hidden = !tableToo;
    box.hidden = tableToo;
    toggle.textContent = tableToo ? "看图" : "看表格";
  };
  box.hidden = false;
  box.style.height = `${20 + rows.length * 34}px`;
  const chart = echarts.init(box, null, { renderer: "canvas" });
  chart.setOption(options(rows));
  new ResizeObserver(() => { if (!box.hidden) chart.resize(); }).observe(box);
  toggle.hidden = false;
  toggle.addEventListener("click", () => show(!asTable.get(panel.dataset.chart)));
  show(asTable.get(panel.dataset.chart) ?? false);
}

function drawAll() {
  if (typeof echarts === "undefined") return;
  for (const panel of document.querySelectorAll("[data-chart]")) draw(panel);
}

async function refresh(counts) {
  if (document.hidden || counts.contains(document.activeElement)) return;
  const response = await fetch(counts.dataset.live, {
    headers: { "If-None-Match": counts.dataset.mark }, cache: "no-store", redirect: "error",
    signal: AbortSignal.timeout(POLL_MS * 2),
  });
  if (response.status !== 200) return;
  const fresh = await response.text();
  for (const box of counts.querySelectorAll(".chart")) echarts.getInstanceByDom(box)?.dispose();
  counts.innerHTML = fresh; // of our own site, escaped there
  counts.dataset.mark = response.headers.get("ETag");
  drawAll();
}

async function keepFresh(counts) {
  try {
    await refresh(counts);
  } catch {
    // The network is away or the session over: the page keeps what it shows and tries again.
  }
  setTimeout(keepFresh, POLL_MS, counts);
}

drawAll();
const live = document.querySelector("[data-live]");
if (live) setTimeout(keepFresh, POLL_MS, live);
