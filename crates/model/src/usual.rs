//! How an engineer's usual move, learned from pairs, is told.

use acetate_dsp::measure::bands::judged_hz;

use crate::outputs::curve_of_modes;
use crate::posterior::Priors;

/// A usual move of at most this is not worth a sentence, dB.
const LEAST_TOLD_DB: f64 = 0.1;

/// A sentence on the usual move of these weights, as far as a program that is a finished master with probability
/// `finished` gets it; `None` where there is none to speak of.
pub(crate) fn note(priors: &Priors, finished: f64) -> Option<String> {
    let curve_db = curve_of_modes(&priors.tone.usual_of(finished));
    let (_, gain_db) = largest(&curve_db);
    (gain_db.abs() > LEAST_TOLD_DB).then(|| {
        let told = told(&curve_db);
        format!("these weights make their engineer's usual move on every mix: {told}")
    })
}

/// A usual move of tone in words; `curve_db` is its gain at the net's bands, dB.
pub fn told(curve_db: &[f64]) -> String {
    let (hz, gain_db) = largest(curve_db);
    format!("at most {gain_db:+.1} dB in tone, at {hz:.0} Hz")
}

/// The largest gain of a curve at the net's bands, with its frequency: Hz, dB.
fn largest(curve_db: &[f64]) -> (f64, f64) {
    let bands = curve_db.iter().enumerate();
    let most = bands.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()));
    let (band, gain_db) = most.map_or((0, 0.0), |(band, gain_db)| (band, *gain_db));
    (judged_hz(band), gain_db)
}
