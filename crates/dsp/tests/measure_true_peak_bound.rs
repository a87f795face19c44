//! The stated worst case of the true-peak meter, on adversarial signals at every sample rate.

mod true_peak_support;

use acetate_dsp::Audio;
use acetate_dsp::measure::levels::OutputMeasures;
use acetate_dsp::measure::levels::verify_pass;
use acetate_dsp::measure::true_peak::{FLAT_TO_CYCLES_PER_FRAME, WORST_UNDER_READ_DB};
use acetate_dsp::signal::{add_burst, faded_sine, white};
use acetate_dsp::stream::AudioSource;
use std::f64::consts::{PI, TAU};
use true_peak_support::{measure, truth_dbtp};

const RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// The figures of the whole measurement, as a master is verified with.
fn verified(rate_hz: u32, channels: Vec<Vec<f32>>) -> OutputMeasures {
    let mut source = AudioSource::new(Audio::new(rate_hz, channels).unwrap());
    verify_pass(&mut source, false, &mut |_| Ok(())).unwrap()
}

/// Every rate reads the same, within the bound; the verdict is the worst of the meters.
#[track_caller]
fn check(name: &str, channels: &[Vec<f32>]) {
    let truth = channels
        .iter()
        .map(|c| truth_dbtp(c))
        .fold(f64::NEG_INFINITY, f64::max);
    for rate_hz in RATES_HZ {
        let got = verified(rate_hz, channels.to_vec());
        let readings = &got.true_peak_by_meter;
        assert_eq!(readings[0].meter, "acetate");
        let off_db = readings[0].value - truth;
        assert!(
            (-WORST_UNDER_READ_DB..=0.05).contains(&off_db),
            "{name} at {rate_hz}: {off_db} dB off"
        );
        let worst = readings
            .iter()
            .map(|r| r.value)
            .fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(got.true_peak_dbtp, worst, "{name} at {rate_hz}");
    }
}

/// Thousands of crests of 1.0 fall on samples, where an 8× grid reads all of them; one short burst
/// of 17 kHz rises 0.07 dB higher, half a grid step beside the grid.
#[test]
fn one_higher_peak_between_grid_points_is_found_among_thousands() {
    let frames = 88_200;
    let mut signal: Vec<f32> = (0..frames)
        .map(|n| {
            let edge = (n.min(frames - 1 - n) as f64 / 2_000.0).min(1.0);
            let gap = (f64::from((n - 44_100i32).abs()) / 1_500.0 - 0.4).clamp(0.0, 1.0);
            (edge * gap * (TAU * n as f64 / 40.0).cos()) as f32
        })
        .collect();
    let level = 1.008;
    add_burst(&mut signal, 44_100.0 + 1.0 / 16.0, 5.0, 0.38, level);
    let truth = truth_dbtp(&signal[43_000..45_200]);
    assert!((truth - 20.0 * level.log10()).abs() < 0.01, "{truth}");
    let reading = measure(44_100, vec![signal]);
    let off_db = reading.true_peak_dbtp - truth;
    assert!(off_db.abs() < 0.01, "{off_db} dB off");
    assert!(reading.frame.abs_diff(44_100) <= 2, "{reading:?}");
}

#[test]
fn quarter_rate_tones_at_45_degrees() {
    for fade in [0, 200] {
        let signal = faded_sine(0.25, PI / 4.0, 0.9, 1_000, fade);
        check("fs/4 at 45°", &[signal.clone(), signal]);
    }
}

#[test]
fn tones_up_to_the_edge_of_the_band() {
    for share in [0.9, 0.97, 1.0] {
        for phase in [0.0, 0.5, 1.1] {
            let signal = faded_sine(share * FLAT_TO_CYCLES_PER_FRAME, phase, 0.9, 1_200, 400);
            check(&format!("{share} of the band, {phase}"), &[signal]);
        }
    }
}

