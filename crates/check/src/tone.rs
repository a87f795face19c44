//! The tonal estimate: by how many decibels a mix is muddy, boomy, thin, harsh, dull or fizzy.
//!
//! Songs differ from the mean spectrum by about 5 dB, so that one region alone says little. The estimate
//! reads the levels of all third octaves of mid and side, soft and loud moments of each band, and its spread
//! over time, which an EQ does not change and which tells what plays. It was fitted to say how much of each
//! fault was put into released tracks, and nothing where there was none or another one: a ridge
//! regression on these inputs and on [`HIDDEN`] fixed random mixtures of them, each bent by a tanh (random features;
//! Rahimi and Recht, 2007), so that what is learned stays one linear solution.

use std::sync::OnceLock;

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::centre_hz;
use acetate_dsp::units::{db_from_power, power_from_db};
use serde::{Deserialize, Serialize};

/// First third octave that is read: 39 Hz.
pub const FIRST_BAND: usize = 3;
/// Number of them: up to 16 kHz.
pub const BANDS: usize = 27;
/// Rows of `BANDS` inputs: levels of mid and side, soft, middle and loud moments of mid, spread of mid.
const ROWS: usize = 6;
/// The rows that an EQ moves.
const MOVED_ROWS: usize = ROWS - 1;
/// What is read.
pub const INPUTS: usize = ROWS * BANDS;
/// Random mixtures of the inputs.
pub const HIDDEN: usize = 200;
/// Levels below this, relative to the programme's, are all the same, dB. The frames' own floor lies so much lower
/// that no EQ in question lifts it up to here: a floor that moved would tell the EQ.
const FLOOR_DB: f64 = -55.0;
/// The floor of frames, relative to the loudness, dB; as in the predictor's features, which the estimate is fitted on.
const FRAME_FLOOR_DB: f32 = -80.0;
/// Frames this far below the loudness are pauses, dB.
const PAUSE_DB: f64 = -25.0;
/// A band's spread counts down to this far below its loudest moment, dB.
const SPREAD_DB: f64 = 50.0;
/// Shares of the frames that are softer: a soft, a middle and a loud moment.
const MOMENTS: [f64; 3] = [0.1, 0.5, 0.9];

/// The faults that are told apart.
pub const TONE_CODES: [&str; 6] = ["boomy", "thin", "muddy", "harsh", "dull", "fizzy"];

/// Levels of mid and side in the bands that are read, dB relative to the loudness.
pub type ToneFrame = [f32; 2 * BANDS];

/// Weights of the estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToneModel {
    /// Subtracted from each input.
    pub mean: Vec<f64>,
    /// Then divides it.
    pub deviation: Vec<f64>,
    /// For each fault, multiplied with each input and then with each mixture, shape `[TONE_CODES][INPUTS + HIDDEN]`.
    pub weights: Vec<Vec<f64>>,
    /// Added, for each fault.
    pub offset: Vec<f64>,
}

impl ToneModel {
    /// Says what is wrong with the shapes.
    pub(crate) fn check(&self) -> Result<(), String> {
        let width = INPUTS + HIDDEN;
        let rows = self.weights.iter().all(|row| row.len() == width);
        if self.mean.len() == INPUTS
            && self.deviation.len() == INPUTS
            && self.deviation.iter().all(|&deviation| deviation > 0.0)
            && rows
            && self.weights.len() == TONE_CODES.len()
            && self.offset.len() == TONE_CODES.len()
        {
            Ok(())
        } else {
            Err(format!(
                "tone: expected {} rows of {width} weights, and {INPUTS} means and deviations",
                TONE_CODES.len()
            ))
        }
    }

    /// What the weights are multiplied with.
    pub fn expanded(&self, inputs: &[f64]) -> Vec<f64> {
        let scaled = inputs.iter().zip(self.mean.iter().zip(&self.deviation));
        let mut values: Vec<f64> = scaled.map(|(x, (mean, sd))| (x - mean) / sd).collect();
        let mixed: Vec<f64> = mixtures()
            .iter()
            .map(|mixture| {
                let (offset, weights) = mixture.split_last().unwrap_or((&0.0, &[]));
                let sum: f64 = weights.iter().zip(&values).map(|(w, x)| w * x).sum();
                libm::tanh(offset + sum)
            })
            .collect();
        values.extend(mixed);
        values
    }

    /// Estimated decibels of each fault, as in [`TONE_CODES`].
    pub fn estimate(&self, inputs: &[f64]) -> Vec<f64> {
        let values = self.expanded(inputs);
        let rows = self.weights.iter().zip(&self.offset);
        rows.map(|(row, offset)| {
            let sum: f64 = row.iter().zip(&values).map(|(w, x)| w * x).sum();
            offset + sum
        })
        .collect()
    }
}

