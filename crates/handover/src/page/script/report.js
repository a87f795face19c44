// The player of the report page: all versions in step, level-matched or as delivered, the difference of mix and
// master, a blind test, and what moves over the pictures.

const byId = (id) => document.getElementById(id);
const facts = JSON.parse(byId("player-facts").textContent);
/** The version behind the last one: master less mix, both equally loud. */
const DELTA = facts.versions.length;
const state = { context: null, buffers: null, gains: [], sources: [], playing: false, at: 0, startedAt: 0,
  picked: Math.min(1, facts.versions.length - 1), loop: null, matched: true, abx: null };
// Long enough not to click, short enough not to be heard as a fade.
const FADE_S = 0.012;

const bytesOf = (text) => {
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  return bytes.buffer;
};
const say = (text) => { byId("player-status").textContent = text; };

async function load() {
  if (state.buffers) return;
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context) throw new Error("this browser has no Web Audio");
  state.context = new Context();
  say("Unpacking …");
  const buffers = [];
  for (let i = 0; i < facts.versions.length; i += 1) {
    buffers.push(await state.context.decodeAudioData(bytesOf(byId(`sound-${i}`).textContent)));
  }
  state.buffers = buffers;
  state.gains = buffers.map(() => {
    const gain = state.context.createGain();
    gain.gain.value = 0;
    gain.connect(state.context.destination);
    return gain;
  });
  say("");
}
const length = () => state.buffers ? state.buffers[0].duration : facts.length_s;
const range = () => state.loop ? [state.loop[0], Math.min(length(), state.loop[1])] : [0, length()];

function position() {
  if (!state.playing) return state.at;
  const [from, to] = range();
  const gone = state.context.currentTime - state.startedAt;
  const at = state.at + Math.max(0, gone);
  return at < to ? at : from + ((at - from) % Math.max(0.05, to - from));
}
// All versions run all the time, in step; only their gains change, so that a switch has no gap.
function start(at) {
  stopSources();
  const [from, to] = range();
  state.at = at >= to - 0.02 || at < from ? from : at;
  const when = state.context.currentTime + 0.03;
  state.sources = state.buffers.map((buffer, i) => {
    const source = state.context.createBufferSource();
    source.buffer = buffer;
    source.loop = true;
    source.loopStart = from;
    source.loopEnd = Math.min(to, buffer.duration);
    source.connect(state.gains[i]);
    source.start(when, Math.min(state.at, Math.max(0, buffer.duration - 0.01)));
    return source;
  });
  state.startedAt = when;
  state.playing = true;
  route(true);
  draw();
}
function stopSources() {
  for (const source of state.sources) { try { source.stop(); } catch { /* not started yet */ } source.disconnect(); }
  state.sources = [];
}
function stop() {
  state.at = position();
  state.playing = false;
  stopSources();
  draw();
}
function heard() {
  if (!state.abx) return state.picked;
  if (state.abx.listening === "X") return state.abx.hidden === 0 ? state.abx.a : state.abx.b;
  return state.abx.listening === "A" ? state.abx.a : state.abx.b;
}
/** How loud a version is played: the page holds all of them equally loud. */
const level = (i) => state.matched || state.abx ? 1 : 10 ** (-facts.versions[i].gain_db / 20);
function gainOf(i) {
  if (heard() === DELTA) return i === 1 ? 1 : i === 0 ? -1 : 0;
  return i === heard() ? level(i) : 0;
}
function route(now) {
  if (!state.buffers) return;
  const t = state.context.currentTime;
  state.gains.forEach((gain, i) => {
    const to = gainOf(i);
    gain.gain.cancelScheduledValues(t);
    if (now) { gain.gain.setValueAtTime(to, t); } else {
      gain.gain.setValueAtTime(gain.gain.value, t);
      gain.gain.linearRampToValueAtTime(to, t + FADE_S);
    }
  });
}
const guard = (work) => async () => { try { await work(); } catch (error) { say(`Cannot play: ${error.message}`); } };
const toggle = guard(async () => {
  await load();
  await state.context.resume();
  if (state.playing) stop(); else start(state.at);
});
function pick(index) {
  if (state.abx || index < 0 || index > DELTA) return;
  state.picked = index;
  route(false);
  draw();
}
/** A stretch of the passage, seconds from its start; the loudest one unless another was dragged. */
function setLoop(loop) {
  const at = position();
  state.loop = loop;
  if (state.playing) start(at); else { state.at = loop ? loop[0] : at; }
  draw();
}
const toggleLoop = () => setLoop(state.loop ? null : [facts.loop_from_s, facts.loop_from_s + facts.loop_length_s]);
function setMatched(on) { state.matched = on; route(false); draw(); }
/** Goes to a moment of the song, if it can be heard here. */
function seekSong(song_s) {
  const at = song_s - facts.from_s;
  if (at < 0 || at >= length()) { say(`This page plays ${clock(facts.from_s)} to ${clock(facts.from_s + length())}: click there.`); return; }
  say("");
  if (state.loop && (at < state.loop[0] || at >= state.loop[1])) setLoop(null);
  seek(at);
}
function seek(to) { if (state.playing) start(to); else { state.at = to; draw(); } }

