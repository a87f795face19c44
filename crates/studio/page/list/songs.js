// The songs of the session: tabs with their states, dropping, choosing files, uploads under way.

import * as api from "./api.js";

/** @typedef {import("../types").Song} Song */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** What a state is called. @type {Record<string, string>} */
export const STATES = {
  waiting: "Waiting", opening: "Reading the file", measuring: "Measuring the mix", mastering: "Making the master",
  ready: "Ready", paused: "Paused", failed: "Failed",
};

/** What a step of the work is called. @type {Record<string, string>} */
export const STEPS = {
  open: "Reading the file", references: "Measuring the reference", analyze: "Measuring the mix", render: "Rendering",
  write: "Limiting and writing", verify: "Reading back and verifying", report: "Drawing the report page", pack: "Filling the pack",
};

export class Songs extends EventTarget {
  constructor() {
    super();
    /** @type {Map<number, Song>} */
    this.all = new Map();
    /** @type {number | null} */
    this.chosen = null;
    /** Uploads under way: name and share. @type {Map<number, {name: string, share: number}>} */
    this.uploads = new Map();
    this.uploadId = 0;
    byId("add").addEventListener("click", () => byId("file").click());
    byId("choose").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", () => { void this.take([...byId("file").files]); byId("file").value = ""; });
    this.listenForDrops();
  }

  listenForDrops() {
    let depth = 0;
    const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    const over = (/** @type {boolean} */ on) => document.body.classList.toggle("dropping", on);
    window.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; over(true); this.showPlaces(); } });
    window.addEventListener("dragleave", (event) => { if (hasFiles(event)) { depth -= 1; over(depth > 0); } });
    window.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
    window.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      over(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      const isReference = /** @type {Element} */ (event.target).closest?.("[data-drop]")?.getAttribute("data-drop") === "reference";
      if (isReference) this.dispatchEvent(new CustomEvent("reference", { detail: files[0] }));
      else void this.take(files);
    });
  }

  /** A song that is open can be given a reference. */
  showPlaces() {
    const song = this.current();
    byId("drop-reference").hidden = song === null || song.frames === 0;
    byId("drop-name").textContent = song?.name ?? "";
  }

  /** Puts the songs in another order. @param {number[]} ids */
  order(ids) {
    const place = (/** @type {number} */ id) => { const at = ids.indexOf(id); return at < 0 ? ids.length : at; };
    this.all = new Map([...this.all].sort(([a], [b]) => place(a) - place(b)));
    this.draw();
  }

  /** @param {File[]} files */
  async take(files) {
    for (const [place, file] of files.entries()) {
      const id = (this.uploadId += 1);
      this.uploads.set(id, { name: file.name, share: 0 });
      this.draw();
      try {
        const song = await api.upload(file, (share) => { this.uploads.set(id, { name: file.name, share }); this.draw(); });
        this.uploads.delete(id);
        this.put(song);
        // Of several the first is looked at; the others wait in their tabs.
        if (place === 0) this.choose(song.id);
      } catch (error) {
        this.uploads.delete(id);
        this.draw();
        this.dispatchEvent(new CustomEvent("trouble", { detail: /** @type {Error} */ (error).message }));
      }
    }
  }

  /** @param {Song[]} songs */
  replace(songs) {
    const newest = (/** @type {Song} */ song) => {
      const known = this.all.get(song.id);
      return known && known.view > song.view ? known : song;
    };
    this.all = new Map(songs.map((song) => [song.id, newest(song)]));
    if (this.chosen === null || !this.all.has(this.chosen)) this.chosen = songs[0]?.id ?? null;
    this.draw();
    this.tell();
  }

  /** @param {Song} song */
  put(song) {
    const known = this.all.get(song.id);
    // An answer may come after the event that overtook it.
    if (known && known.view > song.view) return;
    this.all.set(song.id, song);
    this.chosen ??= song.id;
    this.draw();
    if (this.chosen === song.id) this.tell();
  }

  /** @param {number} id */
  remove(id) {
    this.all.delete(id);
    if (this.chosen === id) this.chosen = this.all.keys().next().value ?? null;
    this.draw();
    this.tell();
  }

  /** @param {number} id */
  choose(id) {
    this.chosen = id;
    this.draw();
    this.tell();
  }

  current() { return this.chosen === null ? null : this.all.get(this.chosen) ?? null; }

  tell() { this.dispatchEvent(new Event("chosen")); }

  draw() {
    const uploading = [...this.uploads.values()];
    const isEmpty = this.all.size === 0;
    byId("welcome").hidden = !isEmpty;
    byId("upload").textContent = uploading.map(({ name, share }) => `${name}: ${Math.round(100 * share)} %`).join(" · ");
    byId("songs").hidden = this.all.size < 2;
    const tabs = [...this.all.values()].map((song) => this.tab(song));
    const focused = document.activeElement?.id;
    byId("songs").replaceChildren(...tabs);
    if (focused?.startsWith("tab-")) byId(focused)?.focus();
    this.dispatchEvent(new Event("drawn"));
  }

  /** @param {Song} song */
  tab(song) {
    const tab = document.createElement("button");
    const isChosen = song.id === this.chosen;
    tab.id = `tab-${song.id}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    const dot = document.createElement("span");
    dot.className = `dot ${song.state === "ready" && song.made && !song.made.all_met ? "missed" : song.state}`;
    dot.title = STATES[song.state] ?? song.state;
    const name = document.createElement("span");
    name.textContent = song.name;
    const state = document.createElement("span");
    state.className = "hidden";
    state.textContent = `, ${STATES[song.state] ?? song.state}`;
    tab.append(dot, name, state);
    tab.addEventListener("click", () => this.choose(song.id));
    tab.addEventListener("keydown", (event) => {
      const ids = [...this.all.keys()];
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      event.stopPropagation();
      const next = ids[(ids.indexOf(song.id) + step + ids.length) % ids.length];
      this.choose(next);
      byId(`tab-${next}`).focus();
    });
    return tab;
  }
}
