//! Several masters of one mix from one analysis: variants whose settings before the limiter are equal
//! share one render as well, so that they cost a limiter and a verification each.

use acetate_dsp::settings::Target;
use acetate_dsp::{Analysis, Source};
use acetate_model::Predictor;

use crate::brief::Brief;
use crate::delivery::{Delivery, Progress};
use crate::error::MasterError;
use crate::plan::{allow_no_limiting_without_limiter, can_be_mastered, plan};
use crate::report::Report;
use crate::story::BeforeLimiter;

/// One of several masters.
pub struct Variant<'a> {
    /// Where it goes.
    pub delivery: &'a mut dyn Delivery,
    /// Loudness, ceiling and bound on limiting.
    pub target: Target,
}

/// Makes verified masters of `input` that differ in their target alone: one render for all.
///
/// Each delivery holds its master when this returns `Ok`. A fixed drive in given settings has no
/// meaning here and is solved.
///
/// # Errors
/// As [`master()`](crate::master()), of the first one that fails.
pub fn master_to_targets(
    input: &mut dyn Source,
    analysis: &Analysis,
    predictor: &dyn Predictor,
    brief: &Brief,
    variants: &mut [Variant<'_>],
    progress: &mut dyn Progress,
) -> Result<Vec<Report>, MasterError> {
    can_be_mastered(analysis)?;
    let Some(first) = variants.first_mut() else {
        return Ok(Vec::new());
    };
    let mut common = plan(analysis, predictor, brief)?;
    common.settings.limiter.drive_fixed = false;
    input.rewind()?;
    let mut before = BeforeLimiter::render(
        input,
        analysis,
        &common,
        brief,
        &mut *first.delivery,
        progress,
    )?;
    let mut reports = Vec::new();
    for variant in variants {
        let mut brief = brief.clone();
        brief.target = variant.target;
        brief.target_overrides = true;
        let mut own = common.clone();
        own.settings.target = variant.target;
        allow_no_limiting_without_limiter(&mut own.settings, &brief);
        own.settings.validate()?;
        reports.push(before.deliver(analysis.clone(), own, &brief, variant.delivery, progress)?);
    }
    Ok(reports)
}
