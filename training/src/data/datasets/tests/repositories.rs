//! Entries of git repositories.

use super::*;

const REPOSITORY: &str = r#"
[[repository]]
name = "owner+songs"
url = "https://example.org/owner/songs"
commit = "0123456789ab"
licenses_in = "LICENSE"
role = "finished master"
split = "test"
license = "CC-BY-NC-ND"
artist = "Singer"
group = "singer"
genre = "pop"
has_vocals = true
tracks = [
  { tier = "A", path = "a.ogg", blob = "0123456789abcdef0123456789abcdef01234567", size_bytes = 1 },
  { tier = "B", path = "b.ogg", blob = "0123456789abcdef0123456789abcdef01234568", size_bytes = 2, artist = "Other", title = "T", group = "other", genre = "hip-hop/jazz", has_vocals = false, license = "CC0-1.0" },
]
exclude = [{ path = "c.ogg", reason = "the same as a.ogg" }]
"#;

fn read(repository: &str) -> Result<Datasets, DatasetsError> {
    Datasets::from_toml(&format!("{VALID}{repository}"))
}

fn broken(from: &str, to: &str) -> DatasetsError {
    assert!(
        REPOSITORY.contains(from),
        "the test's own text lacks {from:?}"
    );
    read(&REPOSITORY.replacen(from, to, 1)).expect_err("the change must be refused")
}

#[test]
fn a_track_has_what_its_entry_says_unless_it_says_otherwise() {
    let datasets = read(REPOSITORY).expect("valid");
    let tracks: Vec<Track<'_>> = datasets.masters_of(Split::Test).collect();
    let [first, second] = &tracks[..] else {
        panic!("{tracks:?}");
    };
    assert_eq!((first.artist(), first.group()), ("Singer", "singer"));
    assert_eq!((first.genre(), first.vocals()), (Some("pop"), Some(true)));
    assert_eq!((second.artist(), second.title()), ("Other", Some("T")));
    assert_eq!(second.genre(), Some("hip-hop/jazz"));
    assert_eq!(second.vocals(), Some(false));
    assert_eq!(
        first.file(Path::new("/cache")),
        Path::new("/cache/audio/owner+songs/a.ogg")
    );
    let repository = &datasets.repositories()[0];
    assert_eq!(repository.licenses(), ["CC-BY-NC-ND", "CC0-1.0"]);
    assert_eq!(repository.artists(), ["Singer", "Other"]);
    // A package may say its genre; where nobody knows whether it has vocals, nobody says so.
    let package = VALID.replacen(
        "group = \"friends\"",
        "group = \"friends\"\ngenre = \"rock\"",
        1,
    );
    let datasets = Datasets::from_toml(&package).expect("valid");
    let track = datasets.tracks_of(Split::Train).next().expect("listed");
    assert_eq!((track.genre(), track.vocals()), (Some("rock"), None));
}

#[test]
fn nothing_is_learned_or_chosen_from_music_that_may_only_be_measured() {
    for license in ["CC-BY-NC-3.0", "CC-BY-ND-4.0", "unknown"] {
        for split in ["train", "valid"] {
            let text = REPOSITORY
                .replace("CC-BY-NC-ND", license)
                .replace("\"test\"", &format!("{split:?}"));
            let error = read(&text).expect_err("must be refused").to_string();
            for part in ["owner+songs", "license", license, split] {
                assert!(error.contains(part), "{error}");
            }
            let text = VALID
                .replacen("CC0-1.0", license, 1)
                .replace("\"train\"", &format!("{split:?}"));
            let error = Datasets::from_toml(&text).expect_err("must be refused");
            assert!(error.to_string().contains(license), "{error}");
        }
        let text = REPOSITORY.replace("CC-BY-NC-ND", license);
        read(&text).expect("it may be measured on");
    }
    // Terms that are nobody's usual ones: nothing is learned from them.
    let text = REPOSITORY.replace("CC-BY-NC-ND", "free, no credit asked");
    read(&text.replace("\"test\"", "\"valid\"")).expect("it may be chosen on");
    let error = read(&text.replace("\"test\"", "\"train\"")).expect_err("must be refused");
    assert!(error.to_string().contains("a free license"), "{error}");
}

