// How the knobs of a song stand: undo, redo, four slots, and back to the proposal.

/** @typedef {import("./types").Turn} Turn */

export const SLOTS = ["A", "B", "C", "D"];
const MOST_UNDONE = 100;

/** @returns {Turn} */
export const proposed = () => ({
  preset: "streaming", target: null, amounts: { eq: 100, compressor: 100, saturation: 100, stereo: 100 }, words: "",
  eq_mid_db: null, eq_side_db: null, compressor: null, saturation: null, stereo: null, bypass: [], codecs: false, format: "wav24",
});

/** @template T @param {T} value @returns {T} */
const copy = (value) => structuredClone(value);
/** @param {unknown} a @param {unknown} b */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Turns extends EventTarget {
  /** @param {Turn} turn as the server has it */
  constructor(turn) {
    super();
    /** @type {Turn} */
    this.now = { ...proposed(), ...copy(turn) };
    if (same(turn.target, null) && turn.preset === null) this.now.preset = "streaming";
    /** @type {Turn[]} */
    this.undone = [];
    /** @type {Turn[]} */
    this.done = [];
    this.slot = "A";
    /** @type {Map<string, Turn>} */
    this.slots = new Map(SLOTS.map((slot) => [slot, copy(this.now)]));
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

  isProposed() { return same({ ...this.now, format: "" }, { ...proposed(), format: "" }); }

  /** @param {string} name */
  tell(name) { this.dispatchEvent(new Event(name)); }
}
