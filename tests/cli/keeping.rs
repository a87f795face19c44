//! Nothing that is read is written over, no two things go to one place, and only what was made here is
//! replaced.

use std::path::Path;

use crate::dir::{Dir, Ran, program, write_wav};

const SONGS: [&str; 3] = ["a.wav", "b.wav", "songs/c.wav"];

/// A folder with three short songs and some notes of the user's.
fn folder() -> Dir {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("songs")).unwrap();
    for song in SONGS {
        write_wav(&dir.path(song), 44_100, 2, &program(44_100, 1.0));
    }
    dir.write("songs/notes.txt", b"mine");
    dir.write("keep.toml", b"mine");
    dir
}

/// Runs, and checks that the run is refused and leaves everything as it was.
#[track_caller]
fn refused(dir: &Dir, args: &[&str], says: &str) -> Ran {
    let before = contents(dir.path("").as_path());
    let ran = dir.run(args).expect(2);
    assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    assert!(contents(dir.path("").as_path()) == before, "{args:?}");
    ran
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.push((path.clone(), std::fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn settings_and_signatures_replace_neither_songs_nor_what_is_there() {
    let dir = folder();
    let save = |path| ["master", "a.wav", "-o", "m.wav", "--save-settings", path];
    refused(&dir, &save("a.wav"), "which is read");
    refused(&dir, &save("./songs/../a.wav"), "which is read");
    refused(&dir, &save("m.wav"), "would replace the master");
    refused(&dir, &save("keep.toml"), "no such file");
    let overwritten = [&save("a.wav")[..], &["--overwrite"]].concat();
    refused(&dir, &overwritten, "which is read");

    let learn = [
        "learn",
        "--mix",
        "a.wav",
        "--master",
        "b.wav",
        "--save-settings",
    ];
    for song in ["a.wav", "b.wav"] {
        refused(
            &dir,
            &[&learn[..], &[song, "--overwrite"]].concat(),
            "which is read",
        );
    }
    refused(&dir, &[&learn[..], &["keep.toml"]].concat(), "no such file");

    let toward = [
        "master",
        "a.wav",
        "-o",
        "m.wav",
        "--overwrite",
        "--reference",
    ];
    for (reference, signature) in [
        ("b.wav", "b.wav"),
        ("b.wav", "a.wav"),
        ("songs", "songs/c.wav"),
    ] {
        let args = [&toward[..], &[reference, "--save-signature", signature]].concat();
        refused(&dir, &args, "which is read");
    }
    refused(
        &dir,
        &["check", "a.wav", "--plot", "./a.wav", "--overwrite"],
        "which is read",
    );
}

#[test]
fn a_pack_replaces_nothing_but_an_earlier_pack() {
    let dir = folder();
    let pack = |folder| {
        [
            "master",
            "a.wav",
            "-o",
            "m.wav",
            "--overwrite",
            "--pack",
            folder,
        ]
    };
    refused(&dir, &pack("songs"), "an earlier pack");
    refused(
        &dir,
        &[
            "master",
            "songs/c.wav",
            "-o",
            "m.wav",
            "--overwrite",
            "--pack",
            "songs",
        ],
        "songs",
    );
    refused(&dir, &pack("m.wav"), "");
    let inside = [&pack("pack")[..], &["--certificate", "pack/c.json"]].concat();
    std::fs::create_dir(dir.path("pack")).unwrap();
    refused(&dir, &inside, "choose another folder");

    dir.run(&pack("pack")).expect(0);
    dir.run(&pack("pack")).expect(0);
    assert!(dir.names_in("pack").contains(&"SHA256SUMS".to_owned()));
    dir.write("pack/notes.txt", b"mine");
    refused(&dir, &pack("pack"), "notes.txt");
}

#[test]
fn leaving_existing_masters_alone_replaces_nothing_beside_them() {
    let dir = folder();
    dir.write("c.json", b"mine");
    dir.write("r.html", b"mine");
    let skip = ["master", "a.wav", "-o", "m.wav", "--skip-existing"];
    for beside in [["--certificate", "c.json"], ["--report", "r.html"]] {
        refused(&dir, &[&skip[..], &beside].concat(), "no such file");
    }
    refused(
        &dir,
        &[&skip[..], &["--pack", "songs"]].concat(),
        "an earlier pack",
    );
    dir.write("m.wav", b"mine");
    let all = [
        &skip[..],
        &["--certificate", "c.json", "--report", "r.html"],
    ]
    .concat();
    dir.run(&all).expect(0);
    for name in ["m.wav", "c.json", "r.html"] {
        assert_eq!(dir.bytes(name), b"mine", "{name}");
    }
}

#[test]
fn one_song_of_a_batch_never_replaces_another() {
    let dir = folder();
    std::fs::create_dir(dir.path("out")).unwrap();
    write_wav(
        &dir.path("out/a.master.wav"),
        44_100,
        2,
        &program(44_100, 1.0),
    );
    let batch = ["master", "a.wav", "out/a.master.wav", "--out-dir", "out"];
    refused(
        &dir,
        &[&batch[..], &["--overwrite"]].concat(),
        "which is read",
    );
    refused(
        &dir,
        &["master", "a.wav", "./a.wav"],
        "would replace the master",
    );
    // What is left alone is in nobody's way.
    write_wav(
        &dir.path("out/a.master.master.wav"),
        44_100,
        2,
        &program(44_100, 1.0),
    );
    dir.run(&[&batch[..], &["--skip-existing"]].concat())
        .expect(0);
}

#[test]
fn variants_never_replace_the_mix() {
    let dir = folder();
    write_wav(&dir.path("v.open.wav"), 44_100, 2, &program(44_100, 1.0));
    let args = [
        "master",
        "v.open.wav",
        "-o",
        "v.wav",
        "--variants",
        "3",
        "--overwrite",
    ];
    refused(&dir, &args, "which is read");
    // One that cannot be is refused before the work.
    let args = [
        "master",
        "a.wav",
        "-o",
        "w.wav",
        "--variants",
        "3",
        "--lufs",
        "-5",
    ];
    refused(&dir, &args, "\"loud\" is +2 LU");
}

#[test]
fn training_replaces_no_readme_but_a_model_card() {
    let dir = folder();
    dir.write("README.md", b"mine");
    refused(
        &dir,
        &["train", "--masters", "songs", "--out-dir", ".", "--offline"],
        "model card",
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let dir = folder();
    refused(
        &dir,
        &[
            "master",
            "a.wav",
            "--dry-run",
            "--save-settings",
            "new.toml",
        ],
        "cannot be used with",
    );
}

#[test]
fn a_stage_that_is_left_out_is_left_out_of_words_and_settings() {
    let dir = folder();
    // More bass than anything: the EQ would have something to do.
    let heavy: Vec<f32> = program(44_100, 4.0).iter().map(|x| 0.05 + x).collect();
    write_wav(&dir.path("heavy.wav"), 44_100, 2, &heavy);
    let args = [
        "master",
        "heavy.wav",
        "-o",
        "left.wav",
        "--save-settings",
        "left.toml",
    ];
    let bypass = [
        "--bypass",
        "eq,cleanup,stereo,compressor,saturation",
        "--json",
    ];
    let report = dir.run(&[&args[..], &bypass].concat()).expect(0).json();
    let done = report["mastering"]["done"].as_array().unwrap().clone();
    let told: Vec<&str> = done
        .iter()
        .filter_map(|sentence| sentence.as_str())
        .collect();
    assert!(told[0].starts_with("left the tone as it is"), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
    dir.run(&[
        "master",
        "heavy.wav",
        "-o",
        "again.wav",
        "--settings",
        "left.toml",
    ])
    .expect(0);
    assert!(dir.bytes("left.wav") == dir.bytes("again.wav"));
    dir.run(&["master", "heavy.wav", "-o", "level.wav", "--amount", "0"])
        .expect(0);
    assert!(dir.bytes("left.wav") == dir.bytes("level.wav"));
}

#[test]
fn a_dry_run_says_what_will_be_out_of_reach() {
    let dir = folder();
    let args = [
        "master",
        "a.wav",
        "--lufs",
        "-5",
        "--max-limiting",
        "1",
        "--json",
    ];
    let foreseen = dir
        .run(&[&args[..], &["--dry-run"]].concat())
        .expect(1)
        .json();
    assert_eq!(foreseen["all_met"], false);
    let found = dir.run(&args).expect(1).json();
    let short_by = |report: &serde_json::Value| {
        report["mastering"]["infeasible"]["short_by_lu"]
            .as_f64()
            .unwrap()
    };
    assert!((short_by(&foreseen) - short_by(&found)).abs() < 0.1);
}
