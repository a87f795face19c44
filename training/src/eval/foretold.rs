//! What the net says of its own error, and the error.

use acetate_dsp::Analysis;
use acetate_dsp::settings::{MID_KNOTS, mid_knot_hz};
use acetate_model::features::{BANDS, FRAME_WIDTH};
use acetate_model::outputs::side_curve_db;
use acetate_model::predictor::centred_knots;
use acetate_model::{Features, NetPredictor, Predictor};

use super::EvalError;
use super::faults::{Smooth, band_curve};
use super::metric::Sound;
use super::projection::basis;
use crate::simulator::loudness_change_db;

/// Knots inside the judged range, 39 Hz to 16 kHz: the outer two lie beyond it.
pub(crate) const JUDGED_KNOTS: std::ops::Range<usize> = 1..MID_KNOTS - 1;

/// What the net foretold of its error at each judged knot, and the error.
#[derive(Clone, Debug, PartialEq)]
pub struct Foretold {
    /// Predicted standard deviation, dB.
    pub sd_db: Vec<f64>,
    /// What the net's proposal, before any gate, leaves of the fault after a loudness match, dB.
    pub residual_db: Vec<f64>,
}

/// What the net's proposal for a mix leaves of a known fault, and what it foretold. `None` where
/// the mix has no features.
///
/// # Errors
/// [`EvalError::Weights`] when the net cannot run.
pub fn foretold(
    fault: &Smooth,
    master: &Sound,
    mix: &Analysis,
    net: &NetPredictor,
) -> Result<Option<Foretold>, EvalError> {
    let Some(features) = Features::of(mix).filter(|features| !features.frames_db.is_empty()) else {
        return Ok(None);
    };
    let sd_db = net.predict(mix)?.eq_sd_db;
    let raw = net.raw(&features)?.mean_db;
    let proposed = centred_knots(&raw[..MID_KNOTS]);
    let side_left = band_curve(|hz| {
        side_curve_db(
            fault.side_gain_db + raw[MID_KNOTS],
            fault.side_tilt_db + raw[MID_KNOTS + 1],
            hz,
        )
    });
    let bands: [f64; BANDS] = std::array::from_fn(|band| {
        fault.mid_bands_db()[band]
            + (0..MID_KNOTS)
                .map(|knot| proposed[knot] * basis()[knot][band])
                .sum::<f64>()
    });
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
    Ok(Some(Foretold {
        sd_db: sd_db[JUDGED_KNOTS].to_vec(),
        residual_db: JUDGED_KNOTS
            .map(|knot| fault.mid_db(mid_knot_hz(knot)) + proposed[knot] - shift)
            .collect(),
    }))
}
