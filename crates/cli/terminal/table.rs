//! The short table at the end of a run.

use std::fmt::Write;

use acetate_check::Verdict;
use acetate_dsp::plain;
use acetate_dsp::units::clock;
use acetate_master::CheckName;
use acetate_master::Report;
use acetate_master::codec::DECODED_CEILING_DBTP;
use acetate_master::findings::Severity;
use acetate_master::report::{CodecSafety, Mastering, Measures, TargetCheck, Treatment};

use crate::terminal::check_table;
use crate::terminal::console::Console;

/// The report of a master: before, after, target, what was done and why.
pub fn mastered(report: &Report, input: &str, output: &str, console: &Console) -> String {
    let mut text = String::new();
    let Some(mastering) = &report.mastering else {
        return text;
    };
    let verdict = match (&mastering.after, report.all_met) {
        (None, _) => "not written (dry run)".to_owned(),
        (Some(_), true) => console.good("verified"),
        (Some(_), false) if report.is_not_whole() => {
            console.bad("delivered, but the song is not whole")
        }
        (Some(_), false) => console.bad("delivered, target not met"),
    };
    let _ = writeln!(text, "{} → {}: {verdict}", input, console.strong(output));
    // A fault that the master keeps comes before everything that went well.
    let is_first = Verdict::of(&report.findings) == Verdict::NotReady;
    if is_first {
        check_table::short(&mut text, report, input, console);
    }
    for (name, value) in decoding(report) {
        let _ = writeln!(text, "  {name:<22}{value}");
    }
    figures(&mut text, mastering, &report.checks, console);
    if let Some(codecs) = &mastering.codecs {
        decoded(&mut text, codecs, console);
    }
    if let Some(infeasible) = &mastering.treatment.infeasible {
        let _ = writeln!(
            text,
            "  {} {}",
            console.bad("not reached:"),
            plain::field(&infeasible.reason)
        );
        if let Some(needed_db) = infeasible.needed_limiting_db {
            let _ = writeln!(
                text,
                "  {:.1} LU short; the target needs {needed_db:.1} dB of limiting",
                infeasible.short_by_lu
            );
        }
    }
    let _ = writeln!(text, "  done:");
    for sentence in &mastering.treatment.done {
        let _ = writeln!(text, "    - {}", plain::field(sentence));
    }
    if !is_first {
        check_table::short(&mut text, report, input, console);
    }
    advice(&mut text, report);
    if console.verbose {
        attempts(&mut text, &mastering.treatment);
    }
    text
}

/// Who decoded the input, and what was changed, where it was not Acetate itself.
fn decoding(report: &Report) -> Vec<(&'static str, String)> {
    let Some(facts) = &report.input else {
        return Vec::new();
    };
    let decoder = facts
        .decoder
        .iter()
        .map(|decoder| ("decoded by", decoder.clone()));
    let changes = facts
        .changes
        .iter()
        .map(|change| ("before analysis", change.clone()));
    decoder.chain(changes).collect()
}

