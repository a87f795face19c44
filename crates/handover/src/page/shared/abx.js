// The blind test (ABX): chance and coin, for the report page and the studio.

/** Heads or tails. */
export const coin = () => crypto.getRandomValues(new Uint8Array(1))[0] & 1;

/** Chance to be right so often by guessing: a one-sided binomial test. @param {number} right @param {number} trials */
export function chance(right, trials) {
  let term = 0.5 ** trials;
  let sum = 0;
  for (let k = 0; k <= trials; k += 1) {
    if (k >= right) sum += term;
    term = term * (trials - k) / (k + 1);
  }
  return Math.min(1, sum);
}
