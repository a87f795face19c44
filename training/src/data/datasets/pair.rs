//! Pairs of a mix and its real master. They are a test: nothing is learned or chosen on them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Datasets, Renderer, Track};

/// A mix and its master, as the file lists them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Name of the song; unique among the pairs.
    pub name: String,
    /// Album: pairs of one artist count as one album.
    pub album: String,
    /// The song before mastering.
    pub mix: PairEnd,
    /// The song after mastering.
    pub master: PairEnd,
}

/// One end of a pair: a listed track, rendered where it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairEnd {
    /// Package that lists the track.
    pub package: String,
    /// Path in the package.
    pub path: String,
    /// Whether the effects of the project's master channel are on; false for LMMS projects only.
    #[serde(default = "on")]
    pub master_effects: bool,
}

fn on() -> bool {
    true
}

/// A pair as it lies in a cache folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// Name of the song.
    pub name: String,
    /// Album.
    pub album: String,
    /// Audio of the song before mastering.
    pub mix: PathBuf,
    /// Audio of the song after mastering.
    pub master: PathBuf,
}

impl PairEnd {
    /// Whether this is the given track.
    pub fn is(&self, track: &Track<'_>) -> bool {
        let package = track.package();
        package.is_some_and(|package| package.name == self.package) && self.path == track.path
    }

    /// Where its audio lies in a cache folder; `None` where the track is not listed.
    pub(super) fn file(&self, datasets: &Datasets, cache_dir: &Path) -> Option<PathBuf> {
        let track = datasets.track(&self.package, &self.path)?;
        Some(if self.master_effects {
            track.file(cache_dir)
        } else {
            track.render(cache_dir, false)
        })
    }

    /// Whether effects of a master channel can be switched off in it.
    pub(super) fn is_project(&self) -> bool {
        Renderer::of(&self.path) == Some(Renderer::Lmms)
    }
}
