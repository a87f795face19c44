// The report page (`acetate master --report`) in a real browser: it answers first, plays, shows values, and fits a phone.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ACETATE, MIX, browser } from "./lab.mjs";

/** @type {any} */ let chrome;
const folder = mkdtempSync(join(tmpdir(), "acetate-report-"));
before(async () => {
  execFileSync(ACETATE, ["master", MIX, "-o", join(folder, "m.wav"), "--report", join(folder, "r.html"), "--variants", "2", "--no-cache", "-q"]);
  chrome = await browser();
});
after(async () => { await chrome.close(); rmSync(folder, { recursive: true, force: true }); });

/** The page, at a width. @param {number} width */
async function opened(width) {
  const page = await (await chrome.newContext({ viewport: { width, height: 844 } })).newPage();
  /** @type {string[]} */
  const wrong = [];
  page.on("pageerror", (/** @type {any} */ error) => wrong.push(String(error)));
  page.on("console", (/** @type {any} */ message) => { if (message.type() === "error") wrong.push(message.text()); });
  await page.goto(`file://${join(folder, "r.html")}`);
  return { page, wrong };
}

test("what was done stands first, in words", async () => {
  const { page, wrong } = await opened(1280);
  assert.equal(await page.textContent("h2"), "What was done to the song");
  assert.match(await page.textContent(".lead"), /LU louder: from −?-?\d.* LUFS/);
  assert.equal(await page.locator(".answer li").count() > 1, true);
  assert.deepEqual(wrong, []);
});

test("a click into the picture goes there, and a playhead runs over every chart of time", async () => {
  const { page, wrong } = await opened(1280);
  const box = await page.locator("#wave").boundingBox();
  const facts = await page.evaluate(() => { const { facts, wave } = /** @type {any} */ (window).acetatePlayer; return { from: facts.from_s, length: facts.length_s, whole: wave.frames / wave.rate }; });
  const wanted = facts.from + facts.length / 2;
  await page.mouse.click(box.x + box.width * wanted / facts.whole, box.y + 80);
  const at = () => page.evaluate(() => { const { position, facts } = /** @type {any} */ (window).acetatePlayer; return facts.from_s + position(); });
  assert.ok(Math.abs(await at() - wanted) < 0.3, `${await at()} for ${wanted}`);
  await page.click("#play");
  await page.waitForTimeout(700);
  const heads = await page.evaluate(() => /** @type {any} */ (window).acetatePlayer.charts.filter((chart) => chart.isTime).map((chart) => chart.playhead.getAttribute("d")));
  assert.ok(heads.length >= 3 && heads.every((d) => /^M\d/.test(d)), `${heads}`);
  const before = await at();
  await page.waitForTimeout(400);
  assert.ok(await at() > before, "it plays");
  const loudness = page.locator('svg[aria-label^="Short-term"]');
  await loudness.scrollIntoViewIfNeeded();
  const chart = await loudness.boundingBox();
  await page.mouse.click(chart.x + chart.width * 0.9, chart.y + 50);
  await page.waitForTimeout(100);
  assert.ok(await at() > facts.whole * 0.75, "a chart can be clicked too");
  assert.deepEqual(wrong, []);
});

test("values are shown under the pointer, of every variant too", async () => {
  const { page, wrong } = await opened(1280);
  const spectrum = page.locator('svg[aria-label^="Spectrum of mix and"]');
  await spectrum.scrollIntoViewIfNeeded();
  await spectrum.hover();
  const text = await spectrum.locator("xpath=following-sibling::p[1]").textContent();
  assert.match(text, /Hz · open −\d+\.\d · mix −\d+\.\d · master −\d+\.\d dB/);
  const difference = page.locator('svg[aria-label^="Spectrum of the master less"]');
  await difference.hover();
  assert.match(await difference.locator("xpath=following-sibling::p[1]").textContent(), /difference −?\d\.\d dB/);
  assert.deepEqual(wrong, []);
});

test("delta is the master less the mix, and the level can be as delivered", async () => {
  const { page, wrong } = await opened(1280);
  await page.click("#play");
  await page.waitForFunction(() => /** @type {any} */ (window).acetatePlayer.state.playing);
  const gains = () => page.evaluate(async () => {
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    return /** @type {any} */ (window).acetatePlayer.state.gains.map((/** @type {any} */ gain) => gain.gain.value);
  });
  await page.keyboard.press("d");
  assert.deepEqual(await gains(), [-1, 1, 0, 0]);
  await page.keyboard.press("2");
  await page.keyboard.press("m");
  const gain_db = await page.evaluate(() => /** @type {any} */ (window).acetatePlayer.facts.versions[1].gain_db);
  const [, master] = await gains();
  assert.ok(Math.abs(20 * Math.log10(master) + gain_db) < 0.01, `${master} for ${-gain_db} dB`);
  assert.deepEqual(wrong, []);
});

test("a phone cuts nothing off, and a screen reader finds its way", async () => {
  const { page, wrong } = await opened(390);
  const cut = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll(".scroll")].map((part) => part.scrollWidth - part.clientWidth));
  assert.ok(cut.every((/** @type {number} */ pixels) => pixels <= 0), `${cut}`);
  await page.evaluate(readFileSync(join(import.meta.dirname, "node_modules/axe-core/axe.min.js"), "utf8"));
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run());
  const serious = found.violations.filter((/** @type {any} */ v) => ["serious", "critical"].includes(v.impact));
  assert.deepEqual(serious.map((/** @type {any} */ v) => [v.id, v.nodes.map((/** @type {any} */ n) => n.target)]), []);
  assert.deepEqual(wrong, []);
});
