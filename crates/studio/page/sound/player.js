// The player: decides which versions are heard how loud, and lays the passages of a turned knob over the master.

import * as api from "./api.js";
import { Chunks } from "./chunks.js";
import { mixOf, soundsOf } from "./sounds.js";
import { Speakers } from "./speakers.js";

/** @typedef {import("../types").Song} Song */

/** Length of the first passage and of the following ones, seconds: short ones are heard soon. */
const FIRST_S = 3;
const NEXT_S = 8;

export class Player extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    /** @type {AnalyserNode | null} */
    this.analyser = null;
    /** @type {Song | null} */
    this.song = null;
    this.playing = false;
    this.position = 0;
    this.toldAt = 0;
    /** Counts what the mixer was told of playing. */
    this.count = 0;
    this.stalled = false;
    this.version = "master";
    this.matched = true;
    /** How it is heard: stereo, mono, side, or a loudspeaker by its name. */
    this.listen = "stereo";
    /** @type {import("../types").Device[]} */
    this.devices = [];
    /** @type {Speakers | null} */
    this.speakers = null;
    /** @type {[number, number] | null} */
    this.loop = null;
    this.loopOn = false;
    /** Heard in place of the picked version, as in a blind test. @type {string | null} */
    this.instead = null;
    this.chunks = new Chunks((message, transfer) => this.send(message, transfer));
    /** The master that is heard: its revision. @type {number | null} */
    this.revision = null;
    this.passageId = 0;
    /** @type {AbortController | null} */
    this.asking = null;
    this.previewing = false;
    /** The passage that the mixer has not played yet, and when its knob was turned. @type {{id: number, begun: number} | null} */
    this.awaited = null;
    /** Milliseconds from a turned knob to its sound in the mixer, newest last. @type {number[]} */
    this.latencies_ms = [];
    /** Loudest sample of the last moment. */
    this.level = 0;
  }

  /** Tells listeners that something of the player changed. */
  changed() { this.dispatchEvent(new Event("change")); }

  /** Shows a song; plays nothing yet. @param {Song} song */
  async show(song) {
    if (this.song?.id === song.id) return this.update(song);
    this.stop();
    this.dropPassage();
    this.song = song;
    this.position = 0;
    this.loop = null;
    this.loopOn = false;
    this.instead = null;
    this.chunks.clear();
    this.revision = song.made?.revision ?? null;
    if (!this.isThere(this.version)) this.version = "mix";
    await this.leave();
    this.changed();
  }

  /** The song changed: another master may be there. @param {Song} song */
  async update(song) {
    const before = this.song;
    this.song = song;
    const revision = song.made?.revision ?? null;
    if (revision !== this.revision) {
      const first = this.revision === null;
      await this.fetchAround(this.now(), revision);
      if (this.song.id !== song.id) return;
      const old = this.revision;
      this.revision = revision;
      if (first && before?.made == null && this.version === "mix" && !this.playing) this.version = "master";
      if (!this.isThere(this.version)) this.version = "master";
      this.route();
      // A passage of a knob that was turned since stays until its own master is there.
      if (song.revision === revision) this.dropPassage();
      setTimeout(() => this.forget(old), 500);
    } else {
      if (!this.isThere(this.version)) this.version = song.made ? "master" : "mix";
      this.route();
    }
    this.changed();
  }

  /** A master that is heard no more. @param {number | null} revision */
  forget(revision) {
    if (revision === this.revision) return;
    for (const sound of ["master", "unlimited"]) this.chunks.forget(`${sound}@${revision}`);
  }

  /** What is there of the song, by version. */
  sounds() { return this.song ? soundsOf(this.song, this.revision) : new Map(); }

  /** @param {string} version */
  isThere(version) {
    // A master that is there, but is not heard yet, can be picked.
    const sounds = this.song ? soundsOf(this.song, this.song.made?.revision ?? null) : new Map();
    return version === "delta" ? sounds.has("master") : sounds.has(version);
  }

  /** Makes the audio context at the song's own rate: nothing is resampled on the way out of the page. */
  async open() {
    if (this.context || !this.song) return;
    const context = new AudioContext({ sampleRate: this.song.sample_rate_hz, latencyHint: "interactive" });
    await context.audioWorklet.addModule("/assets/mixer.js");
    const node = new AudioWorkletNode(context, "acetate-mixer", { numberOfInputs: 0, outputChannelCount: [2] });
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    analyser.connect(context.destination);
    this.speakers = new Speakers(context, node, analyser);
    node.port.onmessage = (event) => this.told(event.data);
    this.context = context;
    this.node = node;
    this.analyser = analyser;
    this.chunks.clear();
    this.route();
  }

  /** Another song may have another rate. */
  async leave() {
    const context = this.context;
    this.context = null;
    this.node = null;
    this.analyser = null;
    this.speakers = null;
    if (context) await context.close();
  }

  /** @param {any} message @param {Transferable[]} [transfer] */
  send(message, transfer = []) { this.node?.port.postMessage(message, transfer); }

  /** @param {{position: number, playing: boolean, stalled: boolean, level: number, passage: number | null, count: number}} message */
  told(message) {
    this.level = message.level;
    if (this.awaited && message.passage === this.awaited.id && message.playing) {
      this.latencies_ms.push(performance.now() - this.awaited.begun);
      this.awaited = null;
    }
    // What the mixer said before it heard of the last click is old.
    if (message.count !== this.count) return;
    if (this.playing && !message.playing) {
      this.playing = false;
      this.position = 0;
      this.changed();
      return;
    }
    if (!this.playing) return;
    this.position = message.position;
    this.toldAt = performance.now();
    this.stalled = message.stalled;
    void this.fetchAround(message.position, this.revision);
  }

  /** The frame that is heard now. */
  now() {
    if (!this.playing || !this.song || this.stalled) return this.position;
    const at = this.position + (performance.now() - this.toldAt) / 1000 * this.song.sample_rate_hz;
    const loop = this.activeLoop();
    if (loop && this.position < loop[1] && at >= loop[1]) return loop[0] + (at - loop[0]) % (loop[1] - loop[0]);
    return Math.min(at, this.song.frames);
  }

  activeLoop() { return this.loopOn ? this.loop : null; }

  /** Fetches what is heard soon, of the master of a revision. @param {number} frame @param {number | null} revision */
  async fetchAround(frame, revision) {
    const song = this.song;
    if (!song || !this.node) return;
    await this.chunks.fetch(song, soundsOf(song, revision).values(), frame, this.activeLoop());
  }

  /** The loudspeaker that is listened through. */
  device() { return this.devices.find(({ name }) => name === this.listen) ?? null; }

  route() {
    const device = this.device();
    const listen = device?.sums_to_mono ? "mono" : device ? "stereo" : this.listen;
    this.send({ kind: "heard", gains: mixOf(this.sounds(), this.instead ?? this.version, this.matched), listen });
    // The sum to mono is the mixer's own.
    void this.speakers?.choose(device && device.name !== "mono" ? device.name : "").catch(() => { this.listen = "stereo"; this.changed(); });
    if (this.playing) void this.fetchAround(this.now(), this.revision);
  }

  /** @param {string} version */
  pick(version) {
    if (!this.isThere(version) || this.instead) return;
    this.version = version;
    this.route();
    this.changed();
  }

  /** @param {string | null} version */
  playInstead(version) {
    this.instead = version;
    this.route();
    this.changed();
  }

  async play() {
    if (!this.song || this.song.frames === 0) return;
    await this.open();
    await this.context?.resume();
    if (this.position >= this.song.frames) this.position = 0;
    const loop = this.activeLoop();
    if (loop && (this.position < loop[0] || this.position >= loop[1])) this.position = loop[0];
    this.playing = true;
    this.toldAt = performance.now();
    this.stalled = true;
    this.send({ kind: "loop", loop });
    this.tellPlaying();
    void this.fetchAround(this.position, this.revision);
    this.changed();
  }

  stop() {
    if (!this.playing) return;
    this.position = Math.floor(this.now());
    this.playing = false;
    this.tellPlaying();
    this.changed();
  }

  tellPlaying() {
    this.count += 1;
    const position = Math.floor(this.position);
    this.send({ kind: "play", playing: this.playing, position, length: this.song?.frames ?? 0, count: this.count });
  }

  toggle() { if (this.playing) this.stop(); else void this.play(); }

  /** @param {number} frame */
  seek(frame) {
    if (!this.song) return;
    const loop = this.activeLoop();
    if (loop && (frame < loop[0] || frame >= loop[1])) this.setLoop(this.loop, false);
    this.position = Math.max(0, Math.min(Math.floor(frame), this.song.frames - 1));
    if (this.playing) void this.play();
    this.changed();
  }

  /** @param {[number, number] | null} loop @param {boolean} on */
  setLoop(loop, on) {
    this.loop = loop && loop[1] - loop[0] > 0.1 * (this.song?.sample_rate_hz ?? 44100) ? [Math.floor(loop[0]), Math.floor(loop[1])] : null;
    this.loopOn = on && this.loop !== null;
    const now = Math.floor(this.now());
    this.send({ kind: "loop", loop: this.activeLoop() });
    if (this.loopOn && this.loop && (now < this.loop[0] || now >= this.loop[1])) {
      this.position = this.loop[0];
      if (this.playing) void this.play();
    }
    this.changed();
  }

  /** The loop on or off; where none was set, the next eight seconds. */
  toggleLoop() {
    if (!this.song) return;
    const at = this.now();
    this.setLoop(this.loop ?? [at, Math.min(this.song.frames, at + 8 * this.song.sample_rate_hz)], !this.loopOn);
  }

  /** @param {string} listen stereo, mono, side, or a loudspeaker */
  setListen(listen) { this.listen = listen; this.route(); this.changed(); }

  /** @param {boolean} matched */
  setMatched(matched) { this.matched = matched; this.route(); this.changed(); }

  dropPassage() {
    this.asking?.abort();
    this.asking = null;
    if (this.previewing) this.send({ kind: "span", data: null });
    this.previewing = false;
  }

  /**
   * Renders what is heard next as the knobs stand, and lays it over the master: the first seconds at once, then
   * the rest of the loop, or a while ahead.
   * @param {import("../types").Turn} turn
   * @param {number} begun when the knob was turned
   */
  async preview(turn, begun) {
    const song = this.song;
    if (!song?.made || !this.node) return null;
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const id = (this.passageId += 1);
    const rate = song.sample_rate_hz;
    const loop = this.activeLoop();
    const from = Math.max(loop?.[0] ?? 0, Math.floor(this.now()));
    const end = loop ? loop[1] : Math.min(song.frames, from + 24 * rate);
    /** @type {import("../types").Settings | null} */
    let settings = null;
    /** @type {[number, number][]} */
    const parts = [[from, Math.min(end, from + FIRST_S * rate)]];
    for (let at = parts[0][1]; at < end; at += NEXT_S * rate) parts.push([at, Math.min(end, at + NEXT_S * rate)]);
    let drive_db;
    for (const [start, stop] of parts) {
      const wanted = { turn, from: start, frames: stop - start, drive_db, follows: drive_db !== undefined };
      const made = await api.passage(song.id, wanted, asking.signal);
      if (asking.signal.aborted) return null;
      this.lay(id, start, made.data);
      if (drive_db === undefined) {
        this.awaited = { id, begun };
        settings = made.settings;
        this.dispatchEvent(new CustomEvent("preview", { detail: settings }));
      }
      drive_db = made.drive_db;
    }
    // The loop's beginning, which the playhead had passed.
    if (loop && from > loop[0]) {
      const wanted = { turn, from: loop[0], frames: end - loop[0], drive_db, follows: true };
      const made = await api.passage(song.id, wanted, asking.signal);
      if (!asking.signal.aborted) this.lay(id + 0.5, loop[0], made.data);
    }
    return settings;
  }

  /** @param {number} id @param {number} from @param {Float32Array[]} data */
  lay(id, from, data) {
    this.previewing = true;
    this.send({ kind: "span", key: `master@${this.revision}`, id, from, data }, data.map((channel) => channel.buffer));
    this.changed();
  }
}
