// What a musician does in the studio, in a real browser with the real binary.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ACETATE, MIX, band, bench, drop, open, playLoop, ready, spectrum } from "./lab.mjs";

const fresh = bench();

/** What is heard, loudest sample of a moment. */
const level = (/** @type {any} */ page) => page.evaluate(async () => {
  const { analyser } = /** @type {any} */ (window).acetateStudio.player;
  const samples = new Float32Array(analyser.fftSize);
  let most = 0;
  for (let n = 0; n < 10; n += 1) {
    analyser.getFloatTimeDomainData(samples);
    most = Math.max(most, ...samples.map(Math.abs));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return most;
});

test("a dropped mix is heard, switched, downloaded and verified", async () => {
  const { lab, page, wrong } = await fresh();
  await drop(page, "my song.flac", readFileSync(MIX));
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current()?.frames > 0);
  await ready(page);
  await page.waitForFunction(() => document.querySelectorAll("#eq .handle").length === 12);
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).acetateStudio.songs.current().revision), 0, "looking at a song makes no second master");
  assert.match(await page.textContent("#badge"), /verified/);
  await page.click("#play");
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.player.level > 0.01);
  assert.ok(await level(page) > 0.001, "sound flows");
  assert.equal(await page.textContent("#play"), "Pause");
  const from = await page.evaluate(() => /** @type {any} */ (window).acetateStudio.player.now());
  await page.waitForFunction((from) => /** @type {any} */ (window).acetateStudio.player.now() > from + 4410, from);
  await page.click("#version-mix");
  assert.equal(await page.getAttribute("#version-mix", "aria-pressed"), "true");
  await page.keyboard.press("2");
  assert.equal(await page.getAttribute("#version-master", "aria-pressed"), "true");
  await page.waitForFunction(() => !/** @type {any} */ (document.getElementById("version-unlimited")).disabled);
  await page.click("#version-delta");
  await page.keyboard.press("Space");
  assert.equal(await page.textContent("#play"), "Play");

  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#take-master")]);
  assert.equal(download.suggestedFilename(), "my song.master.wav");
  const file = join(lab.folder, "taken.wav");
  await download.saveAs(file);
  const verified = spawnSync(ACETATE, ["verify", file], { encoding: "utf8" });
  assert.equal(verified.status, 0, verified.stderr + verified.stdout);
  execFileSync(ACETATE, ["master", MIX, "-o", join(lab.folder, "own.wav"), "--no-cache", "-q"]);
  const own = readFileSync(join(lab.folder, "own.wav"));
  assert.ok(own.equals(readFileSync(file)), "the same bytes as of the command line");
  const [settings] = await Promise.all([page.waitForEvent("download"), page.click("#take-settings")]);
  assert.equal(settings.suggestedFilename(), "my song.master.settings.toml");
  assert.deepEqual(wrong, []);
});

test("a dragged point of the EQ is heard in its own band, then made for the whole song", async () => {
  const { page, wrong } = await fresh([MIX]);
  await ready(page);
  await page.waitForFunction(() => document.querySelectorAll("#eq .handle").length === 12);
  await playLoop(page);
  await page.waitForTimeout(300);
  const before = await spectrum(page, 4);
  const handle = page.locator('#eq .handle[data-knot="8"] .dot');
  const box = await handle.boundingBox();
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.down();
  for (let y = 0; y <= 60; y += 6) await page.mouse.move(box.x + 4, box.y + 4 - y);
  await page.mouse.up();
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.player.previewing);
  assert.equal(await page.isVisible("#preview-mark"), true);
  await ready(page);
  await page.waitForFunction(() => !/** @type {any} */ (window).acetateStudio.player.previewing);
  const after = await spectrum(page, 4);
  const gain = await handle.evaluate((dot) => Number(dot.parentElement?.getAttribute("aria-valuenow")));
  assert.ok(gain > 2, `the point went to ${gain} dB`);
  const near = band(after, 2800, 3600) - band(before, 2800, 3600);
  const far = band(after, 150, 300) - band(before, 150, 300);
  assert.ok(near - far > 0.5 * gain, `3 kHz rose by ${near} dB, 200 Hz by ${far} dB, for ${gain} dB`);
  assert.equal(await page.isVisible("#preview-mark"), false);
  assert.deepEqual(wrong, []);
});

