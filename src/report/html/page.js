"use strict";
// Tables: each header is a button that sorts by its column, numbers by their values.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const value = (row, column) => row.cells[column].textContent.trim();
  const number = (text) => parseFloat(text.replace(/−/g, "-").replace(/,(?=\d{3})/g, "").replace(/^[\s±<>≈([]+/, ""));
  table.querySelectorAll("thead th").forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent.trim();
    header.replaceChildren(button);
    header.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const numbers = header.classList.contains("number");
      const before = header.getAttribute("aria-sort");
      // Figures are looked at from the highest on, names from A.
      const first = numbers ? "descending" : "ascending";
      const order = before === "none" ? first : before === "ascending" ? "descending" : "ascending";
      table.querySelectorAll("thead th").forEach((other) => other.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [row, value(row, column)]);
      rows.sort(([, a], [, b]) => {
        if (!numbers) return sign * a.localeCompare(b);
        const [x, y] = [number(a), number(b)];
        // NaN comes last in either order.
        if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
        return sign * (x - y);
      });
      body.append(...rows.map(([row]) => row));
    });
  });
}

// Maps: what a point is, under the pointer or reached by the arrow keys.
const tip = document.getElementById("tip");
const [tipImage, tipText] = tip.children;
for (const figure of document.querySelectorAll("figure.map")) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const field = figure.querySelector(".points");
  const svg = field.querySelector("svg");
  const details = figure.querySelector(".details");
  const points = [...svg.querySelectorAll("use[data-i]")].map((use) => ({
    use, i: Number(use.dataset.i), x: use.x.baseVal.value, y: use.y.baseVal.value,
  }));
  let at = null;
  const show = (point) => {
    if (at) at.use.classList.remove("at");
    at = point;
    if (!point) { tip.hidden = true; return; }
    point.use.classList.add("at");
    const text = `${data.classes[data.labels[point.i]]}, row ${data.rows[point.i]} of the data`;
    details.textContent = text;
    tipText.textContent = text;
    tipImage.hidden = !data.images;
    if (data.images) {
      const { of, side, across } = data.images;
      const context = tipImage.getContext("2d");
      context.imageSmoothingEnabled = false;
      const [left, top] = [(point.i % across) * side, Math.floor(point.i / across) * side];
      context.drawImage(document.getElementById(of), left, top, side, side, 0, 0, 112, 112);
    }
    tip.hidden = false;
    const box = point.use.getBoundingClientRect();
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(box.right + 10, room)) + window.scrollX}px`;
    tip.style.top = `${box.bottom + 10 + window.scrollY}px`;
  };
  const nearest = (x, y, allowed) => {
    let [best, least] = [null, Infinity];
    for (const point of points) {
      const away = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (away < least && allowed(point)) [best, least] = [point, away];
    }
    return [best, Math.sqrt(least)];
  };
  const pointer = (event) => {
    const position = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const [point, away] = nearest(position.x, position.y, () => true);
    show(away < 14 ? point : null);
  };
  field.addEventListener("pointermove", pointer);
  field.addEventListener("pointerdown", pointer);
  // A finger that is lifted leaves, and what it showed stays until another point is touched.
  field.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") show(null); });
  field.addEventListener("blur", () => show(null));
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  field.addEventListener("keydown", (event) => {
    const direction = directions[event.key];
    if (event.key === "Escape") show(null);
    if (!direction || !points.length) return;
    event.preventDefault();
    if (!at) { show(points[0]); return; }
    // Within 45° of the arrow's direction; if there is none, the point stays.
    const [from, [dx, dy]] = [at, direction];
    const ahead = ({ x, y }) => {
      const [along, across] = [(x - from.x) * dx + (y - from.y) * dy, (x - from.x) * dy - (y - from.y) * dx];
      return along > 0 && Math.abs(across) <= along;
    };
    const [next] = nearest(from.x, from.y, ahead);
    if (next) show(next);
  });
}

// What fits needs no scrolling, so it is not a tab stop.
const stops = () => {
  for (const part of document.querySelectorAll(".scroll, pre")) {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0; else part.removeAttribute("tabindex");
  }
};
stops();
addEventListener("resize", stops);

// Light or dark: as the system says, until it is chosen.
const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

// Folded content is printed too.
const opened = [];
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) { fold.open = true; opened.push(fold); }
});
addEventListener("afterprint", () => { for (const fold of opened.splice(0)) fold.open = false; });
