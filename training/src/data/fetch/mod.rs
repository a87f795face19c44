//! Gets the music of `datasets.toml` into a cache folder, with git and the system's package client.
//!
//! Second in the training flow, after [`crate::datasets`]. Key function: [`fetch`]. No network code
//! of its own: `apt-get download` gets and authenticates a package, `dpkg-deb`, `tar` and `unzip`
//! open it, `sha256sum` compares it with the committed checksum. Only the listed tracks are kept.
//! `git` gets the files of repositories, each checked against git's own name of its content; the
//! user's `url.<base>.insteadOf` applies. Tracker modules and LMMS projects are then rendered by
//! `openmpt123` and `lmms`, where these are installed. Not its job: deciding what is worth learning
//! from.
//!
//! The cache: `<cache>/audio/<package>/<path in package>` with `archive.zip!/member` as a folder
//! `archive.zip!`, and beside the tracks `fetched.json`, which says what was fetched; files of a
//! repository are `<cache>/audio/<owner>+<name>/<path>`. Mixes lie in `mixes` and what only serves a
//! pair in `pairs`, instead of `audio`: a package may have both. The render of a mix is
//! `<path>.flac` beside it (24 bit, 44.1 kHz), `<path>.no-master-effects.flac` with the master
//! channel's effects switched off; `<render>.json` states its peak and the gain that keeps it from
//! clipping. `<cache>/pairs.csv` lists the pairs that are there. A package, a render or a file of a
//! repository appears whole or not at all (temporary name and rename); a complete one is skipped, so
//! that an interrupted run is continued by running it again. A repository that cannot be reached is
//! said and left out.
//!
//! Modules render to the same bytes with the same libopenmpt. LMMS starts oscillators at free
//! phases: compare features of its renders, not samples.

mod command;
mod download;
mod error;
mod git;
mod lmms;
mod mixes;
mod package;
mod progress;
mod render;
mod repository;
mod store;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::datasets::{Datasets, Package, Repository};
use repository::{Outcome, Wanted};

pub(crate) use command::sha256;
pub(crate) use download::download;
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
    /// Gets the files of repositories.
    pub git: OsString,
    /// Downloads the files of manifests.
    pub curl: OsString,
    /// The same, where that one is not installed.
    pub wget: OsString,
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
            git: "git".into(),
            curl: "curl".into(),
            wget: "wget".into(),
            openmpt123: "openmpt123".into(),
            lmms: "lmms".into(),
        }
    }
}

/// What a successful [`fetch`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// Packages and repositories that were complete before.
    pub already_complete: usize,
    /// Packages and repositories that were fetched now.
    pub fetched: usize,
    /// Repositories that could not be reached.
    pub left_out: usize,
    /// Modules and projects that were rendered now.
    pub rendered: usize,
    /// Renders that are missing because their renderer is not installed.
    pub not_rendered: usize,
}

/// The default cache folder: `$XDG_CACHE_HOME/acetate/datasets`, or `~/.cache/acetate/datasets`.
/// None where neither variable holds an absolute path.
pub fn default_cache_dir() -> Option<PathBuf> {
    acetate_io::user_cache_dir().map(|cache| cache.join("datasets"))
}

/// Whether all that `datasets.toml` lists of a package is in the cache, as far as the version
/// that was fetched has it.
pub fn is_complete(package: &Package, cache_dir: &Path) -> bool {
    package::is_complete(package, cache_dir)
}

/// How many tracks of a repository's entry are in the cache.
pub fn tracks_there(repository: &Repository, cache_dir: &Path) -> usize {
    let tracks = repository.tracks();
    tracks
        .filter(|track| package::is_plain_file(&track.file(cache_dir)))
        .count()
}

/// How many renders of a package's tracks there should be, and how many are in the cache.
pub fn renders(datasets: &Datasets, package: &Package, cache_dir: &Path) -> (usize, usize) {
    let wanted = mixes::wanted(datasets);
    let of_package = || {
        wanted
            .iter()
            .filter(|wanted| std::ptr::eq(wanted.package, package))
    };
    let complete = of_package().filter(|wanted| wanted.is_complete(cache_dir));
    (of_package().count(), complete.count())
}

/// Fetches what is missing in `cache_dir`: repositories with `git`, then packages with `apt-get`,
/// the smallest first; then renders what is missing of the mixes and lists the pairs.
///
/// # Errors
/// Before the first download [`FetchError::Cache`], [`FetchError::Locked`],
/// [`FetchError::DiskFull`]; after the last render [`FetchError::Incomplete`] with one error for
/// each package, repository and render that failed. A repository that cannot be reached is no
/// error but an event.
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
    let (complete_repositories, mut repositories): (Vec<_>, Vec<_>) = repository::wanted(datasets)
        .into_iter()
        .partition(|wanted| wanted.is_complete(cache_dir));
    repositories.sort_by_key(Wanted::size_bytes);
    let already_complete = complete.len() + complete_repositories.len();
    let sources = Sources {
        repositories,
        packages: missing,
    };
    let mut got = Got::default();
    if sources.len() > 0 {
        let plan = plan(already_complete, &sources, cache_dir)?;
        progress.event(Event::Planned(plan));
        if plan.disk_needed_bytes > plan.disk_free_bytes {
            return Err(FetchError::DiskFull {
                path: cache_dir.to_owned(),
                needed_bytes: plan.disk_needed_bytes,
                free_bytes: plan.disk_free_bytes,
            });
        }
        got = get_all(tools, &sources, cache_dir, progress);
    }
    let fetched = sources.len() - got.failures.len() - got.left_out;
    let made = mixes::make(datasets, tools, cache_dir, progress)?;
    mixes::write_pairs(datasets, cache_dir)?;
    let requested = sources.len() + made.rendered + made.failures.len();
    let mut failures = got.failures;
    failures.extend(made.failures);
    if !failures.is_empty() {
        return Err(FetchError::Incomplete {
            requested,
            failures,
        });
    }
    Ok(Fetched {
        already_complete,
        fetched,
        left_out: got.left_out,
        rendered: made.rendered,
        not_rendered: made.left_out,
    })
}

