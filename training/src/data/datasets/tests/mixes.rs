//! Roles of mixes and pairs.

use super::*;

const MIXES: &str = r#"
[[package]]
name = "first-music"
version = "1:2.0~rc1-3+b1"
architecture = "all"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
size_bytes = 1000
audio_bytes = 5
render_bytes = 50
licenses = ["CC0-1.0"]
artist = "Somebody"
group = "friends"
role = "unmastered mix"
split = "train"
tracks.M = ["usr/song.xm", "usr/song.mmpz"]

[[package]]
name = "first-music"
version = "1:2.0~rc1-3+b1"
architecture = "all"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
size_bytes = 1000
audio_bytes = 5
licenses = ["CC0-1.0"]
artist = "Somebody"
group = "friends"
role = "pair"
split = "train"
tracks.P = ["usr/after.ogg"]

[[pair]]
name = "project"
album = "an album"
mix = { package = "first-music", path = "usr/song.mmpz", master_effects = false }
master = { package = "first-music", path = "usr/song.mmpz" }

[[pair]]
name = "remaster"
album = "another"
mix = { package = "first-music", path = "usr/share/first/mono.ogg" }
master = { package = "first-music", path = "usr/after.ogg" }
"#;

fn broken(from: &str, to: &str) -> DatasetsError {
    assert!(MIXES.contains(from), "the test's own text lacks {from:?}");
    let text = format!("{VALID}{}", MIXES.replacen(from, to, 1));
    Datasets::from_toml(&text).expect_err("the change must be refused")
}

#[test]
fn songs_of_pairs_are_given_as_pairs_only() {
    let datasets = Datasets::from_toml(&format!("{VALID}{MIXES}")).expect("valid");
    let cache = Path::new("/cache");
    let mixes: Vec<std::path::PathBuf> = datasets
        .mixes_of(Split::Train)
        .map(|track| track.file(cache))
        .collect();
    assert_eq!(
        mixes,
        [Path::new("/cache/mixes/first-music/usr/song.xm.flac")]
    );
    assert_eq!(datasets.mixes_of(Split::Test).count(), 0);
    let mut masters = datasets.masters_of(Split::Train);
    assert!(masters.all(|track| track.path != "usr/share/first/mono.ogg"));
    assert_eq!(datasets.masters_of(Split::Train).count(), 2);
    let pairs: Vec<PairFiles> = datasets.pairs(cache).collect();
    let [project, remaster] = &pairs[..] else {
        panic!("{pairs:?}");
    };
    let folder = Path::new("/cache/mixes/first-music/usr");
    assert_eq!(project.mix, folder.join("song.mmpz.no-master-effects.flac"));
    assert_eq!(project.master, folder.join("song.mmpz.flac"));
    assert_eq!(
        remaster.mix,
        Path::new("/cache/audio/first-music/usr/share/first/mono.ogg")
    );
    assert_eq!(
        remaster.master,
        Path::new("/cache/pairs/first-music/usr/after.ogg")
    );
    assert_eq!((&*remaster.name, &*remaster.album), ("remaster", "another"));
}

#[test]
fn a_mix_or_pair_that_makes_no_sense_is_refused() {
    let of_pair = "path = \"usr/song.mmpz\", master_effects = false";
    for (from, to, entry, field) in [
        ("tracks.M", "tracks.A", "first-music", "tracks"),
        ("tracks.P", "tracks.B", "first-music", "tracks"),
        ("song.xm", "song.ogg", "first-music", "tracks"),
        ("song.xm", "xm", "first-music", "tracks"),
        (
            "role = \"pair\"",
            "role = \"unmastered mix\"",
            "first-music",
            "",
        ),
        ("role = \"pair\"", "role = \"stems\"", "first-music", ""),
        ("split = \"train\"", "split = \"valid\"", "", ""),
        (
            "group = \"friends\"",
            "group = \"others\"",
            "first-music",
            "version",
        ),
        ("rc1-3+b1", "rc1-4", "first-music", "version"),
        ("name = \"remaster\"", "name = \"project\"", "project", ""),
        ("name = \"remaster\"", "name = \" \"", " ", "name"),
        ("album = \"another\"", "album = \"\"", "remaster", "album"),
        (of_pair, "path = \"usr/song.mmpz\"", "project", "master"),
        (
            of_pair,
            "path = \"usr/song.xm\", master_effects = false",
            "project",
            "mix",
        ),
        (
            of_pair,
            "path = \"usr/song.mmp\", master_effects = false",
            "project",
            "mix",
        ),
        (
            "path = \"usr/after.ogg\"",
            "path = \"usr/song.xm\"",
            "first-music",
            "tracks",
        ),
        (
            "mix = { package = \"first-music\", path = \"usr/share",
            "mix = { package = \"third-music\", path = \"usr/share",
            "remaster",
            "mix",
        ),
    ] {
        let error = broken(from, to);
        let found = match &error {
            DatasetsError::Invalid { entry, field, .. } => (entry.as_str(), *field),
            DatasetsError::DuplicateEntry { entry } => (entry.as_str(), ""),
            DatasetsError::GroupInTwoSplits { .. } => ("", ""),
            other => panic!("{to:?} gave {other}"),
        };
        assert_eq!(found, (entry, field), "{to:?} gave {error}");
    }
    for (from, to, part) in [
        (
            "role = \"unmastered mix\"",
            "role = \"mix\"",
            "unmastered mix",
        ),
        ("album = \"an album\"\n", "", "album"),
        ("master_effects = false", "master_effects = 0", "project"),
        ("master_effects = false", "effects = false", "effects"),
    ] {
        let error = broken(from, to);
        assert!(matches!(error, DatasetsError::Entry { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn the_committed_file_has_masters_mixes_of_two_kinds_and_seven_pairs() {
    let datasets = Datasets::committed().expect("valid");
    let masters = |split| datasets.masters_of(split).count();
    assert!(Split::ALL.map(masters).iter().sum::<usize>() >= 600);
    let of = |renderer| {
        Split::ALL
            .iter()
            .flat_map(|&split| datasets.mixes_of(split))
            .filter(|track| Renderer::of(track.path) == Some(renderer))
            .count()
    };
    assert!(of(Renderer::OpenMpt) >= 40, "{}", of(Renderer::OpenMpt));
    assert!(of(Renderer::Lmms) >= 10, "{}", of(Renderer::Lmms));
    for split in [Split::Train, Split::Valid, Split::Test] {
        assert!(datasets.mixes_of(split).count() > 0, "{split}");
    }
    assert_eq!(datasets.pairs(Path::new("/cache")).count(), 7);
    for pair in datasets.listed_pairs() {
        let rendered_for = |track: &Track<'_>| pair.mix.is(track) || pair.master.is(track);
        for split in Split::ALL {
            let mut learned = datasets.masters_of(split).chain(datasets.mixes_of(split));
            assert!(!learned.any(|track| rendered_for(&track)), "{}", pair.name);
        }
    }
}