const beginAbx = guard(async () => {
  await load();
  const a = Number(byId("abx-a").value), b = Number(byId("abx-b").value);
  if (a === b) { say("Choose two different versions to compare."); return; }
  state.abx = { a, b, hidden: coin(), listening: "X", right: 0, trials: 0 };
  say("");
  if (!state.playing) { await state.context.resume(); start(state.at); } else route(false);
  draw();
});
function endAbx() { state.abx = null; route(false); draw(); }
function listen(which) { if (!state.abx) return; state.abx.listening = which; route(false); draw(); }
function answer(guess) {
  const abx = state.abx;
  if (!abx) return;
  abx.trials += 1;
  if (guess === abx.hidden) abx.right += 1;
  abx.hidden = coin();
  abx.listening = "X";
  route(false);
  draw();
}

function draw() {
  byId("play").textContent = state.playing ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(state.playing));
  byId("loop").setAttribute("aria-pressed", String(state.loop !== null));
  byId("matched").setAttribute("aria-pressed", String(state.matched));
  byId("pick-delta").disabled = Boolean(state.abx);
  byId("pick-delta").setAttribute("aria-pressed", String(!state.abx && state.picked === DELTA));
  facts.versions.forEach((version, i) => {
    const button = byId(`pick-${i}`);
    button.disabled = Boolean(state.abx);
    button.setAttribute("aria-pressed", String(!state.abx && state.picked === i));
  });
  byId("what").textContent = state.abx ? "Blind test: X is one of the two, which one is hidden."
    : state.picked === DELTA ? "Delta: what the master takes from the mix or adds to it, both equally loud." : facts.versions[state.picked].what;
  wave.loop = state.loop ? state.loop.map((s) => (facts.from_s + s) * wave.rate) : null;
  wave.loopOn = Boolean(state.loop);
  byId("abx-setup").hidden = Boolean(state.abx);
  byId("abx-run").hidden = !state.abx;
  if (state.abx) {
    const { a, b, right, trials, listening } = state.abx;
    for (const which of ["A", "X", "B"]) byId(`listen-${which}`).setAttribute("aria-pressed", String(listening === which));
    byId("listen-A").textContent = `A: ${facts.versions[a].label}`;
    byId("listen-B").textContent = `B: ${facts.versions[b].label}`;
    byId("abx-score").textContent = trials === 0 ? "No answer yet." :
      `${right} of ${trials} right; by guessing one gets that far with p = ${chance(right, trials).toFixed(3)}` +
      (trials < 10 ? ". Ten answers or more tell something." : ".");
  }
}
// What was drawn of the song, and everything that shows the moment that is heard.
const samples = (text) => new Int16Array(bytesOf(text));
const wave = new Wave(byId("wave"));
Object.assign(wave, { mix: samples(facts.wave.mix), master: samples(facts.wave.master), curves: facts.wave.curves,
  findings: facts.wave.findings, target_lufs: facts.wave.target_lufs });
wave.show(facts.wave.frames, facts.wave.rate, facts.wave.frames / facts.wave.columns);
if (facts.length_s < wave.frames / wave.rate - 0.5) wave.heard = [facts.from_s * wave.rate, (facts.from_s + facts.length_s) * wave.rate];
wave.addEventListener("seek", (event) => seekSong(event.detail / wave.rate));
wave.addEventListener("finding", (event) => seekSong(Math.max(0, event.detail.places[0].from_s - 1)));
wave.addEventListener("loop", (event) => {
  const [from, to] = event.detail.map((frame) => Math.max(0, Math.min(length(), frame / wave.rate - facts.from_s)));
  setLoop(to - from > 0.1 ? [from, to] : null);
});
const charts = [...document.querySelectorAll("svg[data-x]")].map((svg) => new Chart(svg, seekSong));
for (const button of document.querySelectorAll("button[data-at]")) {
  button.addEventListener("click", () => { seekSong(Number(button.dataset.at)); if (!state.playing) toggle(); });
}

function tick() {
  const at = facts.from_s + position();
  wave.playhead = at * wave.rate;
  if (wave.hasChanged()) {
    wave.draw();
    for (const chart of charts) chart.move(at);
    byId("clock").textContent = clock(at);
  }
  requestAnimationFrame(tick);
}

byId("play").addEventListener("click", toggle);
byId("loop").addEventListener("click", toggleLoop);
byId("matched").addEventListener("click", () => setMatched(!state.matched));
byId("pick-delta").addEventListener("click", () => pick(DELTA));
byId("zoom-in").addEventListener("click", () => wave.zoom(0.5));
byId("zoom-all").addEventListener("click", () => wave.whole());
facts.versions.forEach((_, i) => byId(`pick-${i}`).addEventListener("click", () => pick(i)));
byId("abx-begin").addEventListener("click", beginAbx);
byId("abx-end").addEventListener("click", endAbx);
for (const which of ["A", "X", "B"]) byId(`listen-${which}`).addEventListener("click", () => listen(which));
byId("is-A").addEventListener("click", () => answer(0));
byId("is-B").addEventListener("click", () => answer(1));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLElement && ["SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
  const key = event.key.toLowerCase();
  if (key === " ") { event.preventDefault(); toggle(); }
  else if (key === "l") toggleLoop();
  else if (key === "m") setMatched(!state.matched);
  else if (key === "d") pick(DELTA);
  else if (state.abx && ["a", "b", "x"].includes(key)) listen(key.toUpperCase());
  else if (state.abx && (key === "1" || key === "2")) answer(Number(key) - 1);
  else if (key >= "1" && key <= "9") pick(Number(key) - 1);
  else if (key === "arrowleft") seek(Math.max(0, position() - 2));
  else if (key === "arrowright") seek(Math.min(length() - 0.1, position() + 2));
});
// For tests: what is heard and how far it is.
window.acetatePlayer = { state, position, heard, chance, wave, charts, facts };
draw();
tick();
