//! What a fetch tells while it works.

use super::FetchError;

/// What is to be done, said before anything is downloaded. Sizes are the committed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Packages and repositories that are complete in the cache already.
    pub complete: usize,
    /// Packages and repositories to fetch.
    pub missing: usize,
    /// Bytes to download in all.
    pub download_bytes: u64,
    /// Bytes that the new tracks will occupy when all is done, renders included.
    pub audio_bytes: u64,
    /// Free disk space needed at the worst moment, in bytes: all new tracks and renders, and the
    /// largest package or repository being opened.
    pub disk_needed_bytes: u64,
    /// Free disk space of the cache's file system, in bytes.
    pub disk_free_bytes: u64,
}

/// What [`fetch`](super::fetch) tells while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// Said once, before the first download.
    Planned(Plan),
    /// A package or repository is being downloaded.
    Started {
        /// Its name.
        package: &'a str,
        /// Its place among all that is to be fetched, from 1.
        number: usize,
        /// How many there are to fetch.
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
    /// A package or repository is complete in the cache.
    Finished {
        /// Its name.
        package: &'a str,
        /// Its tracks.
        tracks: usize,
    },
    /// Warning: a repository does not give the commit that was looked at. The files are still the
    /// same if they arrive: each is checked by its content.
    OtherCommit {
        /// The repository's name.
        repository: &'a str,
        /// The commit in `datasets.toml`.
        expected: &'a str,
        /// The newest one, which is taken instead; `None` where the files are asked for alone.
        got: Option<&'a str>,
    },
    /// Warning: a repository could not be reached, so that its tracks are left out; the run goes
    /// on.
    RepositoryLeftOut {
        /// The repository's name.
        repository: &'a str,
        /// Its tracks.
        tracks: usize,
        /// Why.
        error: &'a FetchError,
    },
    /// Said once after the packages, where modules or projects are to be rendered.
    RenderPlanned {
        /// Renders that are in the cache already.
        complete: usize,
        /// Renders to make.
        missing: usize,
    },
    /// Warning: a renderer is not installed, so that its mixes are left out.
    RendererMissing {
        /// Name of the program.
        program: &'a str,
        /// The Debian package that installs it.
        debian_package: &'a str,
        /// How many renders are left out.
        renders: usize,
    },
    /// A module or project is being rendered.
    RenderStarted {
        /// Its package.
        package: &'a str,
        /// Its path in the package.
        track: &'a str,
    },
    /// A render is in the cache.
    Rendered {
        /// Its package.
        package: &'a str,
        /// Its path in the package.
        track: &'a str,
        /// Sample peak of what the renderer gave, dB relative to full scale.
        peak_dbfs: f64,
        /// Gain of what was stored, dB; below 0 where it peaked above full scale.
        gain_db: f64,
    },
    /// A package, repository or render failed; the run goes on with the next one and ends with an error.
    Failed {
        /// The package's name.
        package: &'a str,
        /// What went wrong.
        error: &'a FetchError,
    },
}

/// Listens to [`fetch`](super::fetch): a progress bar, a log, or a closure over [`Event`].
pub trait Progress {
    /// Called for every event, in order, on the calling thread.
    fn event(&mut self, event: Event<'_>);
}

impl<F: FnMut(Event<'_>)> Progress for F {
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
}
