//! What can go wrong with fetching and rendering.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong with fetching.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A file or folder of the cache could not be used.
    #[error("{package}: cannot {action} {}: {source}", path.display())]
    Cache {
        /// The package, or `datasets cache` where it concerns all.
        package: String,
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Another process is filling the same cache folder.
    #[error("another fetch is filling {}", path.display())]
    Locked {
        /// The lock file that it holds.
        path: PathBuf,
    },
    /// The cache's file system has too little room.
    #[error("{} needs {needed_bytes} bytes and has {free_bytes} free", path.display())]
    DiskFull {
        /// The cache folder.
        path: PathBuf,
        /// What the missing packages and repositories need at most, in bytes.
        needed_bytes: u64,
        /// What is free, in bytes.
        free_bytes: u64,
    },
    /// A system command could not be started.
    #[error("{package}: cannot run `{command}`: {source}")]
    Start {
        /// The package it was for.
        package: String,
        /// The command line.
        command: String,
        /// Why it could not be started.
        source: std::io::Error,
    },
    /// A system command failed.
    #[error("{package}: `{command}` failed ({status}): {stderr}")]
    Command {
        /// The package it was for.
        package: String,
        /// The command line.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// A system command did not end in time and was stopped.
    #[error("{package}: `{command}` took more than {limit_s} s")]
    Slow {
        /// The package it was for.
        package: String,
        /// The command line.
        command: String,
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// A system command said something that could not be understood.
    #[error("{package}: `{command}` printed {got:?}, expected {expected}")]
    Output {
        /// The package it was for.
        package: String,
        /// The command line.
        command: String,
        /// What it printed.
        got: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The downloaded package is not the one that `datasets.toml` describes.
    #[error("{package} {version}: sha256 is {got}, expected {expected}")]
    Checksum {
        /// The package.
        package: String,
        /// Its version, which is the expected one.
        version: String,
        /// Checksum of the downloaded file.
        got: String,
        /// Checksum in `datasets.toml`.
        expected: String,
    },
    /// The package was opened, but tracks that it must hold are not there as plain files.
    #[error("{package} {version}: {} of the listed tracks are missing, first {}",
            tracks.len(), tracks.first().map_or("", String::as_str))]
    MissingTracks {
        /// The package.
        package: String,
        /// The version that was opened.
        version: String,
        /// The paths that are missing.
        tracks: Vec<String>,
    },
    /// A file of a git repository is not the one that `datasets.toml` describes.
    #[error("{repository}: {path}: git's name of the content is {got}, expected {expected}")]
    Content {
        /// The repository.
        repository: String,
        /// The file's path in it.
        path: String,
        /// The name that the commit gives, or what is missing.
        got: String,
        /// The name in `datasets.toml`.
        expected: String,
    },
    /// A module or project could not be made into audio.
    #[error("{package}: {track}: {source}")]
    Render {
        /// The package.
        package: String,
        /// Path of the module or project in it.
        track: String,
        /// What went wrong.
        source: Box<RenderError>,
    },
    /// Some packages, repositories or renders failed; the others are complete.
    #[error("{} of {requested} packages, repositories and renders failed: {}", failures.len(), Listed(failures))]
    Incomplete {
        /// How many packages, repositories and renders were not complete before.
        requested: usize,
        /// One error for each package, repository and render that failed.
        failures: Vec<FetchError>,
    },
}

/// What can go wrong with the audio of one module or project.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The renderer failed, more than once where it crashed.
    #[error(transparent)]
    Program(Box<FetchError>),
    /// The project's text lacks what has to be edited.
    #[error("expected an LMMS project with {expected}, found {found}")]
    Project {
        /// What was expected in it.
        expected: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// What the renderer left cannot be decoded.
    #[error(transparent)]
    Decode(#[from] acetate_io::DecodeError),
    /// Reading or writing the audio failed half-way.
    #[error(transparent)]
    Stream(#[from] acetate_dsp::StreamError),
    /// The audio cannot be written.
    #[error(transparent)]
    Write(#[from] acetate_io::WriteError),
    /// What came out is no music, or not all of it.
    #[error("expected a render of music below full scale, got {found}")]
    NoMusic {
        /// What came out.
        found: &'static str,
    },
}

struct Listed<'a>(&'a [FetchError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(out, "{between}{error}")?;
        }
        Ok(())
    }
}

/// Makes the error of an operation on a path of the cache.
pub(super) fn cache_error<'a>(
    package: &'a str,
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> FetchError + use<'a> {
    move |source| FetchError::Cache {
        package: package.to_owned(),
        action,
        path: path.to_owned(),
        source,
    }
}
