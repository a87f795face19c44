// References, variants, what is taken home beside the master, loudspeakers, and an album, in a real browser.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ACETATE, MIX, band, bench, drop, playLoop, ready, spectrum, studio, wav } from "./lab.mjs";

const fresh = bench();
const song = (/** @type {any} */ page) => page.evaluate(() => /** @type {any} */ (window).acetateStudio.songs.current());
const until = (/** @type {any} */ page, /** @type {any} */ so) => page.waitForFunction(so, null, { timeout: 90_000 });

/** A record that is dull and quiet. */
const RECORD = wav((s, channel) => 0.2 * Math.sin(2 * Math.PI * (110 + channel) * s) + 0.1 * Math.sin(2 * Math.PI * 220 * s), 8, 48_000);

test("a record that is given as a reference leads the settings and is heard level-matched on key 3", async () => {
  const { page, wrong } = await fresh([MIX]);
  await ready(page);
  assert.equal(await page.isDisabled("#version-reference"), true);
  await page.setInputFiles("#reference-file", { name: "record.wav", mimeType: "audio/wav", buffer: RECORD });
  await until(page, () => /** @type {any} */ (window).acetateStudio.songs.current().turn.reference === 1);
  await ready(page);
  assert.equal(await page.inputValue("#reference"), "1");
  assert.equal(await page.isVisible("#reference-share"), true);
  await playLoop(page, 2, 6);
  await page.keyboard.press("3");
  assert.equal(await page.getAttribute("#version-reference", "aria-pressed"), "true");
  await page.waitForTimeout(300);
  const reference = await spectrum(page, 2);
  const strongest = reference.db.indexOf(Math.max(...reference.db)) * reference.hz;
  assert.ok(Math.abs(strongest - 110) < 12, `the record's tone at ${strongest} Hz`);
  const gains = await page.evaluate(async () => {
    const { mixOf, soundsOf } = await import("/assets/sounds.js");
    const { player } = /** @type {any} */ (window).acetateStudio;
    const sounds = soundsOf(player.song, player.revision);
    return ["master", "reference"].map((version) => sounds.get(version).lufs + 20 * Math.log10(mixOf(sounds, version, true)[0][1]));
  });
  assert.ok(Math.abs(gains[0] - gains[1]) < 0.01, `${gains}`);
  const before = (await song(page)).turn;
  await page.keyboard.press("Control+z");
  await until(page, () => /** @type {any} */ (window).acetateStudio.songs.current().turn.reference === null);
  await page.keyboard.press("Control+Shift+Z");
  await until(page, () => /** @type {any} */ (window).acetateStudio.songs.current().turn.reference === 1);
  assert.deepEqual((await song(page)).turn, before);
  await page.click("#reference-drop");
  await until(page, () => /** @type {any} */ (window).acetateStudio.songs.current().references.length === 0);
  assert.deepEqual(wrong, []);
});

test("a file that is dropped on the place for references becomes one, and no song", async () => {
  const { page } = await fresh([MIX]);
  await ready(page);
  const data = await page.evaluateHandle((base64) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "record.wav"));
    return transfer;
  }, RECORD.toString("base64"));
  await page.dispatchEvent("body", "dragenter", { dataTransfer: data });
  assert.equal(await page.isVisible("#drop-reference"), true);
  await page.dispatchEvent("#drop-reference", "drop", { dataTransfer: data });
  await until(page, () => /** @type {any} */ (window).acetateStudio.songs.current().references.length === 1);
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).acetateStudio.songs.all.size), 1);
});

test("variants are made, heard beside each other, and the one that is chosen is what was heard", async () => {
  const { page, wrong } = await fresh([MIX]);
  await ready(page);
  await page.click("#variants summary");
  await page.click("#variants-make");
  await until(page, () => document.querySelectorAll("#variants-body tr").length === 4);
  await playLoop(page);
  await page.click("#hear-dark");
  assert.equal(await page.getAttribute("#hear-dark", "aria-pressed"), "true");
  assert.match(await page.textContent("#what"), /variant dark/);
  await page.waitForTimeout(300);
  const heard = await spectrum(page, 4);
  await page.click("#choose-dark");
  assert.equal(await page.inputValue("#words"), "darker");
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current().revision > 0);
  await ready(page);
  await page.waitForFunction(() => !/** @type {any} */ (window).acetateStudio.player.previewing);
  const chosen = await spectrum(page, 4);
  for (const [from, to] of [[60, 250], [1000, 4000], [6000, 12000]]) {
    const apart = band(heard, from, to) - band(chosen, from, to);
    assert.ok(Math.abs(apart) < 1, `${from} to ${to} Hz: ${apart} dB`);
  }
  assert.match(await page.textContent("#variants-note"), /stood before/);
  assert.deepEqual(wrong, []);
});

