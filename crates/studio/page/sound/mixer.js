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

/** A passage that lies over a version. @typedef {{from: number, data: Float32Array[], id: number}} Span */
/** A version that is audible: its gain, and the chunk that the playhead is in. @typedef {{key: string, now: number, to: number, index: number, left: Float32Array | null, right: Float32Array | null}} Voice */

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
    /** @type {Voice[]} */
    this.voices = [];
    this.fade = Math.max(1, Math.round(FADE_S * sampleRate));
    /** Passages that are heard in place of one version. @type {Span | null} */
    this.span = null;
    /** The passage before, while it fades. @type {Span | null} */
    this.before = null;
    this.spanFade = 0;
    this.spanOf = "";
    this.untold = 0;
    this.stalled = false;
    this.level = 0;
    /** Counts what the page said of playing: what is told before it heard the last is old. */
    this.count = 0;
    /** The two samples of the moment. */
    this.left = 0;
    this.right = 0;
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
      case "heard":
        this.hear(new Map(message.gains));
        this.listen = message.listen;
        break;
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
        this.lay(message);
        break;
    }
    // What was looked up may be another now.
    for (const voice of this.voices) voice.index = -1;
  }

  /** @param {Map<string, number>} wanted */
  hear(wanted) {
    for (const voice of this.voices) voice.to = wanted.get(voice.key) ?? 0;
    for (const [key, to] of wanted) {
      if (this.voices.some((voice) => voice.key === key)) continue;
      // While nothing is playing there is nothing to fade from.
      this.voices.push({ key, now: this.playing ? 0 : to, to, index: -1, left: null, right: null });
    }
  }

  /** @param {{key: string, id: number, from: number, data: Float32Array[] | null}} message */
  lay(message) {
    if (message.data === null) { this.setSpan(null); return; }
    const given = message.data;
    if (this.span && this.span.id === message.id && message.from === this.span.from + this.span.data[0].length) {
      const joined = this.span.data.map((have, channel) => {
        const both = new Float32Array(have.length + given[channel].length);
        both.set(have);
        both.set(given[channel], have.length);
        return both;
      });
      this.span = { ...this.span, data: joined };
    } else {
      this.spanOf = message.key;
      this.setSpan({ from: message.from, data: given, id: message.id });
    }
  }

  /** @param {Span | null} span */
  setSpan(span) {
    this.before = this.span;
    this.span = span;
    this.spanFade = this.playing ? this.fade : 0;
  }

  /** Looks up the chunk that a frame is in, for every voice. @param {number} frame */
  find(frame) {
    const index = Math.floor(frame / CHUNK_FRAMES);
    for (const voice of this.voices) {
      if (voice.index === index) continue;
      const chunk = this.sounds.get(voice.key)?.get(index);
      voice.index = index;
      voice.left = chunk ? chunk[0] : null;
      voice.right = chunk ? chunk[Math.min(1, chunk.length - 1)] : null;
    }
  }

  /** Whether everything that is audible is there. */
  isThere() {
    for (const voice of this.voices) if (voice.left === null && (voice.now !== 0 || voice.to !== 0)) return false;
    return true;
  }

  /**
   * A sample of a passage laid over a version: its ends fade into what lies below.
   * @param {Span | null} span @param {number} frame @param {number} channel @param {number} below
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

  /** A sample of the version that passages lie over. @param {number} frame @param {number} channel @param {number} below */
  turned(frame, channel, below) {
    const now = this.over(this.span, frame, channel, below);
    if (this.spanFade === 0) return now;
    const then = this.over(this.before, frame, channel, below);
    const share = this.spanFade / this.fade;
    return share * then + (1 - share) * now;
  }

  /** Sums what is heard of a frame. @param {number} frame */
  sum(frame) {
    const at = frame % CHUNK_FRAMES;
    const hasSpan = this.span !== null || this.before !== null;
    let left = 0;
    let right = 0;
    for (const voice of this.voices) {
      if (voice.now === 0 && voice.to === 0) continue;
      let l = voice.left?.[at] ?? 0;
      let r = voice.right?.[at] ?? 0;
      if (hasSpan && voice.key === this.spanOf) { l = this.turned(frame, 0, l); r = this.turned(frame, 1, r); }
      left += voice.now * l;
      right += voice.now * r;
    }
    if (this.listen === "mono") { left = 0.5 * (left + right); right = left; }
    if (this.listen === "side") { left = 0.5 * (left - right); right = left; }
    this.left = left;
    this.right = right;
  }

  step() {
    let isGone = false;
    for (const voice of this.voices) {
      if (voice.now === voice.to) { isGone ||= voice.to === 0; continue; }
      const way = voice.to - voice.now;
      const step = Math.sign(way) / this.fade;
      voice.now = Math.abs(way) <= Math.abs(step) ? voice.to : voice.now + step;
    }
    if (isGone) this.voices = this.voices.filter((voice) => voice.now !== 0 || voice.to !== 0);
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
    for (let n = 0; n < left.length && this.playing; n += 1) {
      this.find(this.position);
      this.stalled = !this.isThere();
      if (this.stalled) break;
      this.sum(this.position);
      left[n] = this.left;
      if (right) right[n] = this.right;
      this.level = Math.max(this.level, Math.abs(this.left), Math.abs(this.right));
      this.step();
    }
    if (!this.playing) this.stalled = false;
    this.untold += left.length;
    if (this.untold >= TELL_EVERY_FRAMES && (this.playing || this.level > 0)) this.tell();
    return true;
  }
}

registerProcessor("acetate-mixer", Mixer);
