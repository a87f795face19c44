//! The one judgment of a mix's tone, as the check tells it beside the settings that the master will have.

use acetate_check::ToneJudgment;
use acetate_check::tone::{BANDS, FIRST_BAND};
use acetate_dsp::Analysis;
use acetate_dsp::Settings;
use acetate_dsp::measure::bands::{THIRD_OCTAVES, center_hz};
use acetate_dsp::process::deesser::expected_change_db;
use acetate_dsp::process::eq::eq_curve_db;
use acetate_model::{Predictor, Tone};

use crate::error::MasterError;
use crate::plan::deesser::deesser;

const _: () = assert!(BANDS == acetate_model::features::BANDS);
const _: () = assert!(FIRST_BAND == acetate_model::features::FIRST_BAND);

/// The predictor's judgment with what `settings` do to the tone of `program` as what is planned: by the EQ, and by the
/// de-esser behind it. Moves become faults: what is to be lowered is too much.
pub fn judgment(tone: &Tone, settings: &Settings, program: &Analysis) -> ToneJudgment {
    let eq_db: [f64; THIRD_OCTAVES] =
        std::array::from_fn(|band| eq_curve_db(&settings.eq, center_hz(band)).mid_db);
    let deessed_db = expected_change_db(
        &settings.deesser,
        &program.sequences.band_frames,
        &eq_db,
        program.integrated_lufs,
    );
    ToneJudgment {
        estimated_db: tone.open_db.map(|move_db| -move_db),
        carried_db: tone.mean_db.map(|move_db| -move_db),
        sd_db: tone.sd_db,
        planned_db: std::array::from_fn(|band| {
            eq_db[FIRST_BAND + band] + deessed_db[FIRST_BAND + band]
        }),
        deesser_db: settings.deesser.max_reduction_db,
        finished_probability: tone.finished_probability,
    }
}

/// The judgment of a measured mix with what a master of it would do if nothing special is asked for; `None`
/// where nothing can be judged.
///
/// # Errors
/// [`MasterError`] when the net cannot run or the embedded corpus cannot be used.
pub fn of_mix(
    analysis: &Analysis,
    predictor: &dyn Predictor,
) -> Result<Option<ToneJudgment>, MasterError> {
    // As a master reads it: without its lone transients.
    let program = analysis.program();
    let prediction = predictor.predict(program)?;
    let Some(tone) = &prediction.tone else {
        return Ok(None);
    };
    let mut settings = prediction.settings;
    settings.deesser = deesser(program, &settings.eq)?;
    Ok(Some(judgment(tone, &settings, program)))
}