/// What is to be fetched.
struct Sources<'a> {
    repositories: Vec<Wanted<'a>>,
    packages: Vec<&'a Package>,
}

impl Sources<'_> {
    fn len(&self) -> usize {
        self.repositories.len() + self.packages.len()
    }
}

/// How a fetch of all sources went.
#[derive(Default)]
struct Got {
    left_out: usize,
    failures: Vec<FetchError>,
}

/// Fetches one source after the other; the errors of those that failed.
fn get_all(
    tools: &Tools,
    sources: &Sources<'_>,
    cache_dir: &Path,
    progress: &mut dyn Progress,
) -> Got {
    let mut got = Got::default();
    let of = sources.len();
    for (index, wanted) in sources.repositories.iter().enumerate() {
        let name = wanted.name;
        progress.event(started(name, index, of, wanted.size_bytes()));
        match wanted.fetch(&tools.git, cache_dir, progress) {
            Ok(Outcome::Complete) => progress.event(Event::Finished {
                package: name,
                tracks: wanted.track_count(),
            }),
            Ok(Outcome::Unreachable(error)) => {
                progress.event(Event::RepositoryLeftOut {
                    repository: name,
                    tracks: wanted.track_count(),
                    error: &error,
                });
                got.left_out += 1;
            }
            Err(error) => got.fail(name, error, progress),
        }
    }
    for (index, package) in sources.packages.iter().enumerate() {
        let name = &package.name;
        let index = sources.repositories.len() + index;
        progress.event(started(name, index, of, package.size_bytes));
        match package::fetch_package(&tools.client, package, cache_dir, progress) {
            Ok(tracks) => progress.event(Event::Finished {
                package: name,
                tracks,
            }),
            Err(error) => got.fail(name, error, progress),
        }
    }
    got
}

impl Got {
    fn fail(&mut self, name: &str, error: FetchError, progress: &mut dyn Progress) {
        progress.event(Event::Failed {
            package: name,
            error: &error,
        });
        self.failures.push(error);
    }
}

fn started(package: &str, index: usize, of: usize, download_bytes: u64) -> Event<'_> {
    Event::Started {
        package,
        number: index + 1,
        of,
        download_bytes,
    }
}

/// Held while a cache is filled; dies with the process.
pub(crate) struct Lock(fs::File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a command that another thread is just starting has a
        // copy of it until it runs. Unlocking acts on all copies; if it fails, closing remains.
        _ = self.0.unlock();
    }
}

/// Two fetches would delete each other's temporary folders.
pub(crate) fn lock(cache_dir: &Path) -> Result<Lock, FetchError> {
    let path = cache_dir.join("lock");
    let file = acetate_io::open_shared(&path).map_err(cache_error("create", &path))?;
    match file.try_lock() {
        Ok(()) => {
            // Everything in there is ours to remove, and nothing behind a link is.
            let partial = cache_dir.join("partial");
            if partial.is_symlink() {
                fs::remove_file(&partial).map_err(cache_error("remove", &partial))?;
            }
            Ok(Lock(file))
        }
        Err(fs::TryLockError::WouldBlock) => Err(FetchError::Locked { path }),
        Err(fs::TryLockError::Error(source)) => Err(cache_error("lock", &path)(source)),
    }
}

fn plan(complete: usize, sources: &Sources<'_>, cache_dir: &Path) -> Result<Plan, FetchError> {
    let sum = |size: fn(&Package) -> u64| -> u64 {
        let sizes = sources.packages.iter().map(|package| size(package));
        sizes.fold(0, u64::saturating_add)
    };
    let sizes = || sources.repositories.iter().map(Wanted::size_bytes);
    let of_repositories = sizes().fold(0, u64::saturating_add);
    let audio_bytes = sum(|package| package.audio_bytes.saturating_add(package.render_bytes))
        .saturating_add(of_repositories);
    let opened = sources
        .packages
        .iter()
        .map(|package| package.size_bytes.saturating_add(package.archive_bytes));
    let largest_opened = opened.chain(sizes()).max().unwrap_or(0);
    Ok(Plan {
        complete,
        missing: sources.len(),
        download_bytes: sum(|package| package.size_bytes).saturating_add(of_repositories),
        audio_bytes,
        disk_needed_bytes: audio_bytes.saturating_add(largest_opened),
        disk_free_bytes: command::disk_free_bytes(cache_dir)?,
    })
}

/// Makes the error of an operation on the cache as a whole.
pub(crate) fn cache_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> FetchError + use<'a> {
    error::cache_error("datasets cache", action, path)
}
