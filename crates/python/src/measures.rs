//! Analyses, checks and verifications of files and arrays, as JSON.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use acetate_cli::{VerifyRequest, verify_request};
use acetate_engine::{Recheck, Sound, verify_certificate as recheck};
use acetate_model::{Genre, NetPredictor};
use acetate_training::corpus::{TrackFile, load};
use acetate_training::datasets::Split;
use anyhow::Context;
use pyo3::prelude::*;

use crate::call::run;
use crate::samples::{ArraySource, Samples};

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
            Self::Samples(samples, sample_rate_hz) => {
                Mix::Samples(samples.view().source(*sample_rate_hz))
            }
        }
    }
}

/// The same, to be read without the interpreter.
enum Mix<'a> {
    File(&'a Path),
    Samples(ArraySource<'a>),
}

impl Mix<'_> {
    fn sound(&mut self, strict: bool) -> Sound<'_> {
        match self {
            Self::File(path) => Sound::File { path, strict },
            Self::Samples(source) => Sound::Samples(source),
        }
    }
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
    let mut mix = given.mix();
    run(py, progress, |observer| {
        let predictor = NetPredictor::embedded()?;
        let sound = mix.sound(strict);
        let report = acetate_engine::analyze(sound, dual_mono, &predictor, observer)?;
        Ok(serde_json::to_string(&report)?)
    })
}

/// Tells whether a file or an array is ready to be mastered: a check as JSON.
#[pyfunction]
#[pyo3(signature = (mix, sample_rate_hz, strict, progress=None, genre=None))]
pub(crate) fn check(
    py: Python<'_>,
    mix: &Bound<'_, PyAny>,
    sample_rate_hz: u32,
    strict: bool,
    progress: Option<Py<PyAny>>,
    genre: Option<String>,
) -> PyResult<String> {
    let given = Given::of(mix, sample_rate_hz)?;
    let mut mix = given.mix();
    run(py, progress, |observer| {
        let genre = genre.map(|name| name.parse::<Genre>()).transpose();
        let genre = genre.context("genre")?;
        let predictor = NetPredictor::embedded()?.with_genre(genre);
        let checked = acetate_engine::check(mix.sound(strict), &predictor, observer)?;
        Ok(serde_json::to_string(&checked.check)?)
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
    let mut mix = given.mix();
    run(py, progress, |observer| {
        let VerifyRequest { target, dual_mono } = verify_request(words)?;
        let sound = mix.sound(strict);
        let report = acetate_engine::verify(sound, &target, dual_mono, observer)?;
        Ok(serde_json::to_string(&report)?)
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
            lead: &[],
            master: &master,
            certificate: &certificate,
            mix: mix.as_deref(),
            strict,
        };
        Ok(serde_json::to_string(&recheck(&asked, observer)?)?)
    })
}
