//! The rules of a datasets file that its types cannot express.

use std::collections::{HashMap, HashSet};

use super::requirements::{check_exclusions, is_plain_path, require, require_genre, require_use};
use super::validate_repository::check_repositories;
use super::{Datasets, DatasetsError, Package, PairEnd, Renderer, Repository, Role, Track};

/// Checks every rule; the first violation is returned.
pub(super) fn check(datasets: &Datasets) -> Result<(), DatasetsError> {
    check_names(datasets)?;
    for package in &datasets.packages {
        check_package(package)?;
    }
    check_repositories(datasets)?;
    check_groups(datasets)?;
    check_pairs(datasets)
}

/// A package has one entry for each folder of the cache at most, and all of them are of one file.
fn check_names(datasets: &Datasets) -> Result<(), DatasetsError> {
    let mut seen = HashSet::new();
    let mut first_of_name: HashMap<&str, &Package> = HashMap::new();
    for package in &datasets.packages {
        let name = &package.name;
        require_name(name)?;
        if !seen.insert((name, package.role.folder())) {
            return Err(DatasetsError::DuplicateEntry {
                entry: name.clone(),
            });
        }
        let first = first_of_name.entry(name).or_insert(package);
        require(
            identity(first) == identity(package),
            name,
            "version",
            &package.version,
            "the version, architecture, sha256 and group of the package's other entry",
        )?;
    }
    let mut unused = HashSet::new();
    for package in &datasets.left_out {
        let name = &package.name;
        require_name(name)?;
        if first_of_name.contains_key(name.as_str()) || !unused.insert(name) {
            return Err(DatasetsError::DuplicateEntry {
                entry: name.clone(),
            });
        }
    }
    Ok(())
}

/// What all entries of one package have in common.
fn identity(package: &Package) -> [&str; 4] {
    let Package {
        version,
        architecture,
        sha256,
        group,
        ..
    } = package;
    [version, architecture, sha256, group]
}

fn require_name(name: &str) -> Result<(), DatasetsError> {
    let plain = is_package_name(name);
    require(plain, name, "name", name, "a Debian package name")
}

fn check_package(package: &Package) -> Result<(), DatasetsError> {
    let entry = &package.name;
    let Package {
        version,
        architecture,
        sha256,
        artist,
        group,
        ..
    } = package;
    let version_ok = is_word(version, ".+~:-") && version.starts_with(|c: char| c.is_ascii_digit());
    require(version_ok, entry, "version", version, "a Debian version")?;
    let architecture_ok = is_word(architecture, "-");
    require(
        architecture_ok,
        entry,
        "architecture",
        architecture,
        "a Debian architecture",
    )?;
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let sha256_ok = sha256.len() == 64 && sha256.chars().all(hex);
    require(
        sha256_ok,
        entry,
        "sha256",
        sha256,
        "64 lower-case hexadecimal digits",
    )?;
    for (field, text) in [("artist", artist), ("group", group)] {
        require(!text.trim().is_empty(), entry, field, text, "some text")?;
    }
    let licenses_ok = !package.licenses.is_empty()
        && package
            .licenses
            .iter()
            .all(|license| !license.trim().is_empty());
    let licenses = package.licenses.join(", ");
    require(
        licenses_ok,
        entry,
        "licenses",
        &licenses,
        "at least one license",
    )?;
    for license in &package.licenses {
        require_use(entry, "licenses", license, package.split)?;
    }
    require_genre(entry, package.genre.as_deref())?;
    check_tracks(package)
}

