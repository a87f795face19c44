//! Peaks, dynamics and sections.

use acetate_dsp::units::{clock, db_from_power};

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Severity, TimeSpan};
use crate::section;

/// A limiter was at work.
pub(super) struct Limited;

impl Detector for Limited {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Limited,
            part: Category::Dynamics,
            figure: "share of the peaks that stand at one ceiling",
            unit: "%",
            worse: Direction::MoreByRatio,
            max_severity: Severity::Remark,
            points: 4.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        Some(Reading::of(facts.at_ceiling_percent))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let plr_db = facts.analysis.plr_db;
        if facts.mastered {
            return Message {
                severity: Some(Severity::Note),
                ..Message::in_the_mix(
                    format!(
                        "already mastered: {:.0} % of its peaks stand at one ceiling, {plr_db:.1} dB over its loudness",
                        reading.value
                    ),
                    "nothing, if this is the finished master; if it is your mix, export it again without the \
                     limiter on the bus",
                    "a second limiter on top of the first adds little but distortion",
                )
            };
        }
        Message::in_the_mix(
            format!(
                "a limiter has been at work: {:.0} % of its peaks stand at one ceiling",
                reading.value
            ),
            "take the limiter (and clipper) off the mix bus and export again; keep bus compression if it is part \
             of the sound",
            "peaks that were flattened cannot be made round again",
        )
    }
}

/// Hardly any peaks left.
pub(super) struct Flat;

impl Detector for Flat {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Flat,
            part: Category::Dynamics,
            figure: "peak to loudness ratio",
            unit: "dB",
            worse: Direction::Less,
            max_severity: Severity::Remark,
            points: 5.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let plr_db = facts.analysis.plr_db;
        plr_db.is_finite().then(|| Reading::of(plr_db))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        Message {
            severity: facts.mastered.then_some(Severity::Note),
            ..Message::in_the_mix(
                format!(
                    "peaks stand only {:.1} dB over the loudness: hardly any punch is left",
                    reading.value
                ),
                "ease the compressors and limiters, first on the bus and then on drums, until the kick and snare \
                 stand out again",
                "mastering can only make it flatter",
            )
        }
    }
}

/// Too wide a range of loudness.
pub(super) struct TooDynamic;

/// The gentle compression that mastering uses: above this below the loudness, LU …
const KNEE_LU: f64 = -4.0;
/// … this ratio.
const RATIO: f64 = 2.0;

/// Loudness range after gentle compression of the short-term loudness.
fn compressed_range_lu(facts: &Facts<'_>) -> Option<f64> {
    let analysis = facts.analysis;
    let threshold = analysis.integrated_lufs + KNEE_LU;
    let gate = analysis.integrated_lufs - 20.0;
    let levels = analysis
        .sequences
        .short_term_lufs
        .iter()
        .map(|&x| f64::from(x));
    let mut levels: Vec<f64> = levels
        .filter(|&level| level > gate)
        .map(|level| {
            let over = (level - threshold).max(0.0);
            level - over * (1.0 - 1.0 / RATIO)
        })
        .collect();
    levels.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| levels.get((share * (levels.len().saturating_sub(1)) as f64) as usize);
    Some(at(0.95)? - at(0.10)?)
}

impl Detector for TooDynamic {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::TooDynamic,
            part: Category::Dynamics,
            figure: "loudness range",
            unit: "LU",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 6.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let range_lu = facts.analysis.loudness_range_lu;
        range_lu.is_finite().then(|| Reading::of(range_lu))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let after = compressed_range_lu(facts).unwrap_or(reading.value);
        let after = after.min(reading.value);
        Message::partly(
            format!("loud and soft passages lie {:.0} LU apart", reading.value),
            "ride the faders: bring the soft passages up by hand (a few dB on their tracks) before any compressor; \
             leave it, if the contrast is the point",
            format!("gentle glue would leave about {after:.0} LU"),
            after,
        )
    }
}

/// A section stands out by its level alone.
pub(super) struct Section;

impl Detector for Section {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Section,
            part: Category::Dynamics,
            figure: "jump of all bands alike from one section to the next",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 6.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let analysis = facts.analysis;
        let jump = section::largest_jump(
            &analysis.sequences,
            f64::from(analysis.sample_rate_hz),
            db_from_power(facts.mid_side_power(0.0, 30_000.0)[0].max(1e-30)),
        )?;
        let place = TimeSpan {
            from_s: jump.from_s,
            to_s: jump.to_s,
        };
        Some(Reading::at(jump.even_db, vec![place]))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        let (from_s, to_s) = reading
            .places
            .first()
            .map_or((0.0, 0.0), |place| (place.from_s, place.to_s));
        let text = if to_s > from_s {
            format!(
                "from {} to {} the level is another by {:.1} dB or more while the sound stays the same",
                clock(from_s, 1),
                clock(to_s, 1),
                reading.value
            )
        } else {
            format!(
                "at {} the level jumps by {:.1} dB or more with the same sound on both sides",
                clock(from_s, 1),
                reading.value
            )
        };
        Message::in_the_mix(
            text,
            "look at the automation of the bus and at pasted or bounced regions there, and bring the sections to one \
             level by ear",
            "mastering follows the whole song, not single sections",
        )
    }
}
