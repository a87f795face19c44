// The samples that the mixer has, and what it is to get next.

import * as api from "./api.js";

/** @typedef {import("../types").Song} Song */
/** @typedef {import("./sounds.js").Sound} Sound */

export const CHUNK_FRAMES = 65536;
/** Chunks that are fetched ahead of the playhead, and kept around it. */
const AHEAD = 3;
const KEPT = 40;

export class Chunks {
  /** @param {(message: any, transfer?: Transferable[]) => void} send to the mixer */
  constructor(send) {
    this.send = send;
    /** Chunks that are there or under way, by key of a sound. @type {Map<string, Set<number>>} */
    this.have = new Map();
    /** What was wanted last, so that the same is not asked for at each word of the mixer. */
    this.wanted = "";
  }

  clear() {
    this.have.clear();
    this.wanted = "";
  }

  /** A sound is heard no more. @param {string} key */
  forget(key) { if (this.have.delete(key)) this.send({ kind: "drop", key }); }

  /**
   * Fetches what is heard soon, of every sound, so that a switch finds it there.
   * @param {Song} song @param {Iterable<Sound>} sounds @param {number} frame @param {[number, number] | null} loop
   */
  async fetch(song, sounds, frame, loop) {
    const first = Math.floor(frame / CHUNK_FRAMES);
    const all = [...sounds];
    const wanted = `${song.id} ${first} ${loop?.[0]} ${all.map((sound) => sound.key)}`;
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    const indices = new Set();
    for (let n = 0; n <= AHEAD; n += 1) indices.add(first + n);
    if (loop) indices.add(Math.floor(loop[0] / CHUNK_FRAMES)).add(Math.floor(loop[0] / CHUNK_FRAMES) + 1);
    const fetches = [];
    for (const index of indices) {
      if (index * CHUNK_FRAMES >= song.frames) continue;
      for (const sound of all) fetches.push(this.one(song, sound, index));
    }
    this.evict(first, indices);
    const came = await Promise.all(fetches);
    // What did not come is asked for again.
    if (came.includes(false) && this.wanted === wanted) this.wanted = "";
  }

  /** @param {Song} song @param {Sound} sound @param {number} index */
  async one(song, sound, index) {
    const have = this.have.get(sound.key) ?? new Set();
    this.have.set(sound.key, have);
    if (have.has(index)) return true;
    have.add(index);
    try {
      const data = await api.sound(song.id, sound.name, index * CHUNK_FRAMES, CHUNK_FRAMES, sound.revision);
      if (this.have.get(sound.key) === have) {
        this.send({ kind: "chunk", key: sound.key, index, data }, data.map((channel) => channel.buffer));
      }
      return true;
    } catch {
      have.delete(index);
      return false;
    }
  }

  /** @param {number} first @param {Set<number>} wanted */
  evict(first, wanted) {
    for (const [key, have] of this.have) {
      if (have.size <= KEPT) continue;
      const far = [...have].filter((index) => Math.abs(index - first) > KEPT / 2 && !wanted.has(index));
      for (const index of far) have.delete(index);
      this.send({ kind: "drop", key, chunks: far });
    }
  }
}
