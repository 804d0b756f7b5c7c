"use strict";
// The theme comes first, before anything is drawn. What a browser remembers may be denied to us.
const root = document.documentElement;
const THEMES = ["auto", "light", "dark"];
const remembered = {
  get() { try { return localStorage.getItem("theme"); } catch { return null; } },
  set(theme) { try { localStorage.setItem("theme", theme); } catch { /* then it is for this page */ } },
};

function setTheme(theme) {
  if (theme === "auto") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
}

const first = remembered.get();
let theme = THEMES.includes(first) ? first : "auto";
setTheme(theme);
root.classList.add("scripted");

function themeButton(button) {
  const say = () => { button.textContent = `Theme: ${theme}`; };
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    setTheme(theme);
    remembered.set(theme);
    say();
  });
  say();
}

// Tables: a button in each heading sorts; a dash stays last whatever the direction.
function sortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const numeric = heading.classList.contains("number");
    const name = heading.querySelector("span");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = name.textContent;
    name.replaceWith(button);
    button.addEventListener("click", () => {
      const now = heading.getAttribute("aria-sort");
      const direction = now ? (now === "ascending" ? -1 : 1) : numeric ? -1 : 1;
      headings.forEach((one) => one.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      sortRows(table.tBodies[0], column, numeric, direction);
    });
  });
}

const alphabet = new Intl.Collator("en", { numeric: true });

function sortRows(body, column, numeric, direction) {
  const keyed = [...body.rows].map((row) => [row.cells[column].dataset.sort, row]);
  const order = numeric ? (a, b) => a - b : alphabet.compare;
  keyed.sort(([a], [b]) => (a === "") - (b === "") || (a === "" ? 0 : direction * order(a, b)));
  body.append(...keyed.map(([, row]) => row));
}

function tools(box) {
  const rows = [...document.getElementById(box.dataset.table).tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const search = box.querySelector("input");
  const verdict = box.querySelector("select");
  const output = box.querySelector("output");
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, n) => {
      const fits = words.every((word) => texts[n].includes(word))
        && (!verdict || !verdict.value || row.dataset.verdict === verdict.value);
      row.hidden = !fits;
      shown += fits;
    });
    output.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} rows`;
  };
  search.addEventListener("input", apply);
  if (verdict) verdict.addEventListener("change", apply);
  box.hidden = false;
  apply();
}

// Charts: one tab stop each; arrow keys walk along a curve and between curves.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");

function showTip(point) {
  tip.textContent = point.getAttribute("aria-label");
  tip.hidden = false;
  const mark = point.querySelector("path").getBoundingClientRect();
  const left = mark.left + mark.width / 2 - tip.offsetWidth / 2;
  const widest = root.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(left, widest)) + scrollX}px`;
  const above = mark.top - tip.offsetHeight - 12;
  tip.style.top = `${(above < 4 ? mark.bottom + 12 : above) + scrollY}px`;
}

// Marks lie close together: the one that is nearest to the pointer speaks.
function nearest(chart, points, event) {
  const matrix = chart.getScreenCTM();
  let found = null;
  let least = 24;
  points.forEach((point) => {
    const { cx, cy } = point.lastElementChild;
    const x = cx.baseVal.value * matrix.a + matrix.e - event.clientX;
    const y = cy.baseVal.value * matrix.d + matrix.f - event.clientY;
    const distance = Math.hypot(x, y);
    if (distance < least) [found, least] = [point, distance];
  });
  return found;
}

function interactive(chart) {
  const points = () => [...chart.querySelectorAll(".series:not(.off)")]
    .map((series) => [...series.querySelectorAll(".point")]).filter((of) => of.length);
  const enter = () => {
    chart.querySelectorAll('.point[tabindex="0"]').forEach((one) => { one.tabIndex = -1; });
    const [curve] = points();
    if (curve) curve[0].setAttribute("tabindex", "0");
  };
  let told = null;
  const near = (point) => {
    if (point === told) return;
    told = point;
    chart.querySelectorAll(".near, .told").forEach((one) => one.classList.remove("near", "told"));
    chart.classList.toggle("narrow", Boolean(point));
    if (point) {
      point.classList.add("told");
      point.closest(".series").classList.add("near");
      showTip(point);
    } else tip.hidden = true;
  };
  const of = (event) => event.target.closest(".point");
  chart.addEventListener("pointermove", (event) => near(nearest(chart, points().flat(), event)));
  chart.addEventListener("pointerleave", () => near(null));
  chart.addEventListener("focusin", (event) => near(of(event)));
  chart.addEventListener("focusout", () => near(null));
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") near(null);
    if (!step || !of(event)) return;
    event.preventDefault();
    const curves = points();
    const curve = curves.findIndex((one) => one.includes(of(event)));
    const at = curves[curve].indexOf(of(event));
    const next = curves[(curve + step[0] + curves.length) % curves.length];
    const target = next[Math.max(0, Math.min(at + step[1], next.length - 1))];
    of(event).setAttribute("tabindex", "-1");
    target.setAttribute("tabindex", "0");
    target.focus();
  });
  enter();
  return enter;
}

function key(box, charts) {
  const boxes = [...box.querySelectorAll("input")];
  const first = boxes.map((one) => one.defaultChecked);
  const entering = charts.map(interactive);
  const apply = () => {
    const off = new Set(boxes.filter((one) => !one.checked).map((one) => one.dataset.series));
    charts.forEach((chart) => chart.querySelectorAll(".series").forEach((series) => {
      series.classList.toggle("off", off.has(series.dataset.series));
    }));
    entering.forEach((enter) => enter());
  };
  box.addEventListener("change", apply);
  box.querySelectorAll("[data-choose]").forEach((button) => button.addEventListener("click", () => {
    const which = button.dataset.choose;
    boxes.forEach((one, n) => { one.checked = which === "all" || (which === "first" && first[n]); });
    apply();
  }));
  box.querySelectorAll(".choose, .hint").forEach((one) => { one.hidden = false; });
  apply();
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".theme").forEach(themeButton);
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll(".tools").forEach(tools);
  const charts = [...document.querySelectorAll("[data-chart]")];
  document.querySelectorAll(".key").forEach((box) => key(box, charts));
  document.body.append(tip);
  const opened = [];
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((one) => {
    one.open = true;
    opened.push(one);
  }));
  addEventListener("afterprint", () => opened.splice(0).forEach((one) => { one.open = false; }));
});
