//! From errors of the engine to the exceptions of the package.

use std::fmt;

use acetate_album::AlbumError;
use acetate_check::CheckError;
use acetate_cli::{UsageError, in_words};
use acetate_dsp::StreamError;
use acetate_dsp::settings::SettingsError;
use acetate_engine::{EngineError, NameTaken};
use acetate_io::{DecodeError, WriteError};
use acetate_master::MasterError;
use acetate_master::settings_file::SettingsFileError;
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
    let mut is_mastering = false;
    for cause in error.chain() {
        let mut next = Some(cause);
        while let Some(cause) = next {
            if let Some(name) = name_of(cause) {
                return name;
            }
            is_mastering |= cause.is::<MasterError>();
            next = hidden_in(cause);
        }
    }
    if is_mastering {
        "MasteringError"
    } else {
        "AcetateError"
    }
}

type Cause = dyn std::error::Error + 'static;

fn name_of(cause: &Cause) -> Option<&'static str> {
    let is_usage =
        cause.is::<UsageError>() || cause.is::<SettingsError>() || cause.is::<SettingsFileError>();
    if is_usage {
        Some("UsageError")
    } else if cause.is::<DecodeError>() {
        Some("InputError")
    } else if cause.is::<WriteError>() || cause.is::<NameTaken>() {
        Some("OutputError")
    } else if cause.is::<Internal>() {
        Some("InternalError")
    } else {
        None
    }
}

/// What an error holds that says nothing of its own, and so hides it in a chain of causes.
fn hidden_in(cause: &Cause) -> Option<&Cause> {
    if let Some(EngineError::Failed(inner)) = cause.downcast_ref() {
        return Some(inner.as_ref());
    }
    match cause.downcast_ref() {
        Some(AlbumError::Decode(inner)) => return Some(inner),
        Some(AlbumError::Write(inner)) => return Some(inner),
        _ => {}
    }
    if let Some(MasterError::Stream(inner)) = cause.downcast_ref() {
        return Some(inner);
    }
    if let Some(CheckError::Stream(inner)) = cause.downcast_ref() {
        return Some(inner);
    }
    let StreamError(inner) = cause.downcast_ref()?;
    Some(inner.as_ref())
}
