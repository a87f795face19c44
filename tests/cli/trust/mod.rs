//! What others wrote is not trusted: names, tags, links, pipes, records and folders that somebody else made.

mod packs;
mod records;
mod texts;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::dir::{Dir, Ran, program, write_wav};

/// A name that sets a terminal's title, clears it, turns letters around and forges a line of ours.
const HOSTILE: &str = "x\u{1b}]0;t\u{7}\u{1b}[2J\nerror: forged\u{202e}\u{9b}1m.wav";
/// Longest run of a command that must not wait for a pipe, s.
const PATIENCE_S: &str = "20";

fn short_mix(dir: &Dir, name: &str) {
    write_wav(&dir.path(name), 44_100, 2, &program(44_100, 1.0));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn make_pipe(dir: &Dir, name: &str) {
    let made = Command::new("mkfifo").arg(dir.path(name)).status().unwrap();
    assert!(made.success());
}

/// Runs with a limit of time: a run that waits ends with code 124.
fn run_in_time(dir: &Dir, args: &[&str]) -> Ran {
    let own = dir.command(args);
    let mut limited = Command::new("timeout");
    limited
        .arg(PATIENCE_S)
        .arg(own.get_program())
        .args(own.get_args())
        .current_dir(dir.path(""))
        .stdin(Stdio::null());
    for (name, value) in own.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    Ran::of(limited.output().unwrap())
}

#[track_caller]
fn is_plain(what: &str, text: &str) {
    let is_loose = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_loose), "{what}: {text:?}");
    let forged = text.lines().any(|line| line.starts_with("error: forged"));
    assert!(!forged, "{what}: {text:?}");
}

/// A short mix, its master and the certificate of that.
fn certified(dir: &Dir) {
    short_mix(dir, "mix.wav");
    dir.run(&[
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--certificate",
        "c.json",
    ])
    .expect(0);
}

#[test]
fn no_output_is_wider_than_the_umask_or_the_file_that_it_replaces() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let args = [
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--report",
        "r.html",
        "--certificate",
        "c.json",
        "--save-settings",
        "s.toml",
        "--overwrite",
    ];
    dir.run(&args).expect(0);
    let outputs = ["m.wav", "r.html", "c.json", "s.toml"].map(|name| dir.path(name));
    let usual = mode(&outputs[0]);
    assert_eq!(usual & 0o7111, 0);
    for (old, new) in [(0o6777, usual), (0o600, 0o600), (0o4640, 0o640 & usual)] {
        outputs.iter().for_each(|path| set_mode(path, old));
        dir.run(&args).expect(0);
        for path in &outputs {
            assert_eq!(mode(path), new, "{} over {old:o}", path.display());
        }
    }
}

