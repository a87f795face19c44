//! What stops a batch in the middle loses nothing: signals, kills, and `--resume` after them.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::dir::{Dir, program, write_wav};

const MIXES: usize = 4;
/// Longest wait for a run to begin writing.
const PATIENCE: Duration = Duration::from_secs(60);

fn mix(index: usize) -> String {
    format!("mix{index}.wav")
}

/// A folder with mixes of some seconds.
fn mixes(seconds: f64) -> Dir {
    let dir = Dir::new();
    for index in 0..MIXES {
        write_wav(&dir.path(&mix(index)), 44_100, 2, &program(44_100, seconds));
    }
    dir
}

fn batch(dir: &Dir, more: &[&str]) -> crate::dir::Ran {
    let names: Vec<String> = (0..MIXES).map(mix).collect();
    let mut args = vec!["master"];
    args.extend(names.iter().map(String::as_str));
    args.extend(["--out-dir", "out", "--threads", "1"]);
    args.extend(more);
    dir.run(&args)
}

#[test]
fn resume_leaves_what_was_delivered_and_says_so() {
    let dir = mixes(1.0);
    batch(&dir, &[]).expect(0);
    let before = dir.bytes("out/mix0.master.wav");
    std::fs::remove_file(dir.path("out/mix2.master.wav")).unwrap();
    let ran = batch(&dir, &["--resume"]).expect(0);
    assert!(
        ran.stderr.contains("1 mastered and verified"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("3 skipped"), "{}", ran.stderr);
    let said = "out/mix0.master.wav: delivered and verified before, skipped";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(dir.bytes("out/mix0.master.wav") == before);
}

#[test]
fn resume_makes_what_is_missing_beside_a_delivered_master_and_replaces_nothing_else() {
    let dir = mixes(1.0);
    batch(&dir, &[]).expect(0);
    let before = dir.bytes("out/mix0.master.wav");
    let beside = ["--certificate", "beside", "--report", "beside"];
    std::fs::create_dir(dir.path("beside")).unwrap();
    dir.write("beside/mix1.master.wav.html", b"somebody's own");
    let ran = batch(&dir, &[&["--resume"], &beside[..]].concat()).expect(0);
    let said = "out/mix0.master.wav: delivered and verified before, made again for what is missing beside it";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(dir.names_in("beside").len(), 2 * MIXES + 1);
    assert_eq!(dir.bytes("beside/mix1.master.wav.html"), b"somebody's own");
    assert!(dir.bytes("out/mix0.master.wav") == before);
    let ran = batch(&dir, &[&["--resume"], &beside[..]].concat()).expect(0);
    assert!(ran.stderr.contains("4 skipped"), "{}", ran.stderr);
}

#[test]
fn a_record_that_is_a_link_or_a_mix_is_never_written_to() {
    let dir = mixes(1.0);
    std::fs::create_dir(dir.path("out")).unwrap();
    let record = dir.path("out/.acetate-delivered.jsonl");
    dir.write("diary", b"dear diary");
    std::os::unix::fs::symlink(dir.path("diary"), &record).unwrap();
    let ran = batch(&dir, &[]).expect(2);
    let said = "out/mix0.master.wav: delivered masters cannot be recorded in ";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(dir.bytes("diary"), b"dear diary");
    std::fs::remove_file(&record).unwrap();
    std::fs::copy(dir.path(&mix(0)), &record).unwrap();
    let own = record.to_str().unwrap();
    let ran = dir.run(&["master", own, "mix1.wav", "--out-dir", "out"]);
    assert!(ran.expect(2).stderr.contains("which is read"));
    assert_eq!(
        dir.bytes("out/.acetate-delivered.jsonl"),
        dir.bytes(&mix(0))
    );
}

#[test]
fn resume_goes_by_the_hashes_and_not_by_the_names() {
    let dir = mixes(1.0);
    batch(&dir, &[]).expect(0);
    // A master that was changed since, a mix that was changed since, a file that is not ours.
    let mut changed = dir.bytes("out/mix0.master.wav");
    let last = changed.len() - 1;
    changed[last] ^= 1;
    dir.write("out/mix0.master.wav", &changed);
    write_wav(&dir.path(&mix(1)), 44_100, 2, &program(44_100, 1.1));
    dir.write("out/mix2.master.wav", b"mine");
    let ran = batch(&dir, &["--resume"]).expect(2);
    for (name, why) in [
        (
            "mix0",
            "expected the master that was delivered and verified, found another file",
        ),
        (
            "mix1",
            "was delivered from another input or with other options",
        ),
        ("mix2", "found another file"),
    ] {
        let line = ran.stderr.lines().find(|line| line.contains(name));
        assert!(
            line.is_some_and(|line| line.contains(why)),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(
        dir.bytes("out/mix2.master.wav"),
        b"mine",
        "nothing is replaced unasked"
    );
    let ran = batch(&dir, &["--resume", "--overwrite"]).expect(0);
    assert!(
        ran.stderr.contains("3 mastered and verified"),
        "{}",
        ran.stderr
    );
    let ran = batch(&dir, &["--resume", "--lufs", "-16"]).expect(2);
    assert!(ran.stderr.contains("4 failed"), "{}", ran.stderr);
}

#[test]
fn a_record_that_was_torn_by_a_kill_is_read_as_far_as_it_goes() {
    let dir = mixes(1.0);
    batch(&dir, &[]).expect(0);
    let record = "out/.acetate-delivered.jsonl";
    let mut torn = dir.bytes(record);
    torn.extend(b"\n{\"output\":\"mix9.master");
    dir.write(record, &torn);
    let ran = batch(&dir, &["--resume"]).expect(0);
    assert!(ran.stderr.contains("4 skipped"), "{}", ran.stderr);
}

/// A batch that is running and has a temporary file open.
fn running(dir: &Dir) -> Child {
    let names: Vec<String> = (0..MIXES).map(mix).collect();
    let mut args = vec!["master", "--out-dir", "out", "--threads", "1", "-q"];
    args.extend(names.iter().map(String::as_str));
    let mut child = dir
        .command(&args)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let since = Instant::now();
    while !has_temporary(dir) {
        assert!(since.elapsed() < PATIENCE, "nothing is written");
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

fn has_temporary(dir: &Dir) -> bool {
    std::fs::read_dir(dir.path("out")).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .ends_with(".acetate-tmp")
        })
    })
}

/// Only whole masters have final names, and the mixes are as they were.
#[track_caller]
fn nothing_is_lost(dir: &Dir, mixes_before: &[Vec<u8>]) {
    for (index, before) in mixes_before.iter().enumerate() {
        assert!(dir.bytes(&mix(index)) == *before, "the mix is untouched");
        let master = format!("out/mix{index}.master.wav");
        if dir.path(&master).exists() {
            dir.run(&["verify", &master, "--strict"]).expect(0);
        }
    }
}

#[test]
fn signals_end_a_batch_cleanly_and_the_next_run_goes_on() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let dir = mixes(6.0);
        let before: Vec<_> = (0..MIXES).map(|index| dir.bytes(&mix(index))).collect();
        let child = running(&dir);
        let pid = child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-s", signal, &pid])
            .status();
        assert!(kill.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(&format!("SIG{signal}")), "{said}");
        assert!(!has_temporary(&dir), "temporary files are removed");
        nothing_is_lost(&dir, &before);
        batch(&dir, &["--resume"]).expect(0);
        nothing_is_lost(&dir, &before);
    }
}

#[test]
fn what_a_killed_batch_leaves_is_removed_by_the_next_one() {
    let dir = mixes(6.0);
    let before: Vec<_> = (0..MIXES).map(|index| dir.bytes(&mix(index))).collect();
    let mut child = running(&dir);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(has_temporary(&dir), "a kill cannot be handled");
    nothing_is_lost(&dir, &before);
    let ran = batch(&dir, &["--resume"]).expect(0);
    let said = "temporary files of a killed run removed";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(!has_temporary(&dir));
    nothing_is_lost(&dir, &before);
}
