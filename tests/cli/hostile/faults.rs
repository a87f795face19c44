//! Disk, folder and input that fail in the middle; `campaigns/faults.py` does more of it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::dir::{Dir, Ran, program, write_wav};

fn with_mix(seconds: f64) -> Dir {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, seconds));
    dir
}

fn start(dir: &Dir, output: &str) -> Child {
    dir.command(&["master", "mix.wav", "-o", output, "--threads", "1", "-q"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

fn end(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_disk_that_fills_up_leaves_one_error_and_nothing_else() {
    // A limit on file sizes, in blocks of 512 bytes, fails a write as a full disk does.
    let dir = with_mix(3.0);
    for (output, blocks) in [("out.wav", 100), ("out.wav", 1500), ("out.flac", 100)] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let done = Command::new("sh")
            .args([
                "-c",
                &script,
                env!("CARGO_BIN_EXE_acetate"),
                "master",
                "mix.wav",
                "-o",
                output,
            ])
            .current_dir(dir.path("."))
            .output()
            .unwrap();
        let ran = Ran::of(done).expect(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
        assert_eq!(dir.names(), ["mix.wav"], "nothing is left behind");
    }
}

#[test]
fn a_mix_that_changes_while_it_is_read_gives_no_master_of_a_mixture() {
    let dir = with_mix(4.0);
    let mix = dir.bytes("mix.wav");
    dir.run(&["master", "mix.wav", "-o", "right.wav"]).expect(0);
    let right = dir.bytes("right.wav");
    for wait_ms in [0, 20, 60, 120, 250, 500] {
        dir.write("mix.wav", &mix);
        let child = start(&dir, "out.wav");
        std::thread::sleep(Duration::from_millis(wait_ms));
        let mut longer = mix.clone();
        longer[30_000..60_000].fill(0);
        dir.write("mix.wav", &longer);
        let ran = end(child);
        if ran.code == 0 {
            // Before it was opened or after it was read: a master of one or of the other.
            let other = dir.bytes("out.wav") != right;
            if other {
                dir.run(&["master", "mix.wav", "-o", "other.wav", "--overwrite"])
                    .expect(0);
                assert!(
                    dir.bytes("out.wav") == dir.bytes("other.wav"),
                    "{wait_ms} ms"
                );
            }
            std::fs::remove_file(dir.path("out.wav")).unwrap();
        } else {
            assert_eq!(ran.code, 2, "{}", ran.stderr);
            assert_eq!(ran.stderr.matches("mix.wav").count(), 1, "{}", ran.stderr);
            assert!(!dir.path("out.wav").exists());
        }
    }
}

#[test]
fn a_folder_that_goes_away_is_one_error() {
    let dir = with_mix(4.0);
    for wait_ms in [5, 50, 150, 300] {
        std::fs::create_dir_all(dir.path("gone")).unwrap();
        let child = start(&dir, "gone/out.wav");
        std::thread::sleep(Duration::from_millis(wait_ms));
        // Files may be made while it is being removed.
        while dir.path("gone").exists() && std::fs::remove_dir_all(dir.path("gone")).is_err() {}
        let ran = end(child);
        assert!([0, 2].contains(&ran.code), "{}", ran.stderr);
        assert!(ran.stderr.lines().count() <= 1, "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
}

#[test]
fn of_many_processes_that_write_one_name_one_wins_and_the_others_say_so() {
    let dir = with_mix(1.0);
    let runs: Vec<Child> = (0..8).map(|_| start(&dir, "out.wav")).collect();
    let ends: Vec<Ran> = runs.into_iter().map(end).collect();
    assert_eq!(ends.iter().filter(|ran| ran.code == 0).count(), 1);
    for ran in ends.iter().filter(|ran| ran.code != 0) {
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("out.wav"), "{}", ran.stderr);
    }
    dir.run(&["verify", "out.wav", "--strict"]).expect(0);
    assert_eq!(dir.names(), ["mix.wav", "out.wav"]);
}
