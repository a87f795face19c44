// The blind test (ABX): X is one of two versions, hidden; the answers say whether a difference is heard.

import { chance, coin } from "./abx.js";
import { VERSIONS } from "./sounds.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
export class Blind {
  /** @param {import("./player.js").Player} player */
  constructor(player) {
    this.player = player;
    /** @type {{a: string, b: string, hidden: number, listening: string, right: number, trials: number} | null} */
    this.test = null;
    for (const select of [byId("abx-a"), byId("abx-b")]) {
      for (const { key, label } of VERSIONS.filter(({ key }) => key !== "delta")) select.append(new Option(label, key));
    }
    byId("abx-b").value = "master";
    byId("abx-begin").addEventListener("click", () => this.begin());
    byId("abx-end").addEventListener("click", () => this.end());
    for (const which of ["A", "X", "B"]) byId(`abx-${which}`).addEventListener("click", () => this.listen(which));
    byId("abx-is-A").addEventListener("click", () => this.answer(0));
    byId("abx-is-B").addEventListener("click", () => this.answer(1));
  }

  begin() {
    const [a, b] = [byId("abx-a").value, byId("abx-b").value];
    if (a === b || !this.player.isThere(a) || !this.player.isThere(b)) {
      byId("abx-score").textContent = a === b ? "Choose two different versions." : "One of these versions is not there yet.";
      return;
    }
    this.player.setMatched(true);
    this.test = { a, b, hidden: coin(), listening: "X", right: 0, trials: 0 };
    if (!this.player.playing) void this.player.play();
    this.draw();
  }

  end() {
    this.test = null;
    this.player.playInstead(null);
    this.draw();
  }

  /** @param {string} which */
  listen(which) {
    if (!this.test) return;
    this.test.listening = which;
    this.draw();
  }

  /** @param {number} guess */
  answer(guess) {
    const test = this.test;
    if (!test) return;
    test.trials += 1;
    if (guess === test.hidden) test.right += 1;
    test.hidden = coin();
    test.listening = "X";
    this.draw();
  }

  /** A key of the keyboard; whether it meant the test. @param {string} key */
  key(key) {
    if (!this.test) return false;
    if (["a", "b", "x"].includes(key)) this.listen(key.toUpperCase());
    else if (key === "1" || key === "2") this.answer(Number(key) - 1);
    else return false;
    return true;
  }

  draw() {
    const test = this.test;
    byId("abx-setup").hidden = test !== null;
    byId("abx-run").hidden = test === null;
    if (!test) return;
    const isA = test.listening === "A" || (test.listening === "X" && test.hidden === 0);
    this.player.playInstead(isA ? test.a : test.b);
    for (const which of ["A", "X", "B"]) byId(`abx-${which}`).setAttribute("aria-pressed", String(test.listening === which));
    byId("abx-score").textContent = test.trials === 0 ? "No answer yet."
      : `${test.right} of ${test.trials} right. By guessing one gets that far with p = ${chance(test.right, test.trials).toFixed(3)}.`
        + (test.trials < 10 ? " Ten answers or more tell something." : "");
  }
}
