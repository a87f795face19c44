mod mixes;
mod repositories;

use std::collections::BTreeMap;

use super::*;

/// A valid file of two packages in one album group; tests break one thing each.
const VALID: &str = r#"
format = 1

[[package]]
name = "first-music"
version = "1:2.0~rc1-3+b1"
architecture = "all"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
size_bytes = 1000
audio_bytes = 900
licenses = ["CC0-1.0"]
artist = "Somebody"
group = "friends"
role = "finished master"
split = "train"
tracks.A = ["usr/share/first/loud one.ogg", "usr/share/first/all.zip!/music/two.ogg"]
tracks.C = ["usr/share/first/mono.ogg"]
exclude = [{ path = "usr/share/first/sfx/", reason = "effects" }]

[[package]]
name = "second-stems"
version = "1"
architecture = "amd64"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
size_bytes = 1000
archive_bytes = 10
audio_bytes = 900
licenses = ["Expat"]
artist = "Somebody"
group = "friends"
role = "stems"
split = "train"
tracks.S = ["song/guitar.ogg", "song/rest.ogg"]

[[left_out]]
name = "third-music"
version = "1"
license = "its own"
reason = "license"
"#;

fn broken(from: &str, to: &str) -> DatasetsError {
    assert!(VALID.contains(from), "the test's own text lacks {from:?}");
    Datasets::from_toml(&VALID.replacen(from, to, 1)).expect_err("the change must be refused")
}

#[test]
fn a_valid_file_is_read_with_its_tracks_by_split_and_tier() {
    let datasets = Datasets::from_toml(VALID).expect("valid");
    assert_eq!(datasets.packages().len(), 2);
    assert_eq!(datasets.left_out()[0].name, "third-music");
    let tiers: Vec<Tier> = datasets
        .tracks_of(Split::Train)
        .map(|track| track.tier)
        .collect();
    assert_eq!(tiers, [Tier::A, Tier::A, Tier::C, Tier::S, Tier::S]);
    assert_eq!(datasets.masters_of(Split::Train).count(), 3);
    assert_eq!(datasets.tracks_of(Split::Test).count(), 0);
    let second = datasets.tracks_of(Split::Train).nth(1).expect("listed");
    assert_eq!(
        second.file(Path::new("/cache")),
        Path::new("/cache/audio/first-music/usr/share/first/all.zip!/music/two.ogg")
    );
}

