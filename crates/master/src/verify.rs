//! The verification: a written program is measured again and held against its target.

use acetate_dsp::measure::levels::{OutputMeasures, verify_pass};
use acetate_dsp::settings::Target;
use acetate_dsp::stream::OnFrames;
use acetate_dsp::{Source, StreamError};

use crate::report::advice;
use crate::report::check_name::CheckName;
use crate::report::{Measures, Report, TargetCheck};

/// Largest distance from the loudness asked for that counts as met, LU.
pub const LOUDNESS_TOLERANCE_LU: f64 = 0.1;

/// Reads a program from its start, measures it with two meters and judges it.
///
/// # Errors
/// [`StreamError`] when the source fails.
pub fn verify(
    source: &mut dyn Source,
    target: &Target,
    dual_mono: bool,
    progress: &mut OnFrames<'_>,
) -> Result<Report, StreamError> {
    let measured = verify_pass(source, dual_mono, progress)?;
    let checks = checks(&measured, target);
    let is_single = source.spec().channels == 1 && !dual_mono;
    Ok(Report {
        measures: Some(Measures::of_output(&measured, source.spec())),
        all_met: checks.iter().all(|check| check.pass),
        checks,
        advice: is_single
            .then(|| advice::MONO.to_owned())
            .into_iter()
            .collect(),
        ..Report::new("verify")
    })
}

/// Holds measured figures against a target. Every loudness meter must agree with the target, and
/// the worst true-peak meter decides.
pub fn checks(measured: &OutputMeasures, target: &Target) -> Vec<TargetCheck> {
    let loudness = measured
        .integrated_by_meter
        .iter()
        .map(|reading| reading.value)
        .max_by(|a, b| {
            let distance = |lufs: &f64| (lufs - target.integrated_lufs).abs();
            distance(a).total_cmp(&distance(b))
        })
        .unwrap_or(measured.integrated_lufs);
    vec![
        TargetCheck {
            name: CheckName::IntegratedLoudness,
            unit: "LUFS".to_owned(),
            measured: loudness,
            target: target.integrated_lufs,
            tolerance: LOUDNESS_TOLERANCE_LU,
            pass: (loudness - target.integrated_lufs).abs() <= LOUDNESS_TOLERANCE_LU,
        },
        TargetCheck {
            name: CheckName::TruePeak,
            unit: "dBTP".to_owned(),
            measured: measured.true_peak_dbtp,
            target: target.true_peak_dbtp,
            tolerance: 0.0,
            pass: measured.true_peak_dbtp <= target.true_peak_dbtp,
        },
        TargetCheck {
            name: CheckName::NonFiniteSamples,
            unit: String::new(),
            measured: measured.non_finite_samples as f64,
            target: 0.0,
            tolerance: 0.0,
            pass: measured.non_finite_samples == 0,
        },
    ]
}
