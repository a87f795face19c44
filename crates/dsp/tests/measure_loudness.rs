//! What no conformance signal asks of the loudness meter.

use acetate_dsp::Audio;
use acetate_dsp::measure::loudness::{Loudness, LoudnessFigures, integrated_from_k_power_10ms};
use acetate_dsp::measure::reference_meter::ReferenceMeter;

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

/// Tones of equal power up to just below half of a rate, as noise has them, or falling by 3 dB an octave
/// as music does; sampled at any rate, they are the same sound.
fn tones(below_hz: f64, is_pink: bool, sample_rate_hz: u32) -> Audio {
    let frequencies = (0..60).map(|n| below_hz * (f64::from(n) + 0.7) / 60.5);
    let tones: Vec<(f64, f64, f64)> = frequencies
        .enumerate()
        .map(|(n, hz)| {
            let gain = if is_pink { 0.6 / hz.sqrt() } else { 0.02 };
            (hz, gain, 2.4 * (n * n) as f64)
        })
        .collect();
    let frames = 6 * sample_rate_hz;
    let samples: Vec<f32> = (0..frames)
        .map(|frame| {
            let turn = std::f64::consts::TAU * f64::from(frame) / f64::from(sample_rate_hz);
            let sum: f64 = (tones.iter())
                .map(|(hz, gain, phase)| gain * libm::sin(turn * hz + phase))
                .sum();
            sum as f32
        })
        .collect();
    Audio::new(sample_rate_hz, vec![samples.clone(), samples]).unwrap()
}

#[test]
fn loudness_at_low_rates_is_that_of_the_same_sound_at_48_khz() {
    let ours = |audio: &Audio| {
        let mut meter = Loudness::new(audio.sample_rate_hz(), false);
        meter.process(audio);
        integrated_from_k_power_10ms(meter.k_power_10ms())
    };
    let theirs = |audio: &Audio| {
        let mut meter = ReferenceMeter::new(audio.sample_rate_hz(), 2, false).unwrap();
        meter.process(audio).unwrap();
        meter.finish().unwrap().integrated_lufs
    };
    for rate in [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000] {
        for is_pink in [false, true] {
            let below_hz = 0.49 * f64::from(rate);
            let expected = ours(&tones(below_hz, is_pink, 48_000));
            let low = tones(below_hz, is_pink, rate);
            for (meter, got) in [("ours", ours(&low)), ("ebur128", theirs(&low))] {
                let off_lu = got - expected;
                println!("{rate} {is_pink} {meter}: {off_lu:+.4} LU");
                assert!(off_lu.abs() < 0.02, "{rate} {meter}: {off_lu:+.4} LU");
            }
        }
    }
}
