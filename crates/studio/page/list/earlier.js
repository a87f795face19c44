// Earlier sessions: offered where nothing is open yet, and the mixes of one that are still to be dropped again.

import * as api from "./api.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @param {number} unix_s */
const when = (unix_s) => new Date(1000 * unix_s).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

export class Earlier extends EventTarget {
  constructor() {
    super();
    byId("waiting-stop").addEventListener("click", () => this.trying(api.stopWaiting()));
  }

  /** @param {Promise<unknown>} work */
  trying(work) { void work.catch((error) => this.dispatchEvent(new CustomEvent("trouble", { detail: error.message }))); }

  /** @param {{name: string}[]} waiting */
  showWaiting(waiting) {
    byId("waiting").hidden = waiting.length === 0;
    byId("waiting-names").textContent = waiting.map(({ name }) => name).join(", ");
  }

  /** @param {boolean} isEmpty nothing is open */
  async show(isEmpty) {
    const { sessions } = isEmpty ? await api.sessions() : { sessions: [] };
    byId("earlier").hidden = sessions.length === 0;
    byId("earlier-list").replaceChildren(...sessions.map((session) => this.item(session)));
  }

  /** @param {import("../types").EarlierSession} session */
  item(session) {
    const item = document.createElement("li");
    const names = session.songs.length > 4 ? [...session.songs.slice(0, 3), `${session.songs.length - 3} more`] : session.songs;
    const open = Object.assign(document.createElement("button"), { textContent: `${names.join(", ")} · ${when(session.saved_unix_s)}` });
    open.setAttribute("aria-label", `Open the session of ${when(session.saved_unix_s)}: ${names.join(", ")}`);
    open.addEventListener("click", () => this.trying(api.reopen(session.name)));
    const forget = Object.assign(document.createElement("button"), { textContent: "Forget", className: "quiet" });
    forget.setAttribute("aria-label", `Forget the session of ${when(session.saved_unix_s)}`);
    forget.addEventListener("click", () => this.trying(api.forgetSession(session.name).then(() => this.show(true))));
    item.append(open, forget);
    return item;
  }
}
