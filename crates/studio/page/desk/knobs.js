// The knobs: amounts, target, words, the stages one by one. Each shows where it stands and what that does.

import { SLOTS } from "./turns.js";

/** @typedef {import("../types").Param} Param */
/** @typedef {import("./turns.js").Turns} Turns */

const AMOUNTS = /** @type {const} */ ([
  ["eq", "EQ"], ["compressor", "Compression"], ["deesser", "De-esser"], ["saturation", "Saturation"], ["stereo", "Width"],
]);
/** What of the stages is worth a knob: parameter, name, digits. */
const FINE = /** @type {const} */ ([
  ["compressor.ratio", "Compressor ratio", 2], ["compressor.threshold_lu", "Compressor threshold", 1],
  ["compressor.attack_ms", "Attack", 0], ["compressor.release_ms", "Release", 0], ["compressor.mix", "Compressed share", 2],
  ["deesser.max_reduction_db", "De-esser, most", 1], ["deesser.threshold_lu", "De-esser threshold", 1],
  ["deesser.frequency_hz", "De-esser at", 0],
  ["saturation.amount", "Saturation", 2], ["stereo.low_db", "Width, low", 1], ["stereo.mid_db", "Width, middle", 1],
  ["stereo.high_db", "Width, high", 1],
]);

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

export class Knobs {
  /** @param {import("../types").Session} session */
  constructor(session) {
    this.session = session;
    /** @type {Turns | null} */
    this.turns = null;
    /** @type {import("../types").Settings | null} */
    this.settings = null;
    this.makeTargets();
    this.makeAmounts();
    this.makeFine();
    this.makeSlots();
    /** The words that are shown. */
    this.words = "";
    byId("words").addEventListener("change", () => {
      byId("words").value = this.words = byId("words").value.trim();
      this.turns?.set({ words: this.words });
    });
    byId("genre").addEventListener("change", () => this.turns?.set({ genre: byId("genre").value }));
    byId("codecs").addEventListener("change", () => this.turns?.set({ codecs: byId("codecs").checked }));
    byId("format").addEventListener("change", () => this.turns?.set({ format: byId("format").value }));
    byId("undo").addEventListener("click", () => this.turns?.undo());
    byId("redo").addEventListener("click", () => this.turns?.redo());
    byId("reset").addEventListener("click", () => this.turns?.reset());
  }

  /** @param {string} name @returns {Param} */
  param(name) {
    const found = this.session.params.find((param) => param.name === name);
    if (!found) throw new Error(`no parameter ${name}`);
    return found;
  }

  makeTargets() {
    const select = byId("target");
    for (const target of this.session.targets) {
      const option = new Option(`${target.name} (${target.integrated_lufs} LUFS, ${target.true_peak_dbtp} dBTP)`, target.name);
      option.title = target.help;
      select.append(option);
    }
    select.append(new Option("my own numbers", ""));
    select.addEventListener("change", () => {
      const turns = this.turns;
      if (!turns) return;
      if (select.value) turns.set({ preset: select.value, target: null });
      else turns.set({ preset: null, target: this.target() });
    });
    for (const [id, field] of [["lufs", "integrated_lufs"], ["ceiling", "true_peak_dbtp"], ["limiting", "max_limiting_db"]]) {
      const param = this.param(`target.${field}`);
      Object.assign(byId(id), { min: String(param.min), max: String(param.max), step: id === "limiting" ? "0.5" : "0.1" });
      byId(id).addEventListener("change", () => {
        const value = Number(byId(id).value);
        const within = Math.max(param.min, Math.min(param.max, Number.isFinite(value) ? value : param.neutral));
        this.turns?.set({ preset: null, target: { ...this.target(), [field]: within } });
      });
    }
  }

  /** What is aimed at as the knobs stand. @returns {import("../types").Target} */
  target() {
    const turn = this.turns?.now;
    if (turn?.target) return turn.target;
    const named = this.session.targets.find((target) => target.name === (turn?.preset ?? "streaming"));
    return { integrated_lufs: named?.integrated_lufs ?? -14, true_peak_dbtp: named?.true_peak_dbtp ?? -1,
      max_limiting_db: this.param("target.max_limiting_db").neutral };
  }

