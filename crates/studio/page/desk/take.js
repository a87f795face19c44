// Take home: the master, what is made beside it, and the folder that the command line named.

import * as api from "./api.js";

/** @typedef {import("../types").Song} Song */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const FILES = ["master", "settings", "certificate", "report"];
/** What is made when it is asked for, and what it is called meanwhile. */
const MADE = /** @type {Record<string, string>} */ ({ page: "The report page", pack: "The pack" });

export class Take extends EventTarget {
  /** @param {boolean} delivers a folder was named to deliver into */
  constructor(delivers) {
    super();
    /** @type {Song | null} */
    this.song = null;
    /** What is to be downloaded as soon as it is made: song, revision and kind. @type {Set<string>} */
    this.awaited = new Set();
    for (const kind of FILES) byId(`take-${kind}`).addEventListener("click", () => this.trying(this.download(kind)));
    for (const kind of Object.keys(MADE)) byId(`take-${kind}`).addEventListener("click", () => this.trying(this.make(kind)));
    byId("deliver").hidden = !delivers;
    byId("deliver").addEventListener("click", () => this.trying(this.deliver()));
    /** What was delivered. @type {{song: number, revision: number, files: string[]} | null} */
    this.delivered = null;
  }

  /** @param {Promise<unknown>} work */
  trying(work) { void work.catch((error) => this.dispatchEvent(new CustomEvent("trouble", { detail: error.message }))); }

  /** @param {string} kind */
  async download(kind) { if (this.song) await api.download(this.song.id, kind); }

  /** @param {string} kind */
  async make(kind) {
    const song = this.song;
    if (!song?.made) return;
    if (song.made.beside.includes(kind)) return this.download(kind);
    this.awaited.add(`${song.id} ${song.made.revision} ${kind}`);
    await api.makeBeside(song.id, kind);
  }

  async deliver() {
    const song = this.song;
    if (!song?.made) return;
    const { files } = await api.deliver(song.id);
    this.delivered = { song: song.id, revision: song.made.revision, files };
    this.show(song);
  }

  /** Something failed: nothing is waited for any more. @param {number} id */
  failed(id) { for (const one of this.awaited) if (one.startsWith(`${id} `)) this.awaited.delete(one); }

  /** @param {Song} song */
  show(song) {
    this.song = song;
    const isCurrent = song.made !== null && song.made.revision === song.revision && song.state === "ready";
    for (const kind of [...FILES, ...Object.keys(MADE)]) byId(`take-${kind}`).disabled = !isCurrent;
    for (const kind of Object.keys(MADE)) if (song.made?.making.includes(kind)) byId(`take-${kind}`).disabled = true;
    byId("deliver").disabled = !isCurrent;
    byId("take-note").textContent = this.note(song, isCurrent);
    for (const kind of song.made?.beside ?? []) {
      if (this.awaited.delete(`${song.id} ${song.made?.revision} ${kind}`)) this.trying(this.download(kind));
    }
  }

  /** @param {Song} song @param {boolean} isCurrent */
  note(song, isCurrent) {
    const made = song.made;
    if (!made) return "";
    if (!isCurrent) return "The master as the knobs stand is being made.";
    const making = made.making.map((kind) => MADE[kind]).join(" and ");
    if (making !== "") return `${making} is being made; the download begins by itself.`;
    const { delivered } = this;
    if (delivered && delivered.song === song.id && delivered.revision === made.revision) return `In the folder now: ${delivered.files.join(", ")}.`;
    return made.all_met ? "The file was read back and measured before it was offered here."
      : "The file was read back and measured; a check missed its target, as the figures say.";
  }
}
