// The mixer: an AudioWorklet that plays all versions of a song in step, sample by sample. What is heard is a
// sum of versions with a gain each, so that a switch is a short fade between samples of the same moment.
// Chunks of samples are given to it by the page; where one is missing it waits, and never skips.
"use strict";

/** Frames of a chunk; the page asks the server for these. */
const CHUNK_FRAMES = 65536;
/** Long enough not to click, short enough not to be heard as a fade, seconds. */
const FADE_S = 0.01;
/** The page is told the position this often, frames. */
const TELL_EVERY_FRAMES = 512;

class Mixer extends AudioWorkletProcessor {
  constructor() {
    super();
    /** @type {Map<string, Map<number, Float32Array[]>>} */
    this.sounds = new Map();
    this.playing = false;
    this.position = 0;
    this.length = 0;
    /** @type {[number, number] | null} */
    this.loop = null;
    /** @type {"stereo" | "mono" | "side"} */
    this.listen = "stereo";
    /** Where each version's gain stands, and where it goes. @type {Map<string, {now: number, to: number}>} */
    this.gains = new Map();
    this.fade = Math.max(1, Math.round(FADE_S * sampleRate));
    /** Passages that are heard in place of one version. @type {{from: number, data: Float32Array[], id: number} | null} */
    this.span = null;
    /** The passage before, while it fades. @type {{from: number, data: Float32Array[], id: number} | null} */
    this.before = null;
    this.spanFade = 0;
    this.spanOf = "";
    this.untold = 0;
    this.stalled = false;
    this.level = 0;
    /** Counts what the page said of playing: what is told before it heard the last is old. */
    this.count = 0;
    this.port.onmessage = (event) => this.told(event.data);
  }

  /** @param {any} message */
  told(message) {
    switch (message.kind) {
      case "chunk": {
        const chunks = this.sounds.get(message.key) ?? new Map();
        chunks.set(message.index, message.data);
        this.sounds.set(message.key, chunks);
        break;
      }
      case "drop":
        for (const index of message.chunks ?? []) this.sounds.get(message.key)?.delete(index);
        if (!message.chunks) this.sounds.delete(message.key);
        break;
      case "heard": {
        const wanted = new Map(message.gains);
        for (const [key, gain] of this.gains) if (!wanted.has(key)) gain.to = 0;
        for (const [key, to] of wanted) {
          const gain = this.gains.get(key);
          // While nothing is playing there is nothing to fade from.
          if (gain) gain.to = to; else this.gains.set(key, { now: this.playing ? 0 : to, to });
        }
        this.listen = message.listen;
        break;
      }
      case "play":
        this.playing = message.playing;
        if (message.position !== undefined) this.position = message.position;
        this.length = message.length;
        this.count = message.count;
        break;
      case "loop":
        this.loop = message.loop;
        break;
      case "span":
        if (message.data === null) { this.setSpan(null); break; }
        if (this.span && this.span.id === message.id && message.from === this.span.from + this.span.data[0].length) {
          const joined = this.span.data.map((have, channel) => {
            const both = new Float32Array(have.length + message.data[channel].length);
            both.set(have);
            both.set(message.data[channel], have.length);
            return both;
          });
          this.span = { ...this.span, data: joined };
        } else {
          this.spanOf = message.key;
          this.setSpan({ from: message.from, data: message.data, id: message.id });
        }
        break;
    }
  }

  /** @param {{from: number, data: Float32Array[], id: number} | null} span */
  setSpan(span) {
    this.before = this.span;
    this.span = span;
    this.spanFade = this.playing ? this.fade : 0;
  }

  /** Whether everything that is audible is there for a frame. @param {number} frame */
  isThere(frame) {
    const index = Math.floor(frame / CHUNK_FRAMES);
    for (const [key, gain] of this.gains) {
      if ((gain.now !== 0 || gain.to !== 0) && !this.sounds.get(key)?.has(index)) return false;
    }
    return true;
  }

  /**
   * A sample of a passage laid over a version: its ends fade into what lies below.
   * @param {{from: number, data: Float32Array[], id: number} | null} span
   * @param {number} frame @param {number} channel @param {number} below
   */
  over(span, frame, channel, below) {
    if (!span) return below;
    const data = span.data[Math.min(channel, span.data.length - 1)];
    const at = frame - span.from;
    if (at < 0 || at >= data.length) return below;
    const share = Math.min(1, at / this.fade, (data.length - 1 - at) / this.fade);
    // A loop begins and ends with its passage: nothing fades there.
    const whole = this.loop && span.from <= this.loop[0] && span.from + data.length >= this.loop[1];
    return whole ? data[at] : below + share * (data[at] - below);
  }

  /** @param {string} key @param {number} frame @param {number} channel */
  sample(key, frame, channel) {
    const chunk = this.sounds.get(key)?.get(Math.floor(frame / CHUNK_FRAMES));
    if (!chunk) return 0;
    const below = chunk[Math.min(channel, chunk.length - 1)][frame % CHUNK_FRAMES] ?? 0;
    if (key !== this.spanOf || (!this.span && !this.before)) return below;
    const now = this.over(this.span, frame, channel, below);
    if (this.spanFade === 0) return now;
    const then = this.over(this.before, frame, channel, below);
    const share = this.spanFade / this.fade;
    return share * then + (1 - share) * now;
  }

  /** @param {number} frame @returns {[number, number]} */
  heard(frame) {
    let left = 0;
    let right = 0;
    for (const [key, gain] of this.gains) {
      if (gain.now === 0 && gain.to === 0) continue;
      left += gain.now * this.sample(key, frame, 0);
      right += gain.now * this.sample(key, frame, 1);
    }
    if (this.listen === "mono") { left = 0.5 * (left + right); right = left; }
    if (this.listen === "side") { left = 0.5 * (left - right); right = left; }
    return [left, right];
  }

  step() {
    for (const [key, gain] of this.gains) {
      if (gain.now === gain.to) { if (gain.to === 0) this.gains.delete(key); continue; }
      const way = gain.to - gain.now;
      const step = Math.sign(way) / this.fade;
      gain.now = Math.abs(way) <= Math.abs(step) ? gain.to : gain.now + step;
    }
    if (this.spanFade > 0) this.spanFade -= 1;
    if (this.spanFade === 0) this.before = null;
    this.position += 1;
    if (this.loop && this.position === this.loop[1]) this.position = this.loop[0];
    if (this.position >= this.length) { this.playing = false; this.position = this.length; this.tell(); }
  }

  tell() {
    this.port.postMessage({ position: this.position, playing: this.playing, stalled: this.stalled, level: this.level,
      passage: this.span?.id ?? null, count: this.count });
    this.untold = 0;
    this.level = 0;
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const [left, right] = outputs[0];
    for (let n = 0; n < left.length; n += 1) {
      this.stalled = this.playing && !this.isThere(this.position);
      if (!this.playing || this.stalled) continue;
      const [l, r] = this.heard(this.position);
      left[n] = l;
      if (right) right[n] = r;
      this.level = Math.max(this.level, Math.abs(l), Math.abs(r));
      this.step();
    }
    this.untold += left.length;
    if (this.untold >= TELL_EVERY_FRAMES) this.tell();
    return true;
  }
}

registerProcessor("acetate-mixer", Mixer);
