//! What the de-esser makes of band frames: for those who decide on its settings or look for them.

use std::f64::consts::SQRT_2;

use super::{BELL_Q, SILENCE_POWER, TOP_HZ, is_neutral, over_db, sibilant_share};
use crate::measure::bands::{THIRD_OCTAVES, center_hz};
use crate::measure::spectrum::BandFrame;
use crate::settings;
use crate::units::{db_from_power, gain_from_db, power_from_db};

/// What a de-esser of one frequency finds in band frames, as far as these tell. They are longer than a sibilant's onset,
/// so that a little less is expected of it.
#[derive(Clone, Debug)]
pub struct ExpectedReduction {
    frequency_hz: f64,
    /// Level of the band in mid, dBFS, and how far it is a sibilant's, 0 to 1; for each frame.
    frames: Vec<(f64, f64)>,
}

impl ExpectedReduction {
    /// Looks for sibilants in frames behind a curve of gains in dB, one for each third octave.
    pub fn new(frequency_hz: f64, frames: &[BandFrame], curve_db: &[f64; THIRD_OCTAVES]) -> Self {
        // The detector's filters: second order, two high-passes and a low-pass, and one high-pass for the top.
        let high_pass = |corner_hz: f64, hz: f64| 1.0 / (1.0 + libm::pow(corner_hz / hz, 4.0));
        let in_band: [f64; THIRD_OCTAVES] = std::array::from_fn(|band| {
            let hz = center_hz(band);
            let low = high_pass(frequency_hz / SQRT_2, hz);
            low * low * high_pass(hz, frequency_hz * SQRT_2)
        });
        let in_top: [f64; THIRD_OCTAVES] =
            std::array::from_fn(|band| high_pass(TOP_HZ, center_hz(band)));
        let level_db = |levels_db: &[f32; THIRD_OCTAVES], shares: &[f64; THIRD_OCTAVES]| {
            let powers = levels_db.iter().zip(curve_db).zip(shares);
            let powers = powers.map(|((level_db, gain_db), share)| {
                share * power_from_db(f64::from(*level_db) + gain_db)
            });
            db_from_power(powers.sum::<f64>().max(SILENCE_POWER))
        };
        let found = frames.iter().map(|frame| {
            let levels_db = [
                level_db(&frame.mid_db, &in_band),
                level_db(&frame.side_db, &in_band),
                level_db(&frame.mid_db, &in_top),
            ];
            (levels_db[0], sibilant_share(levels_db))
        });
        Self {
            frequency_hz,
            frames: found.collect(),
        }
    }

    /// The same of a band that is turned down whenever it is loud: everything counts as a sibilant.
    #[must_use]
    pub fn anywhere(mut self) -> Self {
        self.frames.iter_mut().for_each(|(_, share)| *share = 1.0);
        self
    }

    /// The reduction of each frame at a threshold in dBFS, dB, positive.
    pub fn reduced_db(
        &self,
        threshold_db: f64,
        max_reduction_db: f64,
    ) -> impl Iterator<Item = f64> {
        let frames = self.frames.iter();
        frames.map(move |&(level_db, share)| {
            (over_db(level_db, threshold_db) * share).min(max_reduction_db)
        })
    }

    /// What a reduction does to the power of a third octave of mid: a factor.
    pub fn band_power(&self, reduced_db: f64, band: usize) -> f64 {
        let gain = gain_from_db(-reduced_db);
        let detuned = center_hz(band) / self.frequency_hz;
        let detuned = BELL_Q * (detuned - 1.0 / detuned);
        (gain * gain + detuned * detuned) / (1.0 + detuned * detuned)
    }
}

/// What the stage does to the long-term spectrum of mid behind a curve of gains, dB in each third octave, as far as
/// [`ExpectedReduction`] tells.
pub fn expected_change_db(
    settings: &settings::Deesser,
    frames: &[BandFrame],
    curve_db: &[f64; THIRD_OCTAVES],
    program_lufs: f64,
) -> [f64; THIRD_OCTAVES] {
    if is_neutral(settings) {
        return [0.0; THIRD_OCTAVES];
    }
    let threshold_db = settings.threshold_lu + program_lufs;
    let expected = ExpectedReduction::new(settings.frequency_hz, frames, curve_db);
    let reduced_db = expected.reduced_db(threshold_db, settings.max_reduction_db);
    let (mut before, mut after) = ([0.0; THIRD_OCTAVES], [0.0; THIRD_OCTAVES]);
    for (frame, reduced_db) in frames.iter().zip(reduced_db) {
        for (band, mid_db) in frame.mid_db.iter().enumerate() {
            let power = power_from_db(f64::from(*mid_db));
            before[band] += power;
            after[band] += power * expected.band_power(reduced_db, band);
        }
    }
    std::array::from_fn(|band| {
        if before[band] > 0.0 {
            db_from_power(after[band] / before[band])
        } else {
            0.0
        }
    })
}
