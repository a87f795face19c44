//! The conformance signals of EBU Tech 3341 v4, EBU Tech 3342 v4 and ITU-R BS.2217-2 for stereo
//! programmes, at four sample rates. 3341's cases 6 (five channels), 7 and 8 (real programmes)
//! are left out.

use acetate_dsp::Audio;
use acetate_dsp::measure::loudness::{Loudness, LoudnessFigures, lufs_from_power};

const RATES: [u32; 4] = [44_100, 48_000, 96_000, 192_000];
const SILENCE: f64 = f64::NEG_INFINITY;

/// K-weighted powers of 1 kHz, stereo in phase: `(seconds, peak in dBFS)` one after the other.
fn powers(rate: u32, parts: &[(f64, f64)]) -> Vec<f32> {
    // 1 kHz repeats after at most `rate / 100` frames at every rate used here.
    let period = (rate / 100) as usize;
    let tone: Vec<f64> = (0..period)
        .map(|n| (std::f64::consts::TAU * 1_000.0 * n as f64 / f64::from(rate)).sin())
        .collect();
    let mut meter = Loudness::new(rate, false);
    let mut block = Audio::silence(rate, 2, 0);
    let (mut end_s, mut position) = (0.0, 0usize);
    for &(duration_s, level_dbfs) in parts {
        end_s += duration_s;
        let end = (end_s * f64::from(rate)).round() as usize;
        let gain = 10f64.powf(level_dbfs / 20.0);
        while position < end {
            let frames = (end - position).min(20_000);
            block.set_frames(frames);
            for channel in block.channels_mut() {
                for (i, x) in channel.iter_mut().enumerate() {
                    *x = (gain * tone[(position + i) % period]) as f32;
                }
            }
            meter.process(&block);
            position += frames;
        }
    }
    meter.into_k_power_10ms()
}

fn figures(rate: u32, parts: &[(f64, f64)]) -> LoudnessFigures {
    LoudnessFigures::from_k_power_10ms(&powers(rate, parts))
}

#[track_caller]
fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!(
        (got - expected).abs() <= tolerance,
        "{what}: {got}, expected {expected} ± {tolerance}"
    );
}

fn mean_lufs(powers: &[f32]) -> f64 {
    let sum: f64 = powers.iter().map(|&p| f64::from(p)).sum();
    lufs_from_power(sum / powers.len() as f64)
}

#[test]
fn tech_3341_cases_1_and_2_read_a_steady_tone() {
    for rate in RATES {
        for level in [-23.0, -33.0] {
            let got = figures(rate, &[(20.0, level)]);
            near("I", got.integrated_lufs, level, 0.1);
            near("M", got.momentary_max_lufs, level, 0.1);
            near("S", got.short_term_max_lufs, level, 0.1);
            for &s in &got.short_term_lufs {
                near("S", f64::from(s), level, 0.1);
            }
        }
    }
}

#[test]
fn tech_3341_cases_3_to_5_gate_what_is_quiet() {
    let cases: [&[(f64, f64)]; 3] = [
        &[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)],
        &[
            (10.0, -72.0),
            (10.0, -36.0),
            (60.0, -23.0),
            (10.0, -36.0),
            (10.0, -72.0),
        ],
        &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)],
    ];
    for rate in RATES {
        for (index, parts) in cases.iter().enumerate() {
            let got = figures(rate, parts).integrated_lufs;
            near(&format!("case {} at {rate}", index + 3), got, -23.0, 0.1);
        }
    }
}

#[test]
fn tech_3341_case_9_short_term_holds_its_window() {
    let parts = [(1.34, -20.0), (1.66, -30.0)].repeat(5);
    for rate in RATES {
        let powers = powers(rate, &parts);
        let windows: Vec<f64> = powers.windows(300).map(mean_lufs).collect();
        assert_eq!(windows.len(), 1_201);
        for s in windows {
            near("S", s, -23.0, 0.1);
        }
        for s in LoudnessFigures::from_k_power_10ms(&powers).short_term_lufs {
            near("S at 10 Hz", f64::from(s), -23.0, 0.1);
        }
    }
}

