//! Gets the music of `datasets.toml` with the system's package client into a cache folder.
//!
//! Second in the training flow, after [`crate::datasets`]. Key function: [`fetch`]. No network
//! code of its own: `apt-get download` gets and authenticates a package, `dpkg-deb`, `tar` and
//! `unzip` open it, `sha256sum` compares it with the committed checksum. Only the listed tracks
//! are kept. Tracker modules and LMMS projects are then rendered by `openmpt123` and `lmms`, where
//! these are installed. Not its job: deciding what is worth learning from.
//!
//! The cache: `<cache>/audio/<package>/<path in package>` with `archive.zip!/member` as a folder
//! `archive.zip!`, and beside the tracks `fetched.json`, which says what was fetched. Mixes lie in
//! `mixes` and what only serves a pair in `pairs`, instead of `audio`: a package may have both.
//! The render of a mix is `<path>.flac` beside it (24 bit, 44.1 kHz), `<path>.no-master-effects.flac`
//! with the master channel's effects switched off; `<render>.json` states its peak and the gain
//! that keeps it from clipping. `<cache>/pairs.csv` lists the pairs that are there. A package or
//! render appears whole or not at all (temporary name and rename); a complete one is skipped, so
//! that an interrupted run is continued by running it again.
//!
//! Modules render to the same bytes with the same libopenmpt. LMMS starts oscillators at free
//! phases: compare features of its renders, not samples.

mod command;
mod error;
mod lmms;
mod mixes;
mod package;
mod progress;
mod render;
mod store;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::datasets::{Datasets, Package};

pub use error::{FetchError, RenderError};
pub use progress::{Event, Plan, Progress};

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

/// The programs that a fetch runs and that may differ between systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// Downloads packages.
    pub client: PackageClient,
    /// Renders tracker modules.
    pub openmpt123: OsString,
    /// Renders LMMS projects.
    pub lmms: OsString,
}

impl Default for Tools {
    /// As Debian names them.
    fn default() -> Self {
        Self {
            client: PackageClient::default(),
            openmpt123: "openmpt123".into(),
            lmms: "lmms".into(),
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
    /// Modules and projects that were rendered now.
    pub rendered: usize,
    /// Renders that are missing because their renderer is not installed.
    pub not_rendered: usize,
}

/// The default cache folder: `$XDG_CACHE_HOME/acetate/datasets`, or `~/.cache/acetate/datasets`.
/// None where neither variable holds an absolute path.
pub fn default_cache_dir() -> Option<PathBuf> {
    user_cache_dir().map(|cache| cache.join("datasets"))
}

/// The folder of all caches: `$XDG_CACHE_HOME/acetate`, or `~/.cache/acetate`. None where neither
/// variable holds an absolute path.
pub fn user_cache_dir() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("acetate"))
}

/// Whether all that `datasets.toml` lists of a package is in the cache, as far as the version
/// that was fetched has it.
pub fn is_complete(package: &Package, cache_dir: &Path) -> bool {
    package::is_complete(package, cache_dir)
}

/// How many renders of a package's tracks there should be, and how many are in the cache.
pub fn renders(datasets: &Datasets, package: &Package, cache_dir: &Path) -> (usize, usize) {
    let wanted = mixes::wanted(datasets);
    let of_package = || {
        wanted
            .iter()
            .filter(|wanted| std::ptr::eq(wanted.track.package, package))
    };
    let complete = of_package().filter(|wanted| wanted.is_complete(cache_dir));
    (of_package().count(), complete.count())
}

/// Fetches what is missing in `cache_dir`, the smallest packages first, with `apt-get`; then
/// renders what is missing of the mixes and lists the pairs.
///
/// # Errors
/// Before the first download [`FetchError::Cache`], [`FetchError::Locked`],
/// [`FetchError::DiskFull`]; after the last render [`FetchError::Incomplete`] with one error for
/// each package and render that failed.
pub fn fetch(
    datasets: &Datasets,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<Fetched, FetchError> {
    fetch_with(&Tools::default(), datasets, cache_dir, progress)
}

/// [`fetch`] with other programs.
///
/// # Errors
/// Those of [`fetch`].
pub fn fetch_with(
    tools: &Tools,
    datasets: &Datasets,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Result<Fetched, FetchError> {
    let (complete, mut missing): (Vec<_>, Vec<_>) = datasets
        .packages()
        .iter()
        .partition(|package| is_complete(package, cache_dir));
    missing.sort_by_key(|package| package.size_bytes);

    fs::create_dir_all(cache_dir).map_err(cache_error("create", cache_dir))?;
    let _lock = lock(cache_dir)?;
    let mut failures = Vec::new();
    if !missing.is_empty() {
        let plan = plan(complete.len(), &missing, cache_dir)?;
        progress.event(Event::Planned(plan));
        if plan.disk_needed_bytes > plan.disk_free_bytes {
            return Err(FetchError::DiskFull {
                path: cache_dir.to_owned(),
                needed_bytes: plan.disk_needed_bytes,
                free_bytes: plan.disk_free_bytes,
            });
        }
        failures = download_all(tools, &missing, cache_dir, progress);
    }
    let fetched = missing.len() - failures.len();
    let made = mixes::make(datasets, tools, cache_dir, progress)?;
    mixes::write_pairs(datasets, cache_dir)?;
    let requested = missing.len() + made.rendered + made.failures.len();
    failures.extend(made.failures);
    if !failures.is_empty() {
        return Err(FetchError::Incomplete {
            requested,
            failures,
        });
    }
    Ok(Fetched {
        already_complete: complete.len(),
        fetched,
        rendered: made.rendered,
        not_rendered: made.left_out,
    })
}

/// Fetches package after package; the errors of those that failed.
fn download_all(
    tools: &Tools,
    missing: &[&Package],
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Vec<FetchError> {
    let mut failures = Vec::new();
    for (index, package) in missing.iter().enumerate() {
        progress.event(Event::Started {
            package: &package.name,
            number: index + 1,
            of: missing.len(),
            download_bytes: package.size_bytes,
        });
        match package::fetch_package(&tools.client, package, cache_dir, progress) {
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
    failures
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
    let audio_bytes = sum(|package| package.audio_bytes.saturating_add(package.render_bytes));
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
