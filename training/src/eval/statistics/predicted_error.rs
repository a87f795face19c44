//! What the net says of its own error, and the error.

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::AUDIBLE_DB;
use acetate_model::features::{BANDS, FRAME_WIDTH};
use acetate_model::outputs::side_curve_db;
use acetate_model::{NetPredictor, Predictor};

use crate::eval::EvalError;
use crate::eval::faults::{Smooth, band_curve};
use crate::eval::metric::Sound;
use crate::simulator::loudness_change_db;

/// Bands quieter than this are not judged, dB relative to the loudness.
const JUDGED_DB: f32 = AUDIBLE_DB as f32;

/// What the posterior predicted of its error at each judged band, and the error.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedError {
    /// Standard deviation of the posterior, dB.
    pub sd_db: Vec<f64>,
    /// What the posterior mean leaves of the fault after a loudness match, dB.
    pub residual_db: Vec<f64>,
}

/// What the posterior mean for a mix leaves of a known fault, and what it predicted. `None` where
/// the mix has no features.
///
/// # Errors
/// [`EvalError::Weights`] when the net cannot run.
pub fn predicted_error(
    fault: &Smooth,
    master: &Sound,
    mix: &Analysis,
    net: &NetPredictor,
) -> Result<Option<PredictedError>, EvalError> {
    let Some(tone) = net.predict(mix)?.tone else {
        return Ok(None);
    };
    let side_left = band_curve(|hz| side_curve_db(fault.side_gain_db, fault.side_tilt_db, hz));
    let bands: [f64; BANDS] =
        std::array::from_fn(|band| fault.mid_bands_db()[band] + tone.mean_db[band]);
    let pooled_db: [f32; FRAME_WIDTH] = std::array::from_fn(|index| {
        if index < BANDS {
            master.mid_db[index] as f32
        } else {
            master
                .side_db
                .map_or(-120.0, |side| side[index - BANDS] as f32)
        }
    });
    let shift = loudness_change_db(
        &pooled_db,
        |band| bands[band],
        |band| bands[band] + side_left[band],
    );
    let judged = || (0..BANDS).filter(|&band| pooled_db[band] > JUDGED_DB);
    Ok(Some(PredictedError {
        sd_db: judged().map(|band| tone.sd_db[band]).collect(),
        residual_db: judged().map(|band| bands[band] - shift).collect(),
    }))
}
