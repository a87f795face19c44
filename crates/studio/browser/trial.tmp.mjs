import { readFileSync } from "node:fs";
import { browser, open, ready, studio } from "./lab.mjs";
const [file, reference] = process.argv.slice(2);
const lab = await studio(); const chrome = await browser();
const context = await chrome.newContext({ viewport: { width: 1280, height: 900 } });
context.setDefaultTimeout(200_000);
const { page, wrong } = await open(context, lab.address);
const say = async (what) => console.log(`== ${what}:`, (await page.evaluate((w) => { const e = document.querySelector(w); return e && e.offsetParent !== null ? e.innerText : "(hidden)"; }, what)).replaceAll("\n", " / "));
await say("#welcome");
await page.setInputFiles("#file", file);
const seen = new Set();
for (let n = 0; n < 2000; n += 1) {
  const s = await page.evaluate(() => [document.getElementById("badge").innerText, document.getElementById("status").innerText.replace(/\d+ s/, "N s"), window.acetateStudio.songs.current()?.state]);
  const t = s.join(" | "); if (!seen.has(t)) { seen.add(t); console.log("state", t); }
  if (s[2] === "ready" || s[2] === "failed") break;
  await page.waitForTimeout(100);
}
for (const part of ["#badge", "#about", "#warnings", "#figures", "#missed", "#done", "#ready", "#findings", "#checks-body", "#take-note", "#what"]) await say(part);
await page.click("#play"); await page.waitForTimeout(1500);
for (const key of ["1", "4", "5", "3", "2"]) { await page.keyboard.press(key); await page.waitForTimeout(200); await say("#what"); }
const finding = page.locator("#findings button").first();
if (await finding.count()) { await finding.click(); await page.waitForTimeout(800); await say("#what"); console.log("finding played", await page.evaluate(() => [window.acetateStudio.player.playing, window.acetateStudio.player.loop])); }
await page.selectOption("#listen", "phone"); await page.waitForTimeout(500); await say("#through"); await page.selectOption("#listen", "stereo");
await page.fill("#words", "a bit warmer"); await page.press("#words", "Enter"); await page.waitForTimeout(400); await say("#what"); await say("#take-note"); await ready(page); await say("#done"); await say("#figures");
await page.selectOption("#target", "loud"); await page.waitForTimeout(800); await ready(page); await say("#badge"); await say("#missed"); await say("#figures"); await say("#trouble");
await page.fill("#words", "blargh"); await page.press("#words", "Enter"); await page.waitForTimeout(1500); await say("#trouble"); await say("#badge"); await say("#error");
await page.keyboard.press("Escape"); await page.click("#undo"); await page.waitForTimeout(500); await ready(page); await say("#trouble"); console.log("words after undo:", await page.inputValue("#words"));
if (reference) { await page.setInputFiles("#reference-file", reference); await page.waitForFunction(() => window.acetateStudio.songs.current().turn.reference === 1); await say("#reference-note"); await ready(page); await say("#done"); }
console.log("WRONG", wrong, await page.evaluate(() => performance.now()));
await page.screenshot({ path: `/tmp/shots25/trial-${file.split("/").at(-1).slice(0, 8)}.png`, fullPage: true });
await chrome.close(); await lab.end();
