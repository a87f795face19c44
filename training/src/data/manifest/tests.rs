//! Reading, choosing and getting, on small made-up metadata of the archives' layout.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::datasets::Split;
use crate::fetch::Tools;

const JAMENDO: &str = r#"
format = 1
name = "jamendo"
archive = "mtg-jamendo"
[metadata.tracks]
path = "tracks.tsv"
[metadata.licenses]
path = "licenses.txt"
[audio]
folder = "audio"
[select]
seed = 7
count = 100
per_artist = 2
min_duration_s = 60
max_duration_s = 600
licenses = ["CC0", "CC-BY", "CC-BY-SA"]
without_genres = ["ambient"]
vocal_tags = ["instrument---voice"]
valid_share = 0.2
test_share = 0.2
"#;

const FMA: &str = r#"
format = 1
name = "fma"
archive = "fma"
[metadata.tracks]
path = "tracks.csv"
[metadata.echonest]
path = "echonest.csv"
[audio]
folder = "audio"
[select]
seed = 7
count = 100
per_artist = 2
min_duration_s = 60
max_duration_s = 600
licenses = ["CC0", "CC-BY", "CC-BY-SA"]
max_instrumentalness = 0.3
valid_share = 0
test_share = 0
"#;

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
        fs::write(path, text).expect("written");
    }

    fn manifest(&self, text: &str) -> Result<Manifest, ManifestError> {
        self.write("manifest.toml", text);
        Manifest::load(&self.path("manifest.toml"))
    }

    fn tools(&self) -> Tools {
        Tools {
            curl: self.path("no-curl").into(),
            wget: self.path("no-wget").into(),
            ..Tools::default()
        }
    }

    /// What a fetch chose and did.
    fn fetch(&self, text: &str) -> (Option<Selection>, Result<Gotten, ManifestError>) {
        self.fetch_with(&self.tools(), text)
    }

    fn fetch_with(
        &self,
        tools: &Tools,
        text: &str,
    ) -> (Option<Selection>, Result<Gotten, ManifestError>) {
        let manifest = self.manifest(text).expect("valid");
        let mut selection = None;
        let result = fetch(tools, &manifest, &self.path("cache"), &mut |event| {
            if let Event::Selected(chosen) = event {
                selection = Some(chosen.clone());
            }
        });
        (selection, result)
    }

    /// Twelve artists with three songs each: every fourth song has another license.
    fn jamendo(&self) {
        let (mut tracks, mut licenses) = (String::new(), "Licenses of the audio\n\n".to_owned());
        for id in 0..36 {
            let artist = id / 3;
            let genre = if id % 2 == 0 { "pop" } else { "rock" };
            tracks.push_str(&format!(
                "track_{id:07}\tartist_{artist:06}\talbum_1\t{:02}/{id}.mp3\t180.5\tgenre---{genre}\tinstrument---voice\n",
                id % 100
            ));
            let license = if id % 4 == 3 { "by-nc" } else { "by-sa" };
            licenses.push_str(&format!(
                "{:02}/{id}.mp3\nTitle {id} by Somebody\nAvailable under a Creative Commons license: http://creativecommons.org/licenses/{license}/3.0/\n\n",
                id % 100
            ));
            self.write(
                &format!("audio/{:02}/{id}.mp3", id % 100),
                &format!("sound {id}"),
            );
        }
        // Out of length, of a genre that is left out, without vocals, without a license.
        tracks.push_str(
            "track_1\tartist_1\talbum_1\t01/901.mp3\t20\tgenre---pop\tinstrument---voice\n",
        );
        tracks.push_str(
            "track_2\tartist_1\talbum_1\t02/902.mp3\t90\tgenre---ambient\tinstrument---voice\n",
        );
        tracks.push_str("track_3\tartist_1\talbum_1\t03/903.mp3\t90\tgenre---pop\n");
        tracks.push_str("track_4\tartist_1\talbum_1\t04/904.mp3\t90\tinstrument---voice\n");
        for id in 901..904 {
            licenses.push_str(&format!(
                "{:02}/{id}.mp3\nAvailable under a x: http://creativecommons.org/licenses/by/3.0/\n",
                id % 100
            ));
        }
        let header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n";
        self.write("tracks.tsv", &format!("{header}{tracks}"));
        self.write("licenses.txt", &licenses);
    }
}

