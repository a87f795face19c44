//! Gets the music of `datasets.toml` with the system's package client into a cache folder.
//!
//! Second in the training flow, after [`crate::datasets`]. Key function: [`fetch`]. No network
//! code of its own: `apt-get download` gets and authenticates a package, `dpkg-deb`, `tar` and
//! `unzip` open it, `sha256sum` compares it with the committed checksum. Only the listed tracks
//! are kept. Not its job: decoding, or deciding what is worth learning from.
//!
//! The cache: `<cache>/audio/<package>/<path in package>` with `archive.zip!/member` as a folder
//! `archive.zip!`, and beside the tracks `fetched.json`, which says what was fetched. A package
//! appears whole or not at all (temporary folder and rename); a complete one is skipped, so that
//! an interrupted run is continued by running it again.

mod command;
mod package;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::datasets::{Datasets, Package};

/// What can go wrong with fetching.
#[derive(Debug, thiserror::Error)]
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
        /// What the missing packages need at most, in bytes.
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
    /// Some packages failed; the others are complete.
    #[error("{} of {requested} packages could not be fetched:\n{}", failures.len(), Lines(failures))]
    Incomplete {
        /// How many packages were not complete before.
        requested: usize,
        /// One error for each package that failed.
        failures: Vec<FetchError>,
    },
}

struct Lines<'a>(&'a [FetchError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(out, "{line_break}  {error}")?;
        }
        Ok(())
    }
}

/// What is to be done, said before anything is downloaded. Sizes are the committed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Packages that are complete in the cache already.
    pub complete: usize,
    /// Packages to fetch.
    pub missing: usize,
    /// Bytes to download in all.
    pub download_bytes: u64,
    /// Bytes that the new tracks will occupy when all is done.
    pub audio_bytes: u64,
    /// Free disk space needed at the worst moment, in bytes: all new tracks, and the largest
    /// package being opened.
    pub disk_needed_bytes: u64,
    /// Free disk space of the cache's file system, in bytes.
    pub disk_free_bytes: u64,
}

/// What [`fetch`] tells while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// Said once, before the first download.
    Planned(Plan),
    /// A package is being downloaded.
    Started {
        /// Its name.
        package: &'a str,
        /// Its place among the packages to fetch, from 1.
        number: usize,
        /// How many packages there are to fetch.
        of: usize,
        /// Size of the download, in bytes.
        download_bytes: u64,
    },
    /// Warning: not the version that was measured. Its checksum cannot be compared, its tracks
    /// may differ, and a training run on it is not the committed one.
    OtherVersion {
        /// The package's name.
        package: &'a str,
        /// The version in `datasets.toml`.
        expected: &'a str,
        /// The version that the system's package client had.
        got: &'a str,
        /// Listed tracks that this version does not have.
        absent: &'a [String],
    },
    /// A package is complete in the cache.
    Finished {
        /// Its name.
        package: &'a str,
        /// Its tracks.
        tracks: usize,
    },
    /// A package failed; the run goes on with the next one and ends with an error.
    Failed {
        /// Its name.
        package: &'a str,
        /// What went wrong.
        error: &'a FetchError,
    },
}

/// Listens to [`fetch`]: a progress bar, a log, or a closure over [`Event`].
pub trait Progress {
    /// Called for every event, in order, on the calling thread.
    fn event(&mut self, event: Event<'_>);
}

impl<F: FnMut(Event<'_>)> Progress for F {
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
}

/// The command that downloads a package into the current folder: called with one argument more,
/// `name=version` or `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageClient {
    /// Program to run.
    pub program: OsString,
    /// Arguments before the package.
    pub arguments: Vec<OsString>,
}

impl Default for PackageClient {
    /// `apt-get download`
    fn default() -> Self {
        Self {
            program: "apt-get".into(),
            arguments: vec!["download".into()],
        }
    }
}

/// What a successful [`fetch`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// Packages that were complete before.
    pub already_complete: usize,
    /// Packages that were fetched now.
    pub fetched: usize,
}

/// The default cache folder: `$XDG_CACHE_HOME/acetate/datasets`, or `~/.cache/acetate/datasets`.
/// None where neither variable holds an absolute path.
pub fn default_cache_dir() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("acetate").join("datasets"))
}

