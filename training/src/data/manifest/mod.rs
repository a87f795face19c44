//! Manifests: songs of public archives, chosen by the archives' own metadata.
//!
//! A manifest (`datasets/*.toml`) names metadata files of an archive, says which songs to take
//! (license, vocals, genres, length, how many of an artist), and where their audio is.
//! [`fetch`](fn@fetch) reads the metadata, chooses the same songs on every machine, splits them by
//! artist, and gets the audio into `<cache>/manifests/<name>/<split>/<artist>/`, in which
//! `selection.csv` says what each file is. Key types: [`Manifest`], [`Selection`]. Not its job:
//! reading audio, or adding songs to `datasets.toml`.
//!
//! Only licenses that are free may be asked for: weights may be learned from what is chosen.

mod fetch;
mod fma;
mod jamendo;
mod license;
mod select;
mod table;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use acetate_master::settings_file::toml_in_words;
use serde::Deserialize;

use crate::datasets::is_free;
use crate::fetch::FetchError;

pub use fetch::{Event, Gotten, fetch};
pub use select::{Chosen, Selection, Song};

/// The version of a manifest's format that this reader understands.
pub const FORMAT: u32 = 1;

/// What can be wrong with a manifest, its metadata or its audio.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] acetate_io::ReadError),
    /// The manifest is not TOML, or has an unknown, missing or ill-typed field.
    #[error("{}: {}", path.display(), toml_in_words(source))]
    Syntax {
        /// The manifest.
        path: PathBuf,
        /// What the deserialiser said, with the field's name.
        source: Box<toml::de::Error>,
    },
    /// A field of the manifest holds a value that is not allowed.
    #[error("{}: {field} is {got}, expected {expected}", path.display())]
    Invalid {
        /// The manifest.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// The value found.
        got: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A metadata file is neither on this machine nor can it be downloaded.
    #[error("{field} is neither at {} nor at {}, and the manifest gives no address for it",
            beside.display(), cached.display())]
    NoMetadata {
        /// The field of the manifest.
        field: &'static str,
        /// The path beside the manifest.
        beside: PathBuf,
        /// The path in the cache.
        cached: PathBuf,
    },
    /// A table lacks a column.
    #[error("{}: there is no column {column}, found {found}", path.display())]
    Column {
        /// The table.
        path: PathBuf,
        /// The column that was expected.
        column: String,
        /// The columns that are there.
        found: String,
    },
    /// A line of a metadata file is not as expected.
    #[error("{}: line {line}: expected {expected}, found {found}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// No song of the archive is as the manifest asks.
    #[error("{}: none of {tracks} tracks is as [select] asks", path.display())]
    NothingSelected {
        /// The manifest.
        path: PathBuf,
        /// Tracks in the metadata.
        tracks: usize,
    },
    /// The cache, a download or another command failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A song's audio is neither in the manifest's folder nor has it an address.
    #[error("{} is not there, and the manifest gives no address for audio", path.display())]
    NoAudio {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Some of the audio could not be got; the rest is there.
    #[error("{} of {of} songs could not be got; the first: {first}", failed)]
    Incomplete {
        /// How many failed.
        failed: usize,
        /// How many were chosen.
        of: usize,
        /// The first reason.
        first: Box<ManifestError>,
    },
}

/// Whose metadata it is, and so how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Archive {
    /// MTG-Jamendo: `raw_30s.tsv` and its like, and `audio_licenses.txt`.
    #[serde(rename = "mtg-jamendo")]
    Jamendo,
    /// Free Music Archive: `tracks.csv` and, for vocals, `echonest.csv`.
    #[serde(rename = "fma")]
    Fma,
}

/// A metadata file: on this machine, or to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Path beside the manifest.
    pub path: PathBuf,
    /// Address to download it from where it is not there.
    pub url: Option<String>,
}

/// The metadata files of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The table of tracks.
    pub tracks: Source,
    /// MTG-Jamendo: the license of each track.
    #[serde(alias = "licences")]
    pub licenses: Option<Source>,
    /// MTG-Jamendo: the SHA-256 of each track's audio.
    pub checksums: Option<Source>,
    /// Free Music Archive: how instrumental a track sounds.
    pub echonest: Option<Source>,
}

/// Where the audio is: a folder beside the manifest, an address, or both (the folder first).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioSource {
    /// Folder beside the manifest with the archive's own paths in it.
    pub folder: Option<PathBuf>,
    /// Address with `{path}` where the archive's own path belongs.
    pub url: Option<String>,
}

