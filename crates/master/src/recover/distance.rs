//! How far two programs are apart in tone and width.

use acetate_dsp::measure::bands::{AUDIBLE_DB, center_hz, mean_distance_db};
use acetate_model::Signature;
use acetate_model::features::{BANDS, FIRST_BAND};

/// Bands below this, relative to the loudness, tell nothing, dB.
const HEARD_DB: f64 = AUDIBLE_DB;

/// Mean distance of two spectra, and the band where it is largest.
pub(super) fn tone_distance_db(from: &Signature, to: &Signature) -> (f64, (f64, f64)) {
    let differences: Vec<(f64, f64)> = (0..BANDS)
        .filter(|&band| to.mid_db[band] > HEARD_DB)
        .map(|band| {
            let hz = center_hz(FIRST_BAND + band);
            (hz, to.mid_db[band] - from.mid_db[band])
        })
        .collect();
    let mean = mean_distance_db(differences.iter().map(|(_, db)| *db));
    let worst = differences
        .into_iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    (mean, worst.unwrap_or((1000.0, 0.0)))
}

/// Mean distance of side against mid over the bands that are heard of both, dB.
pub(super) fn width_distance_db(from: &Signature, to: &Signature) -> f64 {
    let heard =
        (0..BANDS).filter(|&band| to.mid_db[band] > HEARD_DB && to.side_db[band] > HEARD_DB);
    mean_distance_db(heard.map(|band| {
        (to.side_db[band] - to.mid_db[band]) - (from.side_db[band] - from.mid_db[band])
    }))
}
