// The EQ as a curve that can be dragged: a knot of the real settings under each handle, and behind it what the
// net would do if nothing held it back, as wide as it is unsure.

/** @typedef {import("../types").EqBasis} EqBasis */

/** Sizes, CSS pixels; the width is the page's. */
const HEIGHT = 250;
const LEFT = 34;
const BOTTOM = 22;
/** Narrower than this every second frequency is named. */
const NARROW = 420;
/** What is shown, dB. */
const RANGE_DB = 9;
/** Steps of the keyboard, dB. */
const STEP_DB = 0.1;
const BIG_STEP_DB = 1;
const FREQUENCIES = [[30, "30"], [100, "100"], [300, "300"], [1000, "1k"], [3000, "3k"], [10000, "10k"]];
const SVG = "http://www.w3.org/2000/svg";

/** @param {number} hz */
const hertz = (hz) => (hz < 995 ? `${Math.round(hz)} Hz` : `${(hz / 1000).toFixed(hz < 9950 ? 1 : 0)} kHz`);
/** @param {number} db */
export const signed = (db) => `${db < -0.049 ? "−" : "+"}${Math.abs(db).toFixed(1)}`;

/** @param {string} name @param {Record<string, string | number>} attributes */
function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

export class EqCurve extends EventTarget {
  /** @param {SVGSVGElement} svg @param {EqBasis} basis */
  constructor(svg, basis) {
    super();
    this.svg = svg;
    this.basis = basis;
    this.gains = basis.mid_knots_hz.map(() => 0);
    /** @type {number[] | null} */
    this.open = null;
    /** @type {number[] | null} */
    this.unsure = null;
    this.side = basis.side_knots_hz.map(() => 0);
    /** @type {{from_hz: number, to_hz: number} | null} */
    this.band = null;
    this.width = 0;
    this.back = element("g", {});
    this.area = element("path", { class: "area typical" });
    this.proposed = element("path", { class: "line proposed" });
    this.shade = element("rect", { class: "area passage", y: 0, height: HEIGHT - BOTTOM, width: 0 });
    this.sideLine = element("path", { class: "line side" });
    this.line = element("path", { class: "line after" });
    this.handles = this.gains.map((_, knot) => this.handle(knot));
    svg.append(this.back, this.shade, this.area, this.proposed, this.sideLine, this.line, ...this.handles);
    new ResizeObserver(() => this.fit()).observe(svg);
    this.fit();
  }

  /** Takes the width that the page gives. */
  fit() {
    const width = Math.max(200, Math.round(this.svg.clientWidth));
    if (width === this.width) return;
    this.width = width;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.back.replaceChildren();
    this.grid();
    this.mark(this.band);
    this.draw();
  }

  /** @param {number} hz */
  x(hz) {
    const [low, high] = [this.basis.hz[0], this.basis.hz[this.basis.hz.length - 1]];
    return LEFT + Math.log(hz / low) / Math.log(high / low) * (this.width - LEFT - 10);
  }

  /** @param {number} db */
  y(db) { return (HEIGHT - BOTTOM) * (0.5 - Math.max(-RANGE_DB, Math.min(RANGE_DB, db)) / (2 * RANGE_DB)); }

  /** @param {number[]} knots @param {number[][]} rows */
  curve(knots, rows) { return rows.map((row) => row.reduce((sum, share, knot) => sum + share * knots[knot], 0)); }

  grid() {
    for (let db = -RANGE_DB + 3; db < RANGE_DB; db += 3) {
      const y = Math.round(this.y(db)) + 0.5;
      this.back.append(element("line", { class: db === 0 ? "line zero" : "grid", x1: LEFT, x2: this.width, y1: y, y2: y }));
      const text = element("text", { class: "end", x: LEFT - 6, y: y + 4 });
      text.textContent = db > 0 ? `+${db}` : String(db).replace("-", "−");
      this.back.append(text);
    }
    const named = FREQUENCIES.filter((_, n) => this.width >= NARROW || n % 2 === 1);
    for (const [hz, label] of named) {
      const x = Math.round(this.x(Number(hz))) + 0.5;
      this.back.append(element("line", { class: "grid", x1: x, x2: x, y1: 0, y2: HEIGHT - BOTTOM }));
      const text = element("text", { class: "mid", x, y: HEIGHT - 6 });
      text.textContent = String(label);
      this.back.append(text);
    }
  }

