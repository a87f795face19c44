//! What no conformance signal asks of the loudness meter.

use acetate_dsp::Audio;
use acetate_dsp::measure::loudness::{Loudness, LoudnessFigures};

#[track_caller]
fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!(
        (got - expected).abs() <= tolerance,
        "{what}: {got}, expected {expected} ± {tolerance}"
    );
}

#[test]
fn mono_is_one_channel_unless_asked_to_count_twice() {
    let tone: Vec<f32> = (0..480_000)
        .map(|n| (0.1 * (std::f64::consts::TAU * f64::from(n % 48) / 48.0).sin()) as f32)
        .collect();
    let read = |channels: Vec<Vec<f32>>, dual_mono| {
        let mut meter = Loudness::new(48_000, dual_mono);
        meter.process(&Audio::new(48_000, channels).unwrap());
        LoudnessFigures::from_k_power_10ms(meter.k_power_10ms()).integrated_lufs
    };
    near("one channel", read(vec![tone.clone()], false), -23.01, 0.05);
    let dual = read(vec![tone.clone()], true);
    near("dual mono", dual, read(vec![tone; 2], false), 1e-6);
}
