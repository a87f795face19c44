// The studio's page: what happens on the server and what the hand does, joined.

import * as api from "./api.js";
import { Album } from "./album.js";
import { Blind } from "./blind.js";
import { Earlier } from "./earlier.js";
import { EqCurve } from "./eq.js";
import { listenToKeys } from "./keys.js";
import { Knobs } from "./knobs.js";
import { Player } from "./player.js";
import { here, showDone, showFigures, showFindings } from "./reading.js";
import { References } from "./references.js";
import { STATES, STEPS, Songs } from "./songs.js";
import { VARIANT, VERSIONS } from "./sounds.js";
import { Take } from "./take.js";
import { Turns } from "./turns.js";
import { Variants } from "./variants.js";
import { Wave, clock } from "./wave.js";

/** @typedef {import("./types").Song} Song */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const player = new Player();
const wave = new Wave(byId("wave"));
const songs = new Songs();
const blind = new Blind(player);
const earlier = new Earlier();
/** @type {Map<number, Turns>} */
const turnsOf = new Map();
/** What a turn comes to, as the server last said. @type {Map<number, import("./types").Turned>} */
const turnedOf = new Map();
/** Song and master that are drawn and read. */
const shown = { song: -1, mix: -1, made: -1, unlimited: false, report: /** @type {any} */ (null) };
/** @type {Knobs} */
let knobs;
/** @type {EqCurve} */
let eq;
/** @type {References} */
let references;
/** @type {Variants} */
let variants;
/** @type {Take} */
let take;
/** @type {Album} */
let album;
/** Nothing was open when the page was last drawn. @type {boolean | null} */
let wasEmpty = null;
/** @param {string} text */
function trouble(text) {
  byId("trouble-text").textContent = here(text);
  byId("trouble").hidden = text === "";
}

/** Says it where something fails. @param {Promise<unknown>} work */
async function trying(work) {
  try {
    await work;
  } catch (error) {
    const isDropped = error instanceof DOMException && error.name === "AbortError";
    const isOlder = error instanceof api.Refused && error.status === 409;
    if (!isDropped && !isOlder && !await api.isOfAClosedSong(error)) trouble(/** @type {Error} */ (error).message);
  }
}

/** @param {Song} song */
function turnsFor(song) {
  let turns = turnsOf.get(song.id);
  // Another tab, or what an earlier session left, may have set them.
  if (turns?.adopt(song)) turnedOf.delete(song.id);
  if (!turns) {
    turns = new Turns(song);
    const own = turns;
    turns.addEventListener("move", () => heard(song.id, own));
    turns.addEventListener("rest", () => {
      void trying(send(song.id, own));
      void trying(api.slots(song.id, own.asSlots()));
    });
    turnsOf.set(song.id, turns);
  }
  return turns;
}

/** The figures that are drawn. */
const figures = { report: /** @type {any} */ (undefined), preview: false };

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
  const turned = await turns.sendBy((turn) => api.turn(id, turn));
  turnedOf.set(id, turned);
  // What was refused before was taken back.
  trouble("");
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
    byId("eq-net").hidden = turned.proposal.open_db === null;
  }
  references.show(song, turns);
  variants.show(song, turns);
  markPreview(song);
}

/** The figures are of the last verified master: drawn anew when they or their mark are others. @param {Song} song */
function markPreview(song) {
  const preview = isPreview(song);
  if (figures.report === shown.report && figures.preview === preview) return;
  Object.assign(figures, { report: shown.report, preview });
  showFigures(shown.report, preview);
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
  // How the knobs stand is known at once; what that comes to is asked for.
  showKnobs();
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
  }
  if (song.made && isNow() && !turnedOf.has(song.id)) await send(song.id, turnsFor(song));
  wave.stale();
}

/** @param {any} report */
function readReport(report) {
  shown.report = report;
  wave.findings = report?.findings ?? [];
  wave.target_lufs = report?.mastering?.target.integrated_lufs ?? -14;
  wave.stale();
  const song = songs.current();
  if (song) markPreview(song);
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
  if (!isBusy) { byId("status").textContent = ""; byId("progress").value = 0; } else if (song.state !== "mastering" || byId("status").textContent === "") byId("status").textContent = `${STATES[song.state]} …`;
  byId("about").textContent = song.frames === 0 ? ""
    : `${clock(song.frames / song.sample_rate_hz)} · ${song.channels === 1 ? "mono" : "stereo"} · ${song.sample_rate_hz / 1000} kHz`;
  byId("desk").hidden = song.frames === 0 && song.state === "failed";
  take.show(song);
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
  const variant = player.version.startsWith(VARIANT) ? `The variant ${player.version.slice(VARIANT.length)}, as it would be delivered.` : "";
  const what = VERSIONS.find(({ key }) => key === player.version)?.what ?? variant;
  const device = player.device();
  byId("through").hidden = device === null;
  byId("through").textContent = device ? `As through ${device.name}: ${device.source}. It says nothing of distortion or the room.` : "";
  byId("what").textContent = player.instead !== null ? "Blind test: X is A or B, which one is hidden."
    : player.previewing && player.version === "master" ? "The master as the knobs stand: a preview of this passage until the whole is made." : what;
  wave.loop = player.loop;
  wave.loopOn = player.loopOn;
  const song = songs.current();
  if (!song) return;
  markPreview(song);
  variants.show(song, turnsFor(song));
}

