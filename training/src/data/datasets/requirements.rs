//! What packages and repositories alike must satisfy.

use std::collections::HashSet;

use super::license::{is_free, only_measures};
use super::{ARCHIVE_SEPARATOR, DatasetsError, Exclusion, Split};

/// Exclusions have a reason and are no tracks.
pub(super) fn check_exclusions(
    entry: &str,
    exclude: &[Exclusion],
    tracks: &HashSet<&str>,
) -> Result<(), DatasetsError> {
    for exclusion in exclude {
        let path = &exclusion.path;
        let plain = is_plain_path(path.strip_suffix('/').unwrap_or(path));
        require(plain, entry, "exclude", path, "a plain relative path")?;
        require(
            !tracks.contains(path.as_str()),
            entry,
            "exclude",
            path,
            "a path that is not also a track",
        )?;
        let reason = &exclusion.reason;
        require(
            !reason.trim().is_empty(),
            entry,
            "exclude",
            path,
            "a reason beside it",
        )?;
    }
    Ok(())
}

/// Weights are learned from free licenses only; what restricts its users is measured on.
pub(super) fn require_use(
    entry: &str,
    field: &'static str,
    license: &str,
    split: Split,
) -> Result<(), DatasetsError> {
    let (allowed, expected) = match split {
        Split::Train => (
            is_free(license),
            "a free license (CC0, CC-BY, CC-BY-SA, GPL or the like) in the split train",
        ),
        Split::Valid => (
            !only_measures(license),
            "a known license without NC or ND in the split valid",
        ),
        Split::Test => (!license.trim().is_empty(), "a license, or unknown"),
    };
    require(allowed, entry, field, license, expected)
}

/// A kind of music: lower case, several separated by `/`.
pub(super) fn require_genre(entry: &str, genre: Option<&str>) -> Result<(), DatasetsError> {
    let Some(genre) = genre else { return Ok(()) };
    let word = |part: &str| !part.is_empty() && part.trim() == part;
    let plain = genre.split('/').all(word) && genre.to_lowercase() == genre;
    let expected = "kinds of music in lower case, separated by /";
    require(plain, entry, "genre", genre, expected)
}

pub(super) fn require(
    holds: bool,
    entry: &str,
    field: &'static str,
    got: &str,
    expected: &'static str,
) -> Result<(), DatasetsError> {
    if holds {
        return Ok(());
    }
    Err(DatasetsError::Invalid {
        entry: entry.to_owned(),
        field,
        got: got.to_owned(),
        expected,
    })
}

/// Relative, without `.`, `..` or empty components, and without what tar or unzip could take for
/// a wildcard or an option; at most one archive on the way.
pub(super) fn is_plain_path(path: &str) -> bool {
    let component =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.starts_with('-');
    let forbidden = |c: char| c.is_control() || "*?[]\\".contains(c);
    path.split('/').all(component)
        && !path.contains(forbidden)
        && path.matches(ARCHIVE_SEPARATOR).count() <= 1
}
