//! Masters: from files and arrays, into files and arrays.

use std::ffi::OsString;
use std::path::PathBuf;

use acetate_album::master_in_places;
use acetate_cli::{MasterRequest, album_request, master_request};
use acetate_engine::{Delivered, Engine, Job, Outcome};
use acetate_master::{Report, settings_file};
use anyhow::{Context, bail};
use numpy::PyArray2;
use pyo3::prelude::*;

use crate::call::run;
use crate::samples::{Samples, to_array};

/// The only job of a request.
fn only(jobs: &[Job]) -> anyhow::Result<&Job> {
    match jobs {
        [job] => Ok(job),
        _ => bail!("expected one mix, found {}", jobs.len()),
    }
}

fn json(report: &Report) -> anyhow::Result<String> {
    Ok(serde_json::to_string(report)?)
}

/// How it ended, whether every check passed, and each master with its report as JSON.
type InFiles = (&'static str, bool, Vec<(PathBuf, String)>);

/// Masters one file into another, as the words of a command line ask for. Returns how it ended (met, missed,
/// skipped, before), whether every check passed, and each master with its report as JSON.
#[pyfunction]
#[pyo3(signature = (words, progress=None))]
pub(crate) fn master_file(
    py: Python<'_>,
    words: Vec<OsString>,
    progress: Option<Py<PyAny>>,
) -> PyResult<InFiles> {
    run(py, progress, |observer| {
        let MasterRequest { options, jobs } = master_request(words)?;
        let engine = Engine::new(&jobs, &options, observer)?;
        in_files(engine.master(only(&jobs)?, observer)?)
    })
}

fn in_files(delivered: Delivered) -> anyhow::Result<InFiles> {
    let outcome = match delivered.outcome {
        Outcome::Met => "met",
        Outcome::Missed => "missed",
        Outcome::Skipped => "skipped",
        Outcome::DeliveredBefore => "before",
    };
    let masters = delivered.masters.into_iter();
    let masters = masters.map(|(path, file)| (path, Report::from(file)));
    let expected = delivered.forecast.into_iter();
    let expected = expected.map(|job| (job.output.clone(), Report::from(job)));
    let reports = masters.chain(expected);
    let masters = reports.map(|(path, report)| Ok((path, json(&report)?)));
    let masters = masters.collect::<anyhow::Result<_>>()?;
    Ok((outcome, delivered.all_met, masters))
}

/// An engine that is built once, with weights and references read, for one mix after the other: what a worker of
/// a catalog holds.
#[pyclass(frozen, name = "Engine")]
pub(crate) struct HeldEngine(Engine);

#[pymethods]
impl HeldEngine {
    /// Of the options in the words of a command line; the mix and the output that they name are not looked at.
    #[new]
    fn new(py: Python<'_>, words: Vec<OsString>) -> PyResult<Self> {
        run(py, None, |observer| {
            let options = master_request(words)?.options;
            Ok(Self(Engine::new(&[], &options, observer)?))
        })
    }

    /// As `master_file`, of the mix and the output that the words name. `overwrite`: a master that is there is
    /// replaced.
    fn master_file(
        &self,
        py: Python<'_>,
        words: Vec<OsString>,
        overwrite: bool,
    ) -> PyResult<InFiles> {
        run(py, None, |observer| {
            let jobs = master_request(words)?.jobs;
            in_files(self.0.master_another(only(&jobs)?, overwrite, observer)?)
        })
    }

    /// Masters the mixes that the words of `acetate master --album` name as one album: its report as JSON.
    fn master_album(&self, py: Python<'_>, words: Vec<OsString>) -> PyResult<String> {
        run(py, None, |observer| {
            let asked = album_request(words)?;
            let report = master_in_places(&asked, self.0.predictor(), observer)?;
            Ok(serde_json::to_string(&report)?)
        })
    }

    /// What the references of its words have in common, as a signature that `--reference` reads; `None` without any.
    fn signature_toml(&self, py: Python<'_>) -> PyResult<Option<String>> {
        run(py, None, |_| {
            let texts = self.0.reference().map(settings_file::signature_to_toml);
            Ok(texts.transpose()?)
        })
    }
}

/// A report as JSON, the master, and its sample rate in Hz.
type InMemory<'py> = (String, Bound<'py, PyArray2<f32>>, u32);

/// Masters one file into an array, `(frames, channels)` or `(channels, frames)`.
#[pyfunction]
#[pyo3(signature = (words, frames_first, progress=None))]
pub(crate) fn master_file_in_memory<'py>(
    py: Python<'py>,
    words: Vec<OsString>,
    frames_first: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<InMemory<'py>> {
    let (report, array, rate) = run(py, progress, |observer| {
        let MasterRequest { options, jobs } = master_request(words)?;
        let engine = Engine::new(&jobs, &options, observer)?;
        let (report, audio) = engine.master_in_memory(&only(&jobs)?.input, observer)?;
        let array = to_array(&audio, frames_first)?;
        Ok((json(&report)?, array, audio.sample_rate_hz()))
    })?;
    Ok((report, PyArray2::from_owned_array(py, array), rate))
}

/// The same, without the samples of a master that went to a file.
type InMemoryOrFile<'py> = (String, Option<Bound<'py, PyArray2<f32>>>, u32);

/// Masters an array `(frames, channels)` into an array, or into the output that the words name.
#[pyfunction]
#[pyo3(signature = (words, samples, sample_rate_hz, frames_first, to_file, progress=None))]
pub(crate) fn master_array<'py>(
    py: Python<'py>,
    words: Vec<OsString>,
    samples: &Bound<'py, PyAny>,
    sample_rate_hz: u32,
    frames_first: bool,
    to_file: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<InMemoryOrFile<'py>> {
    let samples = Samples::of(samples)?;
    let view = samples.view();
    let (report, array, rate) = run(py, progress, |observer| {
        let MasterRequest { options, jobs } = master_request(words)?;
        let mut source = view.source(sample_rate_hz);
        let engine = Engine::new(&jobs, &options, observer)?;
        if to_file {
            let report = engine.master_samples_to(&mut source, only(&jobs)?, observer)?;
            let written = report.output.as_ref().context("nothing was written")?;
            return Ok((json(&report)?, None, written.sample_rate_hz));
        }
        let (report, audio) = engine.master_samples(&mut source, observer)?;
        let array = to_array(&audio, frames_first)?;
        Ok((json(&report)?, Some(array), audio.sample_rate_hz()))
    })?;
    let array = array.map(|array| PyArray2::from_owned_array(py, array));
    Ok((report, array, rate))
}