#[test]
fn open_songs_with_vocals_are_chosen_and_each_artist_is_in_one_split() {
    let scene = Scene::new();
    scene.jamendo();
    let (selection, result) = scene.fetch(JAMENDO);
    let gotten = result.expect("got");
    let selection = selection.expect("chosen");
    let Selection {
        tracks,
        licensed,
        sung,
        suitable,
        chosen,
    } = &selection;
    assert_eq!([*tracks, *licensed, *sung, *suitable], [40, 30, 29, 27]);
    // Two of each of the twelve artists.
    assert_eq!((chosen.len(), gotten.fetched), (24, 24));
    let mut split_of = std::collections::HashMap::new();
    for it in chosen {
        let song = &it.song;
        assert_eq!(song.license.as_deref(), Some("CC-BY-SA-3.0"));
        assert_eq!(*split_of.entry(&song.artist).or_insert(it.split), it.split);
        let place = format!("{}/{}/{}.mp3", it.split, song.artist, song.id);
        let audio = fs::read_to_string(gotten.folder.join(place)).expect("there");
        let number: usize = song
            .id
            .trim_start_matches("track_")
            .parse()
            .expect("number");
        assert_eq!(audio, format!("sound {number}"));
    }
    let splits: std::collections::BTreeSet<Split> = split_of.values().copied().collect();
    assert_eq!(splits.len(), 3, "{split_of:?}");
    let list = fs::read_to_string(gotten.folder.join("selection.csv")).expect("there");
    assert_eq!(list.lines().count(), 25);
    assert!(
        list.contains("CC-BY-SA-3.0") && list.contains("pop"),
        "{list}"
    );

    let (again, result) = scene.fetch(JAMENDO);
    assert_eq!(again.as_ref(), Some(&selection));
    assert_eq!(result.expect("there").already_there, 24);
}

#[test]
fn the_choice_depends_on_the_seed_and_not_on_the_order_of_the_metadata() {
    let scene = Scene::new();
    scene.jamendo();
    let few = JAMENDO.replace("count = 100", "count = 5");
    let (first, _) = scene.fetch(&few);
    let first = first.expect("chosen").chosen;
    assert_eq!(first.len(), 5);
    let artists: std::collections::BTreeSet<&str> =
        first.iter().map(|it| it.song.artist.as_str()).collect();
    assert_eq!(
        artists.len(),
        5,
        "nobody gets a second song before all have one"
    );

    let text = fs::read_to_string(scene.path("tracks.tsv")).expect("there");
    let mut lines: Vec<&str> = text.lines().collect();
    let header = lines.remove(0);
    lines.reverse();
    scene.write("tracks.tsv", &format!("{header}\n{}\n", lines.join("\n")));
    assert_eq!(scene.fetch(&few).0.expect("chosen").chosen, first);
    let other = few.replace("seed = 7", "seed = 8");
    assert_ne!(scene.fetch(&other).0.expect("chosen").chosen, first);
    let limited = JAMENDO.replace("per_artist = 2", "per_artist = 2\nper_genre = 3");
    assert_eq!(scene.fetch(&limited).0.expect("chosen").chosen.len(), 6);
    let pop = JAMENDO.replace("per_artist = 2", "per_artist = 3\ngenres = [\"Pop\"]");
    let pop = scene.fetch(&pop).0.expect("chosen").chosen;
    assert!(pop.iter().all(|it| it.song.genres == ["pop"]));
    assert_eq!(pop.len(), 18);
}

#[test]
fn songs_that_are_no_longer_chosen_leave_the_splits() {
    let scene = Scene::new();
    scene.jamendo();
    let gotten = scene.fetch(JAMENDO).1.expect("got");
    let (few, result) = scene.fetch(&JAMENDO.replace("count = 100", "count = 3"));
    assert_eq!(few.expect("chosen").chosen.len(), 3);
    assert_eq!(result.expect("there").already_there, 3);
    let left: usize = ["train", "valid", "test"]
        .iter()
        .map(|split| count_files(&gotten.folder.join(split)))
        .sum();
    assert_eq!(left, 3);
    assert_eq!(count_files(&gotten.folder.join("not-chosen")), 21);
}

fn count_files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let paths = entries.map(|entry| entry.expect("entry").path());
    paths
        .map(|path| if path.is_dir() { count_files(&path) } else { 1 })
        .sum()
}

#[test]
fn audio_with_another_checksum_is_refused_and_the_rest_arrives() {
    let scene = Scene::new();
    scene.jamendo();
    let three = JAMENDO.replace("count = 100", "count = 3");
    let chosen = scene.fetch(&three).0.expect("chosen").chosen;
    let sum = |path: &str| {
        let file = scene.path("audio").join(path);
        crate::fetch::sha256("test", &file).expect("checksum")
    };
    let lines: Vec<String> = chosen
        .iter()
        .map(|it| format!("{} {}\n", sum(&it.song.path), it.song.path))
        .collect();
    scene.write("sums.txt", &lines.concat());
    let summed = three.replace(
        "[audio]",
        "[metadata.checksums]\npath = \"sums.txt\"\n[audio]",
    );
    fs::remove_dir_all(scene.path("cache")).expect("was there");
    scene.write(&format!("audio/{}", chosen[1].song.path), "tampered");
    let error = scene.fetch(&summed).1.expect_err("a failure");
    let ManifestError::Incomplete { failed, of, first } = &error else {
        panic!("{error}");
    };
    assert_eq!((*failed, *of), (1, 3));
    assert!(first.to_string().contains("sha256"), "{first}");
    let folder = scene.path("cache/manifests/jamendo");
    let there = ["train", "valid", "test"].map(|split| count_files(&folder.join(split)));
    assert_eq!(there.iter().sum::<usize>(), 2);
}