fn figures(text: &mut String, mastering: &Mastering, checks: &[TargetCheck], console: &Console) {
    let Mastering {
        treatment, after, ..
    } = mastering;
    let after = after.as_ref();
    let row = |text: &mut String, name: &str, figure: fn(&Measures) -> f64, target: &str| {
        let _ = writeln!(
            text,
            "  {name:<22}{:>10}{:>10}  {target}",
            number(figure(&treatment.before)),
            after.map_or_else(|| "-".to_owned(), |after| number(figure(after))),
        );
    };
    let judged = |name: CheckName, wanted: String| {
        checks.iter().find(|check| check.name == name).map_or_else(
            || wanted.clone(),
            |check| {
                let mark = if check.pass {
                    console.good("met")
                } else {
                    console.bad("MISSED")
                };
                format!("{wanted}  {mark}")
            },
        )
    };
    let target = &treatment.target;
    let _ = writeln!(text, "  {:<22}{:>10}{:>10}  target", "", "before", "after");
    let loudness = judged(
        CheckName::IntegratedLoudness,
        format!(
            "{:.1} ±{}",
            target.integrated_lufs,
            acetate_master::verify::LOUDNESS_TOLERANCE_LU
        ),
    );
    row(text, "loudness, LUFS", |m| m.integrated_lufs, &loudness);
    let peak = judged(
        CheckName::TruePeak,
        format!("at most {:.1}", target.true_peak_dbtp),
    );
    row(text, "true peak, dBTP", |m| m.true_peak_dbtp, &peak);
    row(text, "loudness range, LU", |m| m.loudness_range_lu, "");
    row(text, "peak to loudness, dB", |m| m.plr_db, "");
    let allowed = if treatment.settings.limiter.drive_fixed {
        "as the settings fix the drive".to_owned()
    } else {
        format!("at most {:.1}", target.max_limiting_db)
    };
    let _ = writeln!(
        text,
        "  {:<22}{:>10}{:>10}  {allowed}",
        "limiting, dB",
        "",
        number(treatment.limiting_db),
    );
}

/// The decoded peaks of the last render, and what they took of the ceiling.
fn decoded(text: &mut String, codecs: &CodecSafety, console: &Console) {
    let mark = if codecs.held {
        console.good("met")
    } else {
        console.bad("MISSED")
    };
    let last = codecs.passes.last();
    for reading in last.iter().flat_map(|pass| &pass.readings) {
        let _ = writeln!(
            text,
            "  {:<22}{:>10}{:>10}  at most {:.1}  {mark}",
            reading.codec,
            "",
            number(reading.true_peak_dbtp),
            DECODED_CEILING_DBTP
        );
    }
    if codecs.ceiling_dbtp < codecs.asked_ceiling_dbtp {
        let _ = writeln!(
            text,
            "  ceiling lowered from {:.2} to {:.2} dBTP so that lossy encoding does not clip",
            codecs.asked_ceiling_dbtp, codecs.ceiling_dbtp
        );
    }
}

fn findings(text: &mut String, report: &Report, console: &Console) {
    let shown: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| console.verbose || finding.severity > Severity::Note)
        .collect();
    if shown.is_empty() {
        return;
    }
    let _ = writeln!(text, "  the mix:");
    for finding in shown {
        let (found, advice) = (plain::field(&finding.text), plain::field(&finding.advice));
        let _ = writeln!(text, "    - {found} ({advice})");
    }
}

fn advice(text: &mut String, report: &Report) {
    for advice in &report.advice {
        let _ = writeln!(text, "  note: {advice}");
    }
}

fn attempts(text: &mut String, treatment: &Treatment) {
    let reason = plain::field(&treatment.limiter_reason);
    let _ = writeln!(text, "  limiter: {reason}");
    for (index, attempt) in treatment.attempts.iter().enumerate() {
        let _ = write!(
            text,
            "  attempt {}: drive {:+.3} dB, limited to {:.3} dBTP, trim {:+.3} dB, predicted {:.3} LUFS",
            index + 1,
            attempt.drive_db,
            attempt.ceiling_dbtp,
            attempt.trim_db,
            attempt.predicted_lufs
        );
        let _ = match (attempt.integrated_lufs, attempt.true_peak_dbtp) {
            (Some(lufs), Some(dbtp)) => {
                writeln!(text, ", measured {lufs:.3} LUFS, {dbtp:.3} dBTP")
            }
            _ => writeln!(text, ", not written"),
        };
    }
    if let Some(confidence) = &treatment.confidence {
        let _ = writeln!(
            text,
            "  confidence: eq {:.2}, stereo {:.2}, compressor {:.2}, saturation {:.2}, limiter {:.2}",
            confidence.eq,
            confidence.stereo,
            confidence.compressor,
            confidence.saturation,
            confidence.limiter
        );
    }
}

