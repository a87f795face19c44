// Listening through other loudspeakers: the check's device curves as filters behind the mixer.

import * as api from "./api.js";

/** Long enough not to click, seconds. */
const FADE_S = 0.02;

export class Speakers {
  /** @param {AudioContext} context @param {AudioNode} from @param {AudioNode} to */
  constructor(context, from, to) {
    this.context = context;
    this.from = from;
    this.dry = context.createGain();
    this.wet = context.createGain();
    this.wet.gain.value = 0;
    from.connect(this.dry).connect(to);
    this.wet.connect(to);
    /** @type {ConvolverNode | null} */
    this.filter = null;
    /** The loudspeaker that is wanted, "" for none. */
    this.name = "";
  }

  /** @param {string} name a loudspeaker, or "" */
  async choose(name) {
    if (name === this.name) return;
    this.name = name;
    const taps = name === "" ? null : await api.device(name, this.context.sampleRate);
    // Another may have been chosen meanwhile.
    if (name !== this.name) return;
    const old = this.filter;
    this.filter = null;
    if (taps) {
      const response = this.context.createBuffer(1, taps.length, this.context.sampleRate);
      response.copyToChannel(taps, 0);
      this.filter = new ConvolverNode(this.context, { buffer: response, disableNormalization: true });
      this.from.connect(this.filter).connect(this.wet);
    }
    this.ramp(this.dry, taps ? 0 : 1);
    this.ramp(this.wet, taps ? 1 : 0);
    if (old) setTimeout(() => { this.from.disconnect(old); old.disconnect(); }, 5 * FADE_S * 1000);
  }

  /** @param {GainNode} node @param {number} to */
  ramp(node, to) {
    const now = this.context.currentTime;
    node.gain.cancelScheduledValues(now);
    node.gain.setValueAtTime(node.gain.value, now);
    node.gain.linearRampToValueAtTime(to, now + FADE_S);
  }
}
