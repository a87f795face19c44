// What the studio survives: an end and a new beginning, a full disk, many songs, files that change, sleep, two tabs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MIX, bench, drop, open, ready, studio, wav } from "./lab.mjs";

const fresh = bench();
const until = (/** @type {any} */ page, /** @type {any} */ so) => page.waitForFunction(so, null, { timeout: 90_000 });
/** Six seconds of something. */
const SHORT = wav((s, channel) => 0.3 * Math.sin(2 * Math.PI * (200 + 40 * channel) * s) * (1 - (s % 0.5)), 6);

test("an earlier session is offered at the start, and a mix that is dropped again finds its knobs and slots", async () => {
  const first = await fresh();
  await drop(first.page, "song.wav", SHORT);
  await ready(first.page);
  await first.page.click("#slot-B");
  await first.page.fill("#words", "warmer");
  await first.page.press("#words", "Enter");
  await first.page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current().turn.words === "warmer");
  await ready(first.page);
  await first.page.close();
  await first.lab.end(true);

  const { page, wrong } = await fresh([], await studio([], { folder: first.lab.folder }));
  await page.waitForSelector("#earlier:not([hidden])");
  assert.match(await page.textContent("#earlier-list"), /song\.wav/);
  await page.click("#earlier-list button");
  await page.waitForSelector("#waiting:not([hidden])");
  assert.equal(await page.textContent("#waiting-names"), "song.wav");
  await drop(page, "song.wav", SHORT);
  await ready(page);
  await page.waitForSelector("#waiting", { state: "hidden" });
  await page.waitForFunction(() => /** @type {any} */ (document.getElementById("words")).value === "warmer");
  assert.equal(await page.getAttribute("#slot-B", "aria-pressed"), "true");
  await page.click("#slot-A");
  assert.equal(await page.inputValue("#words"), "");
  assert.deepEqual(wrong, []);
});

test("a full disk is said in words, takes no song away, and the next file works", async (t) => {
  const lab = await studio();
  await lab.end(true);
  const place = join(lab.folder, "small");
  mkdirSync(place);
  const small = (/** @type {string} */ command) => ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", `mount -t tmpfs -o size=6m none '${place}' && ${command}`];
  const [program, ...args] = small("true");
  if (spawnSync(program, args).status !== 0) { t.skip("no small disk can be made here"); return; }
  const within = [...small('exec "$0" "$@"')];
  const { page } = await fresh([], await studio([], { folder: lab.folder, within, place: ["--session-dir", place] }));
  await drop(page, "long.wav", wav((s) => 0.3 * Math.sin(600 * s), 50));
  await page.waitForSelector("#trouble:not([hidden])");
  assert.match(await page.textContent("#trouble"), /full disk.*--session-dir/);
  await page.click("#trouble-close");
  await drop(page, "short.wav", wav((s, channel) => 0.3 * Math.sin(2 * Math.PI * (200 + channel) * s), 2));
  await ready(page);
  // It fits as a file, and not with everything that is rendered of it.
  await drop(page, "middle.wav", wav((s) => 0.3 * Math.sin(700 * s), 15));
  await until(page, () => [.../** @type {any} */ (window).acetateStudio.songs.all.values()].some((song) => song.state === "failed"));
  await page.click("#songs [role=tab]:last-child");
  const text = await page.textContent("#error");
  assert.match(text, /space|room|full/i);
  assert.ok(!text.includes(place), text);
  await page.click("#close");
  await page.click("#play");
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.player.level > 0.01);
});

test("twenty songs are opened one after the other, and all of them are ready", async () => {
  const { page, wrong } = await fresh();
  const files = Array.from({ length: 20 }, (_, n) => ({ name: `song ${n + 1}.wav`, mimeType: "audio/wav",
    buffer: wav((s, channel) => 0.2 * Math.sin(2 * Math.PI * (100 + 10 * n + channel) * s) * (1 - (s % 0.5)), 4) }));
  await page.setInputFiles("#file", files);
  await until(page, () => {
    const all = [.../** @type {any} */ (window).acetateStudio.songs.all.values()];
    return all.length === 20 && all.every((song) => song.state === "ready");
  });
  assert.equal(await page.textContent("#name"), "song 1.wav", "the first is looked at");
  await page.click("#album-open summary");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, "many tabs stay in their row");
  assert.deepEqual(wrong, []);
});

