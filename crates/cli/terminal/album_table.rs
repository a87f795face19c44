//! Tables of an album.

use std::fmt::Write;

use acetate_album::{AlbumReport, AlbumVerdict, Demand, PlannedAlbum};
use acetate_dsp::plain::field;
use acetate_dsp::units::clock;

use crate::terminal::console::Console;

/// Longest title in a table, characters.
const MAX_TITLE: usize = 28;

/// What would be done.
pub fn planned(album: &PlannedAlbum, console: &Console) -> String {
    let mut text = format!(
        "{}: not written (dry run); {} at {:.1} LUFS, ceiling {:.1} dBTP\n",
        console.strong(&field(&album.title)),
        album.balance,
        album.target_lufs,
        album.ceiling_dbtp
    );
    text += "   #  title                         begins  length   gap    mix LUFS  body   → LUFS  album asks\n";
    for song in &album.songs {
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  {:>2}  {:<MAX_TITLE$}  {:>6}  {:>6}  {:>5}  {:>8.1}  {:>5.1}  {:>6.1}  {}",
            song.number,
            shortened(&song.title),
            clock(song.start_s, 0),
            clock(song.sound_s, 0),
            song.before,
            song.mix_integrated_lufs,
            song.mix_body_lufs,
            song.target_lufs,
            asks(
                song.level_lu,
                song.tone_rms_db,
                song.side_db,
                song.is_set_apart
            )
        );
    }
    for name in &album.deliverables {
        let _ = writeln!(text, "  deliver: {name}");
    }
    text
}

/// What was done.
pub fn made(report: &AlbumReport, output: &str, console: &Console) -> String {
    let verdict = if report.all_met {
        console.good("verified")
    } else {
        console.bad("delivered, not all met")
    };
    let mut text = format!("{}: {verdict}\n", console.strong(output));
    text += "   #  title                            LUFS   dBTP  body   limiting  album asked\n";
    for song in &report.songs {
        let asked = &song.beyond_alone;
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  {:>2}  {:<MAX_TITLE$}  {:>7.2}  {:>5.2}  {:>5.1}  {:>5.1} dB  {}",
            song.number,
            shortened(&song.title),
            song.after.integrated_lufs,
            song.after.true_peak_dbtp,
            song.after.body_lufs,
            song.limiting_db,
            asks(
                asked.level_lu,
                asked.tone_rms_db,
                asked.side_db,
                asked.is_set_apart
            )
        );
    }
    let _ = writeln!(
        text,
        "  whole: {:.2} LUFS, {:.2} dBTP; bodies apart by {:.1} LU (mixes {:.1}), tone by {:.1} dB (mixes {:.1})",
        report.whole.integrated_lufs,
        report.whole.true_peak_dbtp,
        report.spread_after.body_lu,
        report.spread_before.body_lu,
        report.spread_after.tone_db,
        report.spread_before.tone_db
    );
    for deliverable in &report.deliverables {
        let met = deliverable.all_met();
        let word = if met {
            console.good("met")
        } else {
            console.bad("not met")
        };
        let _ = writeln!(
            text,
            "  {}/: {} files, {word}",
            deliverable.name,
            deliverable.files.len()
        );
        for demand in deliverable.demands.iter().filter(|demand| !demand.pass) {
            let _ = writeln!(text, "    {}", as_line(demand));
        }
    }
    for song in &report.songs {
        if let Some(reason) = &song.infeasible {
            let _ = writeln!(
                text,
                "  {} {}: {}",
                console.bad("not reached:"),
                song.number,
                field(reason)
            );
        }
        for damage in &song.damage {
            let _ = writeln!(text, "  {}: {}", field(&song.input), field(damage));
        }
    }
    text
}

/// What a receiver asks for and what was found.
pub fn demands(demands: &[Demand], console: &Console) -> String {
    let mut text = String::new();
    for demand in demands {
        let word = if demand.pass {
            console.good("met")
        } else {
            console.bad("not met")
        };
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}: {word}", as_line(demand));
    }
    text
}

fn as_line(demand: &Demand) -> String {
    format!(
        "{}: expected {}, found {}",
        field(&demand.what),
        demand.expected,
        field(&demand.found)
    )
}

/// What became of a check.
pub fn verified(verdict: &AlbumVerdict, folder: &str, console: &Console) -> String {
    let word = if verdict.all_met {
        console.good("verified")
    } else {
        console.bad("not as it was made")
    };
    let word = if verdict.differences.is_empty() && !verdict.all_met {
        console.bad("identical, but not all was met")
    } else {
        word
    };
    let mut text = format!(
        "{folder}: {word}; {} files read, {} of them measured again\n",
        verdict.files, verdict.measured
    );
    for difference in &verdict.differences {
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  {}: certified {}, found {}",
            field(&difference.what),
            field(&difference.certified),
            field(&difference.found)
        );
    }
    for missed in &verdict.missed {
        let _ = writeln!(text, "  {}", field(missed));
    }
    text
}

/// What the album asks of a song beyond what it would get alone.
fn asks(level_lu: f64, tone_rms_db: f64, side_db: f64, is_set_apart: bool) -> String {
    let mut words = Vec::new();
    if level_lu.abs() >= 0.05 {
        words.push(format!("{level_lu:+.1} LU"));
    }
    if tone_rms_db >= 0.05 {
        words.push(format!("tone {tone_rms_db:.1} dB"));
    }
    if side_db.abs() >= 0.05 {
        words.push(format!("side {side_db:+.1} dB"));
    }
    if is_set_apart {
        words.push("set apart by its mix".to_owned());
    }
    words.join(", ")
}

fn shortened(title: &str) -> String {
    field(title).chars().take(MAX_TITLE).collect()
}
