//! The sentence for a person on top of every table: what it shows, and who is ahead.

use super::Figure;
use super::tables::listed;
use crate::eval::calibration::Calibration;
use crate::eval::kind::Family;
use crate::eval::methods::Method;
use crate::eval::pairs::PairsResult;
use crate::eval::plain::Plain;
use crate::eval::report::{
    CompressorRow, DeliveryRow, DynamicsRow, ErrorMeans, EvalReport, ForeignRow, NetRow, PlainRow,
    SmoothRow, TwoSample, UnseenRow,
};
use crate::eval::two_sample::NEEDED_ACCURACY;

/// Methods with the mean of a figure over rows, the least first; what has no figure is left out.
/// The oracle and doing nothing take no part.
fn ranked<'a>(
    rows: impl Iterator<Item = (Method, &'a ErrorMeans)>,
    figure: Figure,
) -> Vec<(Method, f64)> {
    let mut sums: Vec<(Method, f64, usize)> = Vec::new();
    for (method, errors) in rows {
        let Some(value) = figure(errors) else {
            continue;
        };
        match sums.iter_mut().find(|(of, ..)| *of == method) {
            Some((_, sum, count)) => {
                *sum += value.mean;
                *count += 1;
            }
            None => sums.push((method, value.mean, 1)),
        }
    }
    let mut means: Vec<(Method, f64)> = sums
        .into_iter()
        .map(|(method, sum, count)| (method, sum / count as f64))
        .collect();
    means.sort_by(|a, b| a.1.total_cmp(&b.1));
    means
}

fn takes_part(method: Method) -> bool {
    !matches!(method, Method::Nothing | Method::Oracle)
}

fn of(ranked: &[(Method, f64)], wanted: Method) -> Option<f64> {
    ranked.iter().find(|row| row.0 == wanted).map(|row| row.1)
}

/// "Ahead: X (1.00 dB), then Y (1.20); doing nothing has 2.00."
fn ahead(report: &EvalReport, ranked: &[(Method, f64)], unit: &str) -> Option<String> {
    let mut methods = ranked.iter().filter(|row| takes_part(row.0));
    let (first, value) = methods.next()?;
    let mut text = format!("{} comes closest ({value:.2} {unit})", report.label(*first));
    if let Some((second, value)) = methods.next() {
        text += &format!(", then {} ({value:.2})", report.label(*second));
    }
    if let Some(nothing) = of(ranked, Method::Nothing) {
        text += &format!("; doing nothing leaves {nothing:.2}");
    }
    Some(text + ".")
}

/// A figure over all severities of smooth faults but the untouched excerpts.
pub(super) fn smooth(
    report: &EvalReport,
    rows: &[SmoothRow],
    figure: Figure,
    unit: &str,
) -> String {
    let faulty = rows.iter().any(|row| row.severity_db > 0.0);
    let counted = rows
        .iter()
        .filter(|row| !faulty || row.severity_db > 0.0)
        .map(|row| (row.method, &row.errors));
    let over = if faulty {
        "over all faults"
    } else {
        "on untouched songs"
    };
    match ahead(report, &ranked(counted, figure), unit) {
        Some(ahead) => {
            format!("Distance from the untouched song, so lower is better; {over}, {ahead}")
        }
        None => "No song has this figure.".to_owned(),
    }
}

