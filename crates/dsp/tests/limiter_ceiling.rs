//! The limiter's ceiling, held against an independent 32× measure of the true peak.

mod limiter_support;

use std::f64::consts::TAU;

use acetate_dsp::Audio;
use acetate_dsp::process::limiter::SAFETY_DB;
use acetate_dsp::signal::{mix, pink};
use limiter_support::{limited, true_peak_dbtp, with_drive};

const CEILING_DBTP: f64 = -1.0;

/// White spectra reach into the last tenth below half the sample rate, where interpolators of
/// different length disagree by this much, dB. Music does not.
const WHITE_TOLERANCE_DB: f64 = 0.25;
/// The same for pink spectra, dB.
const PINK_TOLERANCE_DB: f64 = 0.1;

/// Overshoot of the limited signal over the ceiling, dB.
fn overshoot_db(audio: &Audio, drive_db: f64) -> f64 {
    true_peak_dbtp(&limited(audio, &with_drive(drive_db), CEILING_DBTP)) - CEILING_DBTP
}

fn mono(rate_hz: u32, samples: Vec<f32>) -> Audio {
    Audio::new(rate_hz, vec![samples]).unwrap()
}

#[test]
fn holds_on_a_mix_at_every_rate_and_depth() {
    for rate_hz in [44_100, 48_000, 96_000] {
        let mix = mix(rate_hz, 2.0);
        let over_db = true_peak_dbtp(&mix) - CEILING_DBTP;
        for reduction_db in [1.0, 3.0, 6.0, 12.0] {
            let overshoot_db = overshoot_db(&mix, reduction_db - over_db);
            assert!(
                overshoot_db <= 0.0,
                "{rate_hz} Hz, {reduction_db} dB of reduction: {overshoot_db:+.4} dB"
            );
            assert!(overshoot_db > -SAFETY_DB, "gives away {overshoot_db} dB");
        }
    }
}

#[test]
fn holds_on_pink_noise_up_to_100_db_over() {
    let pink = Audio::new(44_100, vec![pink(60_000, 1), pink(60_000, 2)]).unwrap();
    for drive_db in [6.0, 12.0, 20.0, 100.0] {
        let overshoot_db = overshoot_db(&pink, drive_db);
        assert!(
            overshoot_db <= PINK_TOLERANCE_DB,
            "{drive_db} dB: {overshoot_db:+.4} dB"
        );
    }
}

#[test]
fn holds_on_impulses() {
    let mut samples = vec![0.0; 20_000];
    for (index, at) in (1000..19_000).step_by(1777).enumerate() {
        samples[at] = if index % 2 == 0 { 1.0 } else { -1.0 };
    }
    samples[19_999] = 1.0;
    samples[0] = -1.0;
    for drive_db in [0.0, 12.0, 100.0] {
        let overshoot_db = overshoot_db(&mono(44_100, samples.clone()), drive_db);
        assert!(overshoot_db <= 0.0, "{drive_db} dB: {overshoot_db:+.4} dB");
    }
}

#[test]
fn holds_on_a_tone_at_a_quarter_of_the_rate_between_its_samples() {
    let tone = |amplitude: f64| {
        let samples = (0..24_000).map(|n| {
            let fade = (f64::from(n.min(24_000 - n)) / 480.0).min(1.0);
            (amplitude * fade * (TAU * (f64::from(n) / 4.0 + 0.125)).sin()) as f32
        });
        mono(48_000, samples.collect())
    };
    for amplitude in [1.0, 1.41, 100_000.0] {
        let overshoot_db = overshoot_db(&tone(amplitude), 0.0);
        assert!(overshoot_db <= 0.0, "{amplitude}: {overshoot_db:+.4} dB");
    }
}

#[test]
fn holds_on_full_scale_squares() {
    for period in [7, 100, 441] {
        let samples = (0..40_000)
            .map(|n| if n / period % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        let overshoot_db = overshoot_db(&mono(44_100, samples), 6.0);
        assert!(
            overshoot_db <= WHITE_TOLERANCE_DB,
            "{period}: {overshoot_db:+.4} dB"
        );
    }
}

#[test]
fn reads_what_is_not_finite_as_silence_and_keeps_the_rest() {
    let mut samples = pink(5000, 5);
    let mut mended = samples.clone();
    for (at, value) in [
        (1000, f32::NAN),
        (2000, f32::INFINITY),
        (3000, f32::NEG_INFINITY),
    ] {
        samples[at] = value;
        mended[at] = 0.0;
    }
    assert_eq!(
        limited(&mono(44_100, samples), &with_drive(6.0), CEILING_DBTP),
        limited(&mono(44_100, mended), &with_drive(6.0), CEILING_DBTP)
    );
}
