// Pictures of the studio and of the report page for the documentation: `node shots.mjs FOLDER [MIX]`.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ACETATE, MIX, browser, drop, open, ready, studio } from "./lab.mjs";

const [folder = "shots", mix = MIX] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const lab = await studio();
const chrome = await browser();

/** @param {any} page @param {string} name @param {boolean} [fullPage] */
const shot = (page, name, fullPage = true) => page.screenshot({ path: join(folder, `${name}.png`), fullPage });

const context = await chrome.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
context.setDefaultTimeout(120_000);
const { page, wrong } = await open(context, lab.address);
await shot(page, "empty", false);
await drop(page, mix.split("/").at(-1) ?? "mix", readFileSync(mix));
await page.waitForFunction(() => !document.getElementById("song")?.hidden);
await shot(page, "working");
await ready(page);
await page.waitForFunction(() => !(/** @type {any} */ (document.getElementById("version-unlimited")).disabled));
await page.waitForTimeout(500);
await shot(page, "desktop-light");
await page.emulateMedia({ colorScheme: "dark" });
await page.waitForTimeout(300);
await shot(page, "desktop-dark");
await page.evaluate(() => {
  const { player } = /** @type {any} */ (window).acetateStudio;
  const rate = player.song.sample_rate_hz;
  player.setLoop([10 * rate, 18 * rate], true);
});
await page.click("#play");
await page.focus('#eq .handle[data-knot="9"]');
for (let n = 0; n < 3; n += 1) await page.keyboard.press("Shift+ArrowUp");
await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.player.previewing);
await shot(page, "preview-dark", false);
await page.emulateMedia({ colorScheme: "light" });
await page.click("#reset");
await ready(page);
await page.click("#play");
await page.setViewportSize({ width: 390, height: 844 });
await page.waitForTimeout(300);
await shot(page, "phone");
// A finished session: two songs, a record that leads, variants to choose from, an order.
await page.setViewportSize({ width: 1280, height: 900 });
await page.setInputFiles("#reference-file", mix);
await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current().turn.reference === 1, null, { timeout: 90_000 });
await ready(page);
await page.click("#variants summary");
await page.click("#variants-make");
await page.waitForFunction(() => document.querySelectorAll("#variants-body tr").length === 4, null, { timeout: 90_000 });
await drop(page, "second song.flac", readFileSync(MIX));
await page.waitForFunction(() => [.../** @type {any} */ (window).acetateStudio.songs.all.values()].every((song) => song.state === "ready") && document.querySelectorAll("#songs [role=tab]").length === 2, null, { timeout: 90_000 });
await page.click("#tab-1");
await page.click("#album-open summary");
await page.click("#album-decide");
await page.waitForFunction(() => /Decided/.test(document.getElementById("album-note")?.textContent ?? ""));
await page.waitForTimeout(500);
await shot(page, "session");
await page.click("#album-open summary");
await page.click("#close");
await page.click("#close");
await drop(page, "notes.wav", Buffer.from("no sound at all"));
await page.waitForSelector("#error:not([hidden])");
await shot(page, "error", false);
execFileSync(ACETATE, ["master", mix, "-o", join(lab.folder, "m.wav"), "--report", join(lab.folder, "r.html"), "-q"]);
const report = await context.newPage();
await report.goto(`file://${join(lab.folder, "r.html")}`);
await report.waitForTimeout(500);
await shot(report, "report", false);
await report.setViewportSize({ width: 390, height: 844 });
await report.waitForTimeout(300);
await shot(report, "report-phone", false);
if (wrong.length > 0) console.log(wrong);
await chrome.close();
await lab.end();