test("turns can be undone, kept in slots and taken back to the proposal, by keyboard too", async () => {
  const { page, wrong } = await fresh([MIX]);
  await ready(page);
  const amount = () => page.inputValue("#amount-all");
  await page.focus("#amount-all");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await amount(), "99");
  await page.keyboard.press("Control+z");
  assert.equal(await amount(), "100");
  await page.keyboard.press("Control+Shift+Z");
  assert.equal(await amount(), "99");
  await page.click("#slot-B");
  await page.focus("#amount-eq");
  await page.keyboard.press("Home");
  assert.equal(await page.inputValue("#amount-eq"), "0");
  await page.click("#slot-A");
  assert.equal(await page.inputValue("#amount-eq"), "99");
  await page.click("#slot-B");
  assert.equal(await page.inputValue("#amount-eq"), "0");
  await page.click("#reset");
  assert.equal(await amount(), "100");
  await page.focus('#eq .handle[data-knot="3"]');
  await page.keyboard.press("ArrowUp");
  // The song has a turn of the knob when the server has answered.
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current().turn.eq_mid_db !== null);
  await ready(page);
  assert.deepEqual(wrong, []);
});

test("a blind test hides which version is heard and counts the answers", async () => {
  const { page, wrong } = await fresh([MIX]);
  await ready(page);
  await page.click("summary:has-text('Blind test')");
  await page.click("#abx-begin");
  assert.equal(await page.isDisabled("#version-mix"), true);
  for (let n = 0; n < 10; n += 1) await page.keyboard.press(n % 2 === 0 ? "1" : "2");
  assert.match(await page.textContent("#abx-score"), /\d+ of 10 right/);
  await page.keyboard.press("a");
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).acetateStudio.player.instead), "mix");
  await page.click("#abx-end");
  assert.equal(await page.isDisabled("#version-mix"), false);
  assert.deepEqual(wrong, []);
});

test("a reload finds songs and knobs as they were, and a second tab sees the same", async () => {
  const { lab, context, page, wrong } = await fresh([MIX]);
  await ready(page);
  await page.fill("#words", "warmer");
  await page.press("#words", "Enter");
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current().revision === 1);
  await ready(page);
  assert.equal(new URL(page.url()).hash, "", "the key leaves the bar");
  await page.reload();
  await page.waitForFunction(() => "acetateStudio" in window);
  await ready(page);
  assert.equal(await page.inputValue("#words"), "warmer");
  const second = await open(context, lab.address);
  await ready(second.page);
  assert.equal(await second.page.inputValue("#words"), "warmer");
  await page.click("#close");
  await second.page.waitForFunction(() => !document.getElementById("welcome")?.hidden);
  assert.deepEqual([...wrong, ...second.wrong], []);
});

test("what is no sound is refused in the command line's words, and the next song works", async () => {
  const { page } = await fresh();
  await drop(page, "notes.wav", Buffer.from("no sound at all"));
  await page.waitForSelector("#error:not([hidden])");
  assert.match(await page.textContent("#error"), /^notes\.wav: /);
  assert.match(await page.textContent("#badge"), /failed/);
  await drop(page, "song.flac", readFileSync(MIX));
  await ready(page);
  assert.match(await page.textContent("#badge"), /verified/);
});

