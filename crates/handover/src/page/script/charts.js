// What moves over the drawn charts: a playhead where they are over time, and the values under the pointer.

/** What the lines of a chart are called, by their class. */
const NAMES = { before: "mix", after: "master", target: "target", side: "side", proposed: "proposed", compression: "compressor",
  difference: "difference", limiting: "limiter" };
const SVG_NS = "http" + "://www.w3.org/2000/svg";

const made = (name, attributes) => {
  const element = document.createElementNS(SVG_NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
};
const minus = (text) => text.replace("-", "−");

/** A scale of a chart: from values to its units and back. */
class Scale {
  constructor(svg, axis) {
    const [from, to, start, end] = svg.dataset[axis].split(" ").map(Number);
    Object.assign(this, { from, to, start, end, isLog: svg.dataset[`${axis}Log`] === "1", unit: svg.dataset[`${axis}Unit`] ?? "" });
  }

  place(value) {
    const of = (v) => (this.isLog ? Math.log(v) : v);
    return this.start + (of(value) - of(this.from)) / (of(this.to) - of(this.from)) * (this.end - this.start);
  }

  value(place) {
    const share = (place - this.start) / (this.end - this.start);
    return this.isLog ? this.from * (this.to / this.from) ** share : this.from + share * (this.to - this.from);
  }
}

export class Chart {
  constructor(svg, seek) {
    this.svg = svg;
    this.x = new Scale(svg, "x");
    this.y = new Scale(svg, "y");
    this.isTime = this.x.unit === "min:s";
    this.cursor = made("path", { class: "cursor" });
    this.playhead = made("path", { class: "playhead" });
    svg.append(this.playhead, this.cursor);
    this.note = document.createElement("p");
    this.note.className = "values";
    svg.after(this.note);
    this.lines = [...svg.querySelectorAll("path.line,path.area.limiting")].map((path) => this.line(path)).filter((line) => line.name !== "");
    svg.addEventListener("pointermove", (event) => this.show(event));
    svg.addEventListener("pointerdown", (event) => this.show(event));
    svg.addEventListener("pointerleave", () => this.hide());
    if (this.isTime && seek) {
      svg.classList.add("seekable");
      svg.addEventListener("click", (event) => seek(this.x.value(this.at(event))));
    }
  }

  /** Name and points of a line, in the chart's units. */
  line(path) {
    const own = [...path.classList].find((name) => name in NAMES);
    const name = path.dataset.name ?? NAMES[own] ?? "";
    let points = [...path.getAttribute("d").matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    // The outline of an area goes there above and comes back below.
    if (path.classList.contains("area")) points = points.slice(points.length / 2).reverse();
    return { name, points };
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * this.svg.viewBox.baseVal.width;
    return Math.max(this.x.start, Math.min(this.x.end, x));
  }

  vertical(path, x) { path.setAttribute("d", `M${x.toFixed(1)} ${this.y.end}V${this.y.start}`); }

  show(event) {
    const x = this.at(event);
    this.vertical(this.cursor, x);
    const values = this.lines.map(({ name, points }) => {
      if (points.length < 2) return "";
      const near = points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));
      return Math.abs(near[0] - x) > 12 ? "" : `${name} ${minus(this.y.value(near[1]).toFixed(1))}`;
    }).filter((text) => text !== "");
    const at = this.x.value(x);
    const where = this.isTime ? clock(at) : at < 995 ? `${at.toFixed(0)} Hz` : `${(at / 1000).toFixed(1)} kHz`;
    this.note.textContent = [where, ...values].join(" · ") + (values.length > 0 ? ` ${this.y.unit.split(" ")[0].replace("side", "dB")}` : "");
  }

  hide() {
    this.cursor.setAttribute("d", "");
    this.note.textContent = "";
  }

  /** The moment that is heard, seconds. */
  move(at_s) { if (this.isTime) this.vertical(this.playhead, this.x.place(at_s)); }
}
