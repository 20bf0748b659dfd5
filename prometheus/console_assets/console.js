// Draws the charts of a console from Prometheus's own API, and brings the page up to date.
"use strict";

const SECONDS = { "1h": 3600, "6h": 21600, "1d": 86400, "7d": 604800 };
const POINTS = 120, LINES = 8, REFRESH_MILLISECONDS = 30000;
const LEFT = 46, BOTTOM = 18, TOP = 6;

function chosenSeconds() {
  return SECONDS[new URLSearchParams(location.search).get("range")] || SECONDS["1h"];
}

async function drawAll() {
  const end = Math.floor(Date.now() / 1000), start = end - chosenSeconds();
  await Promise.all([...document.querySelectorAll(".chart")].map((chart) => draw(chart, start, end)));
}

async function draw(chart, start, end) {
  const plot = chart.querySelector(".plot");
  try {
    const lines = await ask(chart.dataset.expression, start, end);
    if (lines.length === 0) {
      plot.textContent = "Nothing was measured in this time.";
      return;
    }
    const named = lines.map((line) => ({
      name: chart.dataset.label ? line.metric[chart.dataset.label] || "" : "",
      points: line.values.map(([at, value]) => [at, Number(value)]).filter(([, value]) => isFinite(value)),
    }));
    const shown = named.filter((line) => line.points.length).sort((a, b) => last(b) - last(a)).slice(0, LINES);
    paint(chart, plot, shown, start, end);
  } catch (error) {
    plot.textContent = `Prometheus does not answer: ${error.message}`;
  }
}

async function ask(expression, start, end) {
  const step = Math.max(15, Math.round((end - start) / POINTS));
  const asked = new URLSearchParams({ query: expression, start, end, step });
  const answer = await fetch(`${document.body.dataset.query}?${asked}`);
  const told = await answer.json();
  if (told.status !== "success") throw new Error(told.error);
  return told.data.result;
}

function paint(chart, plot, lines, start, end) {
  const width = plot.clientWidth, height = plot.clientHeight, unit = chart.dataset.unit;
  const most = roundUp(Math.max(...lines.flatMap((line) => line.points.map(([, value]) => value))), unit);
  const x = (at) => LEFT + ((at - start) / (end - start)) * (width - LEFT);
  const y = (value) => TOP + (1 - value / most) * (height - TOP - BOTTOM);
  const svg = made("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  for (const part of [0, 0.5, 1]) {
    svg.append(made("line", { class: "grid", x1: LEFT, x2: width, y1: y(part * most), y2: y(part * most) }));
    svg.append(made("text", { x: LEFT - 6, y: y(part * most) + 4, "text-anchor": "end" }, said(part * most, unit)));
  }
  for (const [part, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const at = start + part * (end - start);
    svg.append(made("text", { x: x(at), y: height - 3, "text-anchor": anchor }, clock(at, end - start)));
  }
  const gap = 3 * Math.max(15, (end - start) / POINTS);
  lines.forEach((line, place) => {
    svg.append(made("path", { class: "line", d: path(line.points, x, y, gap), style: `stroke: var(--${place + 1})` }));
  });
  plot.replaceChildren(svg);
  explain(chart, lines, unit, () => NaN);
  follow(chart, svg, lines, unit, (event) => start + ((event.offsetX - LEFT) / (width - LEFT)) * (end - start), x, height);
}

// A line, broken where nothing was measured.
function path(points, x, y, gap) {
  let before = -Infinity, drawn = "";
  for (const [at, value] of points) {
    drawn += `${at - before > gap ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    before = at;
  }
  return points.length === 1 ? `${drawn}h1` : drawn;
}

// The legend says the last values, and those at the pointer while there is one.
function explain(chart, lines, unit, at) {
  const time = at();
  chart.querySelector(".legend").replaceChildren(...lines.map((line, place) => {
    const entry = document.createElement("li"), key = document.createElement("i"), value = document.createElement("b");
    key.style.background = `var(--${place + 1})`;
    value.textContent = said(isNaN(time) ? last(line) : nearest(line, time), unit);
    entry.append(key, line.name ? `${line.name} ` : "", value);
    return entry;
  }));
}

function follow(chart, svg, lines, unit, timeAt, x, height) {
  const pointer = made("line", { class: "pointer", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
  svg.append(pointer);
  svg.addEventListener("pointermove", (event) => {
    const time = timeAt(event);
    pointer.setAttribute("visibility", event.offsetX > LEFT ? "visible" : "hidden");
    for (const end of ["x1", "x2"]) pointer.setAttribute(end, x(time));
    explain(chart, lines, unit, () => time);
  });
  svg.addEventListener("pointerleave", () => {
    pointer.setAttribute("visibility", "hidden");
    explain(chart, lines, unit, () => NaN);
  });
}

const last = (line) => line.points[line.points.length - 1][1];

function nearest(line, time) {
  return line.points.reduce((best, point) => (Math.abs(point[0] - time) < Math.abs(best[0] - time) ? point : best))[1];
}

// The end of an axis: a round number, and for a share never less than 1 %.
function roundUp(value, unit) {
  const least = unit === "ratio" ? 0.01 : 0.001;
  const raw = Math.max(value, least), power = 10 ** Math.floor(Math.log10(raw));
  const round = [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) * power;
  return unit === "ratio" && raw <= 1 ? Math.min(1, round) : round;
}

function said(value, unit) {
  if (unit === "ratio") return `${short(value * 100)}%`;
  if (unit === "seconds") return value !== 0 && value < 1 ? `${short(value * 1000)}ms` : `${short(value)}s`;
  return `${short(value)}${unit}`;
}

const short = (value) => Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });

function clock(at, span) {
  const options = span > 86400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
  return new Date(at * 1000).toLocaleString("en-GB", options);
}

function made(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// The charts stay while the rest is made anew: nothing flickers, and a reader's place is kept.
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const anew = new DOMParser().parseFromString(await answer.text(), "text/html");
    const charts = document.querySelectorAll(".chart");
    anew.querySelectorAll(".chart").forEach((chart, place) => chart.replaceWith(charts[place] || chart));
    document.querySelector("main").replaceWith(anew.querySelector("main"));
    document.querySelector("footer").replaceWith(anew.querySelector("footer"));
  } catch (error) {
    document.querySelector("footer").textContent = `Prometheus does not answer (${error.message}): all of this is old.`;
  }
  await drawAll();
}

let resized = 0;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(drawAll, 200);
});
drawAll();
setInterval(refresh, REFRESH_MILLISECONDS);