  /** @param {number} knot */
  handle(knot) {
    const hz = this.basis.mid_knots_hz[knot];
    const group = element("g", { class: "handle", tabindex: 0, role: "slider", "aria-label": `EQ at ${hertz(hz)}`,
      "aria-valuemin": -RANGE_DB, "aria-valuemax": RANGE_DB, "aria-orientation": "vertical", "data-knot": knot });
    group.append(element("circle", { r: 16, class: "reach" }), element("circle", { r: 6, class: "dot" }));
    group.addEventListener("pointerdown", (event) => this.press(/** @type {PointerEvent} */ (event), knot));
    group.addEventListener("dblclick", () => this.set(knot, 0, true));
    group.addEventListener("keydown", (event) => this.key(/** @type {KeyboardEvent} */ (event), knot));
    return /** @type {SVGGElement} */ (group);
  }

  /** @param {PointerEvent} event @param {number} knot */
  press(event, knot) {
    event.preventDefault();
    const handle = this.handles[knot];
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const box = this.svg.getBoundingClientRect();
    const per_db = box.height * (HEIGHT - BOTTOM) / HEIGHT / (2 * RANGE_DB);
    const [from, start] = [event.clientY, this.gains[knot]];
    const move = (/** @type {PointerEvent} */ moved) => {
      const fine = moved.shiftKey ? 0.25 : 1;
      this.set(knot, start + (from - moved.clientY) * fine / per_db, false);
    };
    const release = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", release);
      handle.removeEventListener("pointercancel", release);
      this.dispatchEvent(new CustomEvent("rest"));
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", release);
    handle.addEventListener("pointercancel", release);
  }

  /** @param {KeyboardEvent} event @param {number} knot */
  key(event, knot) {
    const step = event.shiftKey ? BIG_STEP_DB : STEP_DB;
    const steps = /** @type {Record<string, number>} */ ({ ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step,
      PageUp: BIG_STEP_DB, PageDown: -BIG_STEP_DB });
    if (event.key in steps) this.set(knot, this.gains[knot] + steps[event.key], true);
    else if (event.key === "Home" || event.key === "0") this.set(knot, 0, true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} knot @param {number} db @param {boolean} rests */
  set(knot, db, rests) {
    const gain = Math.round(10 * Math.max(-RANGE_DB, Math.min(RANGE_DB, db))) / 10;
    this.gains = this.gains.map((old, n) => (n === knot ? gain : old));
    this.draw();
    this.dispatchEvent(new CustomEvent("turn", { detail: this.gains }));
    if (rests) this.dispatchEvent(new CustomEvent("rest"));
  }

  /** @param {number[]} gains @param {number[]} side */
  show(gains, side) {
    this.gains = [...gains];
    this.side = [...side];
    this.draw();
  }

  /** @param {number[] | null} open @param {number[] | null} unsure */
  propose(open, unsure) {
    this.open = open;
    this.unsure = unsure;
    this.draw();
  }

  /** @param {{from_hz: number, to_hz: number} | null} band */
  mark(band) {
    this.band = band;
    const [from, to] = band ? [this.x(Math.max(20, band.from_hz)), this.x(Math.min(20000, band.to_hz))] : [0, 0];
    this.shade.setAttribute("x", String(from));
    this.shade.setAttribute("width", String(Math.max(0, to - from)));
  }

  /** @param {number[]} values */
  path(values) {
    return values.map((db, n) => `${n === 0 ? "M" : "L"}${this.x(this.basis.hz[n]).toFixed(1)} ${this.y(db).toFixed(1)}`).join("");
  }

  draw() {
    const mid = this.curve(this.gains, this.basis.mid);
    this.line.setAttribute("d", this.path(mid));
    const side = this.curve(this.side, this.basis.side).map((db, n) => db + mid[n]);
    this.sideLine.setAttribute("d", this.side.some((db) => Math.abs(db) > 0.05) ? this.path(side) : "");
    const open = this.open && this.curve(this.open, this.basis.mid);
    const unsure = this.unsure && this.curve(this.unsure, this.basis.mid);
    this.proposed.setAttribute("d", open ? this.path(open) : "");
    this.area.setAttribute("d", open && unsure
      ? `${this.path(open.map((db, n) => db + unsure[n]))}L${this.path(open.map((db, n) => db - unsure[n])).slice(1).split("L").reverse().join("L")}Z` : "");
    this.handles.forEach((handle, knot) => {
      const hz = this.basis.mid_knots_hz[knot];
      handle.setAttribute("transform", `translate(${this.x(hz).toFixed(1)} ${this.y(this.gains[knot]).toFixed(1)})`);
      handle.setAttribute("aria-valuenow", this.gains[knot].toFixed(1));
      handle.setAttribute("aria-valuetext", `${signed(this.gains[knot])} dB`);
    });
  }
}