/** @param {any} event */
function happened(event) {
  if (event.event === "song") songs.put(event.song);
  else if (event.event === "gone") songs.remove(event.id);
  else if (event.event === "missed" || event.event === "session") void trying(begin());
  else if (event.event === "trouble") { trouble(event.text); take.failed(event.id); }
  else if (event.event === "progress" && event.id === songs.chosen) {
    byId("progress").value = event.share;
    const left = event.left_s === null ? "" : event.left_s < 1.5 ? ", a moment left" : `, about ${Math.round(event.left_s)} s left`;
    byId("status").textContent = `${STEPS[event.step] ?? event.step}${left}`;
  }
}

async function begin() {
  const session = await api.session();
  earlier.showWaiting(session.waiting);
  songs.replace(session.songs);
}

/** What other parts of the page say and ask. */
function join() {
  for (const part of [songs, references, variants, take, album, earlier]) {
    part.addEventListener("trouble", (event) => trouble(/** @type {CustomEvent} */ (event).detail));
  }
  songs.addEventListener("reference", (event) => { void references.take(/** @type {CustomEvent} */ (event).detail); });
  songs.addEventListener("drawn", () => {
    album.draw();
    const isEmpty = songs.all.size === 0;
    if (isEmpty !== wasEmpty) void trying(earlier.show(isEmpty));
    wasEmpty = isEmpty;
  });
  album.addEventListener("turn", (event) => {
    const { id, part } = /** @type {CustomEvent} */ (event).detail;
    const song = songs.all.get(id);
    if (song) turnsFor(song).set(part);
  });
}

function wire() {
  songs.addEventListener("chosen", () => { void trying(show()); });
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
  byId("loop").addEventListener("click", () => player.toggleLoop());
  byId("matched").addEventListener("click", () => player.setMatched(!player.matched));
  byId("listen").addEventListener("change", () => player.setListen(byId("listen").value));
  byId("zoom-in").addEventListener("click", () => wave.zoom(0.5));
  byId("zoom-out").addEventListener("click", () => wave.zoom(2));
  byId("zoom-all").addEventListener("click", () => wave.whole());
  byId("close").addEventListener("click", () => { if (songs.chosen !== null) void trying(api.close(songs.chosen)); });
  byId("trouble-close").addEventListener("click", () => trouble(""));
  listenToKeys({ songs, player, blind, turnsFor });
}

function tick() {
  wave.playhead = player.now();
  if (wave.frames > 0 && !byId("song").hidden && wave.hasChanged()) {
    wave.draw();
    const text = `${clock(wave.playhead / wave.rate)} / ${clock(wave.frames / wave.rate)}`;
    if (byId("clock").textContent !== text) byId("clock").textContent = text;
  }
  requestAnimationFrame(tick);
}

async function start() {
  const session = await api.session();
  knobs = new Knobs(session);
  eq = new EqCurve(byId("eq"), session.eq);
  references = new References((row) => byId("reference-share-row").appendChild(row), knobs);
  variants = new Variants(player, () => knobs.target());
  take = new Take(session.delivers);
  album = new Album(songs, player, session.targets);
  player.devices = session.devices;
  for (const { name } of session.devices.filter(({ name }) => name !== "mono")) byId("listen").append(new Option(name, name));
  join();
  wire();
  earlier.showWaiting(session.waiting);
  songs.replace(session.songs);
  showVersions();
  tick();
  void api.listen(happened, (connected) => {
    trouble(connected ? "" : "The studio does not answer: is `acetate studio` still running?");
    if (connected) void trying(begin());
  });
}

start().catch((error) => {
  trouble(error instanceof api.Refused && error.status === 401
    ? "This page needs the whole address that `acetate studio` printed: its end is the key." : error.message);
});

// For tests: what is heard and how far it is.
Object.assign(window, { acetateStudio: { player, songs, wave, turnsOf, previews, get album() { return album; } } });
