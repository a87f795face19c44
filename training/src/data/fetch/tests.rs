mod mixes;
mod repositories;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::datasets::Split;

/// A folder of the test's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("acetate-fetch-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("temporary folder");
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// A package archive of synthetic packages, a client that serves from it, and a cache.
struct Scene {
    folder: Folder,
}

impl Scene {
    /// None where the machine has no `dpkg-deb` or `unzip`: nothing can be fetched there either.
    fn new() -> Option<Self> {
        for tool in ["dpkg-deb", "unzip"] {
            let mut command = Command::new(tool);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            if command.arg("--help").status().is_err() {
                eprintln!("not tested: {tool} is not installed");
                return None;
            }
        }
        let folder = Folder::new();
        fs::create_dir_all(folder.path("archive")).expect("folder");
        // Serves `name=version` or the newest `name` like apt-get: into the current folder, with
        // a log of what was asked, and with a complaint where it has nothing.
        let script = r#"
            echo "$2" >> "$1/log"
            name=${2%%=*}; version=${2#*=}
            if [ "$version" = "$2" ]; then version='*'; fi
            for file in "$1"/archive/"$name"_$version.deb; do
                if [ -e "$file" ]; then cp "$file" .; exit 0; fi
            done
            echo "E: nothing matches $2" >&2
            exit 100
        "#;
        fs::write(folder.path("client.sh"), script).expect("script");
        Some(Self { folder })
    }

    fn client(&self) -> PackageClient {
        PackageClient {
            program: "sh".into(),
            arguments: vec![
                self.folder.path("client.sh").into(),
                self.folder.0.clone().into(),
            ],
        }
    }

    /// The client, and renderers that are not installed.
    fn tools(&self) -> Tools {
        Tools {
            client: self.client(),
            git: "git".into(),
            curl: self.folder.path("curl").into(),
            wget: self.folder.path("wget").into(),
            openmpt123: self.folder.path("openmpt123").into(),
            lmms: self.folder.path("lmms").into(),
        }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path("cache")
    }

    /// What the client was asked for since the last call.
    fn requests(&self) -> Vec<String> {
        let log = self.folder.path("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        _ = fs::remove_file(&log);
        text.lines().map(str::to_owned).collect()
    }

    /// Builds a package of the given files; its checksum.
    fn publish(&self, name: &str, version: &str, files: &[(&str, &[u8])]) -> String {
        let root = self.folder.path(&format!("build-{name}-{version}"));
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\n\
             Maintainer: A <a@example.org>\nDescription: test\n"
        );
        for (path, content) in files
            .iter()
            .chain([&("DEBIAN/control", control.as_bytes())])
        {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("folder");
            fs::write(path, content).expect("file");
        }
        let file = self
            .folder
            .path("archive")
            .join(format!("{name}_{version}.deb"));
        let built = Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Znone", "--build"])
            .args([&root, &file])
            .stdout(Stdio::null())
            .status();
        assert!(built.expect("dpkg-deb").success());
        command::sha256(name, &file).expect("checksum")
    }

    fn fetch(&self, datasets: &Datasets) -> (Result<Fetched, FetchError>, Vec<String>) {
        let events = RefCell::new(Vec::new());
        let mut listen = |event: Event<'_>| events.borrow_mut().push(format!("{event:?}"));
        let result = fetch_with(&self.tools(), datasets, &self.cache(), &mut listen);
        (result, events.into_inner())
    }

    fn cached(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.cache().join("audio").join(path)).ok()
    }
}

/// An entry of a datasets file.
fn entry(name: &str, version: &str, sha256: &str, tracks: &[&str]) -> String {
    format!(
        "[[package]]\nname = {name:?}\nversion = {version:?}\narchitecture = \"all\"\n\
         sha256 = {sha256:?}\nsize_bytes = 4000\naudio_bytes = 20\nlicenses = [\"CC0-1.0\"]\n\
         artist = \"A\"\ngroup = {name:?}\nrole = \"finished master\"\nsplit = \"train\"\n\
         tracks.A = {tracks:?}\n"
    )
}

fn datasets(entries: &[String]) -> Datasets {
    Datasets::from_toml(&format!("format = 1\n{}", entries.join("\n"))).expect("valid entries")
}

/// A zip archive of stored members (PKWARE APPNOTE 4.3: local headers, directory, end record).
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let mut common = Vec::new();
        common.extend([10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]); // version 1.0, stored, 1980-01-01
        common.extend(crc32(content).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        directory.extend(*b"PK\x01\x02\x0a\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(*b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(*content);
    }
    let (start, count) = (bytes.len() as u32, members.len() as u16);
    bytes.extend(&directory);
    bytes.extend(*b"PK\x05\x06\0\0\0\0");
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc))
    })
}

