//! The one judgment of a mix's tone, as the check tells it beside the settings that the master will have.

use acetate_check::ToneJudgment;
use acetate_check::tone::{BANDS, FIRST_BAND};
use acetate_dsp::Analysis;
use acetate_dsp::Settings;
use acetate_dsp::measure::bands::center_hz;
use acetate_dsp::process::eq::eq_curve_db;
use acetate_model::{Predictor, Tone, WeightsError};

const _: () = assert!(BANDS == acetate_model::features::BANDS);
const _: () = assert!(FIRST_BAND == acetate_model::features::FIRST_BAND);

/// The predictor's judgment with the EQ of `settings` as what is planned. Moves become faults: what is to be
/// lowered is too much.
pub fn judgment(tone: &Tone, settings: &Settings) -> ToneJudgment {
    ToneJudgment {
        estimated_db: tone.open_db.map(|move_db| -move_db),
        carried_db: tone.mean_db.map(|move_db| -move_db),
        sd_db: tone.sd_db,
        planned_db: std::array::from_fn(|band| {
            eq_curve_db(&settings.eq, center_hz(FIRST_BAND + band)).mid_db
        }),
        deesser_db: settings.deesser.max_reduction_db,
        finished_probability: tone.finished_probability,
    }
}

/// The judgment of a measured mix with what a master of it would do if nothing special is asked for; `None`
/// where nothing can be judged.
///
/// # Errors
/// [`WeightsError`] when the net cannot run.
pub fn of_mix(
    analysis: &Analysis,
    predictor: &dyn Predictor,
) -> Result<Option<ToneJudgment>, WeightsError> {
    let prediction = predictor.predict(analysis)?;
    let tone = prediction.tone.as_ref();
    Ok(tone.map(|tone| judgment(tone, &prediction.settings)))
}
