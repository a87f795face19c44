// How the knobs of a song stand: undo, redo, four slots, and back to the proposal.

/** @typedef {import("../types").Turn} Turn */

export const SLOTS = ["A", "B", "C", "D"];
const MOST_UNDONE = 100;

/** How the server has it where nothing was turned: the target is the engine's own. @returns {Turn} */
export const proposed = () => ({
  preset: null, target: null, amounts: { eq: 100, compressor: 100, deesser: 100, saturation: 100, stereo: 100 }, words: "", genre: "",
  reference: null, reference_share: null,
  eq_mid_db: null, eq_side_db: null, compressor: null, deesser: null, saturation: null, stereo: null, bypass: [], codecs: false, format: "wav24",
});

/** @template T @param {T} value @returns {T} */
const copy = (value) => structuredClone(value);
/** A text that does not depend on the order of names. @param {unknown} value */
const text = (value) => JSON.stringify(value, (_, part) => (part && typeof part === "object" && !Array.isArray(part)
  ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
/** @param {unknown} a @param {unknown} b */
const same = (a, b) => text(a) === text(b);

/** A turn of the server, with nothing left out. @param {Turn} turn @returns {Turn} */
const whole = (turn) => ({ ...proposed(), ...copy(turn) });

export class Turns extends EventTarget {
  /** @param {import("../types").Song} song as the server has it */
  constructor(song) {
    super();
    const { turn, slots } = song;
    /** @type {Turn} */
    this.now = whole(turn);
    /** @type {Turn[]} */
    this.undone = [];
    /** @type {Turn[]} */
    this.done = [];
    this.slot = slots?.chosen ?? "A";
    /** @type {Map<string, Turn>} */
    this.slots = new Map(SLOTS.map((slot) => [slot, whole(slots?.all[slot] ?? turn)]));
    /** Turns that are on their way to the server, and the last revision that is known to be of these knobs. */
    this.pending = 0;
    this.known = song.revision;
    /** What stood before the hand took the knob. @type {Turn | null} */
    this.held = null;
  }

  /** A knob moves: heard at once, kept when it rests. @param {Partial<Turn>} part */
  move(part) {
    this.held ??= copy(this.now);
    this.now = { ...this.now, ...copy(part) };
    this.tell("move");
  }

  /** The knob rests where it is. */
  rest() {
    if (this.held && !same(this.held, this.now)) {
      this.done.push(this.held);
      if (this.done.length > MOST_UNDONE) this.done.shift();
      this.undone = [];
    }
    this.held = null;
    this.keep();
    this.tell("rest");
  }

  /** A knob is set in one go. @param {Partial<Turn>} part */
  set(part) {
    this.move(part);
    this.rest();
  }

  undo() { this.step(this.done, this.undone); }
  redo() { this.step(this.undone, this.done); }

  /** @param {Turn[]} from @param {Turn[]} to */
  step(from, to) {
    const turn = from.pop();
    if (!turn) return;
    to.push(copy(this.now));
    this.now = turn;
    this.keep();
    this.tell("move");
    this.tell("rest");
  }

  reset() { this.set({ ...proposed(), format: this.now.format }); }

  /** @param {string} slot */
  choose(slot) {
    if (slot === this.slot) return;
    this.keep();
    this.slot = slot;
    const turn = this.slots.get(slot);
    if (turn) this.set(turn); else this.tell("rest");
  }

  keep() { this.slots.set(this.slot, copy(this.now)); }

  /** Another tab, or an earlier session, set the knobs. @param {import("../types").Song} song whether they stand otherwise now */
  adopt(song) {
    // What this page sent comes back too, perhaps after the next move.
    if (this.held || this.pending > 0 || song.revision <= this.known) return false;
    this.known = song.revision;
    const given = whole(song.turn);
    if (same(given, this.now)) return false;
    this.done.push(copy(this.now));
    this.undone = [];
    this.now = given;
    if (song.slots) {
      const { all } = song.slots;
      this.slot = song.slots.chosen;
      this.slots = new Map(SLOTS.map((slot) => [slot, whole(all[slot] ?? this.now)]));
    }
    this.keep();
    return true;
  }

  /** Sends how the knobs stand. @template {{revision: number}} A @param {(turn: Turn) => Promise<A>} put @returns {Promise<A>} */
  async sendBy(put) {
    this.pending += 1;
    try {
      const answer = await put(this.now);
      this.known = Math.max(this.known, answer.revision);
      return answer;
    } finally {
      this.pending -= 1;
    }
  }

  /** The slots, to be kept. @returns {import("../types").Slots} */
  asSlots() { return { chosen: this.slot, all: Object.fromEntries(this.slots) }; }

  isProposed() { return same({ ...this.now, format: "" }, { ...proposed(), format: "" }); }

  /** @param {string} name */
  tell(name) { this.dispatchEvent(new Event(name)); }
}
