// References: records that a song is led to. One is chosen, and how much of the way to it is gone.

import * as api from "./api.js";

/** @typedef {import("../types").Song} Song */
/** @typedef {import("./turns.js").Turns} Turns */

/** How much of the way is gone unless another share is asked for, percent, as on the command line. */
const USUAL_SHARE = 60;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

export class References extends EventTarget {
  /** @param {(row: HTMLElement) => HTMLElement} place puts the slider into the page @param {import("./knobs.js").Knobs} knobs */
  constructor(place, knobs) {
    super();
    /** @type {Song | null} */
    this.song = null;
    /** @type {Turns | null} */
    this.turns = null;
    /** References that are to be led by as soon as they are ready: song and number. @type {Map<number, number>} */
    this.awaited = new Map();
    place(knobs.slider("reference-share", "Toward it", 0, 100, 1, "%", (value) => this.turns?.move({ reference_share: value })));
    this.knobs = knobs;
    byId("reference").addEventListener("change", () => {
      const id = byId("reference").value;
      this.turns?.set({ reference: id === "" ? null : Number(id) });
    });
    byId("reference-add").addEventListener("click", () => byId("reference-file").click());
    byId("reference-file").addEventListener("change", () => {
      const [file] = byId("reference-file").files;
      byId("reference-file").value = "";
      if (file) void this.take(file);
    });
    byId("reference-drop").addEventListener("click", () => {
      const id = this.turns?.now.reference;
      if (!this.song || id == null) return;
      this.turns?.set({ reference: null });
      void api.dropReference(this.song.id, id).catch((error) => this.trouble(error.message));
    });
  }

  /** @param {string} text */
  trouble(text) { this.dispatchEvent(new CustomEvent("trouble", { detail: text })); }

  /** @param {File} file */
  async take(file) {
    const song = this.song;
    if (!song) return;
    try {
      const told = (/** @type {number} */ share) => { byId("reference-note").textContent = `${file.name}: ${Math.round(100 * share)} %`; };
      const after = await api.uploadReference(song.id, file, told);
      const added = after.references.at(-1);
      if (added) this.awaited.set(song.id, added.id);
      byId("reference-note").textContent = `${file.name} is being measured …`;
    } catch (error) {
      byId("reference-note").textContent = "";
      this.trouble(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Song} song @param {Turns} turns */
  show(song, turns) {
    this.song = song;
    this.turns = turns;
    const select = byId("reference");
    const ready = song.references.filter((reference) => reference.is_ready);
    const options = [new Option("none", ""), ...ready.map(({ id, name }) => new Option(name, String(id)))];
    if (document.activeElement !== select || select.options.length !== options.length) select.replaceChildren(...options);
    const chosen = turns.now.reference;
    select.value = chosen === null ? "" : String(chosen);
    byId("reference-drop").hidden = chosen === null;
    byId("reference-share-row").hidden = chosen === null;
    byId("reference-add").disabled = song.frames === 0;
    this.knobs.put("reference-share", turns.now.reference_share ?? USUAL_SHARE);
    const isReading = song.references.some((reference) => !reference.is_ready);
    const reference = ready.find(({ id }) => id === chosen);
    if (!isReading) {
      byId("reference-note").textContent = !reference ? ""
        : reference.lufs === null ? "Only its measures are left of the earlier session: it leads, and cannot be heard."
          : "It leads tone, dynamics and width; key 3 plays it.";
    }
    this.lead(song, turns);
  }

  /** A record that was just added leads as soon as it can. @param {Song} song @param {Turns} turns */
  lead(song, turns) {
    const id = this.awaited.get(song.id);
    const added = song.references.find((reference) => reference.id === id);
    if (id === undefined || (added && !added.is_ready)) return;
    this.awaited.delete(song.id);
    if (added) turns.set({ reference: id });
  }
}