#[test]
fn an_artist_of_repositories_is_in_one_split() {
    let second = REPOSITORY
        .replace("owner+songs", "owner+more")
        .replace("\"test\"", "\"valid\"")
        .replace("CC-BY-NC-ND", "CC-BY")
        .replace("\"singer\"", "\"singer-2\"")
        .replace("\"other\"", "\"other-2\"")
        .replace("\"Singer\"", "\"SINGER\"");
    let error = read(&format!("{REPOSITORY}{second}")).expect_err("must be refused");
    let DatasetsError::GroupInTwoSplits { kind, group, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((*kind, group.as_str()), ("artist", "singer"));
    let unknown = |text: &str| {
        text.replace("\"Singer\"", "\"unknown\"")
            .replace("\"SINGER\"", "\"unknown\"")
            .replace("\"Other\"", "\"unknown\"")
    };
    let both = format!("{}{}", unknown(REPOSITORY), unknown(&second));
    read(&both).expect("nobody knows that they are the same");
}

#[test]
fn what_reaches_git_or_a_path_is_checked() {
    for (from, to, field) in [
        ("owner+songs", "owner/songs", "name"),
        ("owner+songs", "..+songs", "name"),
        ("owner+songs", "songs", "name"),
        ("https://example.org/owner/songs", "--upload-pack=x", "url"),
        ("https://example.org/owner/songs", "ext::sh -c x", "url"),
        ("https://example.org/owner/songs", "https://a b", "url"),
        ("0123456789ab\"", "main\"", "commit"),
        ("0123456789ab\"", "0123456789a\"", "commit"),
        ("234567\"", "23456X\"", "blob"),
        ("234567\"", "23456\"", "blob"),
        ("size_bytes = 1 ", "size_bytes = 0 ", "size_bytes"),
        ("\"a.ogg\"", "\"../a.ogg\"", "tracks"),
        ("\"a.ogg\"", "\"fetched.json\"", "tracks"),
        ("\"a.ogg\"", "\"b.ogg\"", "tracks"),
        ("tier = \"A\"", "tier = \"S\"", "tracks"),
        ("\"finished master\"", "\"pair\"", "role"),
        ("\"LICENSE\"", "\"\"", "licenses_in"),
        ("genre = \"pop\"", "genre = \"Pop\"", "genre"),
        ("genre = \"pop\"", "genre = \"pop/\"", "genre"),
        ("group = \"singer\"", "group = \"\"", "group"),
        ("group = \"singer\"\n", "", "group"),
        ("artist = \"Singer\"\n", "", "artist"),
        ("license = \"CC-BY-NC-ND\"\n", "", "license"),
        ("\"c.ogg\"", "\"a.ogg\"", "exclude"),
    ] {
        let error = broken(from, to);
        let DatasetsError::Invalid { field: got, .. } = &error else {
            panic!("{to:?} gave {error}");
        };
        assert_eq!(*got, field, "{to:?}: {error}");
    }
    let same_name = VALID.replace("first-music", "owner+songs");
    let error = Datasets::from_toml(&format!("{same_name}{REPOSITORY}")).expect_err("refused");
    assert!(matches!(
        error,
        DatasetsError::Invalid { field: "name", .. }
    ));
    let other_commit = REPOSITORY
        .replace("0123456789ab\"", "0123456789ac\"")
        .replace("a.ogg", "d.ogg")
        .replace("b.ogg", "e.ogg");
    let error = read(&format!("{REPOSITORY}{other_commit}")).expect_err("refused");
    assert!(matches!(
        error,
        DatasetsError::Invalid {
            field: "commit",
            ..
        }
    ));
}

#[test]
fn the_committed_repositories_are_used_only_as_they_may_be() {
    let datasets = Datasets::committed().expect("valid");
    let count = |role, split| -> usize {
        let entries = datasets.repositories_of(split);
        let of_role = entries.filter(|entry| entry.role == role);
        of_role.map(|entry| entry.tracks.len()).sum()
    };
    // 62 of the inventory without two recordings that are in the valid split as well.
    assert_eq!(count(Role::FinishedMaster, Split::Train), 60);
    assert_eq!(count(Role::FinishedMaster, Split::Valid), 20);
    assert_eq!(count(Role::FinishedMaster, Split::Test), 17);
    assert_eq!(count(Role::Stems, Split::Train), 26);
    let stems = datasets
        .repositories()
        .iter()
        .filter(|entry| entry.role == Role::Stems);
    for entry in stems {
        let masters = Split::ALL
            .into_iter()
            .flat_map(|split| datasets.masters_of(split));
        assert!(
            masters
                .into_iter()
                .all(|track| track.source_name() != entry.name)
        );
    }
    // Said again without the reader's own rule.
    for split in [Split::Train, Split::Valid] {
        for track in datasets
            .repositories_of(split)
            .flat_map(|entry| &entry.tracks)
        {
            let words: Vec<&str> = track.license.split('-').collect();
            assert!(
                !words.contains(&"NC") && !words.contains(&"ND"),
                "{track:?}"
            );
        }
    }
    let sung = datasets
        .masters_of(Split::Test)
        .filter(|track| track.vocals() == Some(true));
    assert_eq!(sung.count(), 12);
}
