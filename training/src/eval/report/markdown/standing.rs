//! Tables of shares, kinds of music, plain faults, passages that are not the song, deliveries and
//! other programs.

use std::fmt::Write;

use super::sentences;
use super::tables::{heading, interval, number, percent, sentence, table_head, table_row};
use crate::eval::methods::Method;
use crate::eval::plain::Plain;
use crate::eval::report::{EvalReport, MusicReport, SmoothRow, SongsReport};
use crate::eval::statistics::Interval;

/// Bytes in a mebibyte.
const MIB: f64 = 1_048_576.0;

fn severities(songs: &SongsReport) -> Vec<String> {
    let severities = songs.options.severities_db.iter();
    severities.map(f64::to_string).collect()
}

/// The error of each method as a share of doing nothing's, each kind of music apart.
pub(super) fn write_shares(text: &mut String, report: &EvalReport, songs: &SongsReport) {
    heading(text, "Mid error as a share of doing nothing's");
    sentence(text, &sentences::shares(report, &songs.smooth));
    let columns: Vec<String> = songs
        .options
        .severities_db
        .iter()
        .map(|&severity| match severity {
            0.0 => "0 (in dB)".to_owned(),
            severity => severity.to_string(),
        })
        .collect();
    table_head(text, "severity, dB RMS", &columns);
    let alone = songs.music.len() == 1;
    for music in &songs.music {
        for rows in music.smooth.chunks(columns.len().max(1)) {
            let Some(first) = rows.first().filter(|row| row.method != Method::Nothing) else {
                continue;
            };
            let cell = |row: &SmoothRow| match row.severity_db {
                0.0 => interval(row.errors.mid_db, 2),
                _ => interval(row.share, 2),
            };
            let label = report.label(first.method);
            let name = if alone {
                label.to_owned()
            } else {
                format!("{}: {label}", music.music.label())
            };
            table_row(text, &name, rows.iter().map(cell));
        }
    }
}

/// The net on each kind of music.
pub(super) fn write_music(text: &mut String, songs: &SongsReport) {
    heading(text, "The net by kind of music");
    sentence(text, &music_sentence(&songs.music));
    let mut columns = vec!["songs (albums)".to_owned()];
    let closer = |severity: String| format!("closer at {severity} dB, %");
    columns.extend(severities(songs).into_iter().map(closer));
    let rest = [
        "untouched: EQ, median / 95 %, dB",
        "untouched: LRA, median / 95 %, LU",
        "80 % interval holds, %",
        "Spearman",
    ];
    columns.extend(rest.map(str::to_owned));
    table_head(text, "music", &columns);
    for music in &songs.music {
        let two =
            |median: Option<f64>, p95: Option<f64>| format!("{} / {}", number(median), number(p95));
        let row = music.untouched;
        let mut cells = vec![format!("{} ({})", music.songs, music.albums)];
        cells.extend(music.net.iter().map(|row| percent(row.improved_share)));
        cells.push(two(
            row.map(|row| row.eq_move_median_db),
            row.map(|row| row.eq_move_p95_db),
        ));
        cells.push(two(
            row.map(|row| row.lra_median_lu),
            row.map(|row| row.lra_p95_lu),
        ));
        let coverage = music.calibration.coverage_80;
        cells.push(coverage.map_or("–".to_owned(), |share| format!("{:.0}", 100.0 * share)));
        cells.push(number(music.calibration.spearman));
        table_row(text, music.music.label(), cells.into_iter());
    }
}

fn music_sentence(music: &[MusicReport]) -> String {
    let sure: Vec<String> = music
        .iter()
        .filter_map(|one| {
            let coverage = 100.0 * one.calibration.coverage_80?;
            Some(format!("{coverage:.0} % ({})", one.music.label()))
        })
        .collect();
    let meaning = "How often the net helps, what it does to songs that need nothing, and whether it \
                   knows how sure it may be";
    if sure.is_empty() {
        return meaning.to_owned() + ".";
    }
    format!(
        "{meaning}: its 80 % intervals hold {}.",
        super::tables::listed(&sure)
    )
}

/// Plain faults with a name.
pub(super) fn write_plain(text: &mut String, report: &EvalReport, songs: &SongsReport) {
    heading(text, "Plain faults of 8 dB: how much of them is gone, %");
    sentence(text, &sentences::plain(report, &songs.plain));
    let columns: Vec<String> = Plain::ALL
        .into_iter()
        .map(|fault| format!("{} ({})", fault.label(), fault.description()))
        .chain(["mean".to_owned()])
        .collect();
    table_head(text, "method", &columns);
    let alone = songs.music.len() == 1;
    for music in &songs.music {
        let mut methods: Vec<Method> = music.plain.iter().map(|row| row.method).collect();
        methods.sort_unstable();
        methods.dedup();
        for method in methods {
            let cell = |fault: Option<Plain>| {
                let mut rows = music.plain.iter();
                let row = rows.find(|row| row.fault == fault && row.method == method);
                percent(row.and_then(|row| row.eased_share))
            };
            let faults = Plain::ALL.into_iter().map(Some).chain([None]);
            let label = report.label(method);
            let name = if alone {
                label.to_owned()
            } else {
                format!("{}: {label}", music.music.label())
            };
            table_row(text, &name, faults.map(cell));
        }
    }
    text.push_str(
        "\nJudged on mid, in the bands where the fault has at least half of its size against all \
         others; going beyond the untouched song counts as a remainder.\n",
    );
}

