// A join between two songs: the end of one, the pause, the start of the next, as loud as they are delivered.

import * as api from "./api.js";

/** @typedef {import("../types").Song} Song */

/** How much of each song is heard, seconds. */
const HEARD_S = 10;
/** Pause where none was decided yet, seconds. */
const USUAL_GAP_S = 2;

export class Join extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext | null} */
    this.context = null;
    this.isPlaying = false;
  }

  /** @param {Song} song @param {number} from @param {number} frames @param {AudioContext} context */
  async part(song, from, frames, context) {
    const data = await api.sound(song.id, "master", from, frames, song.made?.revision ?? null);
    // The context brings it to its own rate.
    const buffer = context.createBuffer(2, Math.max(1, data[0].length), song.sample_rate_hz);
    for (const channel of [0, 1]) buffer.copyToChannel(data[Math.min(channel, data.length - 1)], channel);
    return buffer;
  }

  /** @param {Song} before @param {Song} next @param {number} [gap_s] */
  async play(before, next, gap_s = USUAL_GAP_S) {
    this.stop();
    const context = new AudioContext();
    this.context = context;
    this.isPlaying = true;
    this.dispatchEvent(new Event("change"));
    const tail = Math.min(before.frames, HEARD_S * before.sample_rate_hz);
    const head = Math.min(next.frames, HEARD_S * next.sample_rate_hz);
    const parts = await Promise.all([this.part(before, before.frames - tail, tail, context), this.part(next, 0, head, context)]);
    if (this.context !== context) return;
    let at = context.currentTime + 0.05;
    const sources = parts.map((buffer) => {
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(context.destination);
      source.start(at);
      at += buffer.duration + gap_s;
      return source;
    });
    sources[1].addEventListener("ended", () => { if (this.context === context) this.stop(); });
  }

  stop() {
    void this.context?.close();
    this.context = null;
    this.isPlaying = false;
    this.dispatchEvent(new Event("change"));
  }
}
