//! Bad input gets one clear error that names the file, and leaves nothing behind.

use crate::dir::{Dir, Ran, program, write_wav};

#[track_caller]
fn refused(dir: &Dir, name: &str) -> String {
    let before = dir.names();
    let ran = dir.run(&["master", name]).expect(2);
    assert!(ran.stderr.contains(name), "{name} is named: {}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "one error: {}", ran.stderr);
    let cause = ran.stderr.rsplit(": ").next().unwrap();
    assert_eq!(
        ran.stderr.matches(cause).count(),
        1,
        "said once: {}",
        ran.stderr
    );
    assert_eq!(dir.names(), before, "nothing is left behind");
    ran.stderr
}

#[test]
fn files_that_are_no_audio_are_refused() {
    let dir = Dir::new();
    dir.write("empty.wav", b"");
    dir.write(
        "text.wav",
        b"not a wave at all, only text that goes on for a while",
    );
    std::fs::create_dir(dir.path("folder.wav")).unwrap();
    for name in ["empty.wav", "text.wav", "folder.wav", "missing.wav"] {
        refused(&dir, name);
    }
}

#[test]
fn silence_and_blinks_have_no_loudness_to_master() {
    let dir = Dir::new();
    write_wav(&dir.path("silence.wav"), 44_100, 2, &vec![0.0; 44_100 * 4]);
    write_wav(&dir.path("blink.wav"), 44_100, 2, &program(44_100, 0.2));
    write_wav(&dir.path("none.wav"), 44_100, 2, &[]);
    for name in ["silence.wav", "blink.wav", "none.wav"] {
        assert!(refused(&dir, name).contains("expected"));
    }
}

#[test]
fn more_than_two_channels_are_refused_with_the_count_where_ffmpeg_may_not_help() {
    let dir = Dir::new();
    write_wav(&dir.path("surround.wav"), 48_000, 6, &vec![0.1; 6 * 48_000]);
    let args = ["analyze", "surround.wav"];
    let strict = dir.run(&[&args[..], &["--strict"]].concat()).expect(2);
    let without = dir.command(&args).env("PATH", "").output().unwrap();
    let without = Ran::of(without).expect(2);
    for said in [strict.stderr, without.stderr] {
        assert!(said.contains("expected 1 or 2 channels, found 6"), "{said}");
    }
}

#[test]
fn samples_that_are_no_numbers_never_reach_the_master() {
    let dir = Dir::new();
    let mut samples = program(44_100, 4.0);
    samples[5_000] = f32::NAN;
    samples[90_001] = f32::INFINITY;
    write_wav(&dir.path("broken.wav"), 44_100, 2, &samples);
    let report = dir
        .run(&["master", "broken.wav", "--json"])
        .expect(0)
        .json();
    assert_eq!(report["findings"][0]["code"], "not-a-number");
    let (_, master) = crate::dir::read_wav(&dir.path("broken.master.wav"));
    assert!(master.iter().all(|sample| sample.is_finite()));
}

#[test]
fn an_output_that_cannot_be_written_fails_before_the_work() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 1.0));
    let ran = dir
        .run(&["master", "mix.wav", "-o", "nowhere/master.wav"])
        .expect(2);
    assert!(ran.stderr.contains("nowhere"), "{}", ran.stderr);
    let ran = dir
        .run(&["master", "mix.wav", "-o", "master.mp3"])
        .expect(2);
    assert!(ran.stderr.contains("mp3"), "{}", ran.stderr);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 1.0));
    dir.write("text.safetensors", b"no weights in here");
    let ran = dir
        .run(&["master", "mix.wav", "--weights", "text.safetensors"])
        .expect(2);
    assert!(ran.stderr.contains("text.safetensors"), "{}", ran.stderr);
}
