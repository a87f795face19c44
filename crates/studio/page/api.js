// Talking to the studio's server. The token comes in the address's fragment, which no browser sends or logs; the
// page takes it from the bar and keeps it for this tab, so that a reload still works.

/** @typedef {import("./types").Session} Session */
/** @typedef {import("./types").Song} Song */
/** @typedef {import("./types").Turn} Turn */

const KEPT_AS = "acetate-token";

function takeToken() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(KEPT_AS, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT_AS) ?? "";
}

const token = takeToken();

/** What the server said against it; `song` is the song that was asked about, where it was one. */
export class Refused extends Error {
  /** @param {number} status @param {string} message @param {number | null} [song] */
  constructor(status, message, song = null) {
    super(message);
    this.status = status;
    this.song = song;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function ask(path, options = {}) {
  const headers = { ...options.headers, "x-acetate-token": token };
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(0, "The studio does not answer: is `acetate studio` still running?");
  }
  if (!response.ok) {
    const song = path.match(/^\/api\/songs\/(\d+)/);
    throw new Refused(response.status, await reason(response), song && Number(song[1]));
  }
  return response;
}

/** @param {Response} response */
async function reason(response) {
  try {
    return (await response.json()).error;
  } catch {
    return `The studio answered with status ${response.status}.`;
  }
}

/** @returns {Promise<Session>} */
export const session = async () => (await ask("/api/session")).json();

/** Whether the song was closed, here or in another tab, while the answer was under way. @param {unknown} error */
export async function isOfAClosedSong(error) {
  if (!(error instanceof Refused) || error.status !== 404 || error.song === null) return false;
  const now = await session().catch(() => null);
  return now !== null && now.songs.every((song) => song.id !== error.song);
}

/** @param {number} id @returns {Promise<import("./types").Curves>} */
export const curves = async (id) => (await ask(`/api/songs/${id}/curves`)).json();
/** @param {number} id @returns {Promise<any>} */
export const report = async (id) => (await ask(`/api/songs/${id}/report`)).json();
/** @param {number} id */
export const close = (id) => ask(`/api/songs/${id}`, { method: "DELETE" });

/** @param {number} id @param {string} sound @returns {Promise<Int16Array>} */
export async function outline(id, sound) {
  return new Int16Array(await (await ask(`/api/songs/${id}/outline/${sound}`)).arrayBuffer());
}

/** @param {unknown} body @returns {RequestInit} */
const json = (body) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** @param {number} id @param {Turn} turn @returns {Promise<import("./types").Turned>} */
export const turn = async (id, turn) => (await ask(`/api/songs/${id}/turn`, { method: "PUT", ...json(turn) })).json();

/** @param {number} id @param {import("./types").Slots} slots */
export const slots = (id, slots) => ask(`/api/songs/${id}/slots`, { method: "PUT", ...json(slots) });
/** @param {number} id */
export const variants = (id) => ask(`/api/songs/${id}/variants`, { method: "POST" });
/** @param {number} id @param {number} reference */
export const dropReference = (id, reference) => ask(`/api/songs/${id}/references/${reference}`, { method: "DELETE" });
/** Makes the report page or the pack. @param {number} id @param {string} kind */
export const makeBeside = (id, kind) => ask(`/api/songs/${id}/beside/${kind}`, { method: "POST" });
/** Writes into the folder of --deliver-to. @param {number} id @returns {Promise<{files: string[]}>} */
export const deliver = async (id) => (await ask(`/api/songs/${id}/deliver`, { method: "POST" })).json();
/** @param {number[]} songs */
export const order = (songs) => ask("/api/order", { method: "PUT", ...json({ songs }) });
/** @param {import("./types").AlbumAsked} asked @returns {Promise<import("./types").Album>} */
export const album = async (asked) => (await ask("/api/album", { method: "POST", ...json(asked) })).json();
/** @returns {Promise<{sessions: import("./types").EarlierSession[]}>} */
export const sessions = async () => (await ask("/api/sessions")).json();
/** @param {string} name */
export const reopen = (name) => ask(`/api/sessions/${encodeURIComponent(name)}`, { method: "POST" });
/** @param {string} name */
export const forgetSession = (name) => ask(`/api/sessions/${encodeURIComponent(name)}`, { method: "DELETE" });
export const stopWaiting = () => ask("/api/waiting", { method: "DELETE" });

/** Taps of a loudspeaker's response. @param {string} name @param {number} rate_hz */
export async function device(name, rate_hz) {
  const response = await ask(`/api/devices/${encodeURIComponent(name)}?rate_hz=${rate_hz}`);
  return new Float32Array(await response.arrayBuffer());
}

/** Channels of an answer with samples. @param {Response} response */
async function samples(response) {
  const frames = Number(response.headers.get("x-acetate-frames"));
  const channels = Number(response.headers.get("x-acetate-channels"));
  const all = new Float32Array(await response.arrayBuffer());
  return Array.from({ length: channels }, (_, channel) => all.slice(channel * frames, (channel + 1) * frames));
}

/**
 * @param {number} id @param {string} sound @param {number} from @param {number} frames @param {number | null} revision
 */
export async function sound(id, sound, from, frames, revision) {
  const which = revision === null ? "" : `&revision=${revision}`;
  return samples(await ask(`/api/songs/${id}/sound/${sound}?from=${from}&frames=${frames}${which}`));
}

/**
 * @param {number} id
 * @param {{turn: Turn, from: number, frames: number, drive_db?: number, follows?: boolean}} wanted
 * @param {AbortSignal} signal
 */
export async function passage(id, wanted, signal) {
  const response = await ask(`/api/songs/${id}/passage`, { method: "POST", signal, ...json(wanted) });
  const facts = JSON.parse(response.headers.get("x-acetate-passage") ?? "{}");
  return { data: await samples(response), drive_db: facts.drive_db, settings: facts.settings };
}

/** Opens a song. @param {File} file @param {(share: number) => void} told hears the share that is sent */
export const upload = (file, told) => send("/api/songs", file, told);
/** Gives a song a reference. @param {number} id @param {File} file @param {(share: number) => void} told */
export const uploadReference = (id, file, told) => send(`/api/songs/${id}/references`, file, told);

/** @param {string} path @param {File} file @param {(share: number) => void} told @returns {Promise<Song>} */
function send(path, file, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${path}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("x-acetate-token", token);
    request.responseType = "json";
    request.upload.onprogress = (event) => { if (event.lengthComputable) told(event.loaded / event.total); };
    request.onload = () => {
      if (request.status === 201) resolve(request.response);
      else reject(new Refused(request.status, request.response?.error ?? `The studio answered with status ${request.status}.`));
    };
    request.onerror = () => reject(new Refused(0, `${file.name}: the upload broke off: drop it again.`));
    request.send(file);
  });
}