#[test]
fn tech_3341_cases_10_and_11_catch_the_highest_short_term_value() {
    for rate in RATES {
        for i in 0..20 {
            let delay_s = 0.15 * f64::from(i);
            let got = figures(rate, &[(delay_s, SILENCE), (3.0, -23.0), (1.0, SILENCE)]);
            near("case 10", got.short_term_max_lufs, -23.0, 0.1);
            let level = f64::from(i) - 38.0;
            let rest_s = 3.0 - delay_s;
            let got = figures(rate, &[(delay_s, SILENCE), (3.0, level), (rest_s, SILENCE)]);
            near("case 11", got.short_term_max_lufs, level, 0.1);
        }
    }
}

#[test]
fn tech_3341_case_12_momentary_holds_its_window() {
    let parts = [(0.18, -20.0), (0.22, -30.0)].repeat(25);
    for rate in RATES {
        for m in powers(rate, &parts)[60..].windows(40).map(mean_lufs) {
            near("M", m, -23.0, 0.1);
        }
    }
}

#[test]
fn tech_3341_cases_13_and_14_catch_the_highest_momentary_value() {
    for rate in RATES {
        for i in 0..20 {
            let delay_s = 0.02 * f64::from(i);
            let got = figures(rate, &[(delay_s, SILENCE), (0.4, -23.0), (1.0, SILENCE)]);
            near("case 13", got.momentary_max_lufs, -23.0, 0.1);
            let level = f64::from(i) - 38.0;
            let rest_s = 0.4 - delay_s;
            let got = figures(rate, &[(delay_s, SILENCE), (0.4, level), (rest_s, SILENCE)]);
            near("case 14", got.momentary_max_lufs, level, 0.1);
        }
    }
}

#[test]
fn tech_3342_cases_give_the_loudness_range() {
    let cases: [(&[f64], f64); 4] = [
        (&[-20.0, -30.0], 10.0),
        (&[-20.0, -15.0], 5.0),
        (&[-40.0, -20.0], 20.0),
        (&[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ];
    for rate in RATES {
        for (levels, expected) in cases {
            let parts: Vec<_> = levels.iter().map(|&level| (20.0, level)).collect();
            let got = figures(rate, &parts).loudness_range_lu;
            near("LRA", got, expected, 1.0);
        }
    }
}

#[test]
fn repeating_a_programme_does_not_change_its_range() {
    let parts = [(20.0, -20.0), (20.0, -30.0)];
    let once = figures(48_000, &parts).loudness_range_lu;
    let often = figures(48_000, &parts.repeat(4)).loudness_range_lu;
    near("LRA", often, once, 0.1);
}

/// Positions are in frames at 48 kHz, as BS.2217-2 gives them.
fn bs_2217(parts: &[(u32, u32, f64)]) -> f64 {
    let mut channel: Vec<f32> = (0..192_000)
        .map(|n| if n % 2 == 0 { 1.0 } else { -1.0 } / 32_768.0)
        .collect();
    for &(from, to, level_dbfs) in parts {
        for n in from..to {
            let angle = std::f64::consts::TAU * f64::from(n % 48) / 48.0;
            channel[n as usize] = (10f64.powf(level_dbfs / 20.0) * angle.sin()) as f32;
        }
    }
    let mut meter = Loudness::new(48_000, false);
    meter.process(&Audio::new(48_000, vec![channel; 2]).unwrap());
    LoudnessFigures::from_k_power_10ms(meter.k_power_10ms()).integrated_lufs
}

#[test]
fn bs_2217_absolute_and_relative_gate() {
    let absolute = bs_2217(&[
        (38_400, 62_400, -69.5),
        (86_400, 110_400, -69.5),
        (134_400, 158_400, -69.5),
    ]);
    near("absolute gate", absolute, -69.5, 0.1);
    let relative = bs_2217(&[
        (24_000, 67_200, -19.9),
        (67_200, 129_600, -7.1),
        (129_600, 168_000, -19.9),
    ]);
    near("relative gate", relative, -10.0, 0.1);
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