#[test]
fn an_error_in_an_entry_names_the_entry_and_the_field() {
    for (from, to, field) in [
        ("group = \"friends\"\n", "", "group"),
        ("size_bytes = 1000", "size_bytes = 1000\ncolor = 1", "color"),
        (
            "role = \"finished master\"",
            "role = \"demo\"",
            "finished master",
        ),
        ("split = \"train\"", "split = \"holdout\"", "holdout"),
        ("tracks.C", "tracks.E", "E"),
        ("size_bytes = 1000", "size_bytes = -1", "integer"),
    ] {
        let error = broken(from, to);
        assert!(matches!(error, DatasetsError::Entry { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("first-music") && text.contains(field),
            "{text}"
        );
    }
    let nameless = broken("name = \"second-stems\"\n", "").to_string();
    assert!(nameless.contains("package number 2"), "{nameless}");
}

#[test]
fn values_that_reach_a_command_line_or_a_path_are_refused() {
    for (from, to, field) in [
        ("name = \"first-music\"", "name = \"--help\"", "name"),
        ("name = \"first-music\"", "name = \"../first\"", "name"),
        ("1:2.0~rc1-3+b1", "1; rm", "version"),
        ("\"all\"", "\"all any\"", "architecture"),
        ("sha256 = \"0123", "sha256 = \"012Z", "sha256"),
        ("sha256 = \"0123", "sha256 = \"012", "sha256"),
        ("usr/share/first/mono.ogg", "/etc/passwd", "tracks"),
        ("usr/share/first/mono.ogg", "usr/../../x.ogg", "tracks"),
        ("usr/share/first/mono.ogg", "usr//x.ogg", "tracks"),
        ("usr/share/first/mono.ogg", "usr/*.ogg", "tracks"),
        ("usr/share/first/mono.ogg", "usr/-x/a.ogg", "tracks"),
        ("usr/share/first/mono.ogg", "usr/a\\nb.ogg", "tracks"),
        ("usr/share/first/mono.ogg", "a.zip!/b.zip!/c.ogg", "tracks"),
        (
            "usr/share/first/mono.ogg",
            "usr/share/first/loud one.ogg",
            "tracks",
        ),
        (
            "usr/share/first/sfx/",
            "usr/share/first/mono.ogg",
            "exclude",
        ),
        ("\"effects\"", "\" \"", "exclude"),
        ("[\"CC0-1.0\"]", "[]", "licenses"),
        ("\"Somebody\"", "\"\"", "artist"),
    ] {
        let error = broken(from, to);
        let DatasetsError::Invalid { field: got, .. } = &error else {
            panic!("{to:?} gave {error}");
        };
        assert_eq!(*got, field, "{to:?}");
    }
}

#[test]
fn stems_and_masters_do_not_mix() {
    for (from, to) in [
        ("tracks.S", "tracks.A"),
        ("tracks.C", "tracks.S"),
        ("role = \"stems\"", "role = \"finished master\""),
    ] {
        let error = broken(from, to);
        assert!(
            matches!(
                error,
                DatasetsError::Invalid {
                    field: "tracks",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn names_are_unique_over_used_and_left_out_packages() {
    for to in ["first-music", "third-music"] {
        let error = broken("name = \"second-stems\"", &format!("name = \"{to}\""));
        assert!(
            matches!(&error, DatasetsError::DuplicateEntry { entry } if entry == to),
            "{error}"
        );
    }
}

#[test]
fn an_album_group_is_in_one_split() {
    let error = broken("split = \"train\"", "split = \"test\"");
    let DatasetsError::GroupInTwoSplits {
        group,
        first_split,
        second_split,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(
        (group.as_str(), first_split, second_split),
        ("friends", Split::Test, Split::Train)
    );
}

#[test]
fn another_format_or_an_unknown_section_is_refused() {
    assert!(matches!(
        broken("format = 1", "format = 2"),
        DatasetsError::Format { got: 2 }
    ));
    assert!(matches!(
        broken("[[left_out]]", "[[leftout]]"),
        DatasetsError::Syntax(_)
    ));
    assert!(matches!(
        Datasets::from_toml("format ="),
        Err(DatasetsError::Syntax(_))
    ));
    assert!(matches!(
        Datasets::load(Path::new("/nonexistent/datasets.toml")),
        Err(DatasetsError::Read { .. })
    ));
}

#[test]
fn the_committed_file_is_valid_and_no_album_group_is_in_two_splits() {
    let datasets = Datasets::committed().expect("the committed file parses and passes every check");
    for split in Split::ALL {
        assert!(
            datasets.masters_of(split).count() > 0,
            "{split} has no music"
        );
    }
    // Said again without the validator, so that a mistake in it shows.
    let mut split_of_group = BTreeMap::new();
    for package in datasets.packages() {
        let split = *split_of_group
            .entry(&package.group)
            .or_insert(package.split);
        assert_eq!(split, package.split, "group {}", package.group);
    }
    // Artists who share music between packages (data inventory): the groups hold them together.
    let group = |name: &str| {
        let mut packages = datasets.packages().iter();
        let found = packages.find(|package| package.name == name);
        &found
            .unwrap_or_else(|| panic!("{name} is not listed"))
            .group
    };
    for together in [
        &[
            "supertux-data",
            "supertuxkart-data",
            "hex-a-hop-data",
            "flare-game",
        ][..],
        &["singularity-music", "starfighter-data", "miceamaze"],
        &["nexuiz-data", "nexuiz-music", "openarena-088-data"],
    ] {
        assert!(
            together
                .windows(2)
                .all(|pair| group(pair[0]) == group(pair[1])),
            "{together:?}"
        );
    }
}

#[test]
fn what_was_left_out_for_its_license_is_not_listed() {
    let datasets = Datasets::committed().expect("valid");
    for name in ["drascula-music", "btanks-data"] {
        assert!(
            datasets
                .packages()
                .iter()
                .all(|package| package.name != name)
        );
        let mut left_out = datasets.left_out().iter();
        assert!(left_out.any(|package| package.name == name), "{name}");
    }
    let licenses = || {
        datasets
            .packages()
            .iter()
            .flat_map(|package| &package.licenses)
    };
    assert!(licenses().all(|license| !license.to_lowercase().contains("ethymonics")));
}
