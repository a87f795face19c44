//! [`FEATURES`]: the one table of what the net reads, and [`Features`], which fills it.
//!
//! Everything is of the program's main [`Body`] and relative to its integrated loudness, so that neither
//! the input's level nor what is foreign to the song tells the net anything.

pub(crate) mod bands;
pub mod body;
pub mod dynamics;
pub mod finished;

use acetate_dsp::Analysis;
use acetate_dsp::analysis::BandFrame;
use acetate_dsp::measure::loudness::{integrated_from_k_power_10ms, range_from_k_power_10ms};
use acetate_dsp::units::{db_from_gain, db_from_power, power_from_db};

pub use crate::bands::{BANDS, FIRST_BAND, FRAME_WIDTH, band_weights, frame_level_db};
use crate::body::{BELONGS, Body};

/// Number of scalar statistics.
pub const STATISTICS: usize = 3;
/// Index of the peak to loudness ratio among them.
pub const PLR_STATISTIC: usize = 2;
/// Most frames that the net reads of one program; evenly spaced.
pub const MAX_FRAMES: usize = 768;

/// Levels below this, relative to the program's loudness, are read as this, dB.
pub const FLOOR_DB: f32 = -80.0;
/// A frame this far below the program's loudness is a pause, dB.
const ACTIVE_DB: f64 = -25.0;

/// One row of [`FEATURES`]: a group of inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feature {
    /// Name of the group.
    pub name: &'static str,
    /// Number of inputs.
    pub width: usize,
    /// Unit of the raw value.
    pub unit: &'static str,
    /// Raw value that becomes 0.
    pub offset: f32,
    /// Raw difference that becomes 1.
    pub scale: f32,
}

/// The net's inputs, in order: frame rows first, then the pooled row.
pub const FEATURES: &[Feature] = &[
    Feature {
        name: "frame.mid",
        width: BANDS,
        unit: "dB re loudness",
        offset: -25.0,
        scale: 15.0,
    },
    Feature {
        name: "frame.side",
        width: BANDS,
        unit: "dB re loudness",
        offset: -35.0,
        scale: 15.0,
    },
    Feature {
        name: "pooled.mid",
        width: BANDS,
        unit: "dB re loudness",
        offset: -20.0,
        scale: 10.0,
    },
    Feature {
        name: "pooled.side",
        width: BANDS,
        unit: "dB re loudness",
        offset: -30.0,
        scale: 10.0,
    },
    Feature {
        name: "level_spread",
        width: 1,
        unit: "dB",
        offset: 6.0,
        scale: 4.0,
    },
    Feature {
        name: "loudness_range",
        width: 1,
        unit: "LU",
        offset: 8.0,
        scale: 5.0,
    },
    Feature {
        name: "plr",
        width: 1,
        unit: "dB",
        offset: 14.0,
        scale: 4.0,
    },
];

