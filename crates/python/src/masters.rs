//! Masters: from files and arrays, into files and arrays.

use std::ffi::OsString;
use std::path::PathBuf;

use acetate_cli::{MasterRequest, master_request};
use acetate_engine::{Engine, Job, Outcome};
use acetate_master::Report;
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
        let delivered = engine.master(only(&jobs)?, observer)?;
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
    })
}

/// Reads the words of a command line and says what is wrong with them; nothing is made.
#[pyfunction]
pub(crate) fn check_words(py: Python<'_>, words: Vec<OsString>) -> PyResult<()> {
    run(py, None, |_| master_request(words).map(drop))
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