/// Which songs to take.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Another seed takes other songs and splits them otherwise.
    pub seed: u64,
    /// At most so many songs.
    pub count: usize,
    /// At most so many of one artist.
    pub per_artist: usize,
    /// At most so many of one genre: the first that a track names.
    pub per_genre: Option<usize>,
    /// Shorter tracks are left out, s.
    pub min_duration_s: f64,
    /// Longer tracks are left out, s.
    pub max_duration_s: f64,
    /// Licenses to take, without versions: `CC0`, `CC-BY`, `CC-BY-SA`.
    #[serde(alias = "licences")]
    pub licenses: Vec<String>,
    /// Genres to take; all if there are none. Compared in lower case.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Genres to leave out. Compared in lower case.
    #[serde(default)]
    pub without_genres: Vec<String>,
    /// MTG-Jamendo: a track with one of these tags has vocals.
    #[serde(default)]
    pub vocal_tags: Vec<String>,
    /// Free Music Archive: a track has vocals if it sounds instrumental at most so much, 0 to 1.
    pub max_instrumentalness: Option<f64>,
    /// Share of artists in the split *valid*, 0 to 1.
    pub valid_share: f64,
    /// Share of artists in the split *test*, 0 to 1.
    pub test_share: f64,
}

/// A manifest, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The file it was read from.
    pub path: PathBuf,
    /// Name of the folder in the cache.
    pub name: String,
    /// Whose metadata it is.
    pub archive: Archive,
    /// Where the metadata is.
    pub metadata: Metadata,
    /// Where the audio is.
    pub audio: AudioSource,
    /// Which songs to take.
    pub select: Rules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    name: String,
    archive: Archive,
    metadata: Metadata,
    audio: AudioSource,
    select: Rules,
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// [`ManifestError`] naming the file and the field.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        /// Larger manifests are refused, bytes.
        const MAX_BYTES: u64 = 1 << 20;
        let bytes = acetate_io::read_bounded(path, MAX_BYTES)?;
        let text = String::from_utf8_lossy(&bytes);
        let written: Written = toml::from_str(&text).map_err(|source| ManifestError::Syntax {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let format = written.format;
        let manifest = Self {
            path: path.to_owned(),
            name: written.name,
            archive: written.archive,
            metadata: written.metadata,
            audio: written.audio,
            select: written.select,
        };
        let format_ok = format == FORMAT;
        manifest.require(format_ok, "format", &format, "1")?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let Self { name, select, .. } = self;
        let plain = !name.is_empty() && name.chars().all(is_plain);
        self.require(plain, "name", name, "letters, digits, - and _")?;
        self.require(select.count > 0, "count", &select.count, "at least 1")?;
        let per_artist = select.per_artist;
        self.require(per_artist > 0, "per_artist", &per_artist, "at least 1")?;
        let (min, max) = (select.min_duration_s, select.max_duration_s);
        let durations_ok = min >= 0.0 && min < max && max.is_finite();
        self.require(
            durations_ok,
            "min_duration_s",
            &min,
            "from 0 to max_duration_s",
        )?;
        let licenses = select.licenses.join(", ");
        self.require(
            !select.licenses.is_empty() && select.licenses.iter().all(|license| is_free(license)),
            "licenses",
            &licenses,
            "free licenses only: CC0, CC-BY, CC-BY-SA, public-domain",
        )?;
        let (valid, test) = (select.valid_share, select.test_share);
        let shares_ok = valid >= 0.0 && test >= 0.0 && valid + test < 1.0;
        self.require(
            shares_ok,
            "valid_share",
            &valid,
            "shares from 0 that leave some for the split train",
        )?;
        let limit = select.max_instrumentalness.unwrap_or(0.0);
        self.require(
            (0.0..=1.0).contains(&limit),
            "max_instrumentalness",
            &limit,
            "a number from 0 to 1",
        )?;
        let has_path = |url: &String| url.starts_with("https://") && url.contains("{path}");
        let url = self.audio.url.clone().unwrap_or_default();
        self.require(
            self.audio.url.as_ref().is_none_or(has_path),
            "audio.url",
            &url,
            "an https:// address with {path} in it",
        )?;
        self.require(
            self.audio.url.is_some() || self.audio.folder.is_some(),
            "audio",
            &"empty",
            "a folder or an address",
        )?;
        let metadata = &self.metadata;
        match self.archive {
            Archive::Jamendo => {
                let there = metadata.licenses.is_some();
                self.require(there, "metadata.licenses", &"missing", "audio_licenses.txt")?;
                let there = !select.vocal_tags.is_empty();
                self.require(
                    there,
                    "vocal_tags",
                    &"empty",
                    "tags like instrument---voice",
                )
            }
            Archive::Fma => {
                let there = metadata.echonest.is_some() == select.max_instrumentalness.is_some();
                self.require(
                    there,
                    "max_instrumentalness",
                    &format!("{:?}", select.max_instrumentalness),
                    "it and metadata.echonest together, or neither",
                )
            }
        }
    }

    fn require(
        &self,
        holds: bool,
        field: &'static str,
        got: &dyn std::fmt::Display,
        expected: &'static str,
    ) -> Result<(), ManifestError> {
        if holds {
            return Ok(());
        }
        Err(ManifestError::Invalid {
            path: self.path.clone(),
            field,
            got: got.to_string(),
            expected,
        })
    }
}

/// What may stand in a folder's name and in an address without being escaped.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_".contains(character)
}
