//! The rules for entries of git repositories.

use std::collections::{HashMap, HashSet};

use super::requirements::{check_exclusions, is_plain_path, require, require_genre, require_use};
use super::{Datasets, DatasetsError, Repository, RepositoryTrack, Role};

/// Lies beside the tracks of a repository in a cache; no track may be called that.
const RESERVED: &str = "fetched.json";

pub(super) fn check_repositories(datasets: &Datasets) -> Result<(), DatasetsError> {
    let packages: HashSet<&str> = datasets
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut first_of_name: HashMap<&str, &Repository> = HashMap::new();
    let mut seen: HashMap<&str, HashSet<&str>> = HashMap::new();
    for repository in &datasets.repositories {
        let entry = repository.name.as_str();
        check_repository(repository)?;
        require(
            !packages.contains(entry),
            entry,
            "name",
            entry,
            "a name that no package has",
        )?;
        let first = first_of_name.entry(entry).or_insert(repository);
        require(
            (&first.url, &first.commit) == (&repository.url, &repository.commit),
            entry,
            "commit",
            &repository.commit,
            "the url and commit of the repository's other entry",
        )?;
        let paths = seen.entry(entry).or_default();
        for track in &repository.tracks {
            require(
                paths.insert(&track.path),
                entry,
                "tracks",
                &track.path,
                "each path of a repository once",
            )?;
        }
    }
    // Exclusions last: what one entry leaves out no other one lists.
    for repository in &datasets.repositories {
        if let Some(paths) = seen.get(repository.name.as_str()) {
            check_exclusions(&repository.name, &repository.exclude, paths)?;
        }
    }
    Ok(())
}

fn check_repository(repository: &Repository) -> Result<(), DatasetsError> {
    let entry = &repository.name;
    let name_ok = entry
        .split_once('+')
        .is_some_and(|(owner, name)| is_name(owner) && is_name(name));
    require(name_ok, entry, "name", entry, "OWNER+NAME")?;
    let address = repository.url.strip_prefix("https://");
    let url_ok = address.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    require(url_ok, entry, "url", &repository.url, "an https:// address")?;
    let commit = &repository.commit;
    require(
        is_hex(commit) && (12..=40).contains(&commit.len()),
        entry,
        "commit",
        commit,
        "40 lower-case hexadecimal digits, or at least the first 12",
    )?;
    let read_in = &repository.licenses_in;
    require(
        !read_in.trim().is_empty(),
        entry,
        "licenses_in",
        read_in,
        "where the licenses were read",
    )?;
    require(
        matches!(repository.role, Role::FinishedMaster | Role::Stems),
        entry,
        "role",
        &repository.role.to_string(),
        "finished master or stems",
    )?;
    require(
        !repository.tracks.is_empty(),
        entry,
        "tracks",
        "empty",
        "at least one track",
    )?;
    repository
        .tracks
        .iter()
        .try_for_each(|track| check_track(repository, track))
}

fn check_track(repository: &Repository, track: &RepositoryTrack) -> Result<(), DatasetsError> {
    let entry = &repository.name;
    let path = &track.path;
    require(
        is_plain_path(path) && path != RESERVED,
        entry,
        "tracks",
        path,
        "a plain relative path without wildcards",
    )?;
    require(
        repository.role.takes(track.tier),
        entry,
        "tracks",
        path,
        "tier S for role \"stems\", else A to D",
    )?;
    require(
        is_hex(&track.blob) && track.blob.len() == 40,
        entry,
        "blob",
        &track.blob,
        "40 lower-case hexadecimal digits",
    )?;
    require(
        track.size_bytes > 0,
        entry,
        "size_bytes",
        "0",
        "the size of the file",
    )?;
    for (field, text) in [("artist", &track.artist), ("group", &track.group)] {
        require(!text.trim().is_empty(), entry, field, text, "some text")?;
    }
    require_use(entry, "license", &track.license, repository.split)?;
    require_genre(entry, track.genre.as_deref())
}

/// A part of a folder's name: letters, digits and `-._`, not starting with punctuation.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

fn is_hex(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}
