//! The typed reader of `datasets.toml`: what music there is to learn from, and what is held out.
//!
//! First in the training flow: everything downstream asks here which tracks belong to a
//! [`Split`], and [`crate::fetch`] asks here what to get. Key types: [`Datasets`], [`Package`],
//! [`Repository`], [`Track`], [`Pair`]. Not its job: getting audio, decoding it, or judging it.
//!
//! The rules that keep an evaluation honest are checked when the file is read, so that nobody
//! re-checks them later: names are unique, paths are plain, packages that share an album group
//! (artists or music in common) are in one split only, and a song of a [`Pair`] is given by
//! [`Datasets::pairs`] alone: pairs are a test, whatever their package's split. Weights are
//! learned from free licenses only: an entry of the split `train` with another license is
//! refused, and what forbids commercial use or changes, or whose license is not known, may only
//! be in `test`.

mod license;
mod package;
mod pair;
mod renderer;
mod repository;
mod requirements;
mod track;
mod validate;
mod validate_repository;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use acetate_master::settings_file::toml_in_words;
use serde::Deserialize;

pub(crate) use license::is_free;
pub use package::{Exclusion, LeftOut, Package, Role, Tier};
pub use pair::{Pair, PairEnd, PairFiles};
pub use renderer::Renderer;
pub use repository::{Repository, RepositoryTrack};
pub use track::{Origin, Track};

/// The version of the file's format that this reader understands.
pub const FORMAT: u32 = 1;

/// Separates the path of a zip archive in a package from the path of a member in the archive.
pub const ARCHIVE_SEPARATOR: &str = "!/";

/// Larger files are refused, bytes.
const MAX_BYTES: u64 = 16 << 20;
/// The file as committed with the source, the default everywhere.
const COMMITTED: &str = include_str!("../../../datasets.toml");

/// What can be wrong with a datasets file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetsError {
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] acetate_io::ReadError),
    /// The text is not TOML, or its top level has an unknown or missing field.
    #[error("datasets file: {}", toml_in_words(.0))]
    Syntax(#[source] Box<toml::de::Error>),
    /// The file has another format than [`FORMAT`].
    #[error("datasets file: format {got}, expected {FORMAT}")]
    Format {
        /// The format that the file declares.
        got: u32,
    },
    /// An entry has a missing, unknown or ill-typed field.
    #[error("datasets entry {entry}: {}", toml_in_words(source))]
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
    /// Two entries of one album group or artist are in different splits: the evaluation would
    /// leak.
    #[error(
        "{kind} {group} is in two splits: {first} is {first_split}, {second} is {second_split}"
    )]
    GroupInTwoSplits {
        /// What they have in common.
        kind: &'static str,
        /// The name of the group or artist.
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

/// All sources, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datasets {
    packages: Vec<Package>,
    repositories: Vec<Repository>,
    left_out: Vec<LeftOut>,
    pairs: Vec<Pair>,
}

/// The top level of the file; entries stay untyped here so that an error can name its entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    #[serde(default)]
    package: Vec<toml::Table>,
    #[serde(default)]
    repository: Vec<toml::Table>,
    #[serde(default)]
    left_out: Vec<toml::Table>,
    #[serde(default)]
    pair: Vec<toml::Table>,
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
        Self::from_toml(&acetate_io::read_text(path, MAX_BYTES)?)
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
        let repositories: Vec<repository::Written> = entries(file.repository, "repository")?;
        let datasets = Self {
            packages: entries(file.package, "package")?,
            repositories: repositories
                .into_iter()
                .map(repository::Written::resolve)
                .collect::<Result<_, _>>()?,
            left_out: entries(file.left_out, "left_out")?,
            pairs: entries(file.pair, "pair")?,
        };
        validate::check(&datasets)?;
        Ok(datasets)
    }

    /// All packages, in the file's order.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// All entries of git repositories, in the file's order.
    pub fn repositories(&self) -> &[Repository] {
        &self.repositories
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

    /// The entries of git repositories of one split, in the file's order.
    pub fn repositories_of(&self, split: Split) -> impl Iterator<Item = &Repository> {
        self.repositories
            .iter()
            .filter(move |repository| repository.split == split)
    }

    /// The tracks of one split, packages before repositories, in the file's order, whatever their [`Role`] and with the songs
    /// of pairs: for learning use [`Datasets::masters_of`] and [`Datasets::mixes_of`].
    pub fn tracks_of(&self, split: Split) -> impl Iterator<Item = Track<'_>> {
        let of_repositories = self.repositories_of(split).flat_map(Repository::tracks);
        self.packages_of(split)
            .flat_map(Package::tracks)
            .chain(of_repositories)
    }

    /// The tracks of one split that are finished masters and belong to no [`Pair`].
    pub fn masters_of(&self, split: Split) -> impl Iterator<Item = Track<'_>> {
        self.tracks_with(split, Role::FinishedMaster)
    }

    /// The tracks of one split that are unmastered mixes and belong to no [`Pair`];
    /// [`Track::file`] says where the rendered audio lies. It is there only where
    /// [`crate::fetch`] had the renderer.
    pub fn mixes_of(&self, split: Split) -> impl Iterator<Item = Track<'_>> {
        self.tracks_with(split, Role::UnmasteredMix)
    }

    fn tracks_with(&self, split: Split, role: Role) -> impl Iterator<Item = Track<'_>> {
        self.tracks_of(split)
            .filter(move |track| track.role() == role)
            .filter(|track| !self.is_paired(track))
    }

    /// Whether a track is an end of a [`Pair`].
    pub fn is_paired(&self, track: &Track<'_>) -> bool {
        self.pairs
            .iter()
            .any(|pair| pair.mix.is(track) || pair.master.is(track))
    }

    /// The pairs as the file lists them.
    pub fn listed_pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Mix and master of every pair, in the file's order, as they lie in a cache folder that
    /// [`crate::fetch::fetch`] filled. Only to be measured on.
    pub fn pairs(&self, cache_dir: &Path) -> impl Iterator<Item = PairFiles> {
        self.pairs.iter().filter_map(move |pair| {
            Some(PairFiles {
                name: pair.name.clone(),
                album: pair.album.clone(),
                mix: pair.mix.file(self, cache_dir)?,
                master: pair.master.file(self, cache_dir)?,
            })
        })
    }

    /// The listed track of a package at a path, whichever of the package's entries lists it.
    pub(crate) fn track(&self, package: &str, path: &str) -> Option<Track<'_>> {
        self.packages
            .iter()
            .filter(|entry| entry.name == package)
            .flat_map(Package::tracks)
            .find(|track| track.path == path)
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
