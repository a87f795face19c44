// What there is to read: the verdict, the figures, what was found in the mix and what to do about it, what was done.

/** @typedef {import("../types").Finding} Finding */

import { clock } from "./wave.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
/** @param {number | null | undefined} value @param {number} digits */
const number = (value, digits) => (value == null || !Number.isFinite(value) ? "–" : value.toFixed(digits).replace("-", "−"));

const FIGURES = /** @type {const} */ ([
  ["Integrated loudness", "integrated_lufs", "LUFS", 1], ["True peak", "true_peak_dbtp", "dBTP", 1],
  ["Loudness range", "loudness_range_lu", "LU", 1], ["Short-term maximum", "short_term_max_lufs", "LUFS", 1],
  ["Peak to loudness", "plr_db", "dB", 1],
]);
const WEIGHTS = /** @type {Record<string, string>} */ ({ problem: "Problem", remark: "Remark", note: "Note" });

/** @param {string} name @param {string} [text] @param {string} [kind] */
function made(name, text, kind) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}

/** @param {any} report @param {boolean} isPreview */
export function showFigures(report, isPreview) {
  const done = report?.mastering;
  byId("preview-mark").hidden = !isPreview;
  byId("figures").classList.toggle("stale", isPreview);
  const rows = FIGURES.map(([name, field, unit, digits]) => {
    const row = made("tr");
    const target = field === "integrated_lufs" ? number(done?.target[field], 1) : field === "true_peak_dbtp" ? `≤ ${number(done?.target[field], 1)}` : "";
    row.append(made("th", name), made("td", number(done?.before[field], digits), "n"), made("td", number(done?.after?.[field], digits), "n"),
      made("td", unit), made("td", done ? target : "", "n"));
    row.firstElementChild?.setAttribute("scope", "row");
    return row;
  });
  const limiting = made("tr");
  limiting.append(made("th", "Most taken by the limiter"), made("td", ""), made("td", number(done?.limiting_db, 1), "n"), made("td", "dB"),
    made("td", done ? `≤ ${number(done.target.max_limiting_db, 1)}` : "", "n"));
  limiting.firstElementChild?.setAttribute("scope", "row");
  byId("figures-body").replaceChildren(...rows, limiting);
}

/**
 * @param {any} report
 * @param {(finding: Finding) => void} chosen
 */
export function showFindings(report, chosen) {
  const readiness = report?.readiness;
  byId("ready").textContent = readiness
    ? `${verdict(readiness.verdict)}. Score ${Math.round(readiness.score)} of 100${after(readiness)}.` : "";
  /** @type {Finding[]} */
  const findings = report?.findings ?? [];
  const items = findings.map((finding) => finding_item(finding, chosen));
  if (report && items.length === 0) items.push(made("li", "Nothing stands out."));
  byId("findings").replaceChildren(...items);
}

/** @param {any} readiness */
const after = (readiness) => (readiness.score_after_mastering > readiness.score + 0.5
  ? `, ${Math.round(readiness.score_after_mastering)} after mastering` : "");

/** @param {string} name */
const verdict = (name) => ({ ready: "The mix is ready", ready_with_remarks: "The mix is ready, with remarks",
  not_ready: "The mix is not ready" })[name.replaceAll("-", "_")] ?? name;

/** @param {Finding} finding @param {(finding: Finding) => void} chosen */
function finding_item(finding, chosen) {
  const item = made("li", undefined, finding.severity);
  const text = made("span", `${WEIGHTS[finding.severity] ?? finding.severity}: `, "weight");
  item.append(text, `${sentence(finding.text)} `, made("span", sentence(finding.advice), "soft"));
  const place = finding.places?.[0];
  if (place || finding.band) {
    const button = made("button", place ? `Hear it at ${clock(place.from_s)}` : "Show where", "quiet");
    button.addEventListener("click", () => chosen(finding));
    item.append(" ", button);
  }
  return item;
}

/** @param {string} text */
const sentence = (text) => (text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`);

/** What the command line calls its options, as the page calls its knobs. @param {string} text */
export const here = (text) => text.replace("--eq-amount 200", "EQ at 200 %").replace("--max-limiting", "“limiter at most”")
  .replace(/^--style: /, "Words: ").replace(/^--variants /, "Variants: ");

/** @param {any} report */
export function showDone(report) {
  const done = report?.mastering;
  const items = (done?.done ?? []).map((/** @type {string} */ text) => made("li", sentence(here(text))));
  if (done) items.push(made("li", sentence(`limiter: ${done.limiter_reason}`)));
  byId("done").replaceChildren(...items);
  const missed = byId("missed");
  missed.textContent = done?.infeasible ? `Not reached: ${sentence(here(done.infeasible.reason))}` : (report?.checks ?? [])
    .filter((/** @type {any} */ check) => !check.pass)
    .map((/** @type {any} */ check) => `Not met: ${check.name}, ${number(check.measured, 2)} ${check.unit} for ${number(check.target, 2)}.`).join(" ");
  missed.hidden = missed.textContent === "";
  const checks = (report?.checks ?? []).map((/** @type {any} */ check) => {
    const row = made("tr");
    row.append(made("th", check.name), made("td", `${number(check.measured, 2)} ${check.unit}`, "n"),
      made("td", `${number(check.target, 2)} ${check.unit}`, "n"), made("td", check.pass ? "met" : "missed", check.pass ? "good" : "bad"));
    row.firstElementChild?.setAttribute("scope", "row");
    return row;
  });
  byId("checks-body").replaceChildren(...checks);
}
