//! The command itself, settings as TOML and JSON, schemas, and hashes.

use std::ffi::OsString;
use std::path::PathBuf;

use acetate_check::Check;
use acetate_dsp::Settings;
use acetate_dsp::process::eq::eq_curve_db as curve_db;
use acetate_engine::net;
use acetate_master::{Certificate, Report, settings_file};
use acetate_model::Predictor;
use anyhow::{Context, bail};
use pyo3::prelude::*;

use crate::errors::to_python;

/// Runs a command line of `acetate`, the program's name first; returns the exit code.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| acetate_cli::run(words))
}

fn told<T>(py: Python<'_>, result: anyhow::Result<T>) -> PyResult<T> {
    result.map_err(|error| to_python(py, &error))
}

/// Settings as JSON, from the text of a settings file.
#[pyfunction]
pub(crate) fn settings_from_toml(py: Python<'_>, text: &str) -> PyResult<String> {
    let json = || Ok(serde_json::to_string(&settings_file::from_toml(text)?)?);
    told(py, json())
}

/// The text of a settings file, from settings as JSON.
#[pyfunction]
pub(crate) fn settings_to_toml(py: Python<'_>, json: &str) -> PyResult<String> {
    told(
        py,
        of_json(json).and_then(|settings| Ok(settings_file::to_toml(&settings)?)),
    )
}

fn of_json(json: &str) -> anyhow::Result<Settings> {
    let settings: Settings = serde_json::from_str(json)
        .map_err(|error| acetate_cli::UsageError::new(format!("settings: {error}")))?;
    settings.validate()?;
    Ok(settings)
}

/// The gain of an EQ for the middle of the stereo image, dB at each frequency in Hz.
#[pyfunction]
pub(crate) fn eq_curve_db(
    py: Python<'_>,
    settings_json: &str,
    frequencies_hz: Vec<f64>,
) -> PyResult<Vec<f64>> {
    let settings = told(py, of_json(settings_json))?;
    let gains = frequencies_hz
        .iter()
        .map(|&hz| curve_db(&settings.eq, hz).mid_db);
    Ok(gains.collect())
}

/// The JSON schema of a `report`, of `settings`, a `certificate` or a `check`.
#[pyfunction]
pub(crate) fn json_schema(py: Python<'_>, kind: &str) -> PyResult<String> {
    let schema = || {
        let schema = match kind {
            "report" => Report::json_schema(),
            "settings" => Settings::json_schema(),
            "certificate" => Certificate::json_schema(),
            "check" => Check::json_schema(),
            _ => bail!("expected report, settings, certificate or check, found \"{kind}\""),
        };
        Ok(serde_json::to_string(&schema)?)
    };
    told(py, schema())
}

/// BLAKE3 of a text, hexadecimal.
#[pyfunction]
pub(crate) fn text_hash(text: &str) -> String {
    acetate_io::text_hash(text)
}

/// The hash of weights: of a file, or of those that the package brings.
#[pyfunction]
#[pyo3(signature = (path=None))]
pub(crate) fn weights_hash(py: Python<'_>, path: Option<PathBuf>) -> PyResult<String> {
    let hash = net(path.as_deref()).context("weights");
    told(py, hash.map(|net| net.hash().to_owned()))
}