/// The figures of one file.
pub fn analyzed(report: &Report, input: &str, console: &Console) -> String {
    let mut text = format!("{}\n", console.strong(input));
    let (Some(measures), Some(analysis)) = (&report.measures, &report.analysis) else {
        return text;
    };
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22}{value}");
    };
    let layout = if analysis.channels == 1 {
        "mono"
    } else {
        "stereo"
    };
    row(
        "format",
        format!(
            "{layout}, {} Hz, {}",
            analysis.sample_rate_hz,
            clock(analysis.duration_s, 1)
        ),
    );
    for (name, value) in decoding(report) {
        row(name, value);
    }
    measures_rows(&mut row, measures);
    row("correlation", format!("{:.2}", analysis.correlation));
    let crest: Vec<String> = analysis
        .crest
        .iter()
        .map(|band| {
            format!(
                "{} ({:.0} to {:.0} Hz)",
                number(band.crest_db),
                band.from_hz,
                band.to_hz
            )
        })
        .collect();
    row("crest factor, dB", crest.join(", "));
    row(
        "bandwidth",
        format!("{:.1} kHz", analysis.bandwidth_hz / 1000.0),
    );
    findings(&mut text, report, console);
    advice(&mut text, report);
    text
}

/// A file held against a target.
pub fn verified(report: &Report, input: &str, console: &Console) -> String {
    let verdict = if report.all_met {
        console.good("met")
    } else {
        console.bad("NOT MET")
    };
    let mut text = format!("{}: {verdict}\n", console.strong(input));
    for check in &report.checks {
        let mark = if check.pass {
            console.good("met")
        } else {
            console.bad("MISSED")
        };
        let wanted = if check.tolerance > 0.0 {
            format!("{} ±{}", check.target, check.tolerance)
        } else {
            format!("at most {}", check.target)
        };
        let _ = writeln!(
            text,
            "  {:<30}{:>10} {:<5} {wanted}  {mark}",
            check.name,
            number(check.measured),
            check.unit
        );
    }
    if let Some(measures) = &report.measures
        && console.verbose
    {
        measures_rows(
            &mut |name: &str, value: String| {
                let _ = writeln!(text, "  {name:<30}{value:>10}");
            },
            measures,
        );
    }
    advice(&mut text, report);
    text
}

/// A master held against its certificate: identical, or what differs, side by side.
pub fn certified(report: &Report, input: &str, console: &Console) -> String {
    let Some(verdict) = &report.verdict else {
        return String::new();
    };
    let input = console.strong(input);
    let unchecked = format!(
        "  not checked, as the certificate has it: {}\n",
        plain::field(&verdict.unchecked.join(", "))
    );
    if verdict.identical {
        let how = if verdict.rendered_again {
            "the same bytes and figures, and the mix renders to the same bytes again"
        } else {
            "the same bytes and figures"
        };
        return format!(
            "{input}: {} ({how})\n{unchecked}",
            console.good("identical")
        );
    }
    let mut text = format!("{input}: {}\n", console.bad("NOT identical"));
    for difference in &verdict.differences {
        let _ = writeln!(text, "  {}", plain::field(&difference.what));
        let _ = writeln!(
            text,
            "    certified  {}",
            plain::field(&difference.certified)
        );
        let _ = writeln!(text, "    found      {}", plain::field(&difference.found));
    }
    text.push_str(&unchecked);
    text
}

fn measures_rows(row: &mut impl FnMut(&str, String), measures: &Measures) {
    row("integrated, LUFS", number(measures.integrated_lufs));
    row("short-term max, LUFS", number(measures.short_term_max_lufs));
    row("momentary max, LUFS", number(measures.momentary_max_lufs));
    row("loudness range, LU", number(measures.loudness_range_lu));
    row("true peak, dBTP", number(measures.true_peak_dbtp));
    row("sample peak, dBFS", number(measures.sample_peak_dbfs));
    row("peak to loudness, dB", number(measures.plr_db));
}

/// Two decimals; "-" where there is no figure.
fn number(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.2}")
    } else {
        "-".to_owned()
    }
}
