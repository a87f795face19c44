// The picture of the song over time: outline of mix and master, loudness, gain reduction, findings, loop and
// playhead on one canvas, for the report page and the studio. It can be zoomed, clicked and dragged over; with the
// keyboard it is a slider.

/** @typedef {import("./types").Finding} Finding */

/** Heights of the lanes, CSS pixels. */
const MARKS = 18;
const WAVE = 132;
const LOUDNESS = 66;
const TAKEN = 36;
const GAP = 10;
export const HEIGHT = MARKS + WAVE + GAP + LOUDNESS + GAP + TAKEN + 18;
/** Loudness lane: from the top down, LU. */
const LOUDNESS_RANGE = 30;
/** Gain reduction lane: full height, dB. */
const TAKEN_RANGE = 9;
/** Points of a curve a second. */
const CURVE_RATE = 10;
/** A shorter drag is a click, CSS pixels. */
const DRAG = 4;
/** Fewest frames across the picture. */
const CLOSEST = 4096;

/** @param {number} seconds */
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export class Wave extends EventTarget {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    super();
    this.canvas = canvas;
    this.frames = 0;
    this.rate = 44100;
    this.step = 256;
    /** @type {Int16Array | null} */
    this.mix = null;
    /** @type {Int16Array | null} */
    this.master = null;
    /** @type {import("./types").Curves} */
    this.curves = { mix_lufs: [], master_lufs: [], limiting_db: [] };
    /** @type {Finding[]} */
    this.findings = [];
    this.target_lufs = -14;
    /** @type {[number, number] | null} */
    this.loop = null;
    this.loopOn = false;
    /** What of the song can be heard, where that is not all of it, frames. @type {[number, number] | null} */
    this.heard = null;
    this.playhead = 0;
    /** What is shown, frames. @type {[number, number]} */
    this.view = [0, 1];
    /** @type {{from: number, to: number, x: number, moved: boolean} | null} */
    this.drag = null;
    /** The still part of the picture, drawn once. @type {HTMLCanvasElement} */
    this.still = document.createElement("canvas");
    this.isStale = true;
    /** What was drawn last. */
    this.drawn = "";
    /** Colors and font of the page, looked up when the still part is drawn. */
    this.palette = this.colors();
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", () => { this.drag = null; });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.stale()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.stale());
  }

  /** @param {number} frames @param {number} rate @param {number} step */
  show(frames, rate, step) {
    if (frames !== this.frames) this.view = [0, Math.max(1, frames)];
    Object.assign(this, { frames, rate, step });
    this.canvas.setAttribute("aria-valuemax", String(Math.round(frames / rate)));
    this.stale();
  }

  stale() { this.isStale = true; }

  /** @param {number} factor @param {number} [around] */
  zoom(factor, around = this.playhead) {
    const [from, to] = this.view;
    const width = Math.max(CLOSEST, Math.min(this.frames, (to - from) * factor));
    const at = around < from || around > to ? (from + to) / 2 : around;
    const share = (at - from) / (to - from);
    this.look(at - share * width, width);
  }

  /** @param {number} from @param {number} width */
  look(from, width) {
    const start = Math.max(0, Math.min(this.frames - width, from));
    this.view = [start, start + width];
    this.stale();
  }

  whole() { this.look(0, this.frames); }

  width() { return this.canvas.clientWidth; }
  /** @param {number} frame */
  x(frame) { return (frame - this.view[0]) / (this.view[1] - this.view[0]) * this.width(); }
  /** @param {number} x */
  frame(x) { return Math.max(0, Math.min(this.frames, this.view[0] + x / this.width() * (this.view[1] - this.view[0]))); }

  /** @param {string} name @param {unknown} detail */
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button !== 0 || this.frames === 0) return;
    const mark = this.markAt(event);
    if (mark) { this.tell("finding", mark); return; }
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.frame(event.offsetX);
    this.drag = { from: at, to: at, x: event.offsetX, moved: false };
  }

  /** @param {PointerEvent} event */
  move(event) {
    const drag = this.drag;
    if (!drag) {
      const mark = this.markAt(event);
      this.canvas.style.cursor = mark ? "pointer" : "text";
      this.canvas.title = mark ? mark.text : "";
      return;
    }
    drag.to = this.frame(event.offsetX);
    drag.moved ||= Math.abs(event.offsetX - drag.x) > DRAG;
    if (drag.moved) { this.loop = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]; this.loopOn = true; }
  }

  /** @param {PointerEvent} event */
  release(event) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (drag.moved) this.tell("loop", this.loop);
    else this.tell("seek", this.frame(event.offsetX));
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    const width = this.view[1] - this.view[0];
    if (event.ctrlKey || event.metaKey) this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.frame(event.offsetX));
    else this.look(this.view[0] + event.deltaX / this.width() * width, width);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = event.shiftKey ? 10 : 2;
    const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: -step, ArrowRight: step, PageUp: -30, PageDown: 30 });
    if (event.key in moves) this.tell("seek", this.playhead + moves[event.key] * this.rate);
    else if (event.key === "Home") this.tell("seek", 0);
    else if (event.key === "End") this.tell("seek", this.frames - this.rate);
    else if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {PointerEvent} event */
  markAt(event) {
    if (event.offsetY > MARKS) return null;
    const near = (/** @type {Finding} */ finding) => (finding.places ?? []).some((place) =>
      event.offsetX >= this.x(place.from_s * this.rate) - 7 && event.offsetX <= this.x(place.to_s * this.rate) + 7);
    return this.findings.find(near) ?? null;
  }

  /** Whether the picture is another than the one that was drawn. */
  hasChanged() {
    const drawn = `${Math.round(this.x(this.playhead))} ${this.loop} ${this.loopOn} ${this.width()} ${window.devicePixelRatio} ${this.view}`;
    const isNew = this.isStale || drawn !== this.drawn;
    this.drawn = drawn;
    return isNew;
  }

  /** Draws everything that moves over what stands still. */
  draw() {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width() * ratio), Math.round(HEIGHT * ratio)];
    if (width === 0) return;
    const isAnother = this.canvas.width !== width || this.canvas.height !== height;
    if (isAnother) { this.canvas.width = width; this.canvas.height = height; }
    if (this.isStale || isAnother) this.drawStill(width, height, ratio);
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    const colors = this.palette;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.loop) {
      const [from, to] = [this.x(this.loop[0]), this.x(this.loop[1])];
      pen.fillStyle = colors.loop;
      pen.globalAlpha = this.loopOn ? 0.2 : 0.08;
      pen.fillRect(from, MARKS, to - from, HEIGHT - MARKS - 18);
      pen.globalAlpha = 1;
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(this.still, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = Math.round(this.x(this.playhead)) + 0.5;
    pen.strokeStyle = colors.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, MARKS - 4);
    pen.lineTo(x, HEIGHT - 18);
    pen.stroke();
    const at = this.playhead / this.rate;
    this.canvas.setAttribute("aria-valuenow", String(Math.round(at)));
    this.canvas.setAttribute("aria-valuetext", clock(at));
  }

  colors() {
    const style = getComputedStyle(this.canvas);
    const of = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    return { ink: of("--ink"), soft: of("--soft"), rule: of("--rule"), before: of("--before"), after: of("--after"),
      loop: of("--typical"), good: of("--good"), bad: of("--bad"), panel: of("--panel"), font: style.fontFamily };
  }

  /** @param {number} width @param {number} height @param {number} ratio */
  drawStill(width, height, ratio) {
    this.isStale = false;
    Object.assign(this.still, { width, height });
    const pen = this.still.getContext("2d");
    if (!pen || this.frames === 0) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colors = this.palette = this.colors();
    pen.font = `11px ${colors.font}`;
    this.drawOutline(pen, this.master, colors.after, 1);
    this.drawOutline(pen, this.mix, colors.before, this.master ? 0.8 : 1);
    this.drawLoudness(pen, colors);
    this.drawTaken(pen, colors);
    this.drawTime(pen, colors);
    this.drawMarks(pen, colors);
    if (this.heard) this.drawUnheard(pen, colors, this.heard);
  }

  /** What cannot be heard stands back. @param {CanvasRenderingContext2D} pen @param {ReturnType<Wave["colors"]>} colors @param {[number, number]} heard */
  drawUnheard(pen, colors, [from, to]) {
    pen.fillStyle = colors.panel;
    pen.globalAlpha = 0.6;
    pen.fillRect(0, MARKS, this.x(from), WAVE);
    pen.fillRect(this.x(to), MARKS, this.width() - this.x(to), WAVE);
    pen.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} pen @param {Int16Array | null} pairs @param {string} color @param {number} alpha */
  drawOutline(pen, pairs, color, alpha) {
    if (!pairs) return;
    const middle = MARKS + WAVE / 2;
    pen.fillStyle = color;
    pen.globalAlpha = alpha;
    const width = this.width();
    for (let x = 0; x < width; x += 1) {
      const first = Math.floor(this.frame(x) / this.step);
      const last = Math.max(first + 1, Math.floor(this.frame(x + 1) / this.step));
      let [low, high] = [0, 0];
      for (let n = first; n < last && 2 * n + 1 < pairs.length; n += 1) {
        low = Math.min(low, pairs[2 * n]);
        high = Math.max(high, pairs[2 * n + 1]);
      }
      const top = middle - high / 32768 * WAVE / 2;
      const bottom = middle - low / 32768 * WAVE / 2;
      pen.fillRect(x, top, 1, Math.max(1, bottom - top));
    }
    pen.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} pen @param {ReturnType<Wave["colors"]>} colors */
  drawLoudness(pen, colors) {
    const top = MARKS + WAVE + GAP;
    const most = (/** @type {(number | null)[]} */ values) => values.reduce((/** @type {number} */ most, v) => Math.max(most, v ?? -99), this.target_lufs);
    const loudest = Math.max(most(this.curves.master_lufs), most(this.curves.mix_lufs));
    const high = Math.ceil(loudest / 6) * 6;
    const y = (/** @type {number} */ lufs) => top + Math.min(1, (high - lufs) / LOUDNESS_RANGE) * LOUDNESS;
    pen.lineWidth = 1;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let lufs = high; lufs >= high - LOUDNESS_RANGE; lufs -= 12) this.line(pen, colors.rule, y(lufs), []);
    this.line(pen, colors.good, y(this.target_lufs), [5, 4]);
    this.curve(pen, this.curves.mix_lufs, colors.before, y, 2.4);
    this.curve(pen, this.curves.master_lufs, colors.after, y, 1.6);
    this.label(pen, colors, `${high} LUFS`, top + 6);
    this.label(pen, colors, `${high - 24}`, y(high - 24));
  }

  /** @param {CanvasRenderingContext2D} pen @param {ReturnType<Wave["colors"]>} colors @param {string} text @param {number} y */
  label(pen, colors, text, y) {
    if (text === "") return;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    // What lies below may not cross the letters.
    pen.fillStyle = colors.panel;
    pen.fillRect(0, y - 7, pen.measureText(text).width + 6, 14);
    pen.fillStyle = colors.soft;
    pen.fillText(text.replace("-", "−"), 0, y);
  }

  /** @param {CanvasRenderingContext2D} pen @param {string} color @param {number} y @param {number[]} dash */
  line(pen, color, y, dash) {
    pen.strokeStyle = color;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(0, Math.round(y) + 0.5);
    pen.lineTo(this.width(), Math.round(y) + 0.5);
    pen.stroke();
    pen.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} pen @param {(number | null)[]} values @param {string} color
   * @param {(value: number) => number} y @param {number} width
   */
  curve(pen, values, color, y, width) {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.lineJoin = "round";
    pen.beginPath();
    let drawing = false;
    const step = Math.max(1, Math.floor(values.length * (this.view[1] - this.view[0]) / this.frames / (2 * this.width())));
    for (let n = 0; n < values.length; n += step) {
      const value = values[n];
      // Each value stands for the three seconds that end with it.
      const x = this.x((n / CURVE_RATE + 1.5) * this.rate);
      if (value === null || x < -20 || x > this.width() + 20) { drawing = false; continue; }
      if (drawing) pen.lineTo(x, y(value)); else pen.moveTo(x, y(value));
      drawing = true;
    }
    pen.stroke();
    pen.lineWidth = 1;
  }

  /** @param {CanvasRenderingContext2D} pen @param {ReturnType<Wave["colors"]>} colors */
  drawTaken(pen, colors) {
    const top = MARKS + WAVE + GAP + LOUDNESS + GAP;
    this.line(pen, colors.rule, top, []);
    pen.fillStyle = colors.after;
    pen.globalAlpha = 0.6;
    const taken = this.curves.limiting_db;
    const width = this.width();
    for (let x = 0; x < width && taken.length > 0; x += 1) {
      const first = Math.floor(this.frame(x) / this.rate * CURVE_RATE);
      const last = Math.max(first + 1, Math.floor(this.frame(x + 1) / this.rate * CURVE_RATE));
      let most = 0;
      for (let n = first; n < last && n < taken.length; n += 1) most = Math.max(most, taken[n]);
      pen.fillRect(x, top, 1, Math.min(1, most / TAKEN_RANGE) * TAKEN);
    }
    pen.globalAlpha = 1;
    this.label(pen, colors, taken.length > 0 ? "limiter" : "", top + 8);
  }

  /** @param {CanvasRenderingContext2D} pen @param {ReturnType<Wave["colors"]>} colors */
  drawTime(pen, colors) {
    const seconds = (this.view[1] - this.view[0]) / this.rate;
    const steps = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
    const step = steps.find((s) => seconds / s <= this.width() / 70) ?? 3600;
    pen.fillStyle = colors.soft;
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    for (let s = Math.ceil(this.view[0] / this.rate / step) * step; s <= this.view[1] / this.rate; s += step) {
      const x = this.x(s * this.rate);
      if (x < 16 || x > this.width() - 16) continue;
      pen.fillText(step < 1 ? `${clock(s)}${(s % 1).toFixed(1).slice(1)}` : clock(s), x, HEIGHT - 4);
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {ReturnType<Wave["colors"]>} colors */
  drawMarks(pen, colors) {
    for (const finding of this.findings) {
      pen.fillStyle = finding.severity === "problem" ? colors.bad : finding.severity === "remark" ? colors.loop : colors.soft;
      for (const place of finding.places ?? []) {
        const [from, to] = [this.x(place.from_s * this.rate), this.x(place.to_s * this.rate)];
        pen.fillRect(from, MARKS - 10, Math.max(5, to - from), 5);
      }
    }
  }
}

