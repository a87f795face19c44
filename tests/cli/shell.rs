//! What a shell and its scripts rely on.

use std::process::Stdio;

use crate::dir::Dir;

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

#[test]
fn a_closed_pipe_is_no_panic() {
    let dir = Dir::new();
    let mut child = dir
        .command(&["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(output.status.code(), Some(0), "{stderr}");
}

#[test]
fn an_interrupt_leaves_no_temporary_file() {
    let dir = Dir::new();
    let mix = crate::dir::programme(44_100, 120.0);
    crate::dir::write_wav(&dir.path("mix.wav"), 44_100, 2, &mix);
    let mut child = dir.command(&["master", "mix.wav", "-q"]).spawn().unwrap();
    // Interrupted as soon as there is something to clean up.
    let started = std::time::Instant::now();
    while dir.names().len() < 2 && started.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(dir.names().len() >= 2, "a temporary file appears");
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(dir.names(), ["mix.wav"]);
}
