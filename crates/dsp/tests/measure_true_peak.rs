//! True peak against a long 64× windowed sinc.

mod true_peak_support;

use acetate_dsp::Audio;
use acetate_dsp::measure::reference_meter::ReferenceMeter;
use acetate_dsp::measure::true_peak::TruePeak;
use acetate_dsp::signal::{faded_sine, white};
use std::f64::consts::PI;
use true_peak_support::{measure, truth_dbtp};

/// The meter must be within 0.04 dB of the truth.
#[track_caller]
fn check(name: &str, signal: &[f32]) {
    let got = measure(44_100, vec![signal.to_vec()]).true_peak_dbtp;
    let off_db = got - truth_dbtp(signal);
    assert!(off_db.abs() <= 0.04, "{name}: {off_db} dB off");
}

#[test]
fn steady_tones_up_to_20_khz_read_their_level() {
    for freq_hz in [
        997.0, 5_000.0, 11_025.0, 15_000.0, 17_640.0, 19_000.0, 20_000.0,
    ] {
        for phase in [0.0, 0.4, PI / 4.0, 1.3] {
            let signal = faded_sine(freq_hz / 44_100.0, phase, 0.8, 6_000, 1_500);
            let off_db = measure(44_100, vec![signal]).true_peak_dbtp - 20.0 * 0.8f64.log10();
            assert!(off_db.abs() < 0.02, "{freq_hz} Hz, {phase}: {off_db}");
        }
    }
}

#[test]
fn bursts_near_half_the_sample_rate_are_read_whole() {
    for freq_hz in [17_640.0, 19_000.0, 20_000.0] {
        for phase in [0.0, 0.7, 1.4] {
            let mut signal = vec![0.0; 300];
            signal.extend(faded_sine(freq_hz / 44_100.0, phase, 1.0, 24, 0));
            signal.extend(vec![0.0; 300]);
            check(&format!("24 frames of {freq_hz} Hz, {phase}"), &signal);
        }
    }
}

#[test]
fn impulses_alone_opposed_and_alternating() {
    let with = |values: &[f32]| {
        let mut signal = vec![0.0; 600];
        signal[300..300 + values.len()].copy_from_slice(values);
        signal
    };
    check("one impulse", &with(&[0.9]));
    check("a pair", &with(&[0.9, 0.9]));
    check("an opposed pair", &with(&[0.9, -0.9]));
    check("opposed, two apart", &with(&[0.9, 0.0, -0.9]));
    // Alternating, with the sign turned in the middle: the largest overshoot there is.
    let turned = |n: usize| {
        if n.is_multiple_of(2) == (n < 15) {
            0.9
        } else {
            -0.9
        }
    };
    let worst: Vec<f32> = (0..30).map(turned).collect();
    check("alternating with a turn", &with(&worst));
}

#[test]
fn noise_and_clipped_noise() {
    for seed in 1..4 {
        let white = white(2_000, seed);
        check("white noise", &white);
        let clipped: Vec<f32> = white.iter().map(|x| (4.0 * x).clamp(-0.7, 0.7)).collect();
        check("clipped white noise", &clipped);
        let mut state = 0.0;
        let dull: Vec<f32> = white
            .iter()
            .map(|x| {
                state += 0.15 * (x - state);
                (6.0 * state).clamp(-0.8, 0.8)
            })
            .collect();
        check("clipped dull noise", &dull);
    }
}

#[test]
fn a_square_wave_overshoots_its_samples() {
    let level = |n: usize| {
        if (n / 37).is_multiple_of(2) {
            0.95
        } else {
            -0.95
        }
    };
    let signal: Vec<f32> = (0..2_000).map(level).collect();
    check("square", &signal);
    let reading = measure(44_100, vec![signal]);
    assert!(reading.true_peak_dbtp > reading.sample_peak_dbfs + 0.5);
}

#[test]
fn a_peak_in_the_side_signal_or_in_one_channel_counts() {
    let signal = faded_sine(0.25, PI / 4.0, 0.7, 4_000, 900);
    let inverted: Vec<f32> = signal.iter().map(|x| -x).collect();
    let expected = measure(44_100, vec![signal.clone()]).true_peak_dbtp;
    let side = measure(44_100, vec![signal.clone(), inverted]).true_peak_dbtp;
    assert_eq!(side, expected);
    let right = measure(44_100, vec![vec![0.001; 4_000], signal]).true_peak_dbtp;
    assert_eq!(right, expected);
}

#[test]
fn the_first_and_the_last_samples_are_seen_by_both_meters() {
    for length in [1usize, 2, 127, 128, 129, 1_000] {
        for tail in [vec![0.912], vec![0.8, 0.8], vec![-0.7, 0.7]] {
            let mut signal = vec![0.0; length.max(tail.len()) - tail.len()];
            signal.extend(&tail);
            check(&format!("click {tail:?} at the end of {length}"), &signal);
            let reading = measure(44_100, vec![signal.clone()]);
            assert!(reading.frame as usize + 2 >= signal.len());
            let mut reference = ReferenceMeter::new(44_100, 1, false).unwrap();
            let audio = Audio::new(44_100, vec![signal.clone()]).unwrap();
            reference.process(&audio).unwrap();
            let by_reference = reference.finish().unwrap().true_peak_dbtp;
            let apart_db = by_reference - reading.true_peak_dbtp;
            assert!(apart_db.abs() < 0.6, "{tail:?}: {apart_db}");
            signal.reverse();
            check("and at the start", &signal);
        }
    }
}

#[test]
fn the_highest_of_many_peaks_is_found_wherever_it_is() {
    // 10 s of impulses and, once, a pair of lower samples with a higher peak between them.
    let mut signal: Vec<f32> = white(10 * 44_100, 9).iter().map(|x| 0.2 * x).collect();
    for at in (1_000..signal.len() - 1_000).step_by(500) {
        signal[at] = 0.93;
    }
    signal[377_123] = 0.9;
    signal[377_124] = 0.9;
    let reading = measure(44_100, vec![signal.clone()]);
    assert!(reading.frame.abs_diff(377_123) <= 1, "{reading:?}");
    let around = truth_dbtp(&signal[377_123 - 500..377_123 + 500]);
    let off_db = reading.true_peak_dbtp - around;
    assert!(off_db.abs() < 0.02, "{off_db}");
}

#[test]
fn blocks_of_any_size_give_the_same_reading() {
    let audio = Audio::new(44_100, vec![white(5_000, 11), white(5_000, 12)]).unwrap();
    let expected = measure(44_100, audio.channels().to_vec());
    for size in [1, 7, 64, 1_000] {
        let mut meter = TruePeak::new(2);
        for start in (0..5_000).step_by(size) {
            meter.process(&audio.slice(start, start + size));
        }
        assert_eq!(meter.finish(), expected);
    }
}

#[test]
fn silence_and_what_is_not_finite() {
    let silent = measure(44_100, vec![vec![0.0; 1_000]]);
    assert_eq!(silent.true_peak_dbtp, f64::NEG_INFINITY);
    let nothing = measure(44_100, vec![vec![]]);
    assert_eq!(nothing.true_peak_dbtp, f64::NEG_INFINITY);
    let broken = measure(44_100, vec![vec![f32::NAN, 0.5, f32::INFINITY, 0.5, -0.25]]);
    let mended = measure(44_100, vec![vec![0.0, 0.5, 0.0, 0.5, -0.25]]);
    assert_eq!(broken, mended);
    let huge = measure(44_100, vec![vec![1e30; 50]]);
    assert!(huge.true_peak_dbtp.is_finite());
}
