//! How an engineer's usual move, learned from pairs, is told.

use acetate_dsp::measure::bands::judged_hz;

use crate::outputs::curve_of_modes;
use crate::posterior::Priors;

/// A usual move of at most this is not worth a sentence, dB.
const LEAST_TOLD_DB: f64 = 0.1;

/// A sentence on the usual move of these weights, as far as a program that is a finished master with probability
/// `finished` gets it; `None` where there is none to speak of.
pub(crate) fn note(priors: &Priors, finished: f64) -> Option<String> {
    let curve_db = curve_of_modes(&priors.tone.usual_db).map(|db| (1.0 - finished) * db);
    let (band, gain_db) = curve_db
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))?;
    (gain_db.abs() > LEAST_TOLD_DB).then(|| {
        format!(
            "these weights make their engineer's usual move on every mix: at most {gain_db:+.1} dB in tone, at {:.0} Hz",
            judged_hz(band)
        )
    })
}
