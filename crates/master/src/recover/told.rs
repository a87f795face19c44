//! What is told of the settings that were found: figures of what is left, and sentences.

use acetate_dsp::measure::bands::THIRD_OCTAVES;
use acetate_dsp::measure::sibilance::Sibilance;
use acetate_dsp::settings::{MAX_SECTION_LEVEL_DB, MAX_SECTION_SIDE_DB};
use acetate_dsp::units::{clock, hertz};
use acetate_dsp::{Analysis, PARAMS};

use super::deessing::Treble;
use super::distance::{tone_distance_db, width_distance_db};
use super::pair::{Fit, Pair, signature};
use super::parts::{LEAST_DB, SongParts, Stray};
use super::recovered::{LeftOut, Recovered, Refused};
use crate::error::MasterError;

/// Residuals that are worth a sentence: tone in dB, levels in dB, S sounds in dB, length in seconds.
const TOLD_TONE_DB: f64 = 0.3;
const TOLD_LEVEL_DB: f64 = 0.3;
const TOLD_SIBILANTS_DB: f64 = 1.0;
const TOLD_LENGTH_S: f64 = 0.1;

/// The settings of a fit with what they leave.
pub(super) fn told(
    pair: &Pair,
    song: Option<&SongParts<'_>>,
    fit: Fit,
    refused: &Refused,
) -> Result<Recovered, MasterError> {
    let Pair {
        before,
        after,
        own,
        wanted,
        ..
    } = pair;
    let found = fit.found;
    let is = signature(&found)?;
    let (tone_before_db, _) = tone_distance_db(own, wanted);
    let (tone_left_db, tone_worst) = tone_distance_db(&is, wanted);
    let sibilants = |analysis| Sibilance::of(analysis, &[0.0; THIRD_OCTAVES]);
    let sibilants = sibilants(after).zip(sibilants(&found));
    let strays = song.map(|song| song.strays(&fit.draft.settings.sections, &found));
    let mut recovered = Recovered {
        settings: fit.draft.settings,
        tone_before_db,
        tone_left_db,
        tone_worst,
        width_left_db: width_distance_db(&is, wanted),
        spread_left_db: wanted.level_spread_db - is.level_spread_db,
        plr_left_db: wanted.plr_db - is.plr_db,
        loudness_left_lu: after.integrated_lufs - found.integrated_lufs,
        longer_s: pair.longer_s,
        fades_from_s: pair.fades_from_s,
        riding_left_db: pair.riding_db(&found),
        compressor_left_out: refused.compressor,
        deesser_left_out: refused.deesser,
        sections_left_out: refused.sections,
        treble_left_db: Treble::new(pair).left(&found).mean_square.sqrt(),
        sibilants_left_db: sibilants.map(|(wanted, is)| wanted.level_lu - is.level_lu),
        unexplained: Vec::new(),
    };
    let mut sentences = at_bounds(&recovered);
    sentences.extend(left_out(&recovered));
    sentences.extend(strays.unwrap_or_default().iter().map(stray));
    sentences.extend(left(&recovered));
    sentences.extend(otherwise(&recovered, before, after));
    recovered.unexplained = sentences;
    Ok(recovered)
}

/// Settings that are as far as they go, one sentence each: what was done may go further.
fn at_bounds(recovered: &Recovered) -> Vec<String> {
    let mut all = Vec::new();
    for param in PARAMS {
        let value = param.get(&recovered.settings);
        let is_bound = [param.min, param.max].contains(&value) && value != param.neutral;
        let is_told = ["eq.", "stereo.", "compressor.ratio", "deesser."]
            .iter()
            .any(|stage| param.name.starts_with(stage));
        if is_bound && is_told {
            all.push(format!(
                "{} is at its bound of {value}{}{}: it may have been more",
                param.name,
                if param.unit.is_empty() || param.unit.starts_with(':') {
                    ""
                } else {
                    " "
                },
                param.unit
            ));
        }
    }
    all
}

/// Explanations that came close and were not taken.
fn left_out(recovered: &Recovered) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(LeftOut { ratio, riding_db }) = recovered.compressor_left_out {
        all.push(format!(
            "compressor: none. {ratio:.2}:1 would fit the spread of levels, but not how they move: with it they are \
             {riding_db:.1} dB apart over time, without it {:.1} dB. A limiter or level moves by hand explain as much",
            recovered.riding_left_db
        ));
    }
    if let Some(left_out) = recovered.deesser_left_out {
        let (most_db, hz) = (
            left_out.deesser.max_reduction_db,
            hertz(left_out.deesser.frequency_hz),
        );
        all.push(if left_out.is_any_treble {
            "de-esser: none. The treble is turned down whenever it is loud, not only when an S is: an EQ that moves, or \
             compression of the treble"
                .to_owned()
        } else {
            format!(
                "de-esser: none. Up to {most_db:.1} dB less around {hz} at each loud S would hardly fit better: with it \
                 the treble is {:.2} dB apart over time, without it {:.2} dB",
                left_out.treble_db, left_out.treble_without_db
            )
        });
    }
    if let Some(left_out) = recovered.sections_left_out {
        all.push(format!(
            "sections: none. {} of up to {:.1} dB would follow the master hardly better",
            if left_out.parts == 1 {
                "A move of one part".to_owned()
            } else {
                format!("Moves of {} parts", left_out.parts)
            },
            left_out.largest_db
        ));
    }
    all
}

