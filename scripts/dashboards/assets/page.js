// Shows the numbers of a graph at the time that the pointer is at.
const tip = document.getElementById("tip");
const written = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

for (const svg of document.querySelectorAll("svg[data-chart]")) {
  const { time: [first, last, left, right], series } = JSON.parse(svg.dataset.chart);
  const moments = [...new Set(series.flatMap((one) => one.points.map(([at]) => at)))].sort((a, b) => a - b);
  if (!moments.length) continue;
  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cursor.setAttribute("class", "cursor");
  const box = svg.viewBox.baseVal;

  svg.addEventListener("pointermove", (event) => {
    const x = ((event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth) * box.width;
    const pointed = first + ((x - left) / (right - left)) * (last - first);
    const at = moments.reduce((best, one) => (Math.abs(one - pointed) < Math.abs(best - pointed) ? one : best));
    const place = left + ((at - first) / (last - first)) * (right - left);
    for (const [name, value] of Object.entries({ x1: place, x2: place, y1: 24, y2: box.height - 24 })) cursor.setAttribute(name, value);
    svg.append(cursor);
    const rows = series.flatMap(({ label, color, points }) => {
      const found = points.find(([when]) => when === at);
      return found ? [[label, color, found[1]]] : [];
    });
    tip.replaceChildren(new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC");
    for (const [label, color, value] of rows) {
      const row = document.createElement("div");
      const name = document.createElement("span");
      name.style.setProperty("--color", color);
      name.textContent = label;
      const number = document.createElement("b");
      number.textContent = written.format(value);
      row.append(name, number);
      tip.append(row);
    }
    tip.hidden = false;
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; cursor.remove(); });
}
