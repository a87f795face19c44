//! Analyses, checks and verifications of files and arrays, as JSON.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use acetate_cli::{VerifyRequest, verify_request};
use acetate_dsp::Source;
use acetate_dsp::analysis::{AnalyzeOptions, analyze_program};
use acetate_dsp::stream::{Canceled, OnFrames};
use acetate_engine::{Input, Observer, Recheck, Step, verify_certificate as recheck};
use acetate_master::{Report, advice, judgment};
use acetate_model::NetPredictor;
use acetate_training::corpus::{TrackFile, load};
use acetate_training::datasets::Split;
use anyhow::Context;
use pyo3::prelude::*;

use crate::call::run;
use crate::samples::{ArraySource, Samples, View};

/// What an array is called in messages.
const SAMPLES: &str = "samples";

/// A file, or an array with its sample rate in Hz, as a call of Python's gives it.
enum Given<'py> {
    File(PathBuf),
    Samples(Samples<'py>, u32),
}

impl<'py> Given<'py> {
    fn of(mix: &Bound<'py, PyAny>, sample_rate_hz: u32) -> PyResult<Self> {
        Ok(match mix.extract::<PathBuf>() {
            Ok(path) => Self::File(path),
            Err(_) => Self::Samples(Samples::of(mix)?, sample_rate_hz),
        })
    }

    fn mix(&self) -> Mix<'_> {
        match self {
            Self::File(path) => Mix::File(path),
            Self::Samples(samples, sample_rate_hz) => Mix::Samples(samples.view(), *sample_rate_hz),
        }
    }
}

