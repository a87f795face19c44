//! Analyses, checks and verifications: a file or samples in, a report out.

use std::path::{Path, PathBuf};

use acetate_check::Check;
use acetate_dsp::analysis::{AnalyzeOptions, analyze_program};
use acetate_dsp::settings::Target;
use acetate_dsp::stream::OnFrames;
use acetate_dsp::{Analysis, Source};
use acetate_master::{Phase, Progress, Report, advice, judgment};
use acetate_model::Predictor;
use anyhow::Context;

use crate::EngineError;
use crate::error::or_canceled;
use crate::input::Input;
use crate::measure::Stems;
use crate::observer::{FileProgress, Observer, SAMPLES};

/// What is measured.
pub enum Sound<'a> {
    /// A file.
    File {
        /// Its path; [`PIPE`](crate::PIPE) for standard input.
        path: &'a Path,
        /// Damage is refused.
        strict: bool,
    },
    /// Samples that the caller holds, planar frames with full scale 1.0.
    Samples(&'a mut dyn Source),
}

/// Whether a mix is ready, and what was measured of it.
pub struct Checked {
    /// The verdict, with what to do.
    pub check: Check,
    /// The figures behind it.
    pub analysis: Analysis,
}

/// Measures a sound: loudness, true peak, spectrum, stereo, and what stands out in its tone.
///
/// # Errors
/// [`EngineError`] if it cannot be read or decoded, or the observer stops the work.
pub fn analyze(
    sound: Sound<'_>,
    dual_mono: bool,
    predictor: &dyn Predictor,
    observer: &dyn Observer,
) -> Result<Report, EngineError> {
    let make = || {
        let options = AnalyzeOptions {
            dual_mono,
            ..AnalyzeOptions::default()
        };
        let (opened, analysis) = measured(sound, Phase::Analyze, observer, |source, told| {
            analyze_program(source, &options, told)
        })?;
        let tone = judgment::of_mix(&analysis, predictor)?;
        let advice = advice::of(&analysis, dual_mono);
        let mut report = opened.report(Report::of_analysis(analysis, tone.as_ref())?)?;
        report.advice = advice;
        Ok(report)
    };
    or_canceled(make(), observer)
}

/// Tells whether a mix is ready to be mastered. What it says of the tone is what the next master would do.
///
/// # Errors
/// As [`analyze`].
pub fn check(
    sound: Sound<'_>,
    predictor: &dyn Predictor,
    observer: &dyn Observer,
) -> Result<Checked, EngineError> {
    check_beside(sound, None, predictor, observer)
}

/// [`check`] of a mix with its stems beside it: they tell how the lead stands against the rest.
///
/// # Errors
/// As [`analyze`], and if a stem cannot be read or is none. Stems that do not add up to the mix are said and left out.
pub fn check_beside(
    sound: Sound<'_>,
    stems: Option<&Stems>,
    predictor: &dyn Predictor,
    observer: &dyn Observer,
) -> Result<Checked, EngineError> {
    let make = || {
        let (mut opened, (analysis, scan)) =
            measured(sound, Phase::Analyze, observer, acetate_check::measure)?;
        let tone = judgment::of_mix(&analysis, predictor)?;
        let check = acetate_check::judged(&analysis, Some(&scan), tone.as_ref())
            .with_context(|| opened.name().display().to_string())?;
        let mut check = opened.check(check);
        if let Some(stems) = stems {
            let name = opened.name();
            let told = stems.told(&name, opened.source(), observer)?;
            check = check.with_stems(&analysis, told.study)?;
        }
        Ok(Checked { check, analysis })
    };
    or_canceled(make(), observer)
}

/// Holds a finished sound against a target.
///
/// # Errors
/// As [`analyze`]. A target that is missed is no error.
pub fn verify(
    sound: Sound<'_>,
    target: &Target,
    dual_mono: bool,
    observer: &dyn Observer,
) -> Result<Report, EngineError> {
    let make = || {
        let (opened, report) = measured(sound, Phase::Verify, observer, |source, told| {
            acetate_master::verify(source, target, dual_mono, told)
        })?;
        opened.report(report)
    };
    or_canceled(make(), observer)
}

/// A sound that is being read.
enum Opened<'s, 'o> {
    File(Box<Input<'o>>),
    Samples(&'s mut dyn Source),
}

impl Opened<'_, '_> {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::File(input) => input.source(),
            Self::Samples(source) => *source,
        }
    }

    fn name(&self) -> PathBuf {
        match self {
            Self::File(input) => input.given().to_owned(),
            Self::Samples(_) => PathBuf::from(SAMPLES),
        }
    }

    /// A report with what is known of the file.
    fn report(&self, report: Report) -> anyhow::Result<Report> {
        let Self::File(input) = self else {
            return Ok(report);
        };
        let mut report = input.with_damage(report);
        report.input = Some(input.facts()?);
        Ok(report)
    }

    /// A check with what is known of the file.
    fn check(&self, check: Check) -> Check {
        let Self::File(input) = self else {
            return check;
        };
        let damage = input.damage();
        let check = match input.lossy_codec() {
            Some(codec) => check.of_lossy_file(codec),
            None => check,
        };
        let mut check = check.with(damage);
        check.input = Some(input.given().display().to_string());
        check
    }
}

/// Takes one pass over a sound, which tells how far it is and stops where it is asked to.
fn measured<'s, 'o, T, E>(
    sound: Sound<'s>,
    phase: Phase,
    observer: &'o dyn Observer,
    pass: impl FnOnce(&mut dyn Source, &mut OnFrames<'_>) -> Result<T, E>,
) -> anyhow::Result<(Opened<'s, 'o>, T)>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut opened = match sound {
        Sound::File { path, strict } => {
            Opened::File(Box::new(Input::open(path, None, strict, observer)?))
        }
        Sound::Samples(source) => Opened::Samples(source),
    };
    let name = opened.name();
    let mut progress = FileProgress::new(observer, &name);
    let total = opened.source().frames_hint();
    let taken = pass(opened.source(), &mut |done| {
        Ok(progress.at(phase, done, total)?)
    })
    .with_context(|| name.display().to_string())?;
    observer.finished(&name);
    Ok((opened, taken))
}
