// What can be heard of a song: its versions, what each is made of, and how loud it is.

/** @typedef {import("../types").Song} Song */
/** One sound of the server: its key in the mixer, its name there, and how loud it is. @typedef {{key: string, name: string, revision: number | null, lufs: number | null}} Sound */
/** @typedef {{key: string, label: string, what: string}} Version */

/** What can be heard of every song. @type {Version[]} */
export const VERSIONS = [
  { key: "mix", label: "Mix", what: "The mix as it came." },
  { key: "master", label: "Master", what: "What the file holds." },
  { key: "reference", label: "Reference", what: "The record that the settings lead to. It begins again where it ends." },
  { key: "unlimited", label: "Un-limited", what: "The master without its limiter." },
  { key: "delta", label: "Delta", what: "What the master takes from the mix or adds to it, both equally loud." },
];

/** What stands before the name of a variant. */
export const VARIANT = "variant.";

/** The reference that is heard: the turn's, else the last that was given. @param {Song} song */
export function heardReference(song) {
  const all = song.references.filter((reference) => reference.lufs !== null);
  return all.find((reference) => reference.id === song.turn.reference) ?? all.at(-1) ?? null;
}

/**
 * Every sound of a song that is there, by version; `revision` is that of the master that is heard.
 * @param {Song} song @param {number | null} revision @returns {Map<string, Sound>}
 */
export function soundsOf(song, revision) {
  const sounds = new Map();
  if (song.frames === 0) return sounds;
  sounds.set("mix", { key: "mix", name: "mix", revision: null, lufs: song.mix_lufs });
  if (song.made && revision !== null) {
    sounds.set("master", { key: `master@${revision}`, name: "master", revision, lufs: song.made.master_lufs });
    if (song.made.unlimited_lufs !== null) {
      sounds.set("unlimited", { key: `unlimited@${revision}`, name: "unlimited", revision, lufs: song.made.unlimited_lufs });
    }
  }
  const reference = heardReference(song);
  if (reference) {
    const name = `reference.${reference.id}`;
    sounds.set("reference", { key: name, name, revision: null, lufs: reference.lufs });
  }
  for (const variant of song.variants?.all ?? []) {
    const name = `${VARIANT}${variant.name}`;
    const made = song.variants?.revision ?? 0;
    sounds.set(name, { key: `${name}@${made}`, name, revision: made, lufs: variant.lufs });
  }
  return sounds;
}

/** Gains that make all sounds equally loud: as loud as the least loud of them. Linear, by version. @param {Map<string, Sound>} sounds */
export function matchingGains(sounds) {
  const all = [...sounds.values()].map((sound) => sound.lufs).filter((lufs) => lufs !== null);
  const common = Math.min(...all);
  return new Map([...sounds].map(([version, { lufs }]) => [version, lufs === null ? 1 : 10 ** ((common - lufs) / 20)]));
}

/**
 * What the mixer is to play for a version: keys of sounds with their gains.
 * @param {Map<string, Sound>} sounds @param {string} version @param {boolean} matched @returns {[string, number][]}
 */
export function mixOf(sounds, version, matched) {
  const gains = matchingGains(sounds);
  const gain = (/** @type {string} */ of) => gains.get(of) ?? 1;
  const key = (/** @type {string} */ of) => sounds.get(of)?.key ?? of;
  // Unmatched, the difference would be mostly the level.
  if (version === "delta") return [[key("master"), gain("master")], [key("mix"), -gain("mix")]];
  return [[key(version), matched ? gain(version) : 1]];
}
