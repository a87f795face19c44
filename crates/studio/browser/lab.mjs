// A studio and a browser for each test: starts the real binary, opens its page in Chromium, takes both away.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";

const ROOT = resolve(import.meta.dirname, "../../..");
export const ACETATE = process.env.ACETATE ?? join(ROOT, "target/debug/acetate");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** While one writes the page: its files from here instead of the binary's. */
const PAGE = process.env.ACETATE_STUDIO_PAGE;
/** A mix of real music, 48 s. */
export const MIX = join(ROOT, "examples/mix.flac");
/** Longest that a test waits for a master. */
export const PATIENCE_MS = 90_000;

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** Where a file of the page is written. @param {string} name */
function pageFile(name) {
  const folders = ["", "sound", "desk", "list"].map((folder) => join(PAGE ?? "", folder));
  const shared = join(ROOT, "crates/handover/src/page/shared");
  return [...folders, shared].map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name;
}

/**
 * Starts the studio, in a folder of its own where none is given; `within` is a command that runs it.
 * @param {string[]} [args] @param {{folder?: string, within?: string[], place?: string[]}} [options]
 */
export async function studio(args = [], options = {}) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "acetate-studio-"));
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
  const place = options.place ?? ["--session-dir", join(folder, "sessions")];
  const [program, ...rest] = [...(options.within ?? []), ACETATE, "studio", "--no-open", ...place, ...args];
  const child = spawn(program, rest, { env });
  let text = "";
  child.stdout.setEncoding("utf8");
  for await (const part of child.stdout) {
    text += part;
    if (text.includes("\n")) break;
  }
  const address = text.trim();
  return {
    address, folder, child,
    origin: address.split("/#")[0],
    token: address.split("#")[1],
    async end(keepsFolder = false) {
      child.kill("SIGINT");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      if (!keepsFolder) rmSync(folder, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

export const browser = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** A browser for the tests of a file; gives a studio with its page open to each. */
export function bench() {
  /** @type {any} */ let chrome;
  /** What each test opened. @type {{lab: any, context: any}[]} */
  let opened = [];
  before(async () => { chrome = await browser(); });
  after(async () => { await chrome.close(); });
  afterEach(async () => {
    for (const { lab, context } of opened) { await context.close(); await lab.end(); }
    opened = [];
  });
  return async (/** @type {string[]} */ args = [], /** @type {any} */ given = null) => {
    const lab = given ?? await studio(args);
    const context = await chrome.newContext({ viewport: { width: 1280, height: 900 } });
    opened.push({ lab, context });
    return { lab, context, ...(await open(context, lab.address)) };
  };
}

/** Sets a loop and plays it. @param {import("playwright-core").Page} page */
export const playLoop = (page, from_s = 10, to_s = 14) => page.evaluate(async ([from_s, to_s]) => {
  const { player } = /** @type {any} */ (window).acetateStudio;
  const rate = player.song.sample_rate_hz;
  player.setLoop([from_s * rate, to_s * rate], true);
  player.seek(from_s * rate);
  await player.play();
}, [from_s, to_s]);

/** Opens the page, and gathers what goes wrong in it. @param {import("playwright-core").BrowserContext} context @param {string} address */
export async function open(context, address) {
  const page = await context.newPage();
  if (PAGE) await page.route("**/assets/*", (route) => route.fulfill({ path: pageFile(route.request().url().split("/").at(-1) ?? "") }));
  if (PAGE) await page.route(/\/$/, (route) => route.fulfill({ path: join(PAGE, "index.html") }));
  /** @type {string[]} */
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => {
    // The server answers 409 where a newer turn came; the browser prints each such answer.
    if (message.type() === "error" && !message.text().includes("409")) wrong.push(message.text());
  });
  await page.goto(address);
  await page.waitForFunction(() => "acetateStudio" in window);
  return { page, wrong };
}

/** Drops a file on the page, as a hand does. @param {import("playwright-core").Page} page @param {string} file @param {Buffer} bytes */
export async function drop(page, file, bytes) {
  const data = await page.evaluateHandle(([name, base64]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
    return transfer;
  }, [file, bytes.toString("base64")]);
  for (const event of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("body", event, { dataTransfer: data });
}

/** Waits for the verified master as the knobs stand. @param {import("playwright-core").Page} page */
export const ready = (page) => page.waitForFunction(() => {
  const song = /** @type {any} */ (window).acetateStudio.songs.current();
  return song?.state === "ready" && song.made?.revision === song.revision;
}, null, { timeout: PATIENCE_MS });

/** Mean power of what is heard by third of the spectrum's bins, dB, over some seconds. */
export const spectrum = (page, seconds = 3) => page.evaluate(async (seconds) => {
  const { analyser, context } = /** @type {any} */ (window).acetateStudio.player;
  const bins = new Float32Array(analyser.frequencyBinCount);
  const sum = new Float64Array(bins.length);
  let count = 0;
  analyser.smoothingTimeConstant = 0;
  const end = context.currentTime + seconds;
  while (context.currentTime < end) {
    analyser.getFloatFrequencyData(bins);
    bins.forEach((db, n) => { sum[n] += 10 ** (db / 10); });
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const hz = context.sampleRate / analyser.fftSize;
  return { hz, db: [...sum].map((power) => 10 * Math.log10(power / count + 1e-20)) };
}, seconds);

/** Level of a band of a spectrum, dB. @param {{hz: number, db: number[]}} of @param {number} from_hz @param {number} to_hz */
export function band(of, from_hz, to_hz) {
  const part = of.db.slice(Math.ceil(from_hz / of.hz), Math.floor(to_hz / of.hz) + 1);
  return 10 * Math.log10(part.reduce((sum, db) => sum + 10 ** (db / 10), 0));
}

/** A stereo WAV of 16 bits. @param {(second: number, channel: number) => number} sample @param {number} seconds @param {number} rate */
export function wav(sample, seconds, rate = 44_100) {
  const frames = Math.round(seconds * rate);
  const bytes = Buffer.alloc(44 + 4 * frames);
  bytes.write("RIFF", 0); bytes.writeUInt32LE(36 + 4 * frames, 4); bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16); bytes.writeUInt16LE(1, 20); bytes.writeUInt16LE(2, 22); bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(4 * rate, 28); bytes.writeUInt16LE(4, 32); bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36); bytes.writeUInt32LE(4 * frames, 40);
  for (let n = 0; n < frames; n += 1) {
    for (let channel = 0; channel < 2; channel += 1) {
      bytes.writeInt16LE(Math.round(32767 * Math.max(-1, Math.min(1, sample(n / rate, channel)))), 44 + 4 * n + 2 * channel);
    }
  }
  return bytes;
}

export const hasBrowser = existsSync(CHROMIUM);
