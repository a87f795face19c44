//! The tonal estimate: by how many decibels a mix is muddy, boomy, thin, harsh, dull or fizzy.
//!
//! Songs differ from the mean spectrum by about 5 dB, so that one region alone says little. A ridge
//! regression reads the whole third-octave spectrum with its spread over time (which an EQ does not
//! change, and which tells what plays) and was fitted to say how much of each fault was put into
//! released tracks, and nothing where there was none or another one.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::BandFrame;
use acetate_dsp::measure::bands::centre_hz;
use acetate_dsp::units::{db_from_power, power_from_db};
use serde::{Deserialize, Serialize};

/// First third octave that is read: 39 Hz.
pub const FIRST_BAND: usize = 3;
/// Number of them: up to 16 kHz.
pub const BANDS: usize = 27;
/// What is read: level and spread of each band, and one.
pub const INPUTS: usize = 2 * BANDS + 1;
/// Levels below this, relative to the programme's, are all the same, dB.
const FLOOR_DB: f64 = -55.0;
/// Frames this far below the loudest are pauses, dB.
const PAUSE_DB: f64 = 50.0;

/// The faults that are told apart.
pub const TONE_CODES: [&str; 6] = ["boomy", "thin", "muddy", "harsh", "dull", "fizzy"];

/// Weights of the estimate, shape `[TONE_CODES][INPUTS]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToneModel {
    /// Subtracted from each input.
    pub mean: Vec<f64>,
    /// Multiplied with each input, for each fault.
    pub weights: Vec<Vec<f64>>,
    /// Added, for each fault.
    pub offset: Vec<f64>,
}

impl ToneModel {
    /// Says what is wrong with the shapes.
    pub(crate) fn check(&self) -> Result<(), String> {
        let rows = self.weights.iter().all(|row| row.len() == INPUTS);
        if self.mean.len() == INPUTS
            && rows
            && self.weights.len() == TONE_CODES.len()
            && self.offset.len() == TONE_CODES.len()
        {
            Ok(())
        } else {
            Err(format!(
                "tone: expected {} rows of {INPUTS} weights",
                TONE_CODES.len()
            ))
        }
    }

    /// Estimated decibels of each fault, as in [`TONE_CODES`].
    pub fn estimate(&self, inputs: &[f64]) -> Vec<f64> {
        self.weights
            .iter()
            .zip(&self.offset)
            .map(|(row, offset)| {
                let centred = inputs.iter().zip(&self.mean).map(|(x, mean)| x - mean);
                offset + row.iter().zip(centred).map(|(w, x)| w * x).sum::<f64>()
            })
            .collect()
    }
}

/// The inputs of a programme: its band levels relative to its own K-weighted level, and their spread.
pub fn inputs(analysis: &Analysis) -> Vec<f64> {
    let bands = FIRST_BAND..FIRST_BAND + BANDS;
    let level = |band: usize| analysis.spectrum.mid_db.get(band).copied();
    let mut inputs: Vec<f64> = bands
        .clone()
        .map(|band| level(band).unwrap_or(f64::NEG_INFINITY))
        .collect();
    relate(&mut inputs);
    inputs.extend(bands.map(|band| spread_db(&analysis.sequences.band_frames, band)));
    inputs.push(1.0);
    inputs
}

/// The inputs after an EQ, given as its response at a frequency: exact but for what lay on the floor.
pub fn inputs_after(inputs: &[f64], eq_db: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let mut after = inputs.to_vec();
    for (index, level_db) in after.iter_mut().take(BANDS).enumerate() {
        *level_db += eq_db(centre_hz(FIRST_BAND + index));
    }
    relate(&mut after[..BANDS.min(inputs.len())]);
    after
}

/// Makes band levels relative to their K-weighted sum, and puts the floor in.
fn relate(levels_db: &mut [f64]) {
    let weighted = levels_db
        .iter()
        .enumerate()
        .map(|(index, db)| power_from_db(db + k_weight_db(centre_hz(FIRST_BAND + index))));
    let programme_db = db_from_power(weighted.sum::<f64>().max(1e-30));
    for level_db in levels_db {
        *level_db = (*level_db - programme_db).max(FLOOR_DB);
    }
}

/// Standard deviation of a band's level over the frames that sound, dB.
fn spread_db(frames: &[BandFrame], band: usize) -> f64 {
    let levels = || frames.iter().map(|frame| f64::from(frame.mid_db[band]));
    let loudest = levels().fold(f64::NEG_INFINITY, f64::max);
    let sounding = || levels().filter(|&level| level > loudest - PAUSE_DB);
    let count = sounding().count().max(1) as f64;
    let mean = sounding().sum::<f64>() / count;
    (sounding().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt()
}

/// The K-weighting of BS.1770-5, Annex 1, at a frequency, dB: its shelf and high-pass as analogue
/// prototypes.
pub fn k_weight_db(freq_hz: f64) -> f64 {
    let ratio = freq_hz / 38.135;
    let high_pass = ratio * ratio
        / ((1.0 - ratio * ratio) * (1.0 - ratio * ratio) + ratio * ratio / 0.25).sqrt();
    let x = freq_hz / 1_681.97;
    let gain = power_from_db(4.0);
    let shelf = (1.0 + gain * x * x * x * x) / (1.0 + x * x * x * x);
    20.0 * libm::log10(high_pass.max(1e-6)) + db_from_power(shelf)
}
