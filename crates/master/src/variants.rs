//! Several masters of one mix from one analysis: variants whose settings before the limiter are equal
//! share one render as well, so that they cost a limiter and a verification each.

use acetate_dsp::chain::Stage as ChainStage;
use acetate_dsp::settings::Target;
use acetate_dsp::{Analysis, Source};
use acetate_model::Predictor;

use crate::attempts::Attempts;
use crate::brief::Brief;
use crate::delivery::{Delivery, Progress};
use crate::error::MasterError;
use crate::render::{delivery_frames, read_passages, render, solve};
use crate::report::Report;
use crate::story::{delivery_spec, has_loudness, plan};
use crate::tell::{Told, tell};

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
    let spec = delivery_spec(input.spec(), brief)?;
    has_loudness(analysis)?;
    let Some(first) = variants.first_mut() else {
        return Ok(Vec::new());
    };
    let mut common = plan(analysis, predictor, brief)?;
    common.settings.limiter.drive_fixed = false;
    let frames = delivery_frames(analysis, spec);
    let mut scratch = first.delivery.scratch(spec, frames)?;
    input.rewind()?;
    let rendered = render(
        input,
        analysis,
        &common,
        brief,
        spec,
        Some(scratch.as_mut()),
        progress,
    )?;
    let mut reports = Vec::new();
    for variant in variants {
        let mut brief = brief.clone();
        brief.target = variant.target;
        brief.target_overrides = true;
        let mut own = common.clone();
        own.settings.target = variant.target;
        if brief.bypass.contains(ChainStage::Limiter) {
            own.settings.target.max_limiting_db = 0.0;
        }
        own.settings.validate()?;
        let mut settings = own.settings.clone();
        let solved = solve(
            &rendered.curve,
            &mut settings,
            brief.settings.is_some(),
            &mut |ranges| Ok(read_passages(scratch.as_mut(), ranges)?),
        )?;
        let mut attempts = Attempts {
            settings: &mut settings,
            solved,
            brief: &brief,
            spec,
            frames: rendered.frames,
            off_lu: 0.0,
            log: Vec::new(),
        };
        let written = attempts.run(
            &rendered.curve,
            scratch.as_mut(),
            variant.delivery,
            progress,
        )?;
        let log = attempts.log;
        reports.push(tell(Told {
            analysis: analysis.clone(),
            plan: own,
            brief: &brief,
            settings,
            spec,
            compression_db: rendered.compression_db,
            written: Some(written),
            attempts: log,
        })?);
    }
    Ok(reports)
}