/// Shares of doing nothing's error, at the largest severity.
pub(super) fn shares(report: &EvalReport, rows: &[SmoothRow]) -> String {
    let largest = rows.iter().map(|row| row.severity_db).fold(0.0, f64::max);
    let best = rows
        .iter()
        .filter(|row| row.severity_db == largest && takes_part(row.method))
        .filter_map(|row| Some((row.method, row.share?.mean)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let meaning = "What a method leaves of the error that doing nothing has: below 1 it helps";
    match best {
        Some((method, share)) => format!(
            "{meaning}; of a fault of {largest} dB, {} leaves least ({share:.2}).",
            report.label(method)
        ),
        None => format!("{meaning}; no faulty song was evaluated."),
    }
}

/// The net, from the largest severity.
pub(super) fn net(rows: &[NetRow]) -> String {
    let row = rows
        .iter()
        .filter(|row| row.severity_db > 0.0)
        .max_by(|a, b| a.severity_db.total_cmp(&b.severity_db));
    let parts = row.and_then(|row| Some((row, row.improved_share?, row.against_nothing_db?)));
    match parts {
        Some((row, improved, against)) => {
            let sure = if against.high < 0.0 {
                "surely better than doing nothing"
            } else if against.low > 0.0 {
                "surely worse than doing nothing"
            } else {
                "not surely better than doing nothing"
            };
            format!(
                "Whether the net helps, fault by fault; at {} dB it brings {:.0} % of the songs \
                 closer to their masters and is {sure}.",
                row.severity_db,
                100.0 * improved.mean
            )
        }
        None => "Whether the net helps; no faulty song was evaluated.".to_owned(),
    }
}

/// How sure the net is.
pub(super) fn calibration(calibration: &Calibration) -> Option<String> {
    let (rank, coverage) = (calibration.spearman?, calibration.coverage_80?);
    Some(format!(
        "Predicted deviation against error of the proposal: Spearman {rank:.2}; the 80 % interval \
         holds {:.0} % (plot: eval.svg).",
        100.0 * coverage
    ))
}

/// Unseen families: who is closest in each.
pub(super) fn unseen(report: &EvalReport, rows: &[UnseenRow]) -> String {
    let best: Vec<String> = Family::ALL
        .into_iter()
        .filter_map(|family| {
            let rows = rows.iter().filter(|row| row.family == family);
            let ranked = ranked(rows.map(|row| (row.method, &row.errors)), |e| e.mid_db);
            let (method, error_db) = ranked.iter().find(|row| takes_part(row.0))?;
            let name = report.label(*method);
            Some(format!("{name} ({}, {error_db:.2} dB)", family.label()))
        })
        .collect();
    if best.is_empty() {
        return "No such fault could be made.".to_owned();
    }
    format!(
        "Faults that a smooth EQ cannot undo and nobody was taught, so doing no harm is the aim; \
         lower is better, and closest in mid are {}.",
        listed(&best)
    )
}

/// Expanded levels, over all strengths.
pub(super) fn dynamics(report: &EvalReport, rows: &[DynamicsRow]) -> String {
    let all = rows.iter().filter(|row| row.strength.is_none());
    let ranked = ranked(all.map(|row| (row.method, &row.errors)), |e| e.lra_lu);
    let meaning = "How far the loudness range of songs with exaggerated dynamics stays from the \
                   untouched song's, so lower is better";
    match ahead(report, &ranked, "LU") {
        Some(ahead) => format!("{meaning}; over all strengths, {ahead}"),
        None => meaning.to_owned() + ".",
    }
}

/// The net against the fixed compressor.
pub(super) fn against_compressor(rows: &[CompressorRow]) -> String {
    let known = |row: &&CompressorRow| row.strength.is_some() && row.lra_less_lu.is_some();
    let known: Vec<&CompressorRow> = rows.iter().filter(known).collect();
    let ahead = known
        .iter()
        .filter(|row| row.lra_less_lu.is_some_and(|less| less.mean < 0.0));
    format!(
        "Error of the loudness range of the net less that of one compressor for every song: below 0 \
         the net is better, which it is at {} of {} strengths.",
        ahead.count(),
        known.len()
    )
}

/// Plain faults: who eases them most, and what the net does.
pub(super) fn plain(report: &EvalReport, rows: &[PlainRow]) -> String {
    let all = rows.iter().filter(|row| row.fault.is_none());
    let mut all: Vec<(Method, f64)> = all
        .filter_map(|row| Some((row.method, 100.0 * row.eased_share?.mean)))
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let meaning = "How much of a plain fault of 8 dB is gone afterwards: 100 % is all of it, below 0 \
                   it got worse";
    let Some((best, share)) = all.first() else {
        return format!("{meaning}; no song has such a fault.");
    };
    let net: Vec<(Plain, f64)> = rows
        .iter()
        .filter(|row| row.method == Method::Net)
        .filter_map(|row| Some((row.fault?, 100.0 * row.eased_share?.mean)))
        .collect();
    let least = net.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let most = net.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let mut text = format!(
        "{meaning}; {} eases most on average ({share:.0} %)",
        report.label(*best)
    );
    if let (Some(least), Some(most)) = (least, most) {
        text += &format!(
            ", and the net is at its best with {} ({:.0} %) and at its worst with {} ({:.0} %)",
            most.0.label(),
            most.1,
            least.0.label(),
            least.1
        );
    }
    text + "."
}

/// Foreign passages: what moves most.
pub(super) fn foreign(rows: &[ForeignRow]) -> String {
    let meaning = "How far a passage that is not the song, as loud as the song and a third of the \
                   file, moves the master of the song's own part; 0 would be perfect";
    let worst = rows
        .iter()
        .max_by(|a, b| a.mid_worst_db.total_cmp(&b.mid_worst_db));
    match worst {
        Some(row) => format!(
            "{meaning}, and the most is {:.2} dB in a third octave of mid ({}).",
            row.mid_worst_db,
            row.passage.label()
        ),
        None => meaning.to_owned() + ".",
    }
}

/// Deliveries: who keeps what was asked for.
pub(super) fn delivery(report: &EvalReport, rows: &[DeliveryRow]) -> String {
    let names = |wanted: &dyn Fn(&DeliveryRow) -> bool| {
        let rows = rows.iter().filter(|row| wanted(row));
        let names: Vec<String> = rows
            .map(|row| report.label(row.method).to_owned())
            .collect();
        listed(&names)
    };
    let share = |row: &DeliveryRow| row.compliant_share.map_or(0.0, |share| share.mean);
    let always = names(&|row| share(row) == 1.0);
    let never = names(&|row| share(row) < 0.5);
    let cleanest = rows
        .iter()
        .filter_map(|row| Some((row, row.distortion_db?.mean)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let mut text = "Whether the files are what was asked for (-14 LUFS within 0.5 LU, at most -1 \
                    dBTP), and how clean they are"
        .to_owned();
    if !always.is_empty() {
        text += &format!("; always kept by {always}");
    }
    if !never.is_empty() {
        text += &format!("; kept in less than half of the files by {never}");
    }
    if let Some((row, distortion_db)) = cleanest {
        let name = report.label(row.method);
        text += &format!("; the least distortion is that of {name} ({distortion_db:.1} dB)");
    }
    text + "."
}

/// The two-sample test.
pub(super) fn two_sample(test: &TwoSample) -> String {
    let reads = |wanted: Method| {
        let row = test.rows.iter().find(|(method, _)| *method == wanted);
        row.map(|(_, accuracy)| accuracy.mean)
    };
    match (reads(Method::Nothing), reads(Method::Net)) {
        (Some(nothing), Some(net)) => {
            let verdict = if nothing < NEEDED_ACCURACY {
                "which proves nothing"
            } else if net < nothing {
                "so that they are harder to tell"
            } else {
                "so that they are no harder to tell"
            };
            format!(
                "Whether a program can tell masters of faulty mixes from untouched songs, 0.5 being a \
                 guess: it reads {net:.2} for the net's and {nothing:.2} for the mixes themselves, \
                 {verdict}."
            )
        }
        _ => "Whether a program can tell masters of faulty mixes from untouched songs.".to_owned(),
    }
}

/// Real pairs.
pub(super) fn pairs(report: &EvalReport, pairs: &PairsResult) -> String {
    let mut ranked: Vec<(Method, f64)> = pairs
        .medians
        .iter()
        .map(|row| (row.method, row.mid_db))
        .collect();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    let meaning = "Distance from the master that a person made, so lower is better";
    match ahead(report, &ranked, "dB") {
        Some(ahead) => format!("{meaning}; in the median, {ahead}"),
        None => meaning.to_owned() + ".",
    }
}

#[cfg(test)]
mod tests;