#[test]
fn impulses_alone_and_opposed_up_to_the_last_sample() {
    for tail in [&[0.9f32][..], &[0.9, -0.9], &[0.9, 0.9], &[0.9, 0.0, -0.9]] {
        for before in [0, 300] {
            let mut signal = vec![0.0; before];
            signal.extend(tail);
            check(
                &format!("{tail:?} at the end of {before}"),
                &[signal.clone()],
            );
            signal.extend(vec![0.0; 300]);
            check(&format!("{tail:?} after {before}"), &[signal]);
        }
    }
}

#[test]
fn clipped_noise_and_a_peak_in_the_side_signal_only() {
    for seed in 1..4 {
        let clipped: Vec<f32> = white(800, seed)
            .iter()
            .map(|x| (4.0 * x).clamp(-0.7, 0.7))
            .collect();
        check("clipped noise", std::slice::from_ref(&clipped));
        let mid = faded_sine(0.01, 0.0, 0.3, 800, 100);
        let with = |sign: f32| -> Vec<f32> {
            mid.iter()
                .zip(&clipped)
                .map(|(m, s)| m + sign * 0.5 * s)
                .collect()
        };
        check("noise in the side signal", &[with(1.0), with(-1.0)]);
    }
}

#[test]
fn multitones_of_random_phase() {
    let mut random = white(100_000, 77).into_iter().map(f64::from);
    let mut uniform = || 0.5 + 0.5 * random.next().unwrap();
    for case in 0..25 {
        let count = 3 + case;
        let tones: Vec<(f64, f64)> = (0..count)
            .map(|_| (uniform() * FLAT_TO_CYCLES_PER_FRAME, uniform() * TAU))
            .collect();
        let frames = 700;
        let signal: Vec<f32> = (0..frames)
            .map(|n| {
                let edge = (n.min(frames - 1 - n) as f64 / 100.0).min(1.0);
                let sum: f64 = tones
                    .iter()
                    .map(|(f, p)| (TAU * f * n as f64 + p).sin())
                    .sum();
                (edge * sum / f64::from(count)) as f32
            })
            .collect();
        check(&format!("multitone {case}"), &[signal]);
    }
}

/// Half of full scale to almost full scale, all of it read well by the meter's first pass, before a
/// burst that the first pass under-reads.
fn hidden_burst_off_db(cycles_per_frame: f64, level: f64) -> f64 {
    let mut signal = faded_sine(0.02, 0.3, level, 30_000, 400);
    signal.extend(vec![0.0; 3_000]);
    let crest = signal.len() as f64 - 1_500.3;
    add_burst(&mut signal, crest, 120.0, cycles_per_frame, 1.0);
    let truth = truth_dbtp(&signal[30_000..]);
    measure(44_100, vec![signal]).true_peak_dbtp - truth
}

/// What the meter's documentation says of the frequencies above the band of its bound.
#[test]
fn above_the_band_the_meter_reads_as_documented() {
    for cycles_per_frame in [0.46, 0.48, 0.49, 0.498] {
        for phase in [0.0, 0.6, 1.2] {
            let signal = faded_sine(cycles_per_frame, phase, 0.9, 4_000, 1_200);
            let off_db = measure(44_100, vec![signal]).true_peak_dbtp - 20.0 * 0.9f64.log10();
            assert!(off_db.abs() <= 0.01, "{cycles_per_frame}: {off_db}");
        }
    }
    for (cycles_per_frame, bound_db) in [(0.47, 0.05), (0.48, 0.05), (0.49, 0.05), (0.495, 0.3)] {
        let worst_db = (0..10)
            .map(|step| hidden_burst_off_db(cycles_per_frame, 0.45 + 0.05 * f64::from(step)))
            .fold(0.0, f64::min);
        println!("hidden, {cycles_per_frame}: {worst_db:.3} dB");
        assert!(worst_db >= -bound_db, "{cycles_per_frame}: {worst_db} dB");
    }
}
