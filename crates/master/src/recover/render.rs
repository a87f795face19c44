//! What settings make of the mix: the drive that they need, and the figures of the chain's output.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::chain::Bypass;
use acetate_dsp::for_each_block;
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::settings::Settings;
use acetate_dsp::solve::DriveCurveBuilder;
use acetate_dsp::{Analysis, Source, StreamError};

use crate::error::MasterError;
use crate::plan::can_be_mastered;
use crate::render::PreLimiter;

/// Hands the whole chain's sound before the limiter to `take`.
fn before_limiter(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
    take: &mut dyn FnMut(&mut dyn Source) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    let spec = mix.spec();
    let chain = PreLimiter {
        analysis: before,
        settings,
        bypass: &Bypass::default(),
    };
    chain.render(mix, spec, take)
}

/// The drive that reaches the master's loudness.
pub(super) fn drive_db(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
) -> Result<f64, MasterError> {
    let spec = mix.spec();
    let mut curve = DriveCurveBuilder::new(spec.sample_rate_hz, spec.channels, false);
    before_limiter(mix, before, settings, &mut |source| {
        for_each_block(source, &mut |block| {
            curve.push(block);
            Ok(())
        })
    })?;
    let curve = curve.finish(settings.target.true_peak_dbtp);
    let mut target = settings.target;
    // What a person has done may take more than we would.
    target.max_limiting_db = f64::INFINITY;
    Ok(curve.solve_drive(&target, &settings.limiter).drive_db)
}

/// The figures of the whole chain's output.
pub(super) fn rendered(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
) -> Result<Analysis, MasterError> {
    let spec = mix.spec();
    let process = ProcessSpec {
        sample_rate_hz: spec.sample_rate_hz,
        channels: spec.channels,
        program_lufs: settings.target.integrated_lufs,
    };
    let mut found: Option<Analysis> = None;
    before_limiter(mix, before, settings, &mut |source| {
        let limiter = Limiter::new(&settings.limiter, settings.target.true_peak_dbtp, &process);
        let mut limited = Processed::new(source, limiter);
        found = Some(analyze_with(
            &mut limited,
            &AnalyzeOptions::default(),
            &mut |_| Ok(()),
        )?);
        Ok::<(), StreamError>(())
    })?;
    let found = found.ok_or(MasterError::NoLoudness {
        duration_s: before.duration_s,
    })?;
    can_be_mastered(&found)?;
    Ok(found)
}
