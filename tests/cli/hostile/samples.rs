//! Sound that is none, or hardly any.

use super::{Wanted, judge};
use crate::dir::{Dir, program, write_wav};

const RATE_HZ: u32 = 44_100;
const NO_LOUDNESS: &str = "at least 0.4 s above -70 LUFS";

/// Two channels, one value.
fn constant(value: f32, seconds: usize) -> Vec<f32> {
    vec![value; 2 * seconds * RATE_HZ as usize]
}

#[test]
fn what_has_no_loudness_is_measured_but_not_mastered() {
    let dir = Dir::new();
    for (name, samples) in [
        ("zero.wav", constant(0.0, 3)),
        ("denormals.wav", constant(1e-40, 3)),
        ("one_sample.wav", vec![0.5, 0.5]),
        ("blink.wav", program(RATE_HZ, 0.2)),
        ("all_nan.wav", constant(f32::NAN, 2)),
    ] {
        write_wav(&dir.path(name), RATE_HZ, 2, &samples);
        judge(&dir, name, Wanted::FiguresOnly(NO_LOUDNESS));
    }
}

#[test]
fn samples_that_are_no_numbers_or_too_large_never_reach_the_master() {
    let dir = Dir::new();
    for (name, value) in [
        ("nan.wav", f32::NAN),
        ("inf.wav", f32::INFINITY),
        ("minus_inf.wav", f32::NEG_INFINITY),
        ("loud.wav", 40.0),
        ("very_loud.wav", -9e4),
        ("denormal.wav", 1e-41),
    ] {
        let mut samples = program(RATE_HZ, 2.0);
        samples[60_001] = value;
        write_wav(&dir.path(name), RATE_HZ, 2, &samples);
        judge(&dir, name, Wanted::Master);
    }
}

#[test]
fn samples_that_no_mix_has_are_refused() {
    let dir = Dir::new();
    for value in [1e30, -1e30, f32::MAX] {
        let mut samples = program(RATE_HZ, 2.0);
        samples[60_001] = value;
        write_wav(&dir.path("huge.wav"), RATE_HZ, 2, &samples);
        judge(
            &dir,
            "huge.wav",
            Wanted::FiguresOnly("at most +100 dBFS, found"),
        );
    }
}

#[test]
fn lopsided_sound_is_mastered_within_the_ceiling() {
    let dir = Dir::new();
    let good = program(RATE_HZ, 2.0);
    let of_frames = |change: fn(f32, f32) -> [f32; 2]| -> Vec<f32> {
        let frames = good.chunks_exact(2);
        frames
            .flat_map(|frame| change(frame[0], frame[1]))
            .collect()
    };
    for (name, samples) in [
        ("one_silent.wav", of_frames(|left, _| [left, 0.0])),
        ("anti_phase.wav", of_frames(|left, _| [left, -left])),
        (
            "with_dc.wav",
            of_frames(|left, right| [left + 0.5, right - 0.5]),
        ),
        (
            "clipped.wav",
            of_frames(|left, right| [left, right].map(|s| if s < 0.0 { -1.0 } else { 1.0 })),
        ),
    ] {
        write_wav(&dir.path(name), RATE_HZ, 2, &samples);
        judge(&dir, name, Wanted::Master);
    }
}

#[test]
fn nothing_but_dc_is_no_sound() {
    let dir = Dir::new();
    write_wav(&dir.path("dc.wav"), RATE_HZ, 2, &constant(0.5, 3));
    let ran = dir.run(&["master", "dc.wav", "--json"]);
    // The step at its start has a loudness, so that either answer is right; garbage is not.
    if ran.code == 2 {
        assert!(ran.stderr.contains(NO_LOUDNESS), "{}", ran.stderr);
    } else {
        let after = &ran.json()["mastering"]["after"];
        assert!(after["true_peak_dbtp"].as_f64().unwrap() <= -1.0);
    }
}

#[test]
fn low_and_high_sample_rates_keep_the_ceiling() {
    let dir = Dir::new();
    for sample_rate_hz in [8_000, 11_025, 192_000] {
        write_wav(
            &dir.path("rate.wav"),
            sample_rate_hz,
            2,
            &program(sample_rate_hz, 1.5),
        );
        judge(&dir, "rate.wav", Wanted::Master);
    }
}
