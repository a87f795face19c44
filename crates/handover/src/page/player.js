"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const facts = JSON.parse(byId("player-facts").textContent);
  const state = { context: null, buffers: null, gains: [], sources: [], playing: false, at: 0, startedAt: 0,
    picked: Math.min(1, facts.versions.length - 1), loop: false, abx: null };
  // Long enough not to click, short enough not to be heard as a fade.
  const FADE_S = 0.012;

  const bytesOf = (text) => {
    const packed = atob(text);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
    return bytes.buffer;
  };
  const say = (text) => { byId("player-status").textContent = text; };
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

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
  const range = () => state.loop ? [facts.loop_from_s, Math.min(length(), facts.loop_from_s + facts.loop_length_s)] : [0, length()];

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
  function route(now) {
    if (!state.buffers) return;
    const t = state.context.currentTime;
    state.gains.forEach((gain, i) => {
      const to = i === heard() ? 1 : 0;
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
    if (state.abx || index < 0 || index >= facts.versions.length) return;
    state.picked = index;
    route(false);
    draw();
  }
  function setLoop(on) {
    const at = position();
    state.loop = on;
    if (state.playing) start(at); else { state.at = on ? facts.loop_from_s : at; }
    draw();
  }
  function seek(to) { if (state.playing) start(to); else { state.at = to; draw(); } }

  // One-sided binomial test: the chance to be right so often by guessing.
  function chance(right, trials) {
    let term = Math.pow(0.5, trials), sum = 0;
    for (let k = 0; k <= trials; k += 1) {
      if (k >= right) sum += term;
      term = term * (trials - k) / (k + 1);
    }
    return Math.min(1, sum);
  }
  const coin = () => crypto.getRandomValues(new Uint8Array(1))[0] & 1;
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
    byId("loop").setAttribute("aria-pressed", String(state.loop));
    facts.versions.forEach((version, i) => {
      const button = byId(`pick-${i}`);
      button.disabled = Boolean(state.abx);
      button.setAttribute("aria-pressed", String(!state.abx && state.picked === i));
    });
    byId("what").textContent = state.abx ? "Blind test: X is one of the two, which one is hidden." : facts.versions[state.picked].what;
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
  function tick() {
    const at = position();
    byId("seek").value = String(at);
    byId("clock").textContent = `${clock(facts.from_s + at)}`;
    requestAnimationFrame(tick);
  }

  byId("play").addEventListener("click", toggle);
  byId("loop").addEventListener("click", () => setLoop(!state.loop));
  byId("seek").addEventListener("input", (event) => seek(Number(event.target.value)));
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
    else if (key === "l") setLoop(!state.loop);
    else if (state.abx && ["a", "b", "x"].includes(key)) listen(key.toUpperCase());
    else if (state.abx && (key === "1" || key === "2")) answer(Number(key) - 1);
    else if (key >= "1" && key <= "9") pick(Number(key) - 1);
    else if (key === "arrowleft" && event.target !== byId("seek")) seek(Math.max(0, position() - 2));
    else if (key === "arrowright" && event.target !== byId("seek")) seek(Math.min(length() - 0.1, position() + 2));
  });
  // For tests: what is heard and how far it is.
  window.acetatePlayer = { state, position, heard, chance };
  draw();
  tick();
})();
