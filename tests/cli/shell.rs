//! What a shell and its scripts rely on.

use std::process::Stdio;

use crate::dir::{Dir, Ran, program, write_wav};

#[test]
fn usage_errors_exit_with_2_and_help_with_0() {
    let dir = Dir::new();
    dir.run(&["master"]).expect(2);
    dir.run(&["master", "x.wav", "--amount", "200"]).expect(2);
    for command in [
        "master", "check", "analyze", "verify", "train", "eval", "dataset", "schema",
    ] {
        assert!(dir.run(&[command, "--help"]).expect(0).text().len() > 200);
    }
    assert!(
        dir.run(&["--version"])
            .expect(0)
            .text()
            .starts_with("acetate ")
    );
}

#[test]
fn the_schema_describes_what_json_prints() {
    let dir = Dir::new();
    let text = dir.run(&["schema"]).expect(0).text();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in [
        "schema",
        "integrated_lufs",
        "true_peak_dbtp",
        "checks",
        "mastering",
    ] {
        assert!(schema["properties"].get(key).is_some(), "{key}");
    }
}

#[test]
fn completions_man_page_and_parameters_are_printed() {
    let dir = Dir::new();
    assert!(
        dir.run(&["completions", "bash"])
            .expect(0)
            .text()
            .contains("_acetate")
    );
    assert!(dir.run(&["man"]).expect(0).text().contains(".TH"));
    assert!(
        dir.run(&["man", "master"])
            .expect(0)
            .text()
            .contains("max\\-limiting")
    );
    assert!(
        dir.run(&["params"])
            .expect(0)
            .text()
            .contains("compressor.ratio")
    );
}

/// What a run ends with whose reader has gone away before it prints.
fn unread(dir: &Dir, args: &[&str]) -> (Option<i32>, String) {
    let mut child = dir
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), stderr)
}

#[test]
fn a_reader_that_goes_away_neither_ends_a_batch_nor_hides_how_it_ended() {
    let dir = Dir::new();
    for name in ["a.wav", "b.wav"] {
        write_wav(&dir.path(name), 44_100, 2, &program(44_100, 1.0));
    }
    let batch = [
        "master",
        "a.wav",
        "missing.wav",
        "b.wav",
        "--threads",
        "1",
        "--json",
    ];
    let (code, stderr) = unread(&dir, &batch);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("missing.wav"), "{stderr}");
    for name in ["a.master.wav", "b.master.wav"] {
        assert!(dir.path(name).exists(), "{name}: {stderr}");
    }
    let (code, stderr) = unread(&dir, &["verify", "a.wav"]);
    assert_eq!(code, Some(1), "{stderr}");
    // The master itself must arrive.
    let (code, stderr) = unread(&dir, &["master", "a.wav", "-o", "-"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("could not be delivered whole"), "{stderr}");
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_leaves_nothing() {
    let dir = Dir::new();
    write_wav(&dir.path("a.wav"), 44_100, 2, &program(44_100, 4.0));
    let limited = format!(
        "ulimit -f 400; exec {} master a.wav",
        env!("CARGO_BIN_EXE_acetate")
    );
    let output = std::process::Command::new("sh")
        .current_dir(dir.path(""))
        .args(["-c", &limited])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("a.master.wav"), "{stderr}");
    assert_eq!(dir.names(), ["a.wav"]);
}

#[test]
fn the_number_of_threads_is_checked_wherever_it_comes_from() {
    let dir = Dir::new();
    for number in ["0", "-3", "abc", "100000"] {
        let mut command = dir.command(&["params"]);
        let ran = Ran::of(command.env("RAYON_NUM_THREADS", number).output().unwrap());
        let ran = ran.expect(2);
        assert!(ran.stderr.contains("RAYON_NUM_THREADS"), "{}", ran.stderr);
        dir.run(&["params", "--threads", number]).expect(2);
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let (code, stderr) = unread(&Dir::new(), &["schema"]);
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn an_interrupt_leaves_no_temporary_file() {
    let dir = Dir::new();
    let mix = crate::dir::program(44_100, 120.0);
    crate::dir::write_wav(&dir.path("mix.wav"), 44_100, 2, &mix);
    let mut child = dir.command(&["master", "mix.wav", "-q"]).spawn().unwrap();
    // Interrupted while the master is being written. The file that tries the folder out is empty
    // and gone at once.
    let is_being_written = || {
        std::fs::read_dir(dir.path("")).unwrap().any(|entry| {
            let entry = entry.unwrap();
            entry.file_name() != "mix.wav" && entry.metadata().is_ok_and(|found| found.len() > 0)
        })
    };
    while !is_being_written() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it wrote");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(dir.names(), ["mix.wav"]);
}
