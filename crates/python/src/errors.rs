//! From errors of the engine to the exceptions of the package.

use std::fmt;

use acetate_cli::UsageError;
use acetate_dsp::settings::SettingsError;
use acetate_engine::EngineError;
use acetate_io::{DecodeError, WriteError};
use acetate_master::MasterError;
use acetate_master::settings_file::{SettingsFileError, cause_in_words};
use pyo3::prelude::*;

/// The Python module that defines the exceptions.
const MODULE: &str = "acetate._errors";

/// A panic: a bug of ours.
#[derive(Debug)]
pub(crate) struct Internal;

impl fmt::Display for Internal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("internal error: please report it with this file")
    }
}

impl std::error::Error for Internal {}

/// The exception for an error.
pub(crate) fn to_python(py: Python<'_>, error: &anyhow::Error) -> PyErr {
    let name = class_of(error);
    let class = py.import(MODULE).and_then(|module| module.getattr(name));
    match class.and_then(|class| class.call1((in_words(error),))) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// The name of the exception: by the first cause that says what failed.
fn class_of(error: &anyhow::Error) -> &'static str {
    let name = |cause: &(dyn std::error::Error + 'static)| {
        if cause.is::<UsageError>()
            || cause.is::<SettingsError>()
            || cause.is::<SettingsFileError>()
        {
            Some("UsageError")
        } else if cause.is::<DecodeError>() {
            Some("InputError")
        } else if cause.is::<WriteError>() {
            Some("OutputError")
        } else if cause.is::<Internal>() {
            Some("InternalError")
        } else {
            None
        }
    };
    let causes = || {
        error.chain().flat_map(|cause| {
            // An engine's error says nothing of its own.
            let inner = match cause.downcast_ref::<EngineError>() {
                Some(EngineError::Failed(inner)) => inner.chain().collect(),
                _ => Vec::new(),
            };
            std::iter::once(cause).chain(inner)
        })
    };
    let of_mastering = || {
        causes()
            .any(|cause| cause.is::<MasterError>())
            .then_some("MasteringError")
    };
    let named = causes().find_map(name).or_else(of_mastering);
    named.unwrap_or("AcetateError")
}

/// Every cause, each said once.
fn in_words(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(cause_in_words) {
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}
