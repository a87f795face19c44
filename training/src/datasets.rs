//! The typed reader of `datasets.toml`: what music there is to learn from, and what is held out.
//!
//! First in the training flow: everything downstream asks here which tracks belong to a
//! [`Split`], and [`crate::fetch`] asks here what to get. Key types: [`Datasets`], [`Package`],
//! [`Track`]. Not its job: getting audio, decoding it, or judging it.
//!
//! The rules that keep an evaluation honest are checked when the file is read, so that nobody
//! re-checks them later: names are unique, paths are plain, and packages that share an album
//! group (artists or music in common) are in one split only.

mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The version of the file's format that this reader understands.
pub const FORMAT: u32 = 1;

/// Separates the path of a zip archive in a package from the path of a member in the archive.
pub const ARCHIVE_SEPARATOR: &str = "!/";

/// The file as committed with the source, the default everywhere.
const COMMITTED: &str = include_str!("../../datasets.toml");

/// What can be wrong with a datasets file.
#[derive(Debug, thiserror::Error)]
pub enum DatasetsError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// Why it could not be read.
        source: std::io::Error,
    },
    /// The text is not TOML, or its top level has an unknown or missing field.
    #[error("datasets file: {0}")]
    Syntax(#[source] Box<toml::de::Error>),
    /// The file has another format than [`FORMAT`].
    #[error("datasets file: format {got}, expected {FORMAT}")]
    Format {
        /// The format that the file declares.
        got: u32,
    },
    /// An entry has a missing, unknown or ill-typed field.
    #[error("datasets entry {entry}: {source}")]
    Entry {
        /// The entry's name, or its position where it has none.
        entry: String,
        /// What the deserialiser said, with the field's name.
        source: Box<toml::de::Error>,
    },
    /// A field of an entry holds a value that is not allowed.
    #[error("datasets entry {entry}: {field} is {got:?}, expected {expected}")]
    Invalid {
        /// The entry's name.
        entry: String,
        /// The field's name.
        field: &'static str,
        /// The value found.
        got: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// Two entries have the same name.
    #[error("datasets entry {entry} occurs twice")]
    DuplicateEntry {
        /// The name that occurs twice.
        entry: String,
    },
    /// Two entries of one album group are in different splits: the evaluation would leak.
    #[error(
        "album group {group} is in two splits: {first} is {first_split}, {second} is {second_split}"
    )]
    GroupInTwoSplits {
        /// The group's name.
        group: String,
        /// The entry that was met first.
        first: String,
        /// Its split.
        first_split: Split,
        /// The entry that contradicts it.
        second: String,
        /// Its split.
        second_split: Split,
    },
}

/// What a track may be used for. Binding: a track is never used outside its split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Weights are fitted on these.
    Train,
    /// The prior, the gate and the strength are chosen on these.
    Valid,
    /// Only measured on, never chosen on.
    Test,
}

impl Split {
    /// All splits, in the order in which they are used.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

/// What the tracks of a package are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Role {
    /// Released stereo (or mono) music, as finished as its author left it.
    #[serde(rename = "finished master")]
    FinishedMaster,
    /// Parts of songs whose sum is the song; no track of it is a master on its own.
    #[serde(rename = "stems")]
    Stems,
}

/// How finished a track is, from measurements only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Tier {
    /// Loud finished master: stereo, at least -16 LUFS, PLR at most 14.5 dB, cut-off from 15 kHz.
    A,
    /// Finished, but more dynamic or quieter than A.
    B,
    /// Mono, quiet, unbalanced or narrow-band, slightly.
    C,
    /// The same, strongly.
    D,
    /// Half of a song (a stem).
    S,
}

/// A path, or a folder where it ends in `/`, that is deliberately not used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Path in the package; a trailing `/` means all below it that is not listed as a track.
    pub path: String,
    /// Why it is not used.
    pub reason: String,
}

/// One source package with the music in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name in the Debian archive; unique in the file.
    pub name: String,
    /// Version that was measured and that `sha256` belongs to.
    pub version: String,
    /// Debian architecture that `sha256` belongs to (`all` for most).
    pub architecture: String,
    /// Checksum of the package file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Size of the package file, in bytes.
    pub size_bytes: u64,
    /// Size of the zip archives in the package that hold listed tracks, in bytes.
    #[serde(default)]
    pub archive_bytes: u64,
    /// Size of the listed tracks, in bytes.
    pub audio_bytes: u64,
    /// Licences of the listed tracks, as the package's copyright file names them.
    pub licences: Vec<String>,
    /// Attribution of the music, short; the package's copyright file has it in full.
    pub artist: String,
    /// Album group: packages with artists or music in common have the same one.
    pub group: String,
    /// What the tracks are.
    pub role: Role,
    /// The split of all of its tracks.
    pub split: Split,
    /// The only paths to learn from, by tier; `!/` separates a zip archive from its member.
    pub tracks: BTreeMap<Tier, Vec<String>>,
    /// What is in the package and deliberately not used.
    #[serde(default)]
    pub exclude: Vec<Exclusion>,
}