#[test]
fn pipes_and_devices_are_refused_where_a_file_is_meant() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    make_pipe(&dir, "pipe");
    make_pipe(&dir, "pipe.toml");
    for args in [
        &["master", "pipe"][..],
        &["master", "mix.wav", "-o", "m.wav", "--settings", "pipe"],
        &["master", "mix.wav", "-o", "m.wav", "--weights", "pipe"],
        &["master", "mix.wav", "-o", "m.wav", "--reference", "pipe"],
        &[
            "master",
            "mix.wav",
            "-o",
            "m.wav",
            "--reference",
            "pipe.toml",
        ],
        &[
            "master",
            "mix.wav",
            "-o",
            "m.wav",
            "--settings",
            "/dev/zero",
        ],
        &[
            "master",
            "mix.wav",
            "-o",
            "pipe.wav",
            "--save-settings",
            "pipe",
            "--overwrite",
        ],
        &["analyze", "pipe"],
        &["check", "pipe"],
        &["verify", "mix.wav", "--certificate", "pipe"],
        &["verify", "mix.wav", "--certificate", "/dev/zero"],
        &["learn", "--mix", "mix.wav", "--master", "pipe"],
        &["learn", "--mix", "pipe", "--master", "mix.wav"],
        &["dataset", "list", "--datasets", "pipe"],
        &["dataset", "fetch", "--manifest", "pipe"],
        &["train", "--pairs", "pipe", "--out-dir", "t"],
        &["train", "--recipe", "pipe", "--offline", "--out-dir", "t"],
        &["eval", "--pairs", "pipe"],
        &["eval", "--weights", "pipe", "--masters", "."],
        &["eval", "--recipe", "pipe", "--fit-baselines"],
    ] {
        let ran = run_in_time(&dir, args).expect(2);
        let is_told = ran.stderr.contains("a pipe") || ran.stderr.contains("a device");
        assert!(is_told, "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn what_is_no_audio_on_standard_input_is_not_taken_whole() {
    let dir = Dir::new();
    let noise: Vec<u8> = (0_u32..1 << 16)
        .flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..16].to_vec())
        .collect();
    for (name, block) in [("text", vec![b'y'; 1 << 20]), ("noise", noise)] {
        let mut child = dir
            .command(&["master", "-", "-o", "m.wav"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let taken = (0..64)
            .take_while(|_| stdin.write_all(&block).is_ok())
            .count();
        drop(stdin);
        let ran = Ran::of(child.wait_with_output().unwrap()).expect(2);
        assert!(taken < 4, "{name}: {taken} MB were taken");
        assert!(
            ran.stderr.contains("standard input: expected"),
            "{}",
            ran.stderr
        );
        assert!(dir.names().is_empty(), "{:?}", dir.names());
    }
    // Tags before the sound may be longer than what is looked at first.
    short_mix(&dir, "mix.wav");
    let mut tagged = b"ID3\x04\0\0\x01\x00\0\0".to_vec();
    tagged.resize(10 + (1 << 21), 0);
    tagged.extend(fs::read(crate::dir::audio("rock_excerpt.flac")).unwrap());
    let tagged = dir.write("tagged.flac", &tagged);
    dir.run_with_stdin(&["master", "-", "-o", "m.wav"], &tagged)
        .expect(0);
}

#[test]
fn a_name_too_long_for_its_output_is_refused_before_the_work() {
    let dir = Dir::new();
    let long = format!("{}.wav", "x".repeat(251));
    short_mix(&dir, &long);
    short_mix(&dir, "mix.wav");
    let html = format!("{}.html", "y".repeat(252));
    for args in [
        &["master", &long][..],
        &["master", &long, "mix.wav", "--out-dir", "new"],
        &["master", "mix.wav", "-o", "m.wav", "--report", &html],
        &["master", "mix.wav", "-o", "m.wav", "--pack", &html],
        &["master", "mix.wav", "-o", "m.wav", "--save-settings", &html],
    ] {
        let ran = dir.run(args).expect(2);
        assert!(ran.stderr.contains("at most 255 bytes"), "{}", ran.stderr);
        assert_eq!(dir.names().len(), 2, "{args:?}: {:?}", dir.names());
    }
}

#[test]
fn training_and_fetching_write_through_no_link() {
    let dir = Dir::new();
    fs::create_dir(dir.path("t")).unwrap();
    fs::create_dir(dir.path("c")).unwrap();
    let victim = dir.write("victim", b"precious");
    fs::create_dir(dir.path("own")).unwrap();
    dir.write("own/notes", b"precious");
    for name in ["README.md", "weights.safetensors", "metrics.json"] {
        symlink(&victim, dir.path(&format!("t/.{name}.acetate-tmp"))).unwrap();
    }
    for name in ["lock", "pairs.csv.part", "pairs.csv"] {
        symlink(&victim, dir.path(&format!("c/{name}"))).unwrap();
    }
    symlink(dir.path("own"), dir.path("c/partial")).unwrap();
    dir.write("p.csv", b"mix,master,album\n");
    dir.write("d.toml", b"format = 1\n");
    dir.run(&[
        "train",
        "--pairs",
        "p.csv",
        "--out-dir",
        "t",
        "--datasets",
        "none",
    ]);
    let fetch = ["dataset", "fetch", "--datasets", "d.toml", "--cache", "c"];
    let ran = dir.run(&fetch).expect(2);
    assert!(
        ran.stderr.contains("found a symbolic link"),
        "{}",
        ran.stderr
    );
    fs::remove_file(dir.path("c/lock")).unwrap();
    fs::hard_link(&victim, dir.path("c/lock")).unwrap();
    dir.run(&fetch).expect(2);
    fs::remove_file(dir.path("c/lock")).unwrap();
    dir.run(&fetch).expect(0);
    assert_eq!(dir.bytes("victim"), b"precious");
    assert_eq!(dir.bytes("own/notes"), b"precious");
    assert!(!dir.path("c/partial").is_symlink());
}