test("a mix that changes underneath is not mastered as the one that is heard", async () => {
  const lab = await studio();
  await lab.end(true);
  const mix = join(lab.folder, "mix.flac");
  copyFileSync(MIX, mix);
  const { page } = await fresh([], await studio([mix], { folder: lab.folder }));
  await ready(page);
  writeFileSync(mix, SHORT);
  await page.fill("#words", "warmer");
  await page.press("#words", "Enter");
  await page.waitForSelector("#error:not([hidden])", { timeout: 60_000 });
  const text = await page.textContent("#error");
  assert.match(text, /^mix\.flac: expected/);
  assert.ok(!text.includes(lab.folder), text);
});

test("a stream of events that was cut or fell asleep comes back, and what happened meanwhile is there", async () => {
  const { lab, context } = await fresh();
  await context.clock.install();
  const { page } = await open(context, lab.address);
  await page.route("**/api/events", (route) => route.abort());
  // A minute passes in which nothing was heard of the server.
  await page.clock.fastForward(60_000);
  await page.waitForSelector("#trouble:not([hidden])");
  const headers = { "x-acetate-token": lab.token };
  await fetch(`${lab.origin}/api/songs?name=meanwhile.wav`, { method: "POST", headers, body: SHORT });
  await page.unroute("**/api/events");
  await page.clock.fastForward(2_000);
  await ready(page);
  assert.equal(await page.textContent("#name"), "meanwhile.wav");
  assert.equal(await page.isVisible("#trouble"), false);
});

test("a knob that is turned in one tab stands in the other", async () => {
  const { lab, context, page, wrong } = await fresh([MIX]);
  await ready(page);
  const second = await open(context, lab.address);
  await ready(second.page);
  await page.fill("#words", "darker");
  await page.press("#words", "Enter");
  await second.page.waitForFunction(() => /** @type {any} */ (document.getElementById("words")).value === "darker");
  await second.page.keyboard.press("Control+z");
  await page.waitForFunction(() => /** @type {any} */ (document.getElementById("words")).value === "");
  assert.deepEqual([...wrong, ...second.wrong], []);
});

test("a tab that is killed in the middle of a render leaves a studio that works", async () => {
  const { lab, page, context } = await fresh();
  await drop(page, "song.flac", readFileSync(MIX));
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current()?.state === "mastering", null, { timeout: 60_000 });
  await page.close({ runBeforeUnload: false });
  const again = await open(context, lab.address);
  await ready(again.page);
  assert.deepEqual(again.wrong, []);
});

test("a song that is closed while the page asks about it leaves no complaint", async () => {
  const { page } = await fresh();
  let letGo = () => {};
  const closed = new Promise((resolve) => { letGo = () => resolve(undefined); });
  let asked = 0;
  await page.route("**/curves", async (/** @type {any} */ route) => {
    asked += 1;
    await closed;
    await route.continue();
  });
  await drop(page, "song.wav", SHORT);
  const begun = Date.now();
  while (asked === 0 && Date.now() - begun < 60_000) await page.waitForTimeout(20);
  const answered = page.waitForResponse((/** @type {any} */ response) => response.url().includes("/curves"));
  await page.click("#close");
  await page.waitForSelector("#welcome:not([hidden])");
  letGo();
  assert.equal((await answered).status(), 404, "the question came too late");
  // Its answer asks for the session; then a complaint would stand.
  await page.waitForTimeout(500);
  assert.equal(await page.isVisible("#trouble"), false, await page.textContent("#trouble"));
});