test("a page of another origin gets nothing", async () => {
  const { lab, context } = await fresh();
  const evil = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<h1>evil</h1>");
  });
  await new Promise((resolve) => { evil.listen(0, "127.0.0.1", () => resolve(undefined)); });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${/** @type {any} */ (evil.address()).port}/`);
  const results = await page.evaluate(async ([origin, token]) => {
    const attempt = async (/** @type {string} */ path, /** @type {RequestInit} */ options) => {
      try { return (await fetch(`${origin}${path}`, options)).type; } catch { return "refused"; }
    };
    const script = await new Promise((resolve) => {
      const tag = document.createElement("script");
      tag.src = `${origin}/assets/main.js`;
      tag.onload = () => resolve("loaded");
      tag.onerror = () => resolve("refused");
      document.head.append(tag);
    });
    const frame = await new Promise((resolve) => {
      const tag = document.createElement("iframe");
      tag.src = `${origin}/`;
      tag.onload = () => { try { resolve(tag.contentDocument === null ? "opaque" : "read"); } catch { resolve("opaque"); } };
      document.body.append(tag);
    });
    return [
      await attempt("/api/session", { headers: { "x-acetate-token": token } }),
      await attempt("/api/session", {}),
      await attempt("/api/songs?name=x.wav", { method: "POST", body: "x", headers: { "x-acetate-token": token } }),
      script, frame,
    ];
  }, [lab.origin, lab.token]);
  assert.deepEqual(results, ["refused", "refused", "refused", "refused", "opaque"]);
  const noCors = await page.evaluate(async (origin) => {
    try { return (await fetch(`${origin}/api/session`, { mode: "no-cors" })).type; } catch { return "refused"; }
  }, lab.origin);
  assert.ok(["refused", "opaque"].includes(noCors));
  const session = await (await fetch(`${lab.origin}/api/session`, { headers: { "x-acetate-token": lab.token } })).json();
  assert.deepEqual(session.songs, [], "nothing came in");
  evil.close();
});

test("a page without the key says what to do", async () => {
  const { lab, context } = await fresh();
  const page = await context.newPage();
  await page.goto(`${lab.origin}/`);
  await page.waitForSelector("#trouble:not([hidden])");
  assert.match(await page.textContent("#trouble"), /whole address/);
});

test("a closed tab drops its render, and a page that comes back gets it", async () => {
  const { lab, context, page } = await fresh([MIX]);
  await ready(page);
  const headers = { "x-acetate-token": lab.token, "content-type": "application/json" };
  const song = async () => (await fetch(`${lab.origin}/api/songs/1`, { headers })).json();
  // A knob is turned over and over: its master never gets made before the tab is gone.
  await page.close();
  for (let n = 0; n < 100; n += 1) {
    const body = JSON.stringify({ amounts: { eq: 50 + n, compressor: 100, saturation: 100, stereo: 100 } });
    await fetch(`${lab.origin}/api/songs/1/turn`, { method: "PUT", headers, body });
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    if ((await song()).state === "paused") break;
  }
  assert.equal((await song()).state, "paused");
  const back = await open(context, lab.address);
  await ready(back.page);
});

test("several songs stand side by side", async () => {
  const { page, wrong } = await fresh([MIX]);
  await drop(page, "second.flac", readFileSync(MIX));
  await page.waitForFunction(() => document.querySelectorAll("#songs [role=tab]").length === 2);
  await page.click("#tab-1");
  assert.equal(await page.textContent("#name"), "mix.flac");
  await page.focus("#tab-1");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.textContent("#name"), "second.flac");
  await ready(page);
  assert.deepEqual(wrong, []);
});

test("a screen reader finds names, roles and contrast in order, light and dark, on a desk and a phone", async () => {
  const { page } = await fresh([MIX]);
  await ready(page);
  const axe = readFileSync(join(import.meta.dirname, "node_modules/axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      // The page's own policy lets no script in but its own: the tool comes through the debugger.
      await page.evaluate(axe);
      const found = await page.evaluate(() => /** @type {any} */ (window).axe.run());
      const serious = found.violations.filter((/** @type {any} */ v) => ["serious", "critical"].includes(v.impact));
      assert.deepEqual(serious.map((/** @type {any} */ v) => [v.id, v.nodes.map((/** @type {any} */ n) => n.target)]), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `nothing is cut off at ${width}`);
    }
  }
});