/// Passages that are not the song.
pub(super) fn write_foreign(text: &mut String, songs: &SongsReport) {
    heading(text, "The net beside passages that are not the song");
    sentence(text, &sentences::foreign(&songs.foreign));
    let columns = [
        "songs",
        "mid, mean of the largest, dB",
        "mid, worst, dB",
        "side, worst, dB",
        "width, worst, dB",
        "LRA, worst, LU",
    ];
    table_head(text, "passage", &columns.map(str::to_owned));
    for row in &songs.foreign {
        let cells = [
            row.songs.to_string(),
            interval(row.mid_db, 2),
            number(Some(row.mid_worst_db)),
            number(row.side_worst_db),
            number(row.width_worst_db),
            number(Some(row.lra_worst_lu)),
        ];
        table_row(text, row.passage.label(), cells.into_iter());
    }
}

/// The net against the fixed compressor.
pub(super) fn write_compressor(text: &mut String, songs: &SongsReport) {
    heading(
        text,
        "Expanded levels: the net against the fixed compressor",
    );
    sentence(
        text,
        &sentences::against_compressor(&songs.against_compressor),
    );
    let rows = &songs.against_compressor;
    let strength = |strength: Option<f64>| strength.map_or("all".to_owned(), |s| s.to_string());
    let columns: Vec<String> = rows.iter().map(|row| strength(row.strength)).collect();
    table_head(text, "strength", &columns);
    let cells = rows.iter().map(|row| interval(row.lra_less_lu, 2));
    table_row(text, "LRA error less the fixed compressor's, LU", cells);
}

/// What was delivered.
pub(super) fn write_delivery(text: &mut String, report: &EvalReport, songs: &SongsReport) {
    heading(text, "What was delivered");
    sentence(text, &sentences::delivery(report, &songs.delivery));
    let columns = [
        "masters",
        "as asked for, %",
        "off -14 LUFS, LU",
        "highest true peak, dBTP",
        "distortion of untouched songs, dB",
        "CPU time of a run, s",
        "memory at most, MiB",
    ];
    table_head(text, "method", &columns.map(str::to_owned));
    for row in &songs.delivery {
        let memory = row.peak_memory_bytes;
        let cells = [
            row.masters.to_string(),
            percent(row.compliant_share),
            interval(row.loudness_off_lu, 2),
            number(Some(row.true_peak_max_dbtp)),
            interval_short(row.distortion_db),
            number(row.cpu_median_s),
            memory.map_or("–".to_owned(), |bytes| {
                format!("{:.0}", bytes as f64 / MIB)
            }),
        ];
        table_row(text, report.label(row.method), cells.into_iter());
    }
    text.push_str(
        "\nMeasured on the files as they were written. Distortion: noise-to-mask ratio (BS.1387) \
         against the mix through the linear filter that comes closest to the master, so that EQ, \
         gain and slow level riding are none; lower is cleaner. CPU time (median) and memory are \
         those of other programs, startup included; they differ from run to run.\n",
    );
}

fn interval_short(value: Option<Interval>) -> String {
    interval(value, 1)
}

/// A command on one line, without what ends a cell.
fn in_a_cell(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    words.join(" ").replace(['|', '`'], " ")
}

/// Other programs and their failures.
pub(super) fn write_tools(text: &mut String, report: &EvalReport) {
    if report.tools.is_empty() {
        return;
    }
    heading(text, "Other programs");
    let failing: Vec<String> = report
        .tools
        .iter()
        .filter(|tool| tool.failed > 0)
        .map(|tool| format!("{} ({} of {})", tool.name, tool.failed, tool.runs))
        .collect();
    let failing = if failing.is_empty() {
        "every one of them made a master of every mix".to_owned()
    } else {
        format!("no master was made by {}", super::tables::listed(&failing))
    };
    sentence(
        text,
        &format!("What was run beside our methods, on the same mixes; {failing}."),
    );
    let columns = ["command", "mixes", "failed", "resampled"].map(str::to_owned);
    table_head(text, "program", &columns);
    for tool in &report.tools {
        let cells = [
            format!("`{}`", in_a_cell(&tool.command)),
            tool.runs.to_string(),
            tool.failed.to_string(),
            tool.resampled.to_string(),
        ];
        table_row(text, &tool.name, cells.into_iter());
    }
    for tool in &report.tools {
        if let Some(reason) = &tool.first_failure {
            let _ = writeln!(text, "\n{}, first failure: {reason}", tool.name);
        }
    }
    if report.tools.iter().any(|tool| tool.resampled > 0) {
        text.push_str(
            "\nMasters at another sample rate than their mix were resampled for all figures but what \
             was delivered.\n",
        );
    }
}