#[test]
fn only_the_listed_tracks_arrive_and_a_second_run_asks_for_nothing() {
    let Some(scene) = Scene::new() else { return };
    let archive = zip(&[("music/in zip.ogg", b"zipped"), ("sfx/bang.ogg", b"bang")]);
    let files: [(&str, &[u8]); 3] = [
        ("usr/share/m/a song.ogg", b"plain"),
        ("usr/share/m/voice.ogg", b"unwanted"),
        ("usr/share/m/all.zip", &archive),
    ];
    let sha256 = scene.publish("some-music", "1.0-1", &files);
    let tracks = [
        "usr/share/m/a song.ogg",
        "usr/share/m/all.zip!/music/in zip.ogg",
    ];
    let datasets = datasets(&[entry("some-music", "1.0-1", &sha256, &tracks)]);

    let (result, events) = scene.fetch(&datasets);
    let expected = Fetched {
        already_complete: 0,
        fetched: 1,
        left_out: 0,
        rendered: 0,
        not_rendered: 0,
    };
    assert_eq!(result.expect("fetched"), expected);
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event.split([' ', '(']).next().unwrap_or_default())
        .collect();
    assert_eq!(kinds, ["Planned", "Started", "Finished"]);
    assert!(
        events[0].contains("disk_needed_bytes: 4020"),
        "{}",
        events[0]
    );
    let contents: Vec<_> = datasets
        .tracks_of(Split::Train)
        .map(|track| fs::read(track.file(&scene.cache())).expect("there"))
        .collect();
    assert_eq!(contents, [b"plain".to_vec(), b"zipped".to_vec()]);
    assert_eq!(scene.cached("some-music/usr/share/m/voice.ogg"), None);
    assert_eq!(scene.cached("some-music/usr/share/m/all.zip"), None);
    assert_eq!(
        scene.cached("some-music/usr/share/m/all.zip!/sfx/bang.ogg"),
        None
    );
    assert!(!scene.cache().join("partial/some-music").exists());
    assert_eq!(scene.requests(), ["some-music=1.0-1"]);

    let (result, events) = scene.fetch(&datasets);
    let expected = Fetched {
        already_complete: 1,
        fetched: 0,
        left_out: 0,
        rendered: 0,
        not_rendered: 0,
    };
    assert_eq!(result.expect("nothing to do"), expected);
    assert!(events.is_empty() && scene.requests().is_empty());
}

#[test]
fn an_incomplete_package_is_fetched_again_and_a_complete_one_is_not() {
    let Some(scene) = Scene::new() else { return };
    let one = scene.publish("one-music", "1", &[("m/1.ogg", b"1"), ("m/2.ogg", b"2")]);
    let two = scene.publish("two-music", "1", &[("m/3.ogg", b"3")]);
    let datasets = datasets(&[
        entry("one-music", "1", &one, &["m/1.ogg", "m/2.ogg"]),
        entry("two-music", "1", &two, &["m/3.ogg"]),
    ]);
    scene.fetch(&datasets).0.expect("fetched");
    scene.requests();
    // One track is lost, and an interrupted run left a temporary folder.
    fs::remove_file(scene.cache().join("audio/one-music/m/2.ogg")).expect("was there");
    fs::create_dir_all(scene.cache().join("partial/one-music/tree/m/stale")).expect("folder");

    scene.fetch(&datasets).0.expect("fetched");
    assert_eq!(scene.requests(), ["one-music=1"]);
    assert_eq!(
        scene.cached("one-music/m/2.ogg").as_deref(),
        Some(&b"2"[..])
    );
    assert!(!scene.cache().join("audio/one-music/m/stale").exists());
}

#[test]
fn a_package_with_another_checksum_is_refused_and_the_others_arrive() {
    let Some(scene) = Scene::new() else { return };
    scene.publish("bad-music", "1", &[("m/1.ogg", b"tampered")]);
    let good = scene.publish("good-music", "1", &[("m/2.ogg", b"2")]);
    let wrong = "0".repeat(64);
    let datasets = datasets(&[
        entry("bad-music", "1", &wrong, &["m/1.ogg"]),
        entry("good-music", "1", &good, &["m/2.ogg"]),
    ]);
    let error = scene.fetch(&datasets).0.expect_err("a failure");
    let FetchError::Incomplete {
        requested: 2,
        failures,
    } = &error
    else {
        panic!("{error}");
    };
    assert!(
        matches!(&failures[..], [FetchError::Checksum { package, expected, .. }]
            if package == "bad-music" && *expected == wrong),
        "{error}"
    );
    assert!(scene.cached("bad-music/m/1.ogg").is_none());
    assert!(scene.cached("good-music/m/2.ogg").is_some());
    assert!(!scene.cache().join("partial/bad-music").exists());
}

