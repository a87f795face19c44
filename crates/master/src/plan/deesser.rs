//! How much of its sibilants a program loses. Decided by measurement alone, whoever predicts the rest.
//!
//! Songs differ by several dB in how loud their sibilants are, so that nothing is done up to the limit that 19 of 20
//! released tracks keep. Beyond it a song is likelier to be too sharp the more it stands over, and by more than it
//! stands over: most songs start well below the limit. What is decided is a depth. It holds for all loud sibilants of the
//! song, not for the loudest alone, since a microphone or an EQ raised them all. It is in proportion to the probability
//! that what was found is a voice's: hi-hats and snares in the middle of the image pass for sibilants now and then.

use acetate_check::{CheckError, Corpus, FindingCode};
use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::center_hz;
use acetate_dsp::measure::sibilance::Sibilance;
use acetate_dsp::params::Param;
use acetate_dsp::process::eq::eq_curve_db;
use acetate_dsp::settings::{Deesser, Eq, Settings};

/// Sibilants that so many percent of released tracks stay below are left alone.
const RELEASED_PERCENT: f64 = 95.0;
/// Reduction for each dB over the limit, if they are a voice's for certain (`campaigns/stages/sibilants.py`).
const REDUCTION_PER_DB: f64 = 6.0;
/// Sibilants from this far below the limit on are reduced, dB.
const RANGE_DB: f64 = 8.5;
/// Less than this is not worth a stage, dB.
const LEAST_DB: f64 = 0.5;

/// The de-esser that a program needs behind an EQ, which is the one that will be rendered.
///
/// # Errors
/// [`CheckError`] where the embedded corpus cannot be used.
pub(crate) fn deesser(analysis: &Analysis, eq: &Eq) -> Result<Deesser, CheckError> {
    let neutral = Settings::default().deesser;
    let curve_db = std::array::from_fn(|band| eq_curve_db(eq, center_hz(band)).mid_db);
    let corpus = Corpus::embedded()?;
    let Some((limit_lu, sibilance)) = corpus
        .released(FindingCode::Sibilance, RELEASED_PERCENT)
        .zip(Sibilance::of(analysis, &curve_db))
    else {
        return Ok(neutral);
    };
    let reduction_db =
        sibilance.evidence.probability() * REDUCTION_PER_DB * (sibilance.level_lu - limit_lu);
    if reduction_db < LEAST_DB {
        return Ok(neutral);
    }
    Ok(Deesser {
        frequency_hz: (sibilance.center_hz / 100.0).round() * 100.0,
        threshold_lu: limit_lu - RANGE_DB,
        max_reduction_db: Param::named("deesser.max_reduction_db")
            .map_or(reduction_db, |row| reduction_db.min(row.max)),
    })
}
