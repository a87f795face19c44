//! Why no album was made.

use std::path::PathBuf;

use acetate_dsp::StreamError;
use acetate_dsp::chain::UnknownStage;
use acetate_dsp::settings::SettingsError;
use acetate_dsp::stream::Canceled;
use acetate_io::{DecodeError, ReadError, WalkError, WriteError};
use acetate_master::MasterError;
use acetate_master::settings_file::SettingsFileError;
use thiserror::Error;

use crate::codes::CodeError;

/// Why no album was made. Each message names the file or song, what was expected and what was found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AlbumError {
    /// Somebody asked to stop.
    #[error("stopped on request")]
    Canceled,
    /// A small file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A folder cannot be walked.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// A mix cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An output cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A stream failed.
    #[error("{what}: {source}")]
    Stream {
        /// Which song or file.
        what: String,
        /// Why.
        source: StreamError,
    },
    /// A master cannot be made.
    #[error("{what}: {source}")]
    Master {
        /// Which song.
        what: String,
        /// Why.
        source: MasterError,
    },
    /// Not a manifest.
    #[error("{}: expected an album, found {found}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        found: String,
    },
    /// A manifest without a text.
    #[error("the album as TOML: {found}")]
    NoText {
        /// Why.
        found: String,
    },
    /// A code is none.
    #[error("{what}: {source}")]
    Code {
        /// Which song or field.
        what: String,
        /// Why.
        source: CodeError,
    },
    /// Settings of a song cannot be used.
    #[error("{what}: {source}")]
    SettingsFile {
        /// Which song.
        what: String,
        /// Why.
        source: SettingsFileError,
    },
    /// A setting out of range.
    #[error("{what}: {source}")]
    Settings {
        /// Which song.
        what: String,
        /// Why.
        source: SettingsError,
    },
    /// A stage that there is none of.
    #[error("{what}: {source}")]
    Stage {
        /// Which song.
        what: String,
        /// Why.
        source: UnknownStage,
    },
    /// The plan does not hold together.
    #[error("{what}: expected {expected}, found {found}{}", advice(advice_text))]
    Plan {
        /// Which song or field.
        what: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// What to do; may be empty.
        advice_text: String,
    },
    /// A file cannot be read or written by the system.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn advice(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}

impl From<Canceled> for AlbumError {
    fn from(_: Canceled) -> Self {
        Self::Canceled
    }
}

impl AlbumError {
    /// A plan that does not hold together.
    pub(crate) fn plan(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::Plan {
            what: what.into(),
            expected: expected.into(),
            found: found.into(),
            advice_text: advice.into(),
        }
    }

    /// A stream that failed, or was stopped.
    pub(crate) fn stream(what: impl Into<String>, source: StreamError) -> Self {
        if source.is_canceled() {
            return Self::Canceled;
        }
        Self::Stream {
            what: what.into(),
            source,
        }
    }
}
