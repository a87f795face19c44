// The mixer, sample by sample: rendered offline, so that every sample can be held against what it has to be.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, open, studio } from "./lab.mjs";

const RATE = 44_100;
/** @type {any} */ let lab;
/** @type {any} */ let chrome;
/** @type {any} */ let page;

before(async () => {
  lab = await studio();
  chrome = await browser();
  ({ page } = await open(await chrome.newContext(), lab.address));
});
after(async () => { await chrome.close(); await lab.end(); });

/**
 * Renders `frames` with these messages: each [frame, message]; versions "a" and "b" are sine waves of one
 * frequency, with amplitude 0.5 and 0.25. Gives the left channel.
 * @param {number} frames @param {[number, any][]} messages @returns {Promise<number[]>}
 */
const rendered = (frames, messages) => page.evaluate(async ([frames, messages, rate]) => {
  const context = new OfflineAudioContext(2, frames, rate);
  await context.audioWorklet.addModule("/assets/mixer.js");
  const node = new AudioWorkletNode(context, "acetate-mixer", { numberOfInputs: 0, outputChannelCount: [2] });
  node.connect(context.destination);
  const chunk = (index, level) => {
    const data = new Float32Array(65536);
    for (let n = 0; n < data.length; n += 1) data[n] = level * Math.sin(2 * Math.PI * 441 * (index * 65536 + n) / rate);
    return [data, data.slice()];
  };
  const send = (message) => {
    if (message.kind === "passage") {
      const data = new Float32Array(message.frames).fill(message.level);
      node.port.postMessage({ kind: "span", key: message.key, id: message.id, from: message.from, data: [data, data.slice()] });
    } else if (message.kind === "chunks") {
      for (const index of message.indices) {
        node.port.postMessage({ kind: "chunk", key: "a", index, data: chunk(index, 0.5) });
        node.port.postMessage({ kind: "chunk", key: "b", index, data: chunk(index, 0.25) });
      }
    } else node.port.postMessage(message);
  };
  for (const [frame, message] of messages.filter(([frame]) => frame === 0)) send(message);
  // Later messages are sent while the rendering stands still at their frame.
  const later = new Map();
  for (const [frame, message] of messages.filter(([frame]) => frame > 0)) later.set(frame, [...(later.get(frame) ?? []), message]);
  for (const [frame, all] of later) {
    void context.suspend(frame / rate).then(async () => {
      for (const message of all) send(message);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await context.resume();
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  return [...(await context.startRendering()).getChannelData(0)];
}, [frames, messages, RATE]);

const most = (/** @type {number[]} */ values) => values.reduce((most, value) => Math.max(most, value), 0);
const sine = (/** @type {number} */ frame, /** @type {number} */ level) => level * Math.sin(2 * Math.PI * 441 * frame / RATE);
const play = { kind: "play", playing: true, position: 0, length: 10 * RATE };
const heard = (/** @type {[string, number][]} */ ...gains) => ({ kind: "heard", gains, listen: "stereo" });
const chunks = { kind: "chunks", indices: [0, 1, 2, 3] };

test("samples come out as they are, over the edges of chunks", async () => {
  const out = await rendered(3 * 65536, [[0, chunks], [0, heard(["a", 1])], [0, play]]);
  const worst = most(out.map((value, frame) => Math.abs(value - Math.fround(sine(frame, 0.5)))));
  assert.ok(worst < 1e-7, `off by ${worst}`);
});

test("versions that are matched are equally loud to a hundredth of a decibel", async () => {
  const out = await rendered(65536, [[0, chunks], [0, heard(["b", 2])], [0, play]]);
  const power = out.reduce((sum, value) => sum + value * value, 0);
  const expected = out.reduce((sum, _, frame) => sum + sine(frame, 0.5) ** 2, 0);
  assert.ok(Math.abs(10 * Math.log10(power / expected)) < 0.01);
});

test("a switch keeps the moment: no gap, no jump, no sample earlier or later", async () => {
  const at = 128 * 300;
  const out = await rendered(65536, [[0, chunks], [0, heard(["a", 1])], [0, play], [at, heard(["b", 1])]]);
  const fade = 441;
  for (let frame = 0; frame < out.length; frame += 1) {
    const share = Math.max(0, Math.min(1, (frame - at) / fade));
    const expected = (1 - share) * sine(frame, 0.5) + share * sine(frame, 0.25);
    assert.ok(Math.abs(out[frame] - expected) < 2e-3, `frame ${frame}: ${out[frame]} for ${expected}`);
  }
  assert.ok(Math.abs(out[at + 2 * fade] - sine(at + 2 * fade, 0.25)) < 1e-7);
});

test("a loop returns to its first frame after its last", async () => {
  const out = await rendered(65536, [[0, chunks], [0, heard(["a", 1])], [0, { kind: "loop", loop: [1000, 3000] }], [0, play]]);
  for (const frame of [2999, 3000, 4999, 5000, 20_000]) {
    const at = frame < 3000 ? frame : 1000 + (frame - 1000) % 2000;
    assert.ok(Math.abs(out[frame] - sine(at, 0.5)) < 1e-6, `frame ${frame}`);
  }
});

test("the difference of two equal versions is silence", async () => {
  const out = await rendered(65536, [[0, chunks], [0, heard(["a", 1], ["b", -2])], [0, play]]);
  assert.ok(most(out.map(Math.abs)) < 1e-7);
});

test("it waits for samples that are missing and skips none", async () => {
  const at = 128 * 200;
  const out = await rendered(65536, [[0, heard(["a", 1])], [0, play], [at, chunks]]);
  assert.ok(out.slice(0, at).every((value) => value === 0));
  assert.ok(Math.abs(out[at + 100] - sine(100, 0.5)) < 1e-6);
});

test("a passage lies over its version alone, and its ends do not click", async () => {
  const passage = { kind: "passage", key: "a", id: 1, from: 20_000, frames: 10_000, level: 0.3 };
  const out = await rendered(65536, [[0, chunks], [0, heard(["a", 1])], [0, passage], [0, play]]);
  assert.ok(Math.abs(out[25_000] - 0.3) < 1e-6);
  assert.ok(Math.abs(out[19_000] - sine(19_000, 0.5)) < 1e-6);
  const steps = out.slice(1).map((value, n) => Math.abs(value - out[n]));
  assert.ok(most(steps.slice(19_900, 30_100)) < 0.05);
  const other = await rendered(65536, [[0, chunks], [0, heard(["b", 1])], [0, passage], [0, play]]);
  assert.ok(Math.abs(other[25_000] - sine(25_000, 0.25)) < 1e-6);
});