impl Package {
    /// Tracks of this package, by tier, in the file's order.
    pub fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        self.tracks.iter().flat_map(move |(&tier, paths)| {
            paths.iter().map(move |path| Track {
                package: self,
                tier,
                path,
            })
        })
    }

    /// Number of listed tracks.
    pub fn track_count(&self) -> usize {
        self.tracks.values().map(Vec::len).sum()
    }
}

/// A package that holds music and that is not used at all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Name in the Debian archive.
    pub name: String,
    /// Version that was looked at.
    pub version: String,
    /// Licence of its music.
    pub licence: String,
    /// Why it is not used.
    pub reason: String,
}

/// One track, with the package that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    /// The package, with licence, artist, group and split.
    pub package: &'a Package,
    /// How finished the track is.
    pub tier: Tier,
    /// Path in the package.
    pub path: &'a str,
}

impl Track<'_> {
    /// Where the track lies in a cache folder that [`crate::fetch::fetch`] filled.
    pub fn file(&self, cache_dir: &Path) -> PathBuf {
        audio_dir(cache_dir, &self.package.name).join(self.path)
    }
}

/// The folder of a package's audio in a cache folder: `<cache>/audio/<package>`.
pub fn audio_dir(cache_dir: &Path, package: &str) -> PathBuf {
    cache_dir.join("audio").join(package)
}

/// All sources, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datasets {
    packages: Vec<Package>,
    left_out: Vec<LeftOut>,
}

/// The top level of the file; entries stay untyped here so that an error can name its entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    #[serde(default)]
    package: Vec<toml::Table>,
    #[serde(default)]
    left_out: Vec<toml::Table>,
}

impl Datasets {
    /// The datasets that are committed with this source.
    ///
    /// # Errors
    /// Those of [`Datasets::from_toml`]; a test keeps the committed file free of them.
    pub fn committed() -> Result<Self, DatasetsError> {
        Self::from_toml(COMMITTED)
    }

    /// Reads and checks a datasets file.
    ///
    /// # Errors
    /// [`DatasetsError::Read`], and those of [`Datasets::from_toml`].
    pub fn load(path: &Path) -> Result<Self, DatasetsError> {
        let text = std::fs::read_to_string(path).map_err(|source| DatasetsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text)
    }

    /// Parses and checks the text of a datasets file.
    ///
    /// # Errors
    /// Every variant of [`DatasetsError`] but `Read`; errors in an entry name the entry.
    pub fn from_toml(text: &str) -> Result<Self, DatasetsError> {
        let file: File =
            toml::from_str(text).map_err(|source| DatasetsError::Syntax(Box::new(source)))?;
        if file.format != FORMAT {
            return Err(DatasetsError::Format { got: file.format });
        }
        let datasets = Self {
            packages: entries(file.package, "package")?,
            left_out: entries(file.left_out, "left_out")?,
        };
        validate::check(&datasets)?;
        Ok(datasets)
    }

    /// All packages, in the file's order.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Packages that were looked at and are not used, with the reason.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The packages of one split, in the file's order.
    pub fn packages_of(&self, split: Split) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(move |package| package.split == split)
    }

    /// The tracks of one split, in the file's order, stems included: look at
    /// [`Package::role`] or use [`Datasets::masters_of`].
    pub fn tracks_of(&self, split: Split) -> impl Iterator<Item = Track<'_>> {
        self.packages_of(split).flat_map(Package::tracks)
    }

    /// The tracks of one split that are finished masters.
    pub fn masters_of(&self, split: Split) -> impl Iterator<Item = Track<'_>> {
        self.packages_of(split)
            .filter(|package| package.role == Role::FinishedMaster)
            .flat_map(Package::tracks)
    }
}

/// Types the entries one by one, so that the error names the entry and not only the field.
fn entries<T: serde::de::DeserializeOwned>(
    tables: Vec<toml::Table>,
    kind: &str,
) -> Result<Vec<T>, DatasetsError> {
    let typed = |(index, table): (usize, toml::Table)| {
        let entry = match table.get("name").and_then(toml::Value::as_str) {
            Some(name) => name.to_owned(),
            None => format!("{kind} number {}", index + 1),
        };
        table.try_into().map_err(|source| DatasetsError::Entry {
            entry,
            source: Box::new(source),
        })
    };
    tables.into_iter().enumerate().map(typed).collect()
}