/// Hash of [`FEATURES`], as stored in weights and caches: 16 hex digits.
pub fn features_hash() -> String {
    let mut hasher = blake3::Hasher::new();
    for feature in FEATURES {
        hasher.update(
            format!(
                "{}|{}|{}|{}|{}\n",
                feature.name, feature.width, feature.unit, feature.offset, feature.scale
            )
            .as_bytes(),
        );
    }
    hasher.update(format!("{FIRST_BAND}|{BANDS}|{FLOOR_DB}|{ACTIVE_DB}").as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Raw (unscaled) features of a program's main body, relative to its loudness.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Active frames, dB relative to the integrated loudness: mid bands, then side bands.
    pub frames_db: Vec<[f32; FRAME_WIDTH]>,
    /// Long-term spectrum in the same layout.
    pub pooled_db: [f32; FRAME_WIDTH],
    /// Level spread, loudness range and peak to loudness ratio, in the table's units.
    pub statistics: [f32; STATISTICS],
}

impl Features {
    /// Reads the features of a measured program. `None` where it has no loudness (silence).
    pub fn of(analysis: &Analysis) -> Option<Self> {
        Self::of_body(analysis, &Body::of(analysis))
    }

    /// As [`of`](Self::of), for a body that was found before.
    pub fn of_body(analysis: &Analysis, body: &Body) -> Option<Self> {
        let sequences = &analysis.sequences;
        let powers: Vec<f32> = body.steps_of(&sequences.k_power_10ms).collect();
        let of_body_lufs = integrated_from_k_power_10ms(&powers);
        let loudness = if of_body_lufs.is_finite() {
            of_body_lufs
        } else {
            analysis.integrated_lufs
        };
        if !loudness.is_finite() {
            return None;
        }
        let relative = |db: f64| ((db - loudness) as f32).max(FLOOR_DB);
        let frames = sequences.band_frames.iter().enumerate();
        let weighed: Vec<(&BandFrame, f64)> = frames
            .map(|(index, frame)| (frame, body.of_band_frame(index)))
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        let active: Vec<&BandFrame> = weighed
            .iter()
            .filter(|(frame, weight)| {
                *weight >= BELONGS && frame_level_db(frame) > loudness + ACTIVE_DB
            })
            .map(|(frame, _)| *frame)
            .collect();
        let stride = active.len().div_ceil(MAX_FRAMES).max(1);
        let frames_db = active
            .iter()
            .step_by(stride)
            .map(|frame| {
                row(|band| {
                    (
                        relative(f64::from(frame.mid_db[band])),
                        relative(f64::from(frame.side_db[band])),
                    )
                })
            })
            .collect();
        let total: f64 = weighed.iter().map(|(_, weight)| weight).sum();
        let pooled = |level_db: &dyn Fn(&BandFrame) -> f32| {
            let power: f64 = weighed
                .iter()
                .map(|(frame, weight)| weight * power_from_db(f64::from(level_db(frame))))
                .sum();
            relative(db_from_power(power / total))
        };
        let pooled_db = row(|band| {
            (
                pooled(&|frame| frame.mid_db[band]),
                pooled(&|frame| frame.side_db[band]),
            )
        });
        let peak = body.steps_of(&sequences.peak_10ms).fold(0.0, f32::max);
        let statistics = [
            dynamics::level_spread_db(&powers) as f32,
            range_from_k_power_10ms(&powers) as f32,
            (db_from_gain(f64::from(peak)) - loudness) as f32,
        ]
        .map(|value| if value.is_finite() { value } else { 0.0 });
        Some(Self {
            frames_db,
            pooled_db,
            statistics,
        })
    }
}

/// Builds a row from the mid and side value of each band that the net reads.
fn row(value: impl Fn(usize) -> (f32, f32)) -> [f32; FRAME_WIDTH] {
    let mut row = [0.0; FRAME_WIDTH];
    for band in 0..BANDS {
        let (mid, side) = value(FIRST_BAND + band);
        row[band] = mid;
        row[BANDS + band] = side;
    }
    row
}

#[cfg(test)]
mod tests {
    use acetate_dsp::measure::weighting::k_weight_power;

    use super::*;

    #[test]
    fn widths_agree_with_the_table() {
        let frame: usize = FEATURES[..2].iter().map(|f| f.width).sum();
        let rest: usize = FEATURES[2..].iter().map(|f| f.width).sum();
        assert_eq!(frame, FRAME_WIDTH);
        assert_eq!(rest, FRAME_WIDTH + STATISTICS);
    }

    /// BS.1770-5: 997 Hz reads -3.01 LUFS at full scale in one channel, so K is +0.691 dB there;
    /// the analog prototypes lack the 0.04 dB by which the table's numerator lifts the passband.
    #[test]
    fn k_weight_is_calibrated_at_997_hz() {
        let gain_db = 10.0 * k_weight_power(997.0).log10();
        assert!((gain_db + 0.038 - 0.691).abs() < 0.01, "{gain_db}");
        assert!(10.0 * k_weight_power(10_000.0).log10() > 3.9);
        assert!(10.0 * k_weight_power(25.0).log10() < -9.0);
    }
}