/// Whether all that `datasets.toml` lists of a package is in the cache, as far as the version
/// that was fetched has it.
pub fn is_complete(package: &Package, cache_dir: &Path) -> bool {
    package::is_complete(package, cache_dir)
}

/// Fetches what is missing in `cache_dir`, the smallest packages first, with `apt-get`.
///
/// # Errors
/// Before the first download [`FetchError::Cache`], [`FetchError::Locked`],
/// [`FetchError::DiskFull`]; after the last [`FetchError::Incomplete`] with one error for each
/// package that failed.
pub fn fetch(
    datasets: &Datasets,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<Fetched, FetchError> {
    fetch_with(&PackageClient::default(), datasets, cache_dir, progress)
}

/// [`fetch`] with another package client.
///
/// # Errors
/// Those of [`fetch`].
pub fn fetch_with(
    client: &PackageClient,
    datasets: &Datasets,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<Fetched, FetchError> {
    let (complete, mut missing): (Vec<_>, Vec<_>) = datasets
        .packages()
        .iter()
        .partition(|package| is_complete(package, cache_dir));
    if missing.is_empty() {
        return Ok(Fetched {
            already_complete: complete.len(),
            fetched: 0,
        });
    }
    missing.sort_by_key(|package| package.size_bytes);

    fs::create_dir_all(cache_dir).map_err(cache_error("create", cache_dir))?;
    let _lock = lock(cache_dir)?;
    let plan = plan(complete.len(), &missing, cache_dir)?;
    progress.event(Event::Planned(plan));
    if plan.disk_needed_bytes > plan.disk_free_bytes {
        return Err(FetchError::DiskFull {
            path: cache_dir.to_owned(),
            needed_bytes: plan.disk_needed_bytes,
            free_bytes: plan.disk_free_bytes,
        });
    }

    let mut failures = Vec::new();
    for (index, package) in missing.iter().enumerate() {
        progress.event(Event::Started {
            package: &package.name,
            number: index + 1,
            of: missing.len(),
            download_bytes: package.size_bytes,
        });
        match package::fetch_package(client, package, cache_dir, progress) {
            Ok(tracks) => progress.event(Event::Finished {
                package: &package.name,
                tracks,
            }),
            Err(error) => {
                progress.event(Event::Failed {
                    package: &package.name,
                    error: &error,
                });
                failures.push(error);
            }
        }
    }
    if !failures.is_empty() {
        return Err(FetchError::Incomplete {
            requested: missing.len(),
            failures,
        });
    }
    Ok(Fetched {
        already_complete: complete.len(),
        fetched: missing.len(),
    })
}

/// Held while a cache is filled; dies with the process.
struct Lock(fs::File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a command that another thread is just starting has a
        // copy of it until it runs. Unlocking acts on all copies; if it fails, closing remains.
        _ = self.0.unlock();
    }
}

/// Two fetches would delete each other's temporary folders.
fn lock(cache_dir: &Path) -> Result<Lock, FetchError> {
    let path = cache_dir.join("lock");
    let file = fs::File::create(&path).map_err(cache_error("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(fs::TryLockError::WouldBlock) => Err(FetchError::Locked { path }),
        Err(fs::TryLockError::Error(source)) => Err(cache_error("lock", &path)(source)),
    }
}

fn plan(complete: usize, missing: &[&Package], cache_dir: &Path) -> Result<Plan, FetchError> {
    let sum = |size: fn(&Package) -> u64| missing.iter().map(|package| size(package)).sum::<u64>();
    let audio_bytes = sum(|package| package.audio_bytes);
    let largest_opened = missing
        .iter()
        .map(|package| package.size_bytes.saturating_add(package.archive_bytes))
        .max()
        .unwrap_or(0);
    Ok(Plan {
        complete,
        missing: missing.len(),
        download_bytes: sum(|package| package.size_bytes),
        audio_bytes,
        disk_needed_bytes: audio_bytes.saturating_add(largest_opened),
        disk_free_bytes: command::disk_free_bytes(cache_dir)?,
    })
}

/// Makes the error of an operation on the cache as a whole.
fn cache_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> FetchError + use<'a> {
    package::cache_error("datasets cache", action, path)
}
