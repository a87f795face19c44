//! The report as Markdown tables.

use std::fmt::Write;

use acetate_dsp::plain;

mod sentences;
mod standing;
mod tables;

use self::tables::{heading, interval, number, percent, sentence, table_head, table_row};
use crate::eval::methods::Method;
use crate::eval::metric::Errors;
use crate::eval::pairs::PairsResult;
use crate::eval::report::{ErrorMeans, EvalReport, SmoothRow, SongsReport, TwoSample};
use crate::eval::statistics::Interval;
use crate::eval::two_sample::NEEDED_ACCURACY;

/// A figure of a row of errors.
type Figure = fn(&ErrorMeans) -> Option<Interval>;

/// The whole report.
pub fn markdown(report: &EvalReport) -> String {
    let mut text = format!(
        "# Evaluation: {}\n\nAcetate {}, weights BLAKE3 `{}`. Every figure is measured on mastered \
         samples: -14 LUFS, at most -1 dBTP, 24 bit.\n",
        report.input, report.version, report.weights_hash
    );
    if let Some(songs) = &report.songs {
        write_songs(&mut text, report, songs);
    }
    if let Some(pairs) = &report.pairs {
        write_pairs(&mut text, report, pairs);
    }
    standing::write_tools(&mut text, report);
    text
}

/// Heading of the log of the runs on test albums.
pub const LOG_HEAD: &str = "# Runs on the test albums\n\nEvery run of `acetate eval` on the test split \
    that wrote into this folder, in order; no choice was made on them. The net's mid error in dB by \
    severity.\n\n| version | weights, BLAKE3 | songs | severities, dB RMS | net, mid error in dB |\n\
    |---|---|---|---|---|\n";

/// A run's line in the log of the runs on test albums.
pub fn log_line(report: &EvalReport) -> Option<String> {
    let songs = report.songs.as_ref()?;
    let errors: Vec<String> = songs
        .smooth
        .iter()
        .filter(|row| row.method == Method::Net)
        .map(|row| interval(row.errors.mid_db, 2))
        .collect();
    let severities: Vec<String> = songs
        .options
        .severities_db
        .iter()
        .map(f64::to_string)
        .collect();
    Some(format!(
        "| {} | `{}` | {} of {} albums, {} s | {} | {} |\n",
        report.version,
        &report.weights_hash.get(..16).unwrap_or_default(),
        songs.songs,
        songs.albums,
        songs.options.excerpt_s,
        severities.join(" / "),
        errors.join(" / ")
    ))
}

impl EvalReport {
    /// A method's name in tables.
    pub fn label(&self, method: Method) -> &str {
        self.methods
            .iter()
            .find(|(of, _)| *of == method)
            .map_or("", |(_, label)| label)
    }
}

fn write_songs(text: &mut String, report: &EvalReport, songs: &SongsReport) {
    let options = &songs.options;
    let _ = writeln!(
        text,
        "{} songs of {} albums, the loudest {} s of each; seed {}. Each smooth curve is used with its \
         mirror. Brackets: 95 % intervals, albums resampled. Tonal error: mean |dB| over 27 third \
         octaves (39 Hz to 16 kHz) against the untouched excerpt after a loudness match.",
        songs.songs, songs.albums, options.excerpt_s, options.seed
    );
    let figures: [(&str, &str, Figure); 5] = [
        ("Mid, tonal error in dB", "dB", |row| row.mid_db),
        ("Side, tonal error in dB", "dB", |row| row.side_db),
        ("Loudness range, difference in LU", "LU", |row| row.lra_lu),
        ("Peak to loudness ratio, difference in dB", "dB", |row| {
            row.plr_db
        }),
        ("Width, difference in dB", "dB", |row| row.width_db),
    ];
    for (title, unit, figure) in figures {
        write_smooth(text, report, songs, (title, unit), figure);
    }
    standing::write_shares(text, report, songs);
    write_net(text, songs);
    standing::write_music(text, songs);
    standing::write_plain(text, report, songs);
    standing::write_foreign(text, songs);
    write_unseen(text, report, songs);
    write_dynamics(text, report, songs);
    standing::write_compressor(text, songs);
    standing::write_delivery(text, report, songs);
    match &songs.two_sample {
        Some(test) => write_two_sample(text, report, test),
        None => text.push_str(
            "\n## Two-sample test\n\nNot run: it needs severity 3 and at least two albums.\n",
        ),
    }
    write_left_out(text, &songs.left_out);
}

fn write_smooth(
    text: &mut String,
    report: &EvalReport,
    songs: &SongsReport,
    (title, unit): (&str, &str),
    figure: Figure,
) {
    heading(text, title);
    sentence(
        text,
        &sentences::smooth(report, &songs.smooth, figure, unit),
    );
    let columns: Vec<String> = songs
        .options
        .severities_db
        .iter()
        .map(f64::to_string)
        .collect();
    table_head(text, "severity, dB RMS", &columns);
    let rows: Vec<&SmoothRow> = songs.smooth.iter().collect();
    for rows in rows.chunks(columns.len().max(1)) {
        let Some(first) = rows.first() else { continue };
        let cells = rows.iter().map(|row| interval(figure(&row.errors), 2));
        table_row(text, report.label(first.method), cells);
    }
}

