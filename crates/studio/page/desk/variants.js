// Variants: the same master along loud and open, dark and bright, to be heard beside each other and chosen from.

import * as api from "./api.js";
import { VARIANT } from "./sounds.js";

/** @typedef {import("../types").Song} Song */
/** @typedef {import("../types").Variant} Variant */
/** @typedef {import("./turns.js").Turns} Turns */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
/** @param {number} value @param {number} digits */
const number = (value, digits) => value.toFixed(digits).replace("-", "−");

export class Variants extends EventTarget {
  /** @param {import("./player.js").Player} player @param {() => import("../types").Target} target what is aimed at */
  constructor(player, target) {
    super();
    this.player = player;
    this.target = target;
    /** @type {Song | null} */
    this.song = null;
    /** @type {Turns | null} */
    this.turns = null;
    /** What is shown. */
    this.shown = "";
    byId("variants-make").addEventListener("click", () => {
      if (this.song) void api.variants(this.song.id).catch((error) => this.dispatchEvent(new CustomEvent("trouble", { detail: error.message })));
    });
  }

  /** @param {Song} song @param {Turns} turns */
  show(song, turns) {
    this.song = song;
    this.turns = turns;
    const made = song.variants;
    const isCurrent = made !== null && made.revision === song.revision;
    const canMake = song.state === "ready" && song.made?.revision === song.revision && !song.varying;
    byId("variants-make").disabled = !canMake || isCurrent;
    byId("variants-note").textContent = song.varying ? "Being made: four more masters take a while …"
      : made && !isCurrent ? "These are of how the knobs stood before."
        : made ? "Hear each of them; the one you choose becomes the song's master." : "";
    byId("variants-table").hidden = made === null;
    const shown = `${song.id} ${made?.revision} ${this.player.version}`;
    if (shown === this.shown || !made) return;
    this.shown = shown;
    byId("variants-body").replaceChildren(...made.all.map((variant) => this.row(variant)));
  }

  /** @param {Variant} variant */
  row(variant) {
    const row = document.createElement("tr");
    const cell = (/** @type {string} */ text, /** @type {string} */ kind = "") =>
      Object.assign(document.createElement("td"), { textContent: text, className: kind });
    const name = Object.assign(document.createElement("th"), { textContent: variant.name, scope: "row" });
    const buttons = document.createElement("td");
    buttons.className = "buttons";
    const key = `${VARIANT}${variant.name}`;
    const hear = Object.assign(document.createElement("button"), { textContent: "Hear", id: `hear-${variant.name}` });
    hear.setAttribute("aria-pressed", String(this.player.version === key));
    hear.setAttribute("aria-label", `Hear the variant ${variant.name}`);
    hear.addEventListener("click", () => { this.player.pick(key); byId(`hear-${variant.name}`)?.focus(); });
    const choose = Object.assign(document.createElement("button"), { textContent: "Choose", id: `choose-${variant.name}` });
    choose.setAttribute("aria-label", `Choose the variant ${variant.name}`);
    choose.addEventListener("click", () => this.choose(variant));
    buttons.append(hear, choose);
    row.append(name, cell(variant.what), cell(number(variant.lufs, 1), "n"), cell(number(variant.true_peak_dbtp, 1), "n"),
      cell(number(variant.limiting_db, 1), "n"), buttons);
    return row;
  }

  /** Its words and its loudness become the song's. @param {Variant} variant */
  choose(variant) {
    const turns = this.turns;
    if (!turns) return;
    const words = [turns.now.words, variant.words ?? ""].filter((text) => text !== "").join(", ");
    const target = this.target();
    const louder = { ...target, integrated_lufs: target.integrated_lufs + variant.louder_lu };
    turns.set(variant.louder_lu === 0 ? { words } : { words, preset: null, target: louder });
    this.player.pick("master");
  }
}
