// The songs as an album: their order, the joins between them, and what is decided of all together.

import * as api from "./api.js";
import { Join } from "./join.js";
import { proposed } from "./turns.js";

/** @typedef {import("../types").Song} Song */
/** @typedef {import("../types").AlbumSong} AlbumSong */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
/** @param {number} value @param {number} digits */
const number = (value, digits) => value.toFixed(digits).replace("-", "−");
/** @param {number} value */
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
/** @param {string} text @param {string} label @param {string} [kind] */
function button(text, label, kind = "quiet") {
  const made = Object.assign(document.createElement("button"), { textContent: text, className: kind });
  made.setAttribute("aria-label", label);
  return made;
}

export class Album extends EventTarget {
  /** @param {import("./songs.js").Songs} songs @param {import("./player.js").Player} player @param {import("../types").NamedTarget[]} targets */
  constructor(songs, player, targets) {
    super();
    this.songs = songs;
    this.player = player;
    this.join = new Join();
    /** What was decided last, and for which songs in which order. @type {{of: string, album: import("../types").Album} | null} */
    this.decided = null;
    /** The song that is dragged. @type {number | null} */
    this.dragged = null;
    byId("album-target").append(...targets.map(({ name }) => new Option(name, name)));
    byId("album-decide").addEventListener("click", () => this.trying(this.decide()));
    byId("album-apply").addEventListener("click", () => this.apply());
    byId("album-stop").addEventListener("click", () => this.join.stop());
    this.join.addEventListener("change", () => { byId("album-stop").hidden = !this.join.isPlaying; });
    for (const id of ["album-balance", "album-target"]) byId(id).addEventListener("change", () => { this.decided = null; this.draw(); });
  }

  /** @param {Promise<unknown>} work */
  trying(work) { void work.catch((error) => this.dispatchEvent(new CustomEvent("trouble", { detail: error.message }))); }

  ids() { return [...this.songs.all.keys()]; }

  draw() {
    const all = [...this.songs.all.values()];
    byId("album").hidden = all.length < 2;
    if (all.length < 2) return;
    if (this.decided && this.decided.of !== this.ids().join()) this.decided = null;
    const focused = document.activeElement?.id ?? "";
    byId("album-list").replaceChildren(...all.map((song, place) => this.row(song, place, all)));
    if (focused.startsWith("album-")) byId(focused)?.focus();
    byId("album-decide").disabled = all.some((song) => ["waiting", "opening", "measuring", "failed"].includes(song.state));
    byId("album-apply").disabled = this.decided === null;
    byId("album-note").textContent = this.decided
      ? `Decided for ${all.length} songs: the loudest measures ${number(this.decided.album.target.integrated_lufs, 1)} LUFS.` : "";
  }

  /** @param {Song} song @param {number} place @param {Song[]} all */
  row(song, place, all) {
    const row = document.createElement("li");
    row.draggable = true;
    row.dataset.song = String(song.id);
    const line = document.createElement("div");
    line.className = "row";
    const grip = Object.assign(document.createElement("span"), { className: "grip", textContent: "⠿" });
    grip.setAttribute("aria-hidden", "true");
    const name = Object.assign(document.createElement("span"), { className: "grow", textContent: `${place + 1}. ${song.name}` });
    const up = button("↑", `${song.name}: earlier`);
    up.id = `album-up-${song.id}`;
    up.disabled = place === 0;
    up.addEventListener("click", () => this.move(place, place - 1));
    const down = button("↓", `${song.name}: later`);
    down.id = `album-down-${song.id}`;
    down.disabled = place === all.length - 1;
    down.addEventListener("click", () => this.move(place, place + 1));
    line.append(grip, name, this.told(song), up, down);
    row.append(line);
    const next = all[place + 1];
    if (next) row.append(this.joint(song, next));
    this.listen(row, place);
    return row;
  }

  /** What was decided of a song, else how loud it is. @param {Song} song */
  told(song) {
    const decided = this.decided?.album.songs.find(({ id }) => id === song.id);
    const text = decided ? `${number(decided.integrated_lufs, 1)} LUFS (${signed(decided.level_lu)} LU), tone ${number(decided.tone_rms_db, 1)} dB, side ${signed(decided.side_db)} dB${decided.is_set_apart ? ", set apart by its mix" : ""}`
      : song.made ? `master ${number(song.made.master_lufs, 1)} LUFS` : song.state;
    return Object.assign(document.createElement("span"), { className: "soft small", textContent: text });
  }

  /** @param {Song} before @param {Song} next */
  joint(before, next) {
    const hear = button("▶ Hear the join", `Hear how ${before.name} goes over into ${next.name}`, "quiet small");
    hear.id = `album-join-${before.id}`;
    hear.disabled = before.made === null || next.made === null;
    const gap_s = this.decided?.album.songs.find(({ id }) => id === next.id)?.gap_s;
    hear.addEventListener("click", () => {
      this.player.stop();
      this.trying(this.join.play(before, next, gap_s));
    });
    return hear;
  }

  /** @param {HTMLElement} row @param {number} place */
  listen(row, place) {
    row.addEventListener("dragstart", (event) => {
      this.dragged = place;
      event.dataTransfer?.setData("text/plain", row.dataset.song ?? "");
    });
    row.addEventListener("dragover", (event) => { if (this.dragged !== null) { event.preventDefault(); row.classList.add("over"); } });
    row.addEventListener("dragleave", () => row.classList.remove("over"));
    row.addEventListener("dragend", () => { this.dragged = null; });
    row.addEventListener("drop", (event) => {
      if (this.dragged === null) return;
      event.preventDefault();
      this.move(this.dragged, place);
      this.dragged = null;
    });
  }

  /** @param {number} from @param {number} to */
  move(from, to) {
    const ids = this.ids();
    const [id] = ids.splice(from, 1);
    ids.splice(to, 0, id);
    this.songs.order(ids);
    this.draw();
    this.trying(api.order(ids));
  }

  async decide() {
    const songs = this.ids();
    const album = await api.album({ songs, balance: byId("album-balance").value, target: byId("album-target").value });
    this.decided = { of: songs.join(), album };
    this.draw();
  }

  /** What was decided becomes each song's settings; each can be undone. */
  apply() {
    const { decided } = this;
    if (!decided) return;
    for (const song of decided.album.songs) {
      /** @type {Partial<import("../types").Turn>} */
      const part = { preset: null, target: { ...decided.album.target, integrated_lufs: song.integrated_lufs }, eq_mid_db: song.eq_mid_db,
        stereo: song.stereo, amounts: proposed().amounts };
      this.dispatchEvent(new CustomEvent("turn", { detail: { id: song.id, part } }));
    }
    byId("album-note").textContent = "Applied: the masters are being made. Undo takes it back, song by song.";
  }
}
