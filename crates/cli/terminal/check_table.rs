//! What `acetate check` prints.

use std::fmt::Write;

use acetate_check::detect::{DETECTORS, Direction};
use acetate_check::{Check, Finding, Released, Remedy, Severity, Translation, Verdict};
use acetate_dsp::plain;
use acetate_dsp::solve::stems::StemStudy;
use acetate_dsp::units::{clock, hertz};
use acetate_master::Report;

use crate::terminal::console::Console;

/// Columns of text.
const WIDTH: usize = 100;
/// Findings in the short form.
const SHORT: usize = 2;
/// Places that are printed, unless `-v`.
const PLACES: usize = 4;
/// A place of this length is printed with its end, s.
const LONG_PLACE_S: f64 = 0.5;
/// Costs below this are not counted out, points.
const SMALL_POINTS: f64 = 0.5;

/// The whole check.
pub fn of(check: &Check, console: &Console) -> String {
    let input = check.input.as_deref().unwrap_or("input");
    let input = &plain::field(input);
    let mut text = format!(
        "{}: {}, {}{}\n",
        console.strong(input),
        verdict(check.verdict, console),
        score(check.score, check.score_after_mastering),
        if check.already_mastered {
            " (it looks like a finished master)"
        } else {
            ""
        }
    );
    let parts: Vec<String> = check
        .parts
        .iter()
        .map(|part| {
            format!(
                "{} {}/{:.0}",
                part.part.name(),
                points(part.points),
                part.of
            )
        })
        .collect();
    let _ = writeln!(text, "  {}", parts.join(" · "));
    let shown: Vec<&Finding> = check
        .findings
        .iter()
        .filter(|finding| console.verbose || finding.severity > Severity::Note)
        .collect();
    for (index, finding) in shown.iter().enumerate() {
        one(&mut text, index + 1, finding, console);
    }
    if shown.is_empty() {
        let _ = writeln!(
            text,
            "  nothing stands out: {}",
            if check.already_mastered {
                "as a finished master it is done; if it is your mix, export it without the limiter"
            } else {
                "go on and master it"
            }
        );
    }
    let notes = check.findings.len() - shown.len();
    if notes > 0 {
        let _ = writeln!(text, "\n  good to know, at no cost (-v says more):");
        let those = check.findings.iter();
        for note in those.filter(|finding| finding.severity == Severity::Note) {
            wrapped(
                &mut text,
                "     - ",
                &format!(
                    "{}: {}{}",
                    note.code,
                    note.text,
                    if note.mastering == Remedy::Yes {
                        " (mastering mends it)"
                    } else {
                        ""
                    }
                ),
            );
        }
    }
    if let Some(stems) = &check.stems {
        stem_lines(&mut text, stems, console);
    }
    elsewhere(&mut text, &check.translation, console);
    text
}

/// The short form at the end of a master.
pub fn short(text: &mut String, report: &Report, input: &str, console: &Console) {
    let Some(readiness) = &report.readiness else {
        return;
    };
    let worst: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| console.verbose || finding.severity > Severity::Note)
        .collect();
    let said = match Verdict::of(&report.findings) {
        Verdict::Ready => "tone and stereo in order".to_owned(),
        found => verdict(found, console),
    };
    let _ = writeln!(
        text,
        "  the mix: {said}, {} (acetate check listens closer){}",
        score(readiness.score, readiness.score_after_mastering),
        if worst.is_empty() { "" } else { ":" }
    );
    let count = if console.verbose { worst.len() } else { SHORT };
    for finding in worst.iter().take(count) {
        wrapped(
            text,
            "    - ",
            &format!("{}. {}", finding.text, capital(&finding.advice)),
        );
    }
    if worst.len() > count {
        let more = worst.len() - count;
        let _ = writeln!(text, "    and {more} more: acetate check {input}");
    }
}

/// The score of a mix, and what it will be once mastered where that is more.
fn score(before: f64, after: f64) -> String {
    let (before, after) = (points(before), points(after));
    if before == after {
        format!("{before} of 100")
    } else {
        format!("{before} of 100, {after} once mastered")
    }
}

/// Points without decimals, rounded down: whatever costs a little does not leave all of them.
fn points(points: f64) -> String {
    format!("{:.0}", (points + 1e-9).floor())
}

fn verdict(verdict: Verdict, console: &Console) -> String {
    match verdict {
        Verdict::NotReady => console.bad(&verdict.label().to_uppercase()),
        Verdict::Ready | Verdict::ReadyWithRemarks => console.good(verdict.label()),
    }
}