fn write_net(text: &mut String, songs: &SongsReport) {
    heading(text, "The net");
    sentence(text, &sentences::net(&songs.net));
    let columns: Vec<String> = songs
        .net
        .iter()
        .map(|row| row.severity_db.to_string())
        .collect();
    table_head(text, "severity, dB RMS", &columns);
    table_row(
        text,
        "songs brought closer to their master (mid), %",
        songs.net.iter().map(|row| percent(row.improved_share)),
    );
    for (name, figure) in [
        (
            "mid error less doing nothing's, dB",
            (|row| row.against_nothing_db) as fn(&crate::eval::report::NetRow) -> Option<Interval>,
        ),
        ("less the best fixed percentage's, dB", |row| {
            row.against_best_share_db
        }),
        ("less ridge regression's, dB", |row| row.against_ridge_db),
    ] {
        let cells = songs.net.iter().map(|row| interval(figure(row), 2));
        table_row(text, name, cells);
    }
    if let Some(row) = songs.untouched {
        let _ = writeln!(
            text,
            "\nUntouched excerpts: the EQ moves by {:.2} dB RMS in the median, {:.2} dB at the 95th \
             percentile; the loudness range by {:.2} and {:.2} LU.",
            row.eq_move_median_db, row.eq_move_p95_db, row.lra_median_lu, row.lra_p95_lu
        );
    }
    if let Some(calibration) = sentences::calibration(&songs.calibration) {
        let _ = writeln!(text, "\n{calibration}");
    }
}

fn write_unseen(text: &mut String, report: &EvalReport, songs: &SongsReport) {
    heading(text, "Faults of families never seen in training");
    sentence(text, &sentences::unseen(report, &songs.unseen));
    let columns = ["cases", "mid, dB", "side, dB", "LRA, LU", "PLR, dB"].map(str::to_owned);
    table_head(text, "family, method", &columns);
    for row in &songs.unseen {
        let errors = &row.errors;
        let figures = [errors.mid_db, errors.side_db, errors.lra_lu, errors.plr_db];
        let cells = std::iter::once(errors.cases.to_string())
            .chain(figures.into_iter().map(|figure| interval(figure, 2)));
        let name = format!("{}: {}", row.family.label(), report.label(row.method));
        table_row(text, &name, cells);
    }
    for family in &songs.families_left_out {
        let _ = writeln!(text, "\nLeft out: {family}.");
    }
}

fn write_dynamics(text: &mut String, report: &EvalReport, songs: &SongsReport) {
    heading(text, "Expanded levels");
    sentence(text, &sentences::dynamics(report, &songs.dynamics));
    let columns = ["cases", "LRA, LU", "PLR, dB", "mid, dB"].map(str::to_owned);
    table_head(text, "strength, method", &columns);
    for row in &songs.dynamics {
        let errors = &row.errors;
        let figures = [errors.lra_lu, errors.plr_db, errors.mid_db];
        let cells = std::iter::once(errors.cases.to_string())
            .chain(figures.into_iter().map(|figure| interval(figure, 2)));
        let strength = row
            .strength
            .map_or("all".to_owned(), |strength| strength.to_string());
        let name = format!("{strength}: {}", report.label(row.method));
        table_row(text, &name, cells);
    }
}

fn write_two_sample(text: &mut String, report: &EvalReport, test: &TwoSample) {
    heading(text, "Two-sample test");
    sentence(text, &sentences::two_sample(test));
    let _ = writeln!(
        text,
        "Balanced accuracy of a classifier ({:?}, penalty {}; the one that reads untreated mixes \
         best) that parts masters of faults at severity {} from untouched excerpts, on albums that \
         it has not seen; 0.5 is chance.\n",
        test.judge.expansion, test.judge.penalty, test.severity_db
    );
    table_head(text, "method", &["accuracy".to_owned()]);
    for (method, accuracy) in &test.rows {
        let cells = std::iter::once(interval(Some(*accuracy), 3));
        table_row(text, report.label(*method), cells);
    }
    if !test.proves_something {
        let _ = writeln!(
            text,
            "\nThis proves nothing: untreated mixes read below {NEEDED_ACCURACY}."
        );
    }
}

fn write_pairs(text: &mut String, report: &EvalReport, pairs: &PairsResult) {
    heading(text, "Real pairs, whole songs: mid tonal error, dB");
    sentence(text, &sentences::pairs(report, pairs));
    let methods: Vec<Method> = pairs.medians.iter().map(|row| row.method).collect();
    let columns: Vec<String> = methods
        .iter()
        .map(|method| report.label(*method).to_owned())
        .collect();
    table_head(text, "pair", &columns);
    for pair in &pairs.pairs {
        let error = |method: &Method| -> Option<&Errors> {
            let found = pair.outcomes.iter().find(|(of, _)| of == method);
            found.map(|(_, errors)| errors)
        };
        let cells = methods
            .iter()
            .map(|method| number(error(method).map(|e| e.mid_db)));
        table_row(text, &pair.name, cells);
    }
    let medians = |value: &dyn Fn(&crate::eval::pairs::PairsMedian) -> Option<f64>| {
        let cells: Vec<String> = pairs.medians.iter().map(|row| number(value(row))).collect();
        cells.into_iter()
    };
    table_row(text, "**median, mid**", medians(&|row| Some(row.mid_db)));
    table_row(text, "**median, side**", medians(&|row| row.side_db));
    table_row(
        text,
        "**median, LRA (LU)**",
        medians(&|row| Some(row.lra_lu)),
    );
    table_row(text, "**median, PLR**", medians(&|row| Some(row.plr_db)));
    write_left_out(text, &pairs.left_out);
}

fn write_left_out(text: &mut String, left_out: &[crate::eval::run::LeftOut]) {
    if left_out.is_empty() {
        return;
    }
    heading(text, "Left out");
    for song in left_out {
        let name = song.path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(
            text,
            "- {}: {}",
            plain::field(&name),
            plain::field(&song.reason)
        );
    }
}
