// Draws each chart from its own table, so that picture, table and links cannot differ. Without
// scripts the table is what is shown.
"use strict";

const COLOURS = ["#0d6b5c", "#c2792b", "#5a7fb5", "#8a6fa8"], INK = "#1f2a27", LINE = "#dde3de";
const MOST_BARS = 12;

function readTable(panel) {
  const heads = [...panel.querySelectorAll("thead th")].filter((one) => "series" in one.dataset);
  return {
    series: heads.map((one) => one.textContent),
    rows: [...panel.querySelectorAll("[data-row]")].map((row) => {
      const cells = [...row.querySelectorAll("[data-value]")];
      return {
        name: row.cells[0].textContent,
        values: cells.map((one) => (one.dataset.value === "" ? null : Number(one.dataset.value))),
        labels: cells.map((one) => one.dataset.label),
        urls: cells.map((one) => one.querySelector("a")?.href),
      };
    }),
  };
}

function base(unit, top) {
  return {
    animation: false,
    color: COLOURS,
    textStyle: { color: INK, fontFamily: getComputedStyle(document.body).fontFamily },
    // Tooltips as HTML would need inline styles, which our pages do not allow.
    tooltip: {
      trigger: "axis", renderMode: "richText", confine: true,
      valueFormatter: (value) => (value === null || value === undefined ? "—" : `${value}${unit}`),
    },
    grid: { left: 8, right: 64, top, bottom: 8, containLabel: true },
  };
}

function lines({ series, rows }) {
  return {
    ...base("%", 32),
    legend: { top: 0, right: 0, data: series },
    xAxis: { type: "category", data: rows.map((row) => row.name), axisLabel: { hideOverlap: true } },
    yAxis: { type: "value", min: 0, axisLabel: { formatter: "{value}%" }, splitLine: { lineStyle: { color: LINE } } },
    series: series.map((name, at) => ({
      name, type: "line", data: rows.map((row) => row.values[at]), symbolSize: 7, connectNulls: false,
      lineStyle: { width: at === 0 ? 3 : 1.5 },
    })),
  };
}

function bars({ series, rows }) {
  return {
    ...base(" 件", 8),
    xAxis: { type: "value", minInterval: 1, splitNumber: 4, axisLabel: { hideOverlap: true }, splitLine: { lineStyle: { color: LINE } } },
    yAxis: {
      type: "category", data: rows.map((row) => row.name), inverse: true, axisTick: { show: false },
      axisLabel: { width: Math.min(260, window.innerWidth / 3), overflow: "truncate", interval: 0 },
    },
    series: [{
      name: series[0], type: "bar", data: rows.map((row) => row.values[0]), barMaxWidth: 14,
      label: { show: true, position: "right", color: INK, formatter: (bar) => rows[bar.dataIndex].labels[0] },
    }],
  };
}

function draw(panel) {
  const box = panel.querySelector(".chart");
  if (!box) return;
  const kind = panel.dataset.chart;
  const table = readTable(panel);
  if (kind !== "week") table.rows = table.rows.slice(0, MOST_BARS);
  const tableBox = panel.querySelector(".table-box");
  const toggle = panel.querySelector("[data-toggle]");
  box.hidden = false;
  tableBox.hidden = true;
  if (kind !== "week") box.style.height = `${Math.max(120, 36 + table.rows.length * 28)}px`;
  const chart = echarts.init(box, null, { renderer: "canvas" });
  chart.setOption(kind === "week" ? lines(table) : bars(table));
  chart.on("click", (event) => {
    const url = table.rows[event.dataIndex].urls[event.seriesIndex];
    if (url) window.location.assign(url);
  });
  new ResizeObserver(() => { if (!box.hidden) chart.resize(); }).observe(box);
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    tableBox.hidden = !tableBox.hidden;
    box.hidden = !tableBox.hidden;
    toggle.textContent = tableBox.hidden ? "看表格" : "看图";
  });
}

for (const panel of document.querySelectorAll("[data-chart]")) draw(panel);
