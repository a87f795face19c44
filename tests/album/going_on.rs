//! Albums that were stopped, and songs that come later.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::dir::{Dir, read_wav, write_wav};
use crate::records::{read_report, record};
use crate::songs::RATE_HZ;

const WORK: &str = ".out.album-work";

/// Starts an album and kills it once a unit is whole.
fn killed(dir: &Dir) {
    let words = [
        "album",
        "mixes",
        "-o",
        "out",
        "-q",
        "--threads",
        "1",
        "--deliver",
        "cd",
    ];
    let mut child = dir.command(&words).spawn().expect("the binary starts");
    let started = Instant::now();
    let is_record = |path: &Path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    };
    let has_record = || {
        let entries = std::fs::read_dir(dir.path(WORK));
        entries.is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| is_record(&entry.path())))
        })
    };
    while !has_record() {
        assert!(
            started.elapsed() < Duration::from_secs(300),
            "nothing is done"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it is killed");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), None, "killed before its end");
    assert!(!dir.path("out").exists());
}

fn tracks(dir: &Dir, folder: &str) -> Vec<Vec<u8>> {
    let names = dir.names_in(folder);
    let waves = names.iter().filter(|name| name.ends_with(".wav"));
    waves
        .map(|name| dir.bytes(&format!("{folder}/{name}")))
        .collect()
}

#[test]
fn a_killed_album_goes_on_and_is_the_same_to_the_byte() {
    let dir = Dir::new();
    record(&dir);
    killed(&dir);
    let words = ["album", "mixes", "-q", "--deliver", "cd"];
    dir.run(&[&words[..], &["-o", "out", "--resume"]].concat());
    assert!(!dir.path(WORK).exists(), "nothing is left");
    dir.run(&[&words[..], &["-o", "whole"]].concat());
    for folder in ["", "/cd"] {
        let at_once = tracks(&dir, &format!("whole{folder}"));
        assert!(tracks(&dir, &format!("out{folder}")) == at_once, "{folder}");
    }
}

#[test]
fn a_killed_album_whose_start_was_moved_takes_nothing_of_the_old_one() {
    let dir = Dir::new();
    record(&dir);
    let manifest = |start_s: &str| {
        let songs = (1..5).map(|song| format!("[[track]]\nfile = \"{song}.wav\"\n{start_s}"));
        let text: String = songs.collect();
        dir.write("mixes/album.toml", text.as_bytes());
    };
    manifest("start_s = 0.5\n");
    killed(&dir);
    manifest("start_s = 0.50005\n");
    let words = ["album", "mixes", "-q", "--deliver", "cd"];
    dir.run(&[&words[..], &["-o", "out", "--resume"]].concat());
    dir.run(&[&words[..], &["-o", "whole"]].concat());
    assert!(tracks(&dir, "out") == tracks(&dir, "whole"));
}

#[test]
fn a_bonus_track_is_mastered_into_the_kept_sound_of_its_album() {
    let dir = Dir::new();
    record(&dir);
    let words = [
        "album",
        "mixes",
        "-o",
        "out",
        "-q",
        "--save-signature",
        "sound.toml",
    ];
    let ran = dir.run(&words);
    assert!(ran.code < 2, "{}", ran.stderr);
    let text = String::from_utf8(dir.bytes("sound.toml")).expect("a text");
    assert!(text.contains("songs = 4"), "{text}");
    // A bonus track without its treble.
    std::fs::create_dir(dir.path("bonus")).expect("a folder");
    let (_, song) = read_wav(&dir.path("mixes/4.wav"));
    let mut held = [0.0; 2];
    let dull: Vec<f32> = song
        .chunks_exact(2)
        .flat_map(|frame| {
            for (state, sample) in held.iter_mut().zip(frame) {
                *state += 0.15 * (sample - *state);
            }
            held.map(|sample| sample as f32)
        })
        .collect();
    write_wav(&dir.path("bonus/1.wav"), RATE_HZ, 2, &dull);
    let words = ["album", "bonus", "-q", "-o"];
    dir.run(&[&words[..], &["alone"]].concat());
    dir.run(&[&words[..], &["into", "--signature", "sound.toml"]].concat());
    let asked_db = |folder: &str| {
        let report = read_report(&dir, folder);
        let asked = &report["songs"][0]["beyond_alone"]["tone_rms_db"];
        asked.as_f64().expect("a figure")
    };
    assert_eq!(asked_db("alone"), 0.0, "a single is one");
    assert!(asked_db("into") > 0.0, "the album asks something of it");
}