#[test]
fn another_version_is_taken_with_a_warning_and_not_asked_for_again() {
    let Some(scene) = Scene::new() else { return };
    scene.publish("new-music", "2.0", &[("m/1.ogg", b"new")]);
    let tracks = ["m/1.ogg", "m/gone.ogg"];
    let datasets = datasets(&[entry("new-music", "1.0", &"0".repeat(64), &tracks)]);

    let (result, events) = scene.fetch(&datasets);
    result.expect("fetched");
    let warning = events
        .iter()
        .find(|event| event.starts_with("OtherVersion"))
        .expect("a warning");
    for part in ["new-music", "1.0", "2.0", "m/gone.ogg"] {
        assert!(warning.contains(part), "{warning}");
    }
    assert_eq!(scene.requests(), ["new-music=1.0", "new-music"]);
    assert!(scene.cached("new-music/m/1.ogg").is_some());

    assert_eq!(scene.fetch(&datasets).0.expect("complete").fetched, 0);
    assert!(scene.requests().is_empty());
}

#[test]
fn a_missing_track_of_the_same_version_is_an_error_with_the_commands_words() {
    let Some(scene) = Scene::new() else { return };
    let archive = zip(&[("a.ogg", b"a")]);
    let files: [(&str, &[u8]); 2] = [("m/1.ogg", b"1"), ("m/all.zip", &archive)];
    let sha256 = scene.publish("some-music", "1", &files);
    for (missing, command) in [("m/2.ogg", "tar "), ("m/all.zip!/b.ogg", "unzip ")] {
        let tracks = ["m/1.ogg", missing];
        let datasets = datasets(&[entry("some-music", "1", &sha256, &tracks)]);
        let error = scene.fetch(&datasets).0.expect_err("a failure").to_string();
        for part in [
            "some-music",
            command,
            missing.rsplit('/').next().expect("name"),
        ] {
            assert!(error.contains(part), "{error}");
        }
        assert!(scene.cached("some-music/m/1.ogg").is_none());
    }
}

#[test]
fn what_cannot_be_downloaded_is_said_with_package_command_and_reason() {
    let Some(scene) = Scene::new() else { return };
    let datasets = datasets(&[entry("no-music", "1", &"0".repeat(64), &["m/1.ogg"])]);
    let error = scene.fetch(&datasets).0.expect_err("a failure").to_string();
    for part in [
        "no-music: `sh ",
        "no-music=1`",
        "E: nothing matches no-music=1",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_link_is_no_track() {
    let Some(scene) = Scene::new() else { return };
    let build = scene.folder.path("build-link-music-1").join("m");
    fs::create_dir_all(&build).expect("folder");
    std::os::unix::fs::symlink("/etc/passwd", build.join("1.ogg")).expect("link");
    let sha256 = scene.publish("link-music", "1", &[("m/2.ogg", b"2")]);
    let tracks = ["m/1.ogg", "m/2.ogg"];
    let datasets = datasets(&[entry("link-music", "1", &sha256, &tracks)]);
    let error = scene.fetch(&datasets).0.expect_err("a failure");
    let FetchError::Incomplete { failures, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(&failures[..], [FetchError::MissingTracks { tracks, .. }] if tracks == &["m/1.ogg"]),
        "{error}"
    );
}

#[test]
fn a_disk_too_small_is_said_before_anything_is_downloaded() {
    let Some(scene) = Scene::new() else { return };
    let text = entry("huge-music", "1", &"0".repeat(64), &["m/1.ogg"])
        .replace("audio_bytes = 20", "audio_bytes = 4611686018427387904");
    let (result, events) = scene.fetch(&datasets(&[text]));
    let error = result.expect_err("no disk has 4 EiB");
    assert!(
        matches!(error, FetchError::DiskFull { needed_bytes, .. } if needed_bytes == (1 << 62) + 4000),
        "{error}"
    );
    assert_eq!(events.len(), 1);
    assert!(scene.requests().is_empty());
}

#[test]
fn two_fetches_do_not_share_a_cache() {
    let Some(scene) = Scene::new() else { return };
    fs::create_dir_all(scene.cache()).expect("folder");
    let held = lock(&scene.cache()).expect("free");
    let datasets = datasets(&[entry("some-music", "1", &"0".repeat(64), &["m/1.ogg"])]);
    let error = scene.fetch(&datasets).0.expect_err("locked");
    assert!(matches!(error, FetchError::Locked { .. }), "{error}");
    drop(held);
    let error = scene.fetch(&datasets).0.expect_err("nothing published");
    assert!(matches!(error, FetchError::Incomplete { .. }), "{error}");
}

#[test]
fn the_default_client_is_apt_get() {
    let client = PackageClient::default();
    assert_eq!(client.program, "apt-get");
    assert_eq!(client.arguments, ["download"]);
    let tools = Tools::default();
    assert_eq!(
        (tools.openmpt123, tools.lmms),
        ("openmpt123".into(), "lmms".into())
    );
    assert!(default_cache_dir().is_none_or(|path| path.ends_with(Path::new("acetate/datasets"))));
}