fn check_tracks(package: &Package) -> Result<(), DatasetsError> {
    let entry = &package.name;
    require(
        package.track_count() > 0,
        entry,
        "tracks",
        "empty",
        "at least one track",
    )?;
    let mut seen = HashSet::new();
    for track in package.tracks() {
        require(
            is_plain_path(track.path),
            entry,
            "tracks",
            track.path,
            "a plain relative path without wildcards",
        )?;
        require(
            seen.insert(track.path),
            entry,
            "tracks",
            track.path,
            "each path once",
        )?;
        require(
            package.role.takes(track.tier),
            entry,
            "tracks",
            track.path,
            "tier S for role \"stems\", M for \"unmastered mix\", P for \"pair\", else A to D",
        )?;
        require(
            package.role != Role::UnmasteredMix || Renderer::of(track.path).is_some(),
            entry,
            "tracks",
            track.path,
            "a file ending in it, mod, s3m, xm, mmp or mmpz for role \"unmastered mix\"",
        )?;
    }
    check_exclusions(entry, &package.exclude, &seen)
}

/// No album group is in two splits, and no artist of whom a track is listed by name.
fn check_groups(datasets: &Datasets) -> Result<(), DatasetsError> {
    let of_repositories = || datasets.repositories.iter().flat_map(Repository::tracks);
    let tracks = || {
        let of_packages = datasets.packages.iter().flat_map(Package::tracks);
        of_packages.chain(of_repositories())
    };
    check_in_one_split(
        "album group",
        tracks().map(|track| (track, track.group().to_owned())),
    )?;
    // A package's artist is an attribution in prose, "various" among them: its group counts.
    let artists = of_repositories().map(|track| (track, track.artist().to_lowercase()));
    check_in_one_split("artist", artists.filter(|(_, artist)| artist != "unknown"))
}

fn check_in_one_split<'a>(
    kind: &'static str,
    tracks: impl Iterator<Item = (Track<'a>, String)>,
) -> Result<(), DatasetsError> {
    let mut first_of: HashMap<String, Track<'_>> = HashMap::new();
    for (track, group) in tracks {
        let first = *first_of.entry(group.clone()).or_insert(track);
        if first.split() != track.split() {
            return Err(DatasetsError::GroupInTwoSplits {
                kind,
                group,
                first: first.source_name().to_owned(),
                first_split: first.split(),
                second: track.source_name().to_owned(),
                second_split: track.split(),
            });
        }
    }
    Ok(())
}

fn check_pairs(datasets: &Datasets) -> Result<(), DatasetsError> {
    let mut names = HashSet::new();
    for pair in &datasets.pairs {
        let entry = &pair.name;
        for (field, text) in [("name", &pair.name), ("album", &pair.album)] {
            require(!text.trim().is_empty(), entry, field, text, "some text")?;
        }
        if !names.insert(entry) {
            return Err(DatasetsError::DuplicateEntry {
                entry: entry.clone(),
            });
        }
        check_end(datasets, entry, "mix", &pair.mix)?;
        check_end(datasets, entry, "master", &pair.master)?;
        require(
            pair.mix != pair.master,
            entry,
            "master",
            &pair.master.path,
            "another file than the mix, or the mix with master_effects = false",
        )?;
    }
    let mut only_pairs = datasets
        .packages
        .iter()
        .filter(|package| package.role == Role::Pair)
        .flat_map(Package::tracks);
    match only_pairs.find(|track| !datasets.is_paired(track)) {
        Some(track) => require(
            false,
            track.source_name(),
            "tracks",
            track.path,
            "an end of a pair for role \"pair\"",
        ),
        None => Ok(()),
    }
}

fn check_end(
    datasets: &Datasets,
    entry: &str,
    field: &'static str,
    end: &PairEnd,
) -> Result<(), DatasetsError> {
    require(
        datasets.track(&end.package, &end.path).is_some(),
        entry,
        field,
        &format!("{}: {}", end.package, end.path),
        "a listed track of a listed package",
    )?;
    require(
        end.master_effects || end.is_project(),
        entry,
        field,
        &end.path,
        "an LMMS project where master_effects is false",
    )
}

/// Debian Policy 5.6.1: lower-case letters, digits and `+-.`, starting with an alphanumeric.
/// Names reach a command line, so that nothing else may pass.
fn is_package_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    name.len() >= 2
        && name.chars().all(allowed)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_word(text: &str, punctuation: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c))
}
