//! What the file says of a git repository with music in it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{DatasetsError, Exclusion, Role, Split, Tier};

/// Tracks of one git repository that have role and split in common. A repository whose tracks
/// are in several splits has several entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `OWNER+NAME`: the folder in a cache.
    pub name: String,
    /// Where it is fetched from, `https://`; git's `url.<base>.insteadOf` applies to it.
    pub url: String,
    /// The commit that was looked at: its 40 hexadecimal digits, or at least the first 12.
    pub commit: String,
    /// Where the licenses were read.
    pub licenses_in: String,
    /// What the tracks are: finished masters or stems.
    pub role: Role,
    /// The split of all of them.
    pub split: Split,
    /// The only files to use, in the file's order.
    pub tracks: Vec<RepositoryTrack>,
    /// What is in the repository and deliberately not used.
    pub exclude: Vec<Exclusion>,
}

/// One file of a repository, with the defaults of its entry filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryTrack {
    /// Path in the repository.
    pub path: String,
    /// How finished it is.
    pub tier: Tier,
    /// Git's name of the content, 40 hexadecimal digits.
    pub blob: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// License of the recording.
    pub license: String,
    /// Who made it.
    pub artist: String,
    /// Title, where it is known.
    pub title: Option<String>,
    /// Album group: what has artist or music in common has the same one.
    pub group: String,
    /// Kind of music, guessed from titles and tags.
    pub genre: Option<String>,
    /// Whether somebody sings or raps in it, where that is known.
    pub has_vocals: Option<bool>,
}

/// An entry as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    name: String,
    url: String,
    commit: String,
    #[serde(alias = "licences_in")]
    licenses_in: String,
    role: Role,
    split: Split,
    #[serde(alias = "licence")]
    license: Option<String>,
    artist: Option<String>,
    group: Option<String>,
    genre: Option<String>,
    has_vocals: Option<bool>,
    tracks: Vec<WrittenTrack>,
    #[serde(default)]
    exclude: Vec<Exclusion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTrack {
    path: String,
    tier: Tier,
    blob: String,
    size_bytes: u64,
    #[serde(alias = "licence")]
    license: Option<String>,
    artist: Option<String>,
    title: Option<String>,
    group: Option<String>,
    genre: Option<String>,
    has_vocals: Option<bool>,
}

impl Written {
    /// Fills the defaults of the entry into its tracks.
    pub(super) fn resolve(self) -> Result<Repository, DatasetsError> {
        let needed = |field, track: Option<String>, entry: &Option<String>, path: &str| {
            let value = track.or_else(|| entry.clone());
            value.ok_or_else(|| DatasetsError::Invalid {
                entry: self.name.clone(),
                field,
                got: format!("missing for {path}"),
                expected: "one for the track or for the whole entry",
            })
        };
        let resolved = self.tracks.into_iter().map(|track| {
            Ok(RepositoryTrack {
                license: needed("license", track.license, &self.license, &track.path)?,
                artist: needed("artist", track.artist, &self.artist, &track.path)?,
                group: needed("group", track.group, &self.group, &track.path)?,
                genre: track.genre.or_else(|| self.genre.clone()),
                has_vocals: track.has_vocals.or(self.has_vocals),
                path: track.path,
                tier: track.tier,
                blob: track.blob,
                size_bytes: track.size_bytes,
                title: track.title,
            })
        });
        let tracks = resolved.collect::<Result<_, DatasetsError>>()?;
        Ok(Repository {
            tracks,
            name: self.name,
            url: self.url,
            commit: self.commit,
            licenses_in: self.licenses_in,
            role: self.role,
            split: self.split,
            exclude: self.exclude,
        })
    }
}

impl Repository {
    /// The repository's folder in a cache folder, and in it the files that were fetched.
    pub fn folder(&self, cache_dir: &Path) -> PathBuf {
        cache_dir.join(self.role.folder()).join(&self.name)
    }

    /// The licenses of the tracks, each once, in the order in which they occur.
    pub fn licenses(&self) -> Vec<&str> {
        distinct(self.tracks.iter().map(|track| track.license.as_str()))
    }

    /// The artists of the tracks, each once, in the order in which they occur.
    pub fn artists(&self) -> Vec<&str> {
        distinct(self.tracks.iter().map(|track| track.artist.as_str()))
    }
}

fn distinct<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
