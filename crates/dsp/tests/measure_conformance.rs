//! Every conformance signal passes in the library, at every sample rate. `tests/cli/conformance.rs`
//! reads the same signals from files with the binary.

use acetate_dsp::Audio;
use acetate_dsp::measure::levels::{OutputMeasures, verify_pass};
use acetate_dsp::measure::loudness::{
    Loudness, LoudnessFigures, SURROUND_WEIGHT, add_channels, lufs_from_power,
};
use acetate_dsp::signal::ebu::{Case, cases, tones, transient};
use acetate_dsp::stream::AudioSource;

/// Sample rates at which every case has to pass, Hz.
const RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

fn stereo(rate_hz: u32, channel: Vec<f32>) -> Audio {
    Audio::new(rate_hz, vec![channel.clone(), channel]).unwrap()
}

fn loudness(rate_hz: u32, channel: Vec<f32>) -> LoudnessFigures {
    let mut meter = Loudness::new(rate_hz, false);
    meter.process(&stereo(rate_hz, channel));
    LoudnessFigures::from_k_power_10ms(meter.k_power_10ms())
}

/// Every meter, as a master is verified.
fn measure(rate_hz: u32, channel: Vec<f32>) -> OutputMeasures {
    let mut source = AudioSource::new(stereo(rate_hz, channel));
    verify_pass(&mut source, false, &mut |_| Ok(())).unwrap()
}

fn figure(rate_hz: u32, channel: Vec<f32>, name: &str) -> f64 {
    match name {
        "integrated_lufs" => loudness(rate_hz, channel).integrated_lufs,
        "short_term_max_lufs" => loudness(rate_hz, channel).short_term_max_lufs,
        "momentary_max_lufs" => loudness(rate_hz, channel).momentary_max_lufs,
        "loudness_range_lu" => loudness(rate_hz, channel).loudness_range_lu,
        "true_peak_dbtp" => measure(rate_hz, channel).true_peak_dbtp,
        other => panic!("no figure {other}"),
    }
}

#[track_caller]
fn near(what: &str, got: f64, expected: f64) {
    assert!(
        (got - expected).abs() <= 0.1,
        "{what}: {got}, expected {expected} ± 0.1"
    );
}

fn pass(rate_hz: u32) {
    let all: Vec<Case> = cases();
    assert_eq!(all.len(), 7 + 80 + 9 + 4 + 14);
    for case in all {
        for expected in &case.expected {
            let got = figure(rate_hz, case.channel(rate_hz), expected.figure);
            assert!(
                expected.holds(got),
                "{} at {rate_hz} Hz: {} is {got}, expected {}",
                case.name,
                expected.figure,
                expected.value
            );
        }
    }
}

#[test]
fn every_case_passes_at_44_1_khz() {
    pass(44_100);
}

#[test]
fn every_case_passes_at_48_khz() {
    pass(48_000);
}

#[test]
fn every_case_passes_at_88_2_khz() {
    pass(88_200);
}

#[test]
fn every_case_passes_at_96_khz() {
    pass(96_000);
}

#[test]
fn every_case_passes_at_176_4_khz() {
    pass(176_400);
}

#[test]
fn every_case_passes_at_192_khz() {
    pass(192_000);
}

fn powers(rate_hz: u32, channels: Vec<Vec<f32>>) -> Vec<f32> {
    let mut meter = Loudness::new(rate_hz, false);
    meter.process(&Audio::new(rate_hz, channels).unwrap());
    meter.into_k_power_10ms()
}

/// Loudness of every window of so many 10 ms.
fn throughout(powers: &[f32], window: usize) -> Vec<f64> {
    let mean = |window: &[f32]| {
        let sum: f64 = window.iter().map(|&p| f64::from(p)).sum();
        lufs_from_power(sum / window.len() as f64)
    };
    powers.windows(window).map(mean).collect()
}

#[test]
fn tech_3341_cases_9_and_12_hold_throughout() {
    for rate_hz in RATES_HZ {
        let short = tones(rate_hz, &[(1.34, -20.0), (1.66, -30.0)].repeat(5));
        let short = powers(rate_hz, vec![short.clone(), short]);
        let windows = throughout(&short, 300);
        assert_eq!(windows.len(), 1_201);
        windows.into_iter().for_each(|s| near("S", s, -23.0));
        let figures = LoudnessFigures::from_k_power_10ms(&short);
        figures
            .short_term_lufs
            .iter()
            .for_each(|&s| near("S at 10 Hz", f64::from(s), -23.0));
        let momentary = tones(rate_hz, &[(0.18, -20.0), (0.22, -30.0)].repeat(25));
        let momentary = powers(rate_hz, vec![momentary.clone(), momentary]);
        throughout(&momentary[60..], 40)
            .into_iter()
            .for_each(|m| near("M", m, -23.0));
    }
}

/// Five channels: left, right and center count as they are, the surrounds 1.41 times.
#[test]
fn tech_3341_case_6_weights_five_channels() {
    for rate_hz in RATES_HZ {
        let tone = |level_dbfs| tones(rate_hz, &[(20.0, level_dbfs)]);
        let mut sum = powers(rate_hz, vec![tone(-28.0), tone(-28.0)]);
        add_channels(&mut sum, &powers(rate_hz, vec![tone(-24.0)]), 1.0);
        add_channels(
            &mut sum,
            &powers(rate_hz, vec![tone(-30.0), tone(-30.0)]),
            SURROUND_WEIGHT,
        );
        let got = LoudnessFigures::from_k_power_10ms(&sum).integrated_lufs;
        near(&format!("case 6 at {rate_hz}"), got, -23.0);
    }
}

#[test]
fn repeating_a_program_does_not_change_its_range() {
    let parts = [(20.0, -20.0), (20.0, -30.0)];
    let range = |parts: &[(f64, f64)]| loudness(48_000, tones(48_000, parts)).loudness_range_lu;
    near("LRA", range(&parts.repeat(4)), range(&parts));
}

/// The transient's true height is -0.08 dBTP; every offset and rate reads within our own bound.
#[test]
fn our_own_meter_reads_the_transient_closer_than_the_standard_asks() {
    for offset in 0..4 {
        for rate_hz in RATES_HZ {
            let got = measure(rate_hz, transient(offset)).true_peak_by_meter[0].value;
            assert!(
                (got + 0.08).abs() <= 0.05,
                "case {} at {rate_hz}: {got}",
                20 + offset
            );
        }
    }
}