/// The same, to be read without the interpreter.
enum Mix<'a> {
    File(&'a Path),
    Samples(View<'a>, u32),
}

/// One of both, opened.
enum Opened<'a, 'o> {
    File(Box<Input<'o>>),
    Samples(ArraySource<'a>),
}

impl<'a, 'o> Opened<'a, 'o> {
    fn open(mix: Mix<'a>, strict: bool, observer: &'o dyn Observer) -> anyhow::Result<Self> {
        Ok(match mix {
            Mix::File(path) => Self::File(Box::new(Input::open(path, None, strict, observer)?)),
            Mix::Samples(view, sample_rate_hz) => Self::Samples(view.source(sample_rate_hz)),
        })
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::File(input) => input.source(),
            Self::Samples(source) => source,
        }
    }

    fn name(&self) -> PathBuf {
        match self {
            Self::File(input) => input.given().to_owned(),
            Self::Samples(_) => PathBuf::from(SAMPLES),
        }
    }

    /// A report with what is known of the file.
    fn told(&self, report: Report) -> anyhow::Result<Report> {
        let Self::File(input) = self else {
            return Ok(report);
        };
        let mut report = input.with_damage(report);
        report.input = Some(input.facts()?);
        Ok(report)
    }
}

/// Opens a mix and takes one pass over it, which tells how far it is and stops where it is asked to.
fn measured<'a, 'o, T, E>(
    mix: Mix<'a>,
    strict: bool,
    step: Step,
    observer: &'o dyn Observer,
    pass: impl FnOnce(&mut dyn Source, &mut OnFrames<'_>) -> Result<T, E>,
) -> anyhow::Result<(Opened<'a, 'o>, T)>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut opened = Opened::open(mix, strict, observer)?;
    let name = opened.name();
    let total = opened.source().frames_hint();
    let taken = pass(opened.source(), &mut |done| {
        observer.progress(&name, step, done, total);
        if observer.is_canceled() {
            return Err(Canceled.into());
        }
        Ok(())
    });
    let taken = taken.with_context(|| name.display().to_string())?;
    Ok((opened, taken))
}

/// Measures a file or an array: a report as JSON.
#[pyfunction]
#[pyo3(signature = (mix, sample_rate_hz, dual_mono, strict, progress=None))]
pub(crate) fn analyze(
    py: Python<'_>,
    mix: &Bound<'_, PyAny>,
    sample_rate_hz: u32,
    dual_mono: bool,
    strict: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let given = Given::of(mix, sample_rate_hz)?;
    let mix = given.mix();
    run(py, progress, |observer| {
        let predictor = NetPredictor::embedded()?;
        let options = AnalyzeOptions {
            dual_mono,
            ..AnalyzeOptions::default()
        };
        let (opened, analysis) = measured(mix, strict, Step::Analyze, observer, |source, told| {
            analyze_program(source, &options, told)
        })?;
        let tone = judgment::of_mix(&analysis, &predictor)?;
        let advice = advice::of(&analysis, dual_mono);
        let mut report = Report::of_analysis(analysis, tone.as_ref())?;
        report.advice = advice;
        Ok(serde_json::to_string(&opened.told(report)?)?)
    })
}

/// Tells whether a file or an array is ready to be mastered: a check as JSON.
#[pyfunction]
#[pyo3(signature = (mix, sample_rate_hz, strict, progress=None))]
pub(crate) fn check(
    py: Python<'_>,
    mix: &Bound<'_, PyAny>,
    sample_rate_hz: u32,
    strict: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let given = Given::of(mix, sample_rate_hz)?;
    let mix = given.mix();
    run(py, progress, |observer| {
        let predictor = NetPredictor::embedded()?;
        let (opened, (analysis, scan)) =
            measured(mix, strict, Step::Analyze, observer, acetate_check::measure)?;
        let name = opened.name();
        let tone = judgment::of_mix(&analysis, &predictor)?;
        let mut check = acetate_check::judged(&analysis, Some(&scan), tone.as_ref())
            .with_context(|| name.display().to_string())?;
        if let Opened::File(input) = &opened {
            let damage = input.damage();
            if let Some(codec) = input.lossy_codec() {
                check = check.of_lossy_file(codec);
            }
            check = check.with(damage);
            check.input = Some(name.display().to_string());
        }
        Ok(serde_json::to_string(&check)?)
    })
}

/// Holds a file or an array against the target that the words of a command line name: a report as JSON.
#[pyfunction]
#[pyo3(signature = (words, mix, sample_rate_hz, strict, progress=None))]
pub(crate) fn verify(
    py: Python<'_>,
    words: Vec<OsString>,
    mix: &Bound<'_, PyAny>,
    sample_rate_hz: u32,
    strict: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let given = Given::of(mix, sample_rate_hz)?;
    let mix = given.mix();
    run(py, progress, |observer| {
        let VerifyRequest { target, dual_mono } = verify_request(words)?;
        let (opened, report) = measured(mix, strict, Step::Verify, observer, |source, told| {
            acetate_master::verify(source, &target, dual_mono, told)
        })?;
        Ok(serde_json::to_string(&opened.told(report)?)?)
    })
}

/// Measures a finished master as training does and keeps that in the cache folder of `acetate train --cache`,
/// which then need not measure it. Returns its integrated loudness, LUFS.
#[pyfunction]
pub(crate) fn measure_for_training(py: Python<'_>, path: PathBuf, cache: PathBuf) -> PyResult<f64> {
    run(py, None, |_| {
        let file = TrackFile {
            group: String::new(),
            split: Split::Train,
            genre: None,
            vocals: None,
            path,
        };
        std::fs::create_dir_all(&cache).with_context(|| cache.display().to_string())?;
        let (tracks, errors) = load(&[file], &cache, &|_| ());
        match (tracks.into_iter().next(), errors.into_iter().next()) {
            (Some(track), _) => Ok(track.integrated_lufs),
            (None, Some(error)) => Err(error.into()),
            (None, None) => anyhow::bail!("expected a track, found none"),
        }
    })
}

/// Holds a master against its certificate, and against its mix where that is given: a report as JSON.
#[pyfunction]
#[pyo3(signature = (master, certificate, mix, strict, progress=None))]
pub(crate) fn verify_certificate(
    py: Python<'_>,
    master: PathBuf,
    certificate: PathBuf,
    mix: Option<PathBuf>,
    strict: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    run(py, progress, |observer| {
        let asked = Recheck {
            master: &master,
            certificate: &certificate,
            mix: mix.as_deref(),
            strict,
        };
        Ok(serde_json::to_string(&recheck(&asked, observer)?)?)
    })
}
