//! Inputs that once broke something, kept in tests/crashers, one folder for each fuzz target.

use std::path::{Path, PathBuf};

use crate::dir::{Dir, Ran, program, write_wav};

fn kept(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/crashers")
        .join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

/// An ordinary end: not a panic, not an internal error.
#[track_caller]
fn is_ordinary(ran: Ran, file: &Path) {
    let file = file.display();
    assert!((0..=2).contains(&ran.code), "{file}: {}", ran.stderr);
    for word in ["panicked", "internal error"] {
        assert!(!ran.stderr.contains(word), "{file}: {}", ran.stderr);
    }
}

#[test]
fn kept_sound_files_are_analyzed_and_mastered_or_refused() {
    let dir = Dir::new();
    for file in kept("decode") {
        let name = file.to_str().unwrap();
        is_ordinary(dir.run(&["analyze", name, "-q"]), &file);
        is_ordinary(
            dir.run(&["master", name, "-o", "out.wav", "--overwrite"]),
            &file,
        );
        is_ordinary(dir.run(&["analyze", name, "--strict"]), &file);
    }
}

#[test]
fn kept_settings_weights_and_lists_are_used_or_refused() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 1.0));
    for (target, option) in [("settings", "--settings"), ("weights", "--weights")] {
        for file in kept(target) {
            let args = ["master", "mix.wav", "-o", "out.wav", "--overwrite", option];
            is_ordinary(
                dir.run(&[&args[..], &[file.to_str().unwrap()]].concat()),
                &file,
            );
        }
    }
    for file in kept("lists") {
        let name = file.to_str().unwrap();
        is_ordinary(
            dir.run(&["train", "--pairs", name, "--cache", "cache"]),
            &file,
        );
        is_ordinary(dir.run(&["dataset", "list", "--datasets", name]), &file);
    }
}
