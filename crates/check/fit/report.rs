//! The tables of docs/CHECK.md.

use std::collections::BTreeMap;
use std::path::Path;

use acetate_check::Corpus;
use acetate_check::FindingCode;
use acetate_check::detect::DETECTORS;
use acetate_check::judge::{depth, limits};
use acetate_dsp::numeric::quantile;
use anyhow::Result;

use crate::protocol::{self, Fault};
use crate::rows::{Row, read};

/// Prints everything.
pub fn run(clean: &Path, injected: &Path, stability: &Path, mixes: &Path) -> Result<()> {
    let corpus = Corpus::embedded()?;
    let protocol = protocol::read()?;
    let injected: Vec<Row> = read(injected)?;
    detection(
        corpus,
        &protocol.fault,
        &injected,
        protocol.detection_target,
    );
    false_alarms(&read(clean)?, &read(mixes)?, protocol.false_alarm_target);
    stable(&read(stability)?, protocol.stability.max_change_points);
    Ok(())
}

/// Findings of which the protocol takes a note for found: mastering mends them.
const A_NOTE_IS_ENOUGH: [FindingCode; 4] = [
    FindingCode::Limited,
    FindingCode::DcOffset,
    FindingCode::TooQuiet,
    FindingCode::TooHot,
];

/// Whether a row's figure reaches the finding, and the finding is more than a note where it must be.
pub fn is_found(corpus: &Corpus, row: &Row, code: &str) -> bool {
    let detector = DETECTORS
        .iter()
        .find(|detector| detector.info().code.as_str() == code);
    let Some(about) = detector.map(|detector| detector.info()) else {
        return false;
    };
    let (Some(&value), Some((remark, full))) = (row.figures.get(code), limits(about, corpus))
    else {
        return false;
    };
    let is_note = row
        .findings
        .get(code)
        .is_some_and(|severity| severity == "note");
    depth(about.worse, value, remark, full) >= 0.0
        && (!is_note
            || A_NOTE_IS_ENOUGH
                .iter()
                .any(|enough| enough.as_str() == code))
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn detection(corpus: &Corpus, faults: &[Fault], rows: &[Row], target: f64) {
    println!("\n### Detection against strength (plain strengths and beyond in bold)\n");
    println!("| fault | finding | in the clean excerpts | found at |");
    println!("|---|---|---|---|");
    let clean: Vec<&Row> = rows.iter().filter(|row| row.fault == "none").collect();
    let mut met = 0;
    for fault in faults {
        let base = clean
            .iter()
            .filter(|row| is_found(corpus, row, &fault.code))
            .count();
        let mut cells = Vec::new();
        let mut plain = 100.0;
        for &strength in &fault.strengths {
            let those: Vec<&Row> = rows
                .iter()
                .filter(|row| row.fault == fault.name && row.strength == strength)
                .collect();
            let found = those
                .iter()
                .filter(|row| is_found(corpus, row, &fault.code))
                .count();
            let share = percent(found, those.len());
            let cell = format!("{strength} {}: {share:.0} %", fault.unit);
            cells.push(if fault.is_plain(strength) {
                format!("**{cell}**")
            } else {
                cell
            });
            if strength == fault.plain {
                plain = share;
            }
        }
        met += usize::from(plain >= 100.0 * target);
        println!(
            "| {} | `{}` | {:.1} % | {} |",
            fault.name,
            fault.code,
            percent(base, clean.len()),
            cells.join(" · ")
        );
    }
    println!(
        "\n{met} of {} faults are found in at least {:.0} % at their plain strength ({} excerpts).",
        faults.len(),
        100.0 * target,
        clean.len()
    );
}

fn false_alarms(clean: &[Row], mixes: &[Row], target: f64) {
    for (name, rows) in [
        ("untouched released tracks", clean),
        ("unmastered mixes", mixes),
    ] {
        let count = rows.len();
        println!("\n### {count} {name}\n");
        for verdict in ["ready", "ready with remarks", "not ready"] {
            let those = rows.iter().filter(|row| row.verdict == verdict).count();
            println!("- {verdict}: {those} ({:.1} %)", percent(those, count));
        }
        let mastered = rows.iter().filter(|row| row.already_mastered).count();
        println!(
            "- taken for masters: {mastered} ({:.1} %)",
            percent(mastered, count)
        );
        let scores: Vec<f64> = rows.iter().map(|row| row.score).collect();
        let at = |share| quantile(&scores, share).unwrap_or(f64::NAN);
        println!(
            "- score: 5 % {:.0}, median {:.0}, 95 % {:.0}",
            at(0.05),
            at(0.5),
            at(0.95)
        );
        let mut codes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for row in rows {
            for (code, severity) in row.findings.iter().filter(|(_, s)| *s != "note") {
                *codes.entry((severity, code)).or_default() += 1;
            }
        }
        for ((severity, code), count_of) in codes {
            println!(
                "- {severity} `{code}`: {count_of} ({:.1} %)",
                percent(count_of, count)
            );
        }
        for row in rows.iter().filter(|row| row.verdict == "not ready") {
            let problems = row.findings.iter().filter(|(_, s)| *s == "problem");
            let codes: Vec<&str> = problems.map(|(code, _)| code.as_str()).collect();
            println!("- not ready: {}: {}", row.track, codes.join(", "));
        }
    }
    println!(
        "\n(bound for released tracks: {:.0} % not ready)",
        100.0 * target
    );
}

fn stable(rows: &[Row], bound: f64) {
    println!("\n### Stability of the score\n");
    println!(
        "| dress | signals | median change | 95 % | worst | within {bound} points | verdict changed |"
    );
    println!("|---|---|---|---|---|---|---|");
    let originals: BTreeMap<&str, &Row> = rows
        .iter()
        .filter(|row| row.fault == "none")
        .map(|row| (row.track.as_str(), row))
        .collect();
    let mut dresses: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut turned: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.fault != "none") {
        if let Some(original) = originals.get(row.track.as_str()) {
            let name = format!("{} {}", row.fault, row.strength);
            *turned.entry(name.clone()).or_default() +=
                usize::from(row.verdict != original.verdict);
            dresses
                .entry(name)
                .or_default()
                .push((row.score - original.score).abs());
        }
    }
    for (dress, changes) in dresses {
        let at = |share| quantile(&changes, share).unwrap_or(f64::NAN);
        let within = changes.iter().filter(|&&change| change <= bound).count();
        println!(
            "| {dress} | {} | {:.2} | {:.2} | {:.2} | {:.0} % | {} |",
            changes.len(),
            at(0.5),
            at(0.95),
            at(1.0),
            percent(within, changes.len()),
            turned.get(&dress).copied().unwrap_or_default()
        );
    }
}
