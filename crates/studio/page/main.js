// The studio's page: what happens on the server and what the hand does, joined.

import * as api from "./api.js";
import { Blind } from "./blind.js";
import { EqCurve } from "./eq.js";
import { Knobs } from "./knobs.js";
import { Player, VERSIONS } from "./player.js";
import { showDone, showFigures, showFindings } from "./reading.js";
import { STATES, Songs } from "./songs.js";
import { Turns } from "./turns.js";
import { Wave, clock } from "./wave.js";

/** @typedef {import("./types").Song} Song */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const player = new Player();
const wave = new Wave(byId("wave"));
const songs = new Songs();
const blind = new Blind(player);
/** @type {Map<number, Turns>} */
const turnsOf = new Map();
/** What a turn of a song comes to, as the server last said. @type {Map<number, import("./types").Turned>} */
const turnedOf = new Map();
/** Song and master that are drawn and read. */
const shown = { song: -1, mix: -1, made: -1, unlimited: false, report: /** @type {any} */ (null) };
/** @type {Knobs} */
let knobs;
/** @type {EqCurve} */
let eq;

/** @param {string} text */
function trouble(text) {
  byId("trouble-text").textContent = text;
  byId("trouble").hidden = text === "";
}

/** Says it where something fails. @param {Promise<unknown>} work */
async function trying(work) {
  try {
    await work;
  } catch (error) {
    const isDropped = error instanceof DOMException && error.name === "AbortError";
    const isOlder = error instanceof api.Refused && error.status === 409;
    if (!isDropped && !isOlder) trouble(/** @type {Error} */ (error).message);
  }
}

/** @param {Song} song */
function turnsFor(song) {
  let turns = turnsOf.get(song.id);
  if (!turns) {
    turns = new Turns(song.turn);
    const own = turns;
    turns.addEventListener("move", () => heard(song.id, own));
    turns.addEventListener("rest", () => { void trying(send(song.id, own)); });
    turnsOf.set(song.id, turns);
  }
  return turns;
}

/** One passage at a time; the newest turn is next. */
const previews = { busy: false, again: false, turned: 0 };

/** A knob moves: what is turned is heard. @param {number} id @param {Turns} turns */
function heard(id, turns) {
  if (songs.chosen !== id) return;
  showKnobs();
  if (player.version !== "master" && player.version !== "delta" && !player.instead) player.pick("master");
  void preview(turns);
}

/** @param {Turns} turns */
async function preview(turns) {
  previews.turned = performance.now();
  if (previews.busy) { previews.again = true; return; }
  previews.busy = true;
  do {
    previews.again = false;
    const made = player.preview(turns.now, previews.turned);
    // The next turn need not wait for the end of the loop, only for what is heard first.
    await Promise.race([made.catch(() => null), once(player, "preview")]);
    void trying(made);
  } while (previews.again);
  previews.busy = false;
}

/** @param {EventTarget} target @param {string} name */
const once = (target, name) => new Promise((resolve) => { target.addEventListener(name, resolve, { once: true }); });

/** A knob rests: the server makes the whole. @param {number} id @param {Turns} turns */
async function send(id, turns) {
  const song = songs.all.get(id);
  if (!song || ["waiting", "opening", "measuring"].includes(song.state)) return;
  const turned = await api.turn(id, turns.now);
  turnedOf.set(id, turned);
  if (songs.chosen === id) showKnobs();
}

function showKnobs() {
  const song = songs.current();
  if (!song) return;
  const turns = turnsFor(song);
  const turned = turnedOf.get(song.id);
  knobs.show(turns, turned?.settings ?? null);
  if (turned) {
    const gains = turns.now.eq_mid_db && turns.now.amounts.eq === 100 ? turns.now.eq_mid_db : turned.settings.eq.mid_db;
    eq.show(gains, turned.settings.eq.side_db);
    eq.propose(turned.proposal.open_db, turned.proposal.sd_db);
  }
  showFigures(shown.report, isPreview(song));
}