/// The random mixtures, shape `[HIDDEN][INPUTS + 1]`, an offset last: the same in every build, so that they need
/// no place in the corpus.
fn mixtures() -> &'static [Vec<f64>] {
    static MIXTURES: OnceLock<Vec<Vec<f64>>> = OnceLock::new();
    MIXTURES.get_or_init(|| {
        let mut state = 0x00AC_E7A7_E000_0001_u64;
        // SplitMix64 (Steele, Lea and Flood, 2014); a sum of twelve uniform numbers is normal enough.
        let mut uniform = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let scale = 1.0 / (INPUTS as f64).sqrt();
        (0..HIDDEN)
            .map(|_| {
                let mut row: Vec<f64> = (0..INPUTS).map(|_| scale * normal()).collect();
                row.push(normal());
                row
            })
            .collect()
    })
}

/// The inputs of a programme.
pub fn inputs(analysis: &Analysis) -> Vec<f64> {
    let loudness = analysis.integrated_lufs;
    let relative = |level_db: f32| ((f64::from(level_db) - loudness) as f32).max(FRAME_FLOOR_DB);
    let frames = analysis.sequences.band_frames.iter().map(|frame| {
        let bands = FIRST_BAND..FIRST_BAND + BANDS;
        let mut levels = [FRAME_FLOOR_DB; 2 * BANDS];
        let both = frame.mid_db[bands.clone()]
            .iter()
            .chain(&frame.side_db[bands]);
        for (level, &level_db) in levels.iter_mut().zip(both) {
            *level = relative(level_db);
        }
        levels
    });
    let sounding: Vec<ToneFrame> = frames.filter(sounds).collect();
    inputs_of(&sounding)
}

/// True where a frame is no pause: L² + R² = 2 (M² + S²), and -0.691 is BS.1770's calibration.
fn sounds(frame: &ToneFrame) -> bool {
    let power: f64 = (0..2 * BANDS)
        .map(|index| power_from_db(f64::from(frame[index]) + k_weights_db()[index % BANDS]))
        .sum();
    db_from_power((2.0 * power).max(1e-30)) - 0.691 > PAUSE_DB
}

/// The inputs of frames that sound, shape `[ROWS][BANDS]`: levels relative to the K-weighted level of mid.
pub fn inputs_of(frames: &[ToneFrame]) -> Vec<f64> {
    let count = frames.len().max(1) as f64;
    let mut inputs = Vec::with_capacity(INPUTS);
    for lane in [0, BANDS] {
        inputs.extend((lane..lane + BANDS).map(|band| {
            let powers = frames.iter().map(|frame| power_from_db(frame[band].into()));
            db_from_power((powers.sum::<f64>() / count).max(1e-30))
        }));
    }
    let mut spreads = Vec::with_capacity(BANDS);
    let mut moments = vec![Vec::with_capacity(BANDS); MOMENTS.len()];
    for band in 0..BANDS {
        let mut levels: Vec<f64> = frames.iter().map(|frame| f64::from(frame[band])).collect();
        levels.sort_unstable_by(f64::total_cmp);
        for (row, share) in moments.iter_mut().zip(MOMENTS) {
            let at = (share * levels.len().saturating_sub(1) as f64) as usize;
            row.push(levels.get(at).copied().unwrap_or(f64::NEG_INFINITY));
        }
        spreads.push(spread_db(&levels));
    }
    inputs.extend(moments.into_iter().flatten());
    relate(&mut inputs);
    inputs.extend(spreads);
    inputs
}

/// The inputs after an EQ, given as its response at a frequency: exact but for what lay on the floor.
pub fn inputs_after(inputs: &[f64], eq_db: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let mut after = inputs.to_vec();
    let moved = (MOVED_ROWS * BANDS).min(inputs.len());
    for (index, level_db) in after[..moved].iter_mut().enumerate() {
        *level_db += eq_db(centre_hz(FIRST_BAND + index % BANDS));
    }
    relate(&mut after[..moved]);
    after
}

/// Makes rows of band levels relative to the K-weighted sum of the first, and puts the floor in.
fn relate(levels_db: &mut [f64]) {
    let first = levels_db.iter().zip(k_weights_db());
    let weighted: f64 = first.map(|(db, weight)| power_from_db(db + weight)).sum();
    let programme_db = db_from_power(weighted.max(1e-30));
    for level_db in levels_db {
        *level_db = (*level_db - programme_db).max(FLOOR_DB);
    }
}

/// Standard deviation of a band's sorted levels over the moments when it sounds, dB.
fn spread_db(levels: &[f64]) -> f64 {
    let loudest = levels.last().copied().unwrap_or_default();
    let first = levels.partition_point(|&level| level <= loudest - SPREAD_DB);
    let sounding = &levels[first..];
    let count = sounding.len().max(1) as f64;
    let mean = sounding.iter().sum::<f64>() / count;
    let squares = sounding.iter().map(|x| (x - mean) * (x - mean));
    (squares.sum::<f64>() / count).sqrt()
}

/// The K-weighting at the centre of each band that is read, dB.
fn k_weights_db() -> &'static [f64; BANDS] {
    static WEIGHTS_DB: OnceLock<[f64; BANDS]> = OnceLock::new();
    WEIGHTS_DB.get_or_init(|| std::array::from_fn(|band| k_weight_db(centre_hz(FIRST_BAND + band))))
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
