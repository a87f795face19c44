// The studio's figures: `node figures.mjs MIX.wav [TURNS]`, see benches/studio.py.
// Prints one JSON object: first sound after a file is chosen, knob to sound, page weight, memory.

import { readFileSync, statSync } from "node:fs";
import { browser, open, ready, studio } from "./lab.mjs";

const [mix, turns = "50"] = process.argv.slice(2);
const lab = await studio();
const chrome = await browser();
const context = await chrome.newContext({ viewport: { width: 1280, height: 900 } });
let weight = 0;
const sizes = [];
context.on("response", (response) => {
  if (!response.url().includes("/api/")) sizes.push(response.body().then((body) => { weight += body.length; }, () => {}));
});
const { page } = await open(context, lab.address);
await Promise.all(sizes);

/** A figure of the server's process, kB. @param {string} name */
const memory = (name) => {
  const line = readFileSync(`/proc/${lab.child.pid}/status`, "utf8").split("\n").find((line) => line.startsWith(name));
  return Number(line?.match(/\d+/)?.[0]);
};

// The hand that presses play as soon as it can.
await page.evaluate(() => {
  const { player, songs } = /** @type {any} */ (window).acetateStudio;
  const times = /** @type {any} */ (window).times = { chosen: 0, sound: 0, ready: 0 };
  document.getElementById("file")?.addEventListener("change", () => { times.chosen = performance.now(); }, { capture: true });
  const look = async () => {
    const song = songs.current();
    if (song?.frames > 0 && player.song && !player.playing && times.sound === 0) await player.play();
    if (player.level > 0.001 && times.sound === 0) times.sound = performance.now();
    if (song?.state === "ready" && times.ready === 0) times.ready = performance.now();
    if (times.sound === 0 || times.ready === 0) setTimeout(look, 5);
  };
  void look();
});
await page.mouse.click(5, 5);
await page.setInputFiles("#file", mix);
await page.waitForFunction(() => /** @type {any} */ (window).times.sound > 0);
await ready(page);
await page.waitForFunction(() => /** @type {any} */ (window).times.ready > 0);
const times = await page.evaluate(() => /** @type {any} */ (window).times);

await page.waitForFunction(() => !(/** @type {any} */ (document.getElementById("version-unlimited")).disabled), null, { timeout: 60_000 });
const latencies = await page.evaluate(async (turns) => {
  const { player, songs, turnsOf } = /** @type {any} */ (window).acetateStudio;
  const rate = player.song.sample_rate_hz;
  player.setLoop([30 * rate, 38 * rate], true);
  player.seek(30 * rate);
  await player.play();
  const sleep = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  await sleep(500);
  const knobs = turnsOf.get(songs.chosen);
  player.latencies_ms.length = 0;
  for (let n = 0; n < turns; n += 1) {
    const gains = Array.from({ length: 12 }, (_, knot) => (knot === n % 12 ? 1 + n / turns : 0));
    knobs.set(n % 5 === 4 ? { amounts: { eq: 100, compressor: 100 + n, saturation: 100, stereo: 100 } } : { eq_mid_db: gains });
    const begun = performance.now();
    while (player.latencies_ms.length <= n && performance.now() - begun < 5000) await sleep(5);
    if (player.latencies_ms.length <= n) player.latencies_ms.push(NaN);
    // Sometimes within the rest, sometimes while the whole song is being rendered.
    await sleep(n % 2 === 0 ? 250 : 1100);
  }
  return { ms: player.latencies_ms.slice(), output_ms: 1000 * (player.context.baseLatency + player.context.outputLatency) };
}, Number(turns));
const sorted = latencies.ms.toSorted((a, b) => a - b);
console.log(JSON.stringify({
  mix_bytes: statSync(mix).size,
  first_sound_s: (times.sound - times.chosen) / 1000,
  verified_s: (times.ready - times.chosen) / 1000,
  knob_to_sound_ms: { median: sorted[Math.floor(sorted.length / 2)], worst: sorted.at(-1), turns: sorted.length,
    output_latency_ms: latencies.output_ms },
  page_bytes: weight,
  server_peak_kb: memory("VmHWM"),
  server_now_kb: memory("VmRSS"),
}, null, 2));
await chrome.close();
await lab.end();