/** Whether what is heard is not yet what the file holds. @param {Song} song */
const isPreview = (song) => song.made !== null && (song.made.revision !== song.revision || player.previewing);

/** Draws and reads what is new of the chosen song. */
async function show() {
  const song = songs.current();
  byId("song").hidden = song === null;
  if (!song) { player.stop(); shown.song = -1; document.title = "acetate studio"; return; }
  document.title = `${song.name} · acetate studio`;
  showState(song);
  if (shown.song !== song.id) {
    Object.assign(shown, { song: song.id, mix: -1, made: -1, unlimited: false, report: null });
    Object.assign(wave, { mix: null, master: null, findings: [], curves: { mix_lufs: [], master_lufs: [], limiting_db: [] }, loop: null });
    eq.mark(null);
    blind.end();
    readReport(null);
    await player.show(song);
  } else {
    await player.update(song);
  }
  if (song.frames > 0) await draw(song);
  showKnobs();
  showVersions();
}

/** @param {Song} song */
async function draw(song) {
  const isNow = () => shown.song === song.id;
  wave.show(song.frames, song.sample_rate_hz, song.outline_frames);
  const made = song.made?.revision ?? -1;
  const unlimited = song.made?.unlimited_lufs != null;
  if (shown.mix !== song.id) {
    shown.mix = song.id;
    const outline = await api.outline(song.id, "mix");
    if (isNow()) wave.mix = outline;
  }
  const isNew = made !== shown.made;
  if (isNew || unlimited !== shown.unlimited) {
    Object.assign(shown, { made, unlimited });
    const curves = await api.curves(song.id);
    if (isNow()) wave.curves = curves;
  }
  if (isNew && song.made) {
    const [outline, report] = await Promise.all([api.outline(song.id, "master"), api.report(song.id)]);
    if (isNow()) { wave.master = outline; readReport(report); }
    if (isNow() && !turnedOf.has(song.id)) await send(song.id, turnsFor(song));
  }
  wave.stale();
}

/** @param {any} report */
function readReport(report) {
  shown.report = report;
  wave.findings = report?.findings ?? [];
  wave.target_lufs = report?.mastering?.target.integrated_lufs ?? -14;
  wave.stale();
  const song = songs.current();
  showFigures(report, song !== null && isPreview(song));
  showFindings(report, lookAt);
  showDone(report);
}

/** Shows and plays where something was found. @param {import("./types").Finding} finding */
function lookAt(finding) {
  const song = songs.current();
  if (!song) return;
  eq.mark(finding.band ?? null);
  const place = finding.places?.[0];
  if (!place) { byId("eq").scrollIntoView({ block: "nearest" }); return; }
  const rate = song.sample_rate_hz;
  const from = Math.max(0, (place.from_s - 1) * rate);
  const to = Math.min(song.frames, Math.max(place.to_s + 1, place.from_s + 3) * rate);
  player.pick("mix");
  player.setLoop([from, to], true);
  player.seek(from);
  if (!player.playing) void trying(player.play());
}