#[test]
fn columns_and_lines_that_are_not_as_expected_are_named() {
    let scene = Scene::new();
    scene.jamendo();
    let tracks = fs::read_to_string(scene.path("tracks.tsv")).expect("there");
    let licenses = fs::read_to_string(scene.path("licenses.txt")).expect("there");
    for (file, text, parts) in [
        (
            "tracks.tsv",
            tracks.replace("DURATION", "LENGTH"),
            ["column DURATION", "LENGTH"],
        ),
        (
            "tracks.tsv",
            tracks.replacen("180.5", "long", 1),
            ["line 2", "DURATION"],
        ),
        (
            "tracks.tsv",
            "TRACK_ID\n".to_owned(),
            ["column ARTIST_ID", "TRACK_ID"],
        ),
        (
            "tracks.tsv",
            String::new(),
            ["tracks.tsv", "column TRACK_ID"],
        ),
        (
            "licenses.txt",
            "nothing\n".to_owned(),
            ["licenses.txt", "Available under a"],
        ),
        (
            "licenses.txt",
            licenses.replace("by-sa", "by-nc"),
            ["none of 40 tracks", "[select]"],
        ),
    ] {
        scene.jamendo();
        scene.write(file, &text);
        let error = scene.fetch(&JAMENDO.replace("\"ambient\"", "\"ambient\", \"pop\""));
        let error = error.1.expect_err("a failure").to_string();
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    }
    scene.jamendo();
    fs::remove_file(scene.path("licenses.txt")).expect("was there");
    let error = scene.fetch(JAMENDO).1.expect_err("a failure").to_string();
    assert!(
        error.contains("metadata.licenses") && error.contains("no address"),
        "{error}"
    );
}

#[test]
fn a_manifest_asks_for_free_licenses_only_and_says_what_is_wrong() {
    let scene = Scene::new();
    for (from, to, field) in [
        ("\"CC-BY-SA\"", "\"CC-BY-NC\"", "licenses"),
        ("\"CC-BY-SA\"", "\"its own\"", "licenses"),
        ("format = 1", "format = 2", "format"),
        ("\"jamendo\"", "\"../x\"", "name"),
        ("count = 100", "count = 0", "count"),
        ("per_artist = 2", "per_artist = 0", "per_artist"),
        (
            "min_duration_s = 60",
            "min_duration_s = 900",
            "min_duration_s",
        ),
        ("valid_share = 0.2", "valid_share = 0.9", "valid_share"),
        ("[\"instrument---voice\"]", "[]", "vocal_tags"),
        (
            "[metadata.licenses]\npath = \"licenses.txt\"",
            "",
            "metadata.licenses",
        ),
        ("folder = \"audio\"", "", "audio"),
        (
            "folder = \"audio\"",
            "url = \"https://example.org/x\"",
            "audio.url",
        ),
        (
            "folder = \"audio\"",
            "url = \"file:///{path}\"",
            "audio.url",
        ),
        ("seed = 7", "seed = 7\nsed = 8", "sed"),
    ] {
        assert!(JAMENDO.contains(from), "the test's own text lacks {from:?}");
        let error = scene.manifest(&JAMENDO.replacen(from, to, 1));
        let error = error.expect_err("must be refused").to_string();
        assert!(
            error.contains(field) && error.contains("manifest.toml"),
            "{error}"
        );
    }
    let error = scene.manifest(&FMA.replace("max_instrumentalness = 0.3\n", ""));
    assert!(error.is_err());
}