fn one(text: &mut String, number: usize, finding: &Finding, console: &Console) {
    let severity = match finding.severity {
        Severity::Problem => console.bad("problem"),
        Severity::Remark => "remark".to_owned(),
        Severity::Note => "note".to_owned(),
    };
    let _ = writeln!(
        text,
        "\n  {number}. {severity}, {}",
        console.strong(finding.code.as_str())
    );
    wrapped(text, "     ", &capital(&finding.text));
    let mut where_to = Vec::new();
    let count = if console.verbose { usize::MAX } else { PLACES };
    let places: Vec<String> = finding
        .places
        .iter()
        .take(count)
        .map(|place| {
            let from = clock(place.from_s, 2);
            if place.to_s - place.from_s < LONG_PLACE_S {
                from
            } else {
                format!("{from} to {}", clock(place.to_s, 2))
            }
        })
        .collect();
    if !places.is_empty() {
        let more = finding.places.len().saturating_sub(count);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        where_to.push(format!("at {}{more}", places.join(", ")));
    }
    if let Some(band) = finding.band {
        where_to.push(format!("{} to {}", hertz(band.from_hz), hertz(band.to_hz)));
    }
    if !where_to.is_empty() {
        wrapped(text, "     where:     ", &where_to.join("; "));
    }
    let unit = &finding.unit;
    let mut all = DETECTORS.iter().map(|detector| detector.info());
    let about = all.find(|about| about.code == finding.code);
    let released = finding
        .released
        .map(|released| beside(released, about.map(|about| about.worse), unit));
    let of = about.map(|about| format!(" ({})", about.figure));
    wrapped(
        text,
        "     measured:  ",
        &format!(
            "{}{}{}",
            quantity(finding.evidence, unit),
            of.unwrap_or_default(),
            released.unwrap_or_default()
        ),
    );
    wrapped(text, "     do:        ", &capital(&finding.advice));
    let can = match finding.mastering {
        Remedy::No => "cannot mend it",
        Remedy::Partly => "can mend a part",
        Remedy::Yes => "mends it",
    };
    wrapped(
        text,
        "     mastering: ",
        &format!("{can}: {}", finding.mastering_does),
    );
    if finding.points >= 0.05 {
        let left = finding.points - finding.points_by_mastering;
        let after = if finding.points_by_mastering < 0.05 {
            String::new()
        } else if left < 0.05 {
            "; none after mastering: what is left is usual in released music".to_owned()
        } else {
            format!("; {left:.1} after mastering")
        };
        let cost = if finding.points < SMALL_POINTS {
            "less than half a point".to_owned()
        } else {
            format!("{:.1} points", finding.points)
        };
        wrapped(text, "     costs:     ", &format!("{cost}{after}"));
    }
}

/// What released music shows beside it.
fn beside(released: Released, worse: Option<Direction>, unit: &str) -> String {
    let less_bad = match worse {
        Some(Direction::Less) => 100.0 - released.percentile,
        _ => released.percentile,
    };
    let than = if less_bad >= 99.5 {
        "nearly every released track".to_owned()
    } else {
        format!("{less_bad:.0} of 100 released tracks")
    };
    format!(
        "; worse than in {than}, the middle one of which shows {}",
        quantity(released.median, unit)
    )
}

/// A figure with its unit, in one that people know.
fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "ppm" => format!("{} %", figure(1e-4 * value)),
        unit => format!("{} {unit}", figure(value)),
    }
}

/// What the stems told.
fn stem_lines(text: &mut String, study: &StemStudy, console: &Console) {
    let _ = writeln!(text);
    wrapped(text, "  stems:    ", &study.sentence());
    let Some(lead) = &study.lead else {
        return;
    };
    let by_time: Vec<String> = lead
        .by_time
        .iter()
        .map(|stretch| {
            format!(
                "{} {:+.1}",
                clock(stretch.from_s, 0),
                stretch.lead_to_rest_db
            )
        })
        .collect();
    if !by_time.is_empty() {
        wrapped(
            text,
            "            lead over time, dB: ",
            &by_time.join(" · "),
        );
    }
    if console.verbose {
        for stem in &study.stems {
            let gain = stem.gain_db.map_or_else(
                || "silent".to_owned(),
                |gain_db| {
                    format!(
                        "{gain_db:+.1} dB{}",
                        if stem.inverted { ", inverted" } else { "" }
                    )
                },
            );
            let mark = if stem.is_lead { " (lead)" } else { "" };
            let line = format!(
                "{}{mark}: {gain}, {} frames later",
                stem.name, stem.delay_frames
            );
            wrapped(text, "            ", &line);
        }
    }
}

fn elsewhere(text: &mut String, translation: &[Translation], console: &Console) {
    if translation.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  on other loudspeakers, at the same volume:");
    for device in translation {
        wrapped(text, &format!("    {:<10}", device.device), &device.text);
        if console.verbose {
            if !device.advice.is_empty() {
                wrapped(text, "              ", &device.advice);
            }
            let regions: Vec<String> = device
                .regions
                .iter()
                .map(|region| format!("{} {:+.1}", region.region, region.change_db))
                .collect();
            let _ = writeln!(
                text,
                "              against the whole, dB: {}",
                regions.join(", ")
            );
            wrapped(text, "              after ", &device.source);
        }
    }
}

/// Text in lines of [`WIDTH`] columns behind a lead of one line, the others as far in.
fn wrapped(text: &mut String, lead: &str, words: &str) {
    let indent = lead.chars().count();
    let mut line = lead.to_owned();
    let mut column = indent;
    for word in words.split_whitespace().map(plain::field) {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            let _ = writeln!(text, "{line}");
            line = " ".repeat(indent);
            column = indent;
        }
        if column > indent {
            line.push(' ');
            column += 1;
        }
        line.push_str(&word);
        column += length;
    }
    let _ = writeln!(text, "{line}");
}

/// With a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// As many digits as mean something.
fn figure(value: f64) -> String {
    // The middle of the calibrated figures is 0 but for rounding, which must not print as -0.00.
    let value = if value.abs() < 0.005 { 0.0 } else { value };
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