/** @param {Song} song */
function showState(song) {
  byId("name").textContent = song.name;
  const badge = byId("badge");
  const isCurrent = song.made !== null && song.made.revision === song.revision && song.state === "ready";
  const met = song.made?.all_met === true;
  badge.textContent = song.state === "failed" ? "failed" : isCurrent ? (met ? "verified: all targets met" : "target not met") : "working";
  badge.className = `badge ${song.state === "failed" || (isCurrent && !met) ? "bad" : isCurrent ? "good" : "busy"}`;
  byId("error").textContent = song.error ?? "";
  byId("error").hidden = song.error === null;
  byId("warnings").replaceChildren(...song.warnings.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  const isBusy = !isCurrent && song.state !== "failed";
  byId("progress").classList.toggle("idle", !isBusy);
  if (!isBusy) { byId("status").textContent = ""; byId("progress").value = 0; }
  else if (song.state !== "mastering" || byId("status").textContent === "") byId("status").textContent = `${STATES[song.state]} …`;
  byId("about").textContent = song.frames === 0 ? ""
    : `${clock(song.frames / song.sample_rate_hz)} · ${song.channels === 1 ? "mono" : "stereo"} · ${song.sample_rate_hz / 1000} kHz`;
  byId("desk").hidden = song.frames === 0 && song.state === "failed";
  for (const kind of ["master", "settings", "certificate", "report"]) byId(`take-${kind}`).disabled = !isCurrent;
  byId("take-note").textContent = isCurrent
    ? (met ? "The file was read back and measured before it was offered here." : "The file was read back and measured; a check missed its target, as the figures say.")
    : song.made ? "The master as the knobs stand is being made." : "";
  byId("play").disabled = song.frames === 0;
}

function showVersions() {
  const place = byId("versions");
  if (place.childElementCount === 0) {
    VERSIONS.forEach(({ key, label, what }, n) => {
      const button = document.createElement("button");
      button.id = `version-${key}`;
      button.title = what;
      button.append(label, " ", Object.assign(document.createElement("kbd"), { textContent: String(n + 1) }));
      button.addEventListener("click", () => player.pick(key));
      place.append(button);
    });
  }
  for (const { key } of VERSIONS) {
    byId(`version-${key}`).disabled = !player.isThere(key) || player.instead !== null;
    byId(`version-${key}`).setAttribute("aria-pressed", String(player.instead === null && player.version === key));
  }
  byId("play").textContent = player.playing ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(player.playing));
  byId("loop").setAttribute("aria-pressed", String(player.loopOn));
  byId("matched").setAttribute("aria-pressed", String(player.matched));
  byId("listen").value = player.listen;
  const what = VERSIONS.find(({ key }) => key === player.version)?.what ?? "";
  byId("what").textContent = player.instead !== null ? "Blind test: X is A or B, which one is hidden."
    : player.previewing && player.version === "master" ? "The master as the knobs stand: a preview of this passage until the whole is made." : what;
  wave.loop = player.loop;
  wave.loopOn = player.loopOn;
  const song = songs.current();
  if (song) showFigures(shown.report, isPreview(song));
}

/** @param {any} event */
function happened(event) {
  if (event.event === "song") songs.put(event.song);
  else if (event.event === "gone") songs.remove(event.id);
  else if (event.event === "missed") void trying(begin());
  else if (event.event === "progress" && event.id === songs.chosen) {
    byId("progress").value = event.share;
    const left = event.left_s === null ? "" : event.left_s < 1.5 ? ", a moment left" : `, about ${Math.round(event.left_s)} s left`;
    const names = /** @type {Record<string, string>} */ ({ open: "Reading the file", analyze: "Measuring the mix", render: "Rendering",
      write: "Limiting and writing", verify: "Reading back and verifying" });
    byId("status").textContent = `${names[event.step] ?? event.step}${left}`;
  }
}

async function begin() {
  const session = await api.session();
  songs.replace(session.songs);
}