#[test]
fn the_free_music_archive_is_read_by_its_lines_of_column_names() {
    let scene = Scene::new();
    let header = ",album,artist,artist,track,track,track,track,track\n\
                  ,title,id,name,duration,genre_top,language_code,license,title\n\
                  track_id,,,,,,,,\n";
    let rows = "2,\"An album,\nin two lines\",1,A,168,Hip-Hop,en,Attribution-ShareAlike 3.0,\"A \"\"song\"\"\"\n\
                3,Album,1,A,200,Rock,,Attribution,Instrumental\n\
                5,Album,2,B,200,Pop,en,Attribution-Noncommercial 3.0,NC\n\
                10,Album,3,C,200,Pop,en,CC0 1.0 Universal,Zero\n\
                123456,Album,4,D,200,Pop,en,Attribution,Unheard\n";
    scene.write("tracks.csv", &format!("{header}{rows}"));
    scene.write(
        "echonest.csv",
        ",echonest,echonest\n,audio_features,audio_features\n,energy,instrumentalness\n\
         track_id,,\n2,0.5,0.01\n3,0.5,0.9\n5,0.5,0.0\n10,0.5,0.3\n",
    );
    scene.write("audio/000/000002.mp3", "two");
    scene.write("audio/000/000010.mp3", "ten");
    let (selection, result) = scene.fetch(FMA);
    let gotten = result.expect("got");
    let selection = selection.expect("chosen");
    assert_eq!(
        (selection.tracks, selection.licensed, selection.sung),
        (5, 4, 2)
    );
    let [first, second] = &selection.chosen[..] else {
        panic!("{selection:?}");
    };
    assert_eq!(first.song.title.as_deref(), Some("A \"song\""));
    assert_eq!(first.song.license.as_deref(), Some("CC-BY-SA-3.0"));
    assert_eq!(first.song.genres, ["hip-hop"]);
    assert_eq!(second.song.license.as_deref(), Some("CC0-1.0"));
    let audio = gotten.folder.join("train/artist_1/track_000002.mp3");
    assert_eq!(fs::read_to_string(audio).expect("there"), "two");

    // Without the second table the language of the words decides.
    let by_language = FMA
        .replace("max_instrumentalness = 0.3\n", "")
        .replace("[metadata.echonest]\npath = \"echonest.csv\"\n", "");
    let (selection, result) = scene.fetch(&by_language);
    assert_eq!(selection.expect("chosen").sung, 3);
    let error = result.expect_err("audio of one is missing").to_string();
    assert!(error.contains("123/123456.mp3"), "{error}");

    for (from, to, part) in [
        (",license,", ",license,", "column track.license"),
        ("track_id", "id", "track_id below 2 lines"),
        ("lines\"", "lines", "closing quotation mark"),
        ("168,", "168,,", "expected 9 fields, found 10 fields"),
        ("\n3,", "\nx,", "a number as track_id"),
    ] {
        scene.write(
            "tracks.csv",
            &format!("{header}{rows}").replacen(from, to, 1),
        );
        let error = scene.fetch(FMA).1.expect_err("a failure").to_string();
        assert!(
            error.contains(part) && error.contains("tracks.csv"),
            "{error}"
        );
    }
}

#[test]
fn missing_metadata_and_audio_come_by_curl_or_else_by_wget() {
    let scene = Scene::new();
    scene.jamendo();
    fs::rename(scene.path("tracks.tsv"), scene.path("served.tsv")).expect("moved");
    let text = JAMENDO
        .replace(
            "path = \"tracks.tsv\"",
            "path = \"tracks.tsv\"\nurl = \"https://example.org/served.tsv\"",
        )
        .replace(
            "folder = \"audio\"",
            "url = \"https://example.org/audio/{path}\"",
        );
    let error = scene.fetch(&text).1.expect_err("no program").to_string();
    assert!(error.contains("no-wget"), "{error}");
    // Serves the scene's folder for the address; the file is before `--`.
    let home = scene.folder.path().display().to_string();
    let program = format!(
        "#!/bin/sh\nwhile [ \"$2\" != -- ]; do shift; done\n\
         echo \"$3\" >> {home}/log\nexec cp \"{home}/${{3#https://example.org/}}\" \"$1\"\n"
    );
    for name in ["curl", "wget"] {
        scene.write(name, &program);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(scene.path(name), executable).expect("permissions");
        let mut tools = scene.tools();
        match name {
            "curl" => tools.curl = scene.path(name).into(),
            _ => tools.wget = scene.path(name).into(),
        }
        let (selection, result) = scene.fetch_with(&tools, &text);
        assert_eq!(result.expect("got").fetched, 24);
        assert_eq!(selection.expect("chosen").chosen.len(), 24);
        let log = fs::read_to_string(scene.path("log")).expect("asked");
        assert!(
            log.contains("/served.tsv") && log.contains("/audio/00/0.mp3"),
            "{log}"
        );
        fs::remove_file(scene.path("log")).expect("was there");
        fs::remove_dir_all(scene.path("cache")).expect("was there");
    }
}

#[test]
fn the_committed_manifests_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets");
    for (name, archive) in [("jamendo", Archive::Jamendo), ("fma", Archive::Fma)] {
        let manifest = Manifest::load(&folder.join(format!("{name}.toml"))).expect("valid");
        assert_eq!((manifest.name.as_str(), manifest.archive), (name, archive));
    }
}