/// What no move within its bounds explains of a part.
fn stray(stray: &Stray) -> String {
    let (from, to) = (clock(stray.start_s, 0), clock(stray.end_s, 0));
    let mut what = Vec::new();
    if stray.drift_db != 0.0 {
        let how = if stray.drift_db > 0.0 {
            "rises"
        } else {
            "falls"
        };
        let drift_db = stray.drift_db.abs();
        what.push(format!(
            "the master's level {how} by {drift_db:.1} dB within it against ours: a fade, an edit, or moves by hand"
        ));
    }
    let [level_db, side_db] = stray.beyond_db;
    let bounds = [
        (level_db, MAX_SECTION_LEVEL_DB, "louder", "softer"),
        (side_db, MAX_SECTION_SIDE_DB, "wider", "narrower"),
    ];
    for (beyond_db, most_db, more, less) in bounds {
        if beyond_db.abs() > LEAST_DB {
            what.push(format!(
                "the master is {:.1} dB {} still; a part is moved by {most_db} dB at most",
                beyond_db.abs(),
                if beyond_db > 0.0 { more } else { less }
            ));
        }
    }
    format!(
        "part {} ({from} to {to}): {}",
        stray.letter,
        what.join("; ")
    )
}

/// Figures that are left, where they are worth a sentence.
fn left(recovered: &Recovered) -> Vec<String> {
    let mut all = Vec::new();
    if recovered.tone_left_db > TOLD_TONE_DB {
        let (hz, db) = recovered.tone_worst;
        all.push(format!(
            "tone: {:.1} dB on average is left, most around {hz:.0} Hz ({db:+.1} dB): narrow bands, or an EQ that moves",
            recovered.tone_left_db
        ));
    }
    if recovered.width_left_db > TOLD_LEVEL_DB {
        all.push(format!(
            "width: {:.1} dB of side against mid is left: a narrow band, or a room",
            recovered.width_left_db
        ));
    }
    if recovered.spread_left_db.abs() > TOLD_LEVEL_DB {
        let how = if recovered.spread_left_db > 0.0 {
            "wider than ours: levels were raised and lowered by hand, or expanded"
        } else {
            "narrower than what was found makes them"
        };
        all.push(format!(
            "levels: {:+.1} dB of their spread is left, {how}",
            recovered.spread_left_db
        ));
    }
    if recovered.plr_left_db.abs() > 2.0 * TOLD_LEVEL_DB {
        all.push(format!(
            "peaks: {:+.1} dB from peak to loudness is left: another limiter, or a clipper",
            recovered.plr_left_db
        ));
    }
    if recovered.loudness_left_lu.abs() > TOLD_LEVEL_DB {
        all.push(format!(
            "loudness: {:+.1} LU is left: more than our limiter reaches",
            recovered.loudness_left_lu
        ));
    }
    if let Some(left_db) = recovered.sibilants_left_db
        && left_db.abs() > TOLD_SIBILANTS_DB
    {
        all.push(format!(
            "S sounds: the loud ones of the master are {:.1} dB {} than ours",
            left_db.abs(),
            if left_db > 0.0 { "louder" } else { "softer" }
        ));
    }
    all
}

/// What differs besides the sound, and what no figure tells.
fn otherwise(recovered: &Recovered, before: &Analysis, after: &Analysis) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(fades_from_s) = recovered.fades_from_s {
        all.push(format!(
            "fade: the master fades out from about {} on; only what is before was compared",
            clock(fades_from_s, 0)
        ));
    }
    if recovered.longer_s.abs() > TOLD_LENGTH_S {
        all.push(format!(
            "length: the master is {:.2} s {} than the mix: cut, faded or moved",
            recovered.longer_s.abs(),
            if recovered.longer_s > 0.0 {
                "longer"
            } else {
                "shorter"
            }
        ));
    }
    if before.sample_rate_hz != after.sample_rate_hz {
        all.push(format!(
            "rate: {} Hz became {} Hz",
            before.sample_rate_hz, after.sample_rate_hz
        ));
    }
    if before.channels != after.channels {
        all.push(format!(
            "channels: {} became {}",
            before.channels, after.channels
        ));
    }
    all.push("time constants, knee and threshold of the compressor and the limiter's character cannot be told from figures; they are our defaults".to_owned());
    all
}