test("report page and pack are made when they are asked for, and everything goes into the folder", async () => {
  const lab = await studio();
  await lab.end(true);
  const home = join(lab.folder, "home");
  mkdirSync(home);
  const { page, wrong } = await fresh([], await studio(["--deliver-to", home, MIX], { folder: lab.folder }));
  await ready(page);
  const [report] = await Promise.all([page.waitForEvent("download", { timeout: 90_000 }), page.click("#take-page")]);
  assert.equal(report.suggestedFilename(), "mix.master.report.html");
  const text = readFileSync(await report.path(), "utf8");
  assert.ok(text.includes("mastering report") && !text.includes(lab.folder), "no place of this machine");
  const [pack] = await Promise.all([page.waitForEvent("download", { timeout: 90_000 }), page.click("#take-pack")]);
  assert.equal(pack.suggestedFilename(), "mix.pack.zip");
  const zip = join(lab.folder, "pack.zip");
  await pack.saveAs(zip);
  const names = execFileSync("python3", ["-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print('\\n'.join(z.namelist()))", zip], { encoding: "utf8" });
  assert.ok(names.includes("mix.pack/un-limited.wav") && names.includes("mix.pack/sheet.html"), names);
  await page.click("#deliver");
  await page.waitForFunction(() => /In the folder now/.test(document.getElementById("take-note")?.textContent ?? ""), null, { timeout: 90_000 });
  assert.equal(readdirSync(home).length, 5);
  const verified = spawnSync(ACETATE, ["verify", join(home, "mix.master.wav")], { encoding: "utf8" });
  assert.equal(verified.status, 0, verified.stderr + verified.stdout);
  await page.click("#deliver");
  await page.waitForSelector("#trouble:not([hidden])");
  assert.match(await page.textContent("#trouble"), /expected a name that is free/);
  assert.deepEqual(wrong, []);
});

test("a phone takes the bass away, says what its curve is, and mono and side are exact", async () => {
  const { page, wrong } = await fresh();
  await drop(page, "tones.wav", wav((s, channel) => 0.2 * Math.sin(2 * Math.PI * 60 * s) + 0.2 * Math.sin(2 * Math.PI * 1000 * s) + 0.2 * Math.sin(2 * Math.PI * 3000 * s) * (channel ? -1 : 1), 8));
  await ready(page);
  await page.click("#version-mix");
  await playLoop(page, 1, 6);
  const listen = async (/** @type {string} */ how) => {
    await page.selectOption("#listen", how);
    await page.waitForTimeout(400);
    return spectrum(page, 1.5);
  };
  const stereo = await listen("stereo");
  const earbuds = await listen("earbuds");
  assert.match(await page.textContent("#through"), /through earbuds: Apple EarPods measured/);
  const lost = (band(stereo, 50, 70) - band(stereo, 900, 1100)) - (band(earbuds, 50, 70) - band(earbuds, 900, 1100));
  assert.ok(Math.abs(lost - 10) < 2, `60 Hz against 1 kHz fell by ${lost} dB`);
  const phone = await listen("phone");
  assert.ok(band(phone, 50, 70) - band(phone, 900, 1100) < -40, "no bass comes out of a phone");
  // What the analyser sees is the sum of both channels: the side shows in its own listening alone.
  const mono = await listen("mono");
  assert.ok(Math.abs(band(mono, 50, 70) - band(stereo, 50, 70)) < 0.5);
  const side = await listen("side");
  assert.ok(band(side, 2900, 3100) - band(side, 50, 70) > 40 && band(mono, 2900, 3100) - band(mono, 50, 70) < -40);
  await listen("stereo");
  assert.equal(await page.isVisible("#through"), false);
  assert.deepEqual(wrong, []);
});

test("an album: put in order by hand and by key, its joins heard, decided together, applied and undone", async () => {
  const { page, lab, wrong } = await fresh([MIX]);
  await drop(page, "quiet.wav", wav((s, channel) => 0.1 * Math.sin(2 * Math.PI * 220 * s) * (1 + Math.sin(2 * s)) * (channel ? 1 : 0.8), 14));
  await page.waitForFunction(() => document.querySelectorAll("#album-list li").length === 2);
  await until(page, () => [.../** @type {any} */ (window).acetateStudio.songs.all.values()].every((song) => song.state === "ready"));
  await page.click("#album-open summary");
  await page.focus("#album-down-1");
  await page.keyboard.press("Enter");
  assert.match(await page.textContent("#album-list li"), /quiet\.wav/);
  const names = async () => (await (await fetch(`${lab.origin}/api/session`, { headers: { "x-acetate-token": lab.token } })).json()).songs.map((/** @type {any} */ one) => one.name);
  await page.waitForTimeout(200);
  assert.deepEqual(await names(), ["quiet.wav", "mix.flac"]);
  await page.dragAndDrop('#album-list li[data-song="1"] .grip', '#album-list li[data-song="2"] .grip');
  assert.match(await page.textContent("#album-list li"), /mix\.flac/);
  await page.click("#album-join-1");
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.album.join.isPlaying);
  await page.click("#album-stop");
  await page.click("#album-decide");
  await page.waitForFunction(() => /Decided for 2 songs/.test(document.getElementById("album-note")?.textContent ?? ""));
  const text = await page.textContent("#album-list");
  assert.match(text, /LUFS \([+−]\d/);
  await page.click("#album-apply");
  await until(page, () => [.../** @type {any} */ (window).acetateStudio.songs.all.values()].every((song) => song.revision > 0 && song.state === "ready" && song.made.revision === song.revision));
  const lufs = await page.evaluate(() => [.../** @type {any} */ (window).acetateStudio.songs.all.values()].map((song) => [song.turn.target.integrated_lufs, song.made.master_lufs]));
  for (const [asked, got] of lufs) assert.ok(Math.abs(asked - got) < 0.6, `${asked} asked, ${got} made`);
  await page.keyboard.press("Control+z");
  await page.waitForFunction(() => /** @type {any} */ (window).acetateStudio.songs.current().turn.target === null);
  assert.deepEqual(wrong, []);
});