  makeAmounts() {
    const place = byId("amounts");
    place.append(this.slider("amount-all", "Everything", 0, 200, 1, "%", (value) =>
      this.turns?.move({ amounts: { eq: value, compressor: value, deesser: value, saturation: value, stereo: value } })));
    for (const [stage, label] of AMOUNTS) {
      place.append(this.slider(`amount-${stage}`, label, 0, 200, 1, "%", (value) => {
        if (this.turns) this.turns.move({ amounts: { ...this.turns.now.amounts, [stage]: value } });
      }));
    }
  }

  makeFine() {
    for (const [name, label, digits] of FINE) {
      const param = this.param(name);
      const [stage, field] = /** @type {["compressor" | "deesser" | "saturation" | "stereo", string]} */ (name.split("."));
      const row = this.slider(`fine-${name}`, label, param.min, param.max, 10 ** -digits, param.unit, (value) => {
        const settings = this.turns?.now[stage] ?? this.settings?.[stage];
        if (!this.turns || !settings) return;
        // What is set by hand is what is heard: no amount scales it again.
        const amounts = { ...this.turns.now.amounts, [stage]: 100 };
        this.turns.move({ [stage]: { ...settings, [field]: value }, amounts });
      });
      row.title = param.help;
      byId("fine").append(row);
    }
  }

  makeSlots() {
    for (const slot of SLOTS) {
      const button = document.createElement("button");
      button.textContent = slot;
      button.id = `slot-${slot}`;
      button.title = `Settings ${slot}`;
      button.addEventListener("click", () => this.turns?.choose(slot));
      byId("slots").append(button);
    }
  }

  /**
   * @param {string} id @param {string} label @param {number} min @param {number} max @param {number} step
   * @param {string} unit @param {(value: number) => void} move
   */
  slider(id, label, min, max, step, unit, move) {
    const row = document.createElement("label");
    row.className = "knob";
    const name = document.createElement("span");
    name.textContent = label;
    const input = document.createElement("input");
    Object.assign(input, { type: "range", id, min: String(min), max: String(max), step: String(step) });
    const value = document.createElement("output");
    value.htmlFor.add(id);
    row.append(name, input, value);
    const show = () => {
      const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
      value.textContent = `${Number(input.value).toFixed(digits)}${unit === ":1" ? "" : " "}${unit}`.replace("-", "−").trim();
      input.setAttribute("aria-valuetext", value.textContent);
    };
    input.addEventListener("input", () => { show(); move(Number(input.value)); });
    input.addEventListener("change", () => this.turns?.rest());
    input.addEventListener("acetate-show", show);
    return row;
  }

  /** @param {string} id @param {number} value */
  put(id, value) {
    const input = byId(id);
    if (document.activeElement === input && this.turns?.held) return;
    input.value = String(value);
    input.dispatchEvent(new Event("acetate-show"));
  }

  /** Shows how the knobs stand, and what that comes to. @param {Turns} turns @param {import("../types").Settings | null} settings */
  show(turns, settings) {
    this.turns = turns;
    this.settings = settings;
    const turn = turns.now;
    byId("target").value = turn.target ? "" : turn.preset ?? "streaming";
    const target = this.target();
    for (const [id, value] of [["lufs", target.integrated_lufs], ["ceiling", target.true_peak_dbtp], ["limiting", target.max_limiting_db]]) {
      if (document.activeElement !== byId(String(id))) byId(String(id)).value = String(value);
    }
    const amounts = AMOUNTS.map(([stage]) => turn.amounts[stage]);
    const sum = amounts.reduce((all, amount) => all + amount, 0);
    this.put("amount-all", Math.round(sum / amounts.length));
    for (const [stage] of AMOUNTS) this.put(`amount-${stage}`, turn.amounts[stage]);
    if (settings) {
      for (const [name] of FINE) {
        const [stage, field] = /** @type {["compressor" | "deesser" | "saturation" | "stereo", string]} */ (name.split("."));
        this.put(`fine-${name}`, (turn[stage] ?? settings[stage])[field]);
      }
    }
    // Who is typing is not disturbed.
    if (document.activeElement !== byId("words") || byId("words").value === this.words) byId("words").value = turn.words;
    this.words = turn.words;
    byId("genre").value = turn.genre;
    byId("codecs").checked = turn.codecs;
    byId("format").value = turn.format;
    byId("undo").disabled = turns.done.length === 0;
    byId("redo").disabled = turns.undone.length === 0;
    byId("reset").disabled = turns.isProposed();
    for (const slot of SLOTS) byId(`slot-${slot}`).setAttribute("aria-pressed", String(slot === turns.slot));
  }
}
