// Draws each chart from its own table, so that picture, table and links cannot differ. Without
// scripts the table is what is shown.
"use strict";

const LEAF = "#0d6b5c", PALE = "#aab8b1", INK = "#1f2a27", LINE = "#dde3de";
const MOST_BARS = 12;

function readRows(panel) {
  return [...panel.querySelectorAll("[data-row]")].map((row) => ({
    name: row.cells[0].textContent,
    now: Number(row.cells[1].textContent),
    before: Number(row.cells[2].textContent),
    url: row.querySelector("a")?.href,
  }));
}

function options(kind, rows) {
  const names = rows.map((row) => row.name);
  const numbers = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: LINE } } };
  const series = (name, key, colour, type, more) => ({
    name, type, data: rows.map((row) => row[key]), itemStyle: { color: colour }, ...more,
  });
  const base = {
    animation: false,
    textStyle: { color: INK, fontFamily: getComputedStyle(document.body).fontFamily },
    // Tooltips as HTML would need inline styles, which our pages do not allow.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    legend: { top: 0, right: 0, data: ["本期", "上期"] },
    grid: { left: 8, right: 24, top: 32, bottom: 8, containLabel: true },
  };
  if (kind === "line") {
    return {
      ...base,
      xAxis: { type: "category", data: names, axisLabel: { hideOverlap: true } },
      yAxis: numbers,
      series: [
        series("本期", "now", LEAF, "bar", { barMaxWidth: 22 }),
        series("上期", "before", PALE, "line", { symbol: "none", lineStyle: { color: PALE } }),
      ],
    };
  }
  return {
    ...base,
    xAxis: numbers,
    yAxis: {
      type: "category", data: names, inverse: true, axisTick: { show: false },
      axisLabel: { width: 110, overflow: "truncate", interval: 0 },
    },
    series: [
      series("本期", "now", LEAF, "bar", { barMaxWidth: 14, label: { show: true, position: "right", color: INK } }),
      series("上期", "before", PALE, "bar", { barMaxWidth: 8 }),
    ],
  };
}

function draw(panel) {
  const box = panel.querySelector(".chart");
  if (!box) return;
  const kind = panel.dataset.chart;
  const all = readRows(panel);
  const rows = kind === "line" ? all : all.slice(0, MOST_BARS);
  const table = panel.querySelector(".table-box");
  const toggle = panel.querySelector("[data-toggle]");
  box.hidden = false;
  table.hidden = true;
  if (kind !== "line") box.style.height = `${Math.max(160, 60 + rows.length * 30)}px`;
  const chart = echarts.init(box, null, { renderer: "canvas" });
  chart.setOption(options(kind, rows));
  chart.on("click", (event) => {
    const row = rows[event.dataIndex];
    if (row.url && event.seriesName === "本期") window.location.assign(row.url);
  });
  new ResizeObserver(() => { if (!box.hidden) chart.resize(); }).observe(box);
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    table.hidden = !table.hidden;
    box.hidden = !table.hidden;
    toggle.textContent = table.hidden ? "看表格" : "看图";
  });
}

for (const panel of document.querySelectorAll("[data-chart]")) draw(panel);
