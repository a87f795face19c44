//! [`Recovered`]: what was recovered, and what was not.

use acetate_dsp::settings::{Deesser, Section, Settings};
use schemars::JsonSchema;
use serde::Serialize;

/// What was recovered, and what was not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recovered {
    /// The settings that come closest.
    pub settings: Settings,
    /// Distance of the mix from the master in third octaves of mid, mean, dB.
    pub tone_before_db: f64,
    /// Distance of our render from the master, mean, dB.
    pub tone_left_db: f64,
    /// The band that is left furthest off: center in Hz, dB.
    pub tone_worst: (f64, f64),
    /// What is left of side against mid, mean over the bands, dB.
    pub width_left_db: f64,
    /// What is left of the spread of levels, dB.
    pub spread_left_db: f64,
    /// What is left of peak to loudness, dB.
    pub plr_left_db: f64,
    /// What is left of the loudness, LU.
    pub loudness_left_lu: f64,
    /// The master's length less the mix's, seconds.
    pub longer_s: f64,
    /// Where the master begins to fade out, seconds from the mix's start: only what is before was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fades_from_s: Option<f64>,
    /// How far the render's level and the master's are apart over time, root mean square over blocks of 0.2 s, dB.
    pub riding_left_db: f64,
    /// A compressor that would explain the spread of levels, but not how they move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compressor_left_out: Option<LeftOut>,
    /// A de-esser that would follow the treble, but no better than chance would have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deesser_left_out: Option<DeesserLeftOut>,
    /// Moves of parts that would follow the levels, but no better than chance would have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections_left_out: Option<SectionsLeftOut>,
    /// How far the treble of mid (3 to 13 kHz) against the frame's middle is off over time, root mean square, dB.
    pub treble_left_db: f64,
    /// How much louder the master's loud S sounds are than the render's, dB; left out if one of both has too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sibilants_left_db: Option<f64>,
    /// What the chain cannot explain, one sentence each.
    pub unexplained: Vec<String>,
}

/// An explanation that was not taken.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Ratio of its compressor.
    pub ratio: f64,
    /// How far levels would be apart over time with it, dB.
    pub riding_db: f64,
}

/// A de-esser that was not taken.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct DeesserLeftOut {
    /// Its settings.
    pub deesser: Deesser,
    /// How far the treble would be off over time with it, dB.
    pub treble_db: f64,
    /// How far it is off without, dB.
    pub treble_without_db: f64,
    /// Turning the treble down whenever it is loud, S or not, would follow the master better.
    pub is_any_treble: bool,
}

/// Moves of parts that were not taken.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct SectionsLeftOut {
    /// Parts that would move.
    pub parts: usize,
    /// The largest move of level or side, dB.
    pub largest_db: f64,
}

impl SectionsLeftOut {
    /// Of moves that were tried; `None` where none of them does anything.
    pub(super) fn of(sections: &[Section]) -> Option<Self> {
        let moved = sections.iter().filter(|section| !section.is_neutral());
        let sizes = moved.map(|section| section.level_db.abs().max(section.side_db.abs()));
        let sizes: Vec<f64> = sizes.collect();
        (!sizes.is_empty()).then(|| Self {
            parts: sizes.len(),
            largest_db: sizes.iter().copied().fold(0.0, f64::max),
        })
    }
}

/// Explanations that were looked at and not taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refused {
    pub(super) compressor: Option<LeftOut>,
    pub(super) sections: Option<SectionsLeftOut>,
    pub(super) deesser: Option<DeesserLeftOut>,
}