/** Saves a file of a song. @param {number} id @param {string} kind */
export async function download(id, kind) {
  const ticket = await (await ask(`/api/songs/${id}/files/${kind}`, { method: "POST" })).json();
  const link = document.createElement("a");
  link.href = ticket.address;
  link.download = ticket.name;
  document.body.append(link);
  link.click();
  link.remove();
}

/** The server says something at least every 15 s; a stream that is still for longer is dead, as after sleep. */
const STILL_MS = 40_000;
/** Wait before the stream is asked for again. */
const AGAIN_MS = 1000;

/**
 * Hears what happens until the page goes; comes back by itself after a lost connection.
 * @param {(event: any) => void} told
 * @param {(connected: boolean) => void} state
 */
export async function listen(told, state) {
  for (;;) {
    const stop = new AbortController();
    const awake = () => { if (document.visibilityState === "visible" && performance.now() - heard.at > STILL_MS) stop.abort(); };
    const heard = { at: performance.now() };
    const watch = setInterval(awake, 5000);
    document.addEventListener("visibilitychange", awake);
    try {
      const response = await ask("/api/events", { signal: stop.signal });
      state(true);
      await read(response, told, heard);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) { state(false); return; }
    } finally {
      clearInterval(watch);
      document.removeEventListener("visibilitychange", awake);
    }
    state(false);
    await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
  }
}

/** @param {Response} response @param {(event: any) => void} told @param {{at: number}} heard */
async function read(response, told, heard) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard.at = performance.now();
    text += value;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
      if (data.length > 0) told(JSON.parse(data.join("")));
    }
  }
}
