// The keyboard: what each key does wherever the focus is, but in a field of text.

import { VERSIONS } from "./sounds.js";

/**
 * @typedef {object} Desk
 * @property {import("./songs.js").Songs} songs
 * @property {import("./player.js").Player} player
 * @property {import("./blind.js").Blind} blind
 * @property {(song: import("./types").Song) => import("./turns.js").Turns} turnsFor
 */

/** @param {Desk} desk */
export function listenToKeys(desk) { document.addEventListener("keydown", (event) => key(desk, event)); }

/** @param {Desk} desk @param {KeyboardEvent} event */
function key({ songs, player, blind, turnsFor }, event) {
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
  else if (pressed === "l") player.toggleLoop();
  else if (pressed === "m") player.setMatched(!player.matched);
  else if (pressed >= "1" && pressed <= String(VERSIONS.length)) player.pick(VERSIONS[Number(pressed) - 1].key);
  else if (!isSlider && pressed === "arrowleft") player.seek(player.now() - 2 * song.sample_rate_hz);
  else if (!isSlider && pressed === "arrowright") player.seek(player.now() + 2 * song.sample_rate_hz);
}