function wire() {
  songs.addEventListener("chosen", () => { void trying(show()); });
  songs.addEventListener("trouble", (event) => trouble(/** @type {CustomEvent} */ (event).detail));
  player.addEventListener("change", showVersions);
  player.addEventListener("preview", (event) => {
    const song = songs.current();
    const turned = song && turnedOf.get(song.id);
    if (turned) turned.settings = /** @type {CustomEvent} */ (event).detail;
    if (song && !turnsFor(song).held) showKnobs();
  });
  wave.addEventListener("seek", (event) => player.seek(/** @type {CustomEvent} */ (event).detail));
  wave.addEventListener("loop", (event) => {
    player.setLoop(/** @type {CustomEvent} */ (event).detail, true);
    if (player.loop) player.seek(player.loop[0]);
  });
  wave.addEventListener("finding", (event) => lookAt(/** @type {CustomEvent} */ (event).detail));
  eq.addEventListener("turn", (event) => {
    const song = songs.current();
    if (!song) return;
    const turns = turnsFor(song);
    turns.move({ eq_mid_db: /** @type {CustomEvent} */ (event).detail, amounts: { ...turns.now.amounts, eq: 100 } });
  });
  eq.addEventListener("rest", () => { const song = songs.current(); if (song) turnsFor(song).rest(); });
  byId("play").addEventListener("click", () => player.toggle());
  byId("loop").addEventListener("click", toggleLoop);
  byId("matched").addEventListener("click", () => player.setMatched(!player.matched));
  byId("listen").addEventListener("change", () => player.setListen(byId("listen").value));
  byId("zoom-in").addEventListener("click", () => wave.zoom(0.5));
  byId("zoom-out").addEventListener("click", () => wave.zoom(2));
  byId("zoom-all").addEventListener("click", () => wave.whole());
  byId("close").addEventListener("click", () => { if (songs.chosen !== null) void trying(api.close(songs.chosen)); });
  byId("trouble-close").addEventListener("click", () => trouble(""));
  for (const kind of ["master", "settings", "certificate", "report"]) {
    byId(`take-${kind}`).addEventListener("click", () => { if (songs.chosen !== null) void trying(api.download(songs.chosen, kind)); });
  }
  document.addEventListener("keydown", key);
}

function toggleLoop() {
  const song = songs.current();
  if (!song) return;
  const rate = song.sample_rate_hz;
  const at = player.now();
  player.setLoop(player.loop ?? [at, Math.min(song.frames, at + 8 * rate)], !player.loopOn);
}

/** @param {KeyboardEvent} event */
function key(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const song = songs.current();
  if (!song) return;
  const isText = target instanceof HTMLInputElement && ["text", "number"].includes(target.type);
  const pressed = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !isText && (pressed === "z" || pressed === "y")) {
    event.preventDefault();
    if (pressed === "y" || event.shiftKey) turnsFor(song).redo(); else turnsFor(song).undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isText || target instanceof HTMLSelectElement) return;
  const isSlider = target instanceof HTMLInputElement || target.getAttribute("role") === "slider";
  if (pressed === " ") { event.preventDefault(); player.toggle(); }
  else if (blind.key(pressed)) return;
  else if (pressed === "l") toggleLoop();
  else if (pressed === "m") player.setMatched(!player.matched);
  else if (pressed >= "1" && pressed <= String(VERSIONS.length)) player.pick(VERSIONS[Number(pressed) - 1].key);
  else if (!isSlider && pressed === "arrowleft") player.seek(player.now() - 2 * song.sample_rate_hz);
  else if (!isSlider && pressed === "arrowright") player.seek(player.now() + 2 * song.sample_rate_hz);
}

function tick() {
  wave.playhead = player.now();
  if (wave.frames > 0 && !byId("song").hidden) wave.draw();
  byId("clock").textContent = `${clock(wave.playhead / wave.rate)}${wave.frames > 0 ? ` / ${clock(wave.frames / wave.rate)}` : ""}`;
  requestAnimationFrame(tick);
}

async function start() {
  const session = await api.session();
  knobs = new Knobs(session);
  eq = new EqCurve(byId("eq"), session.eq);
  wire();
  songs.replace(session.songs);
  showVersions();
  tick();
  void api.listen(happened, (connected) => {
    if (connected) void trying(begin()); else trouble("The studio does not answer: is `acetate studio` still running?");
    if (connected) trouble("");
  });
}

start().catch((error) => {
  trouble(error instanceof api.Refused && error.status === 401
    ? "This page needs the whole address that `acetate studio` printed: its end is the key." : error.message);
});

// For tests: what is heard and how far it is.
Object.assign(window, { acetateStudio: { player, songs, wave, turnsOf, previews } });
