//! Paths that lead to no ordinary file, and names that are no text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::{Wanted, judge, refused, wave};
use crate::dir::Dir;

#[test]
fn folders_pipes_devices_and_loops_are_refused() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("folder.wav")).unwrap();
    judge(&dir, "folder.wav", Wanted::Refusal("found a folder"));
    let made = Command::new("mkfifo").arg(dir.path("pipe.wav")).status();
    assert!(made.unwrap().success());
    judge(&dir, "pipe.wav", Wanted::Refusal("found a pipe"));
    refused(
        &dir,
        &["analyze", "/dev/null"],
        "/dev/null",
        "found a device",
    );
    refused(
        &dir,
        &["master", "/dev/null", "-o", "out.wav"],
        "/dev/null",
        "found a device",
    );
    symlink("loop.wav", dir.path("loop.wav")).unwrap();
    judge(&dir, "loop.wav", Wanted::Refusal("cannot be opened"));
    symlink("gone.wav", dir.path("dangling.wav")).unwrap();
    judge(&dir, "dangling.wav", Wanted::Refusal("cannot be opened"));
    judge(&dir, "missing.wav", Wanted::Refusal("cannot be opened"));
}

#[test]
fn a_file_without_permission_is_refused() {
    let dir = Dir::new();
    let path = dir.write("secret.wav", &wave::good());
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        // The administrator may read everything, and then a master is right.
        judge(&dir, "secret.wav", Wanted::Master);
    } else {
        judge(&dir, "secret.wav", Wanted::Refusal("cannot be opened"));
    }
}

#[test]
fn names_that_are_no_text_are_mastered() {
    let dir = Dir::new();
    let name = OsStr::from_bytes(b"mix \xFF\xFE.wav");
    std::fs::write(dir.path(".").join(name), wave::good()).unwrap();
    let ran = dir.command(&["master", "--quiet"]).arg(name).status();
    assert_eq!(ran.unwrap().code(), Some(0));
    let master = OsStr::from_bytes(b"mix \xFF\xFE.master.wav");
    assert!(dir.path(".").join(master).exists());
}

#[test]
fn paths_that_are_too_long_are_refused() {
    let dir = Dir::new();
    dir.write("mix.wav", &wave::good());
    let long = format!("{}.wav", "n".repeat(4_000));
    refused(&dir, &["analyze", &long], &long, "cannot be opened");
    refused(&dir, &["master", &long], &long, "cannot be opened");
    let ran = dir.run(&["master", "mix.wav", "-o", &long]).expect(2);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    // A name of the greatest length has room for the temporary one beside it.
    let longest = format!("{}.wav", "n".repeat(251));
    dir.run(&["master", "mix.wav", "-o", &longest]).expect(0);
    assert_eq!(dir.names(), ["mix.wav".to_owned(), longest]);
}
