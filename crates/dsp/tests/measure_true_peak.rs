//! True peak against a long 64× windowed sinc, and the signals of EBU Tech 3341 v4, 15 to 23.

use acetate_dsp::Audio;
use acetate_dsp::measure::reference_meter::ReferenceMeter;
use acetate_dsp::measure::true_peak::{TruePeak, TruePeakReading};
use std::f64::consts::{PI, TAU};
use std::sync::OnceLock;

const STEPS: usize = 64;
const HALF: usize = 384;

fn sinc(t: f64) -> f64 {
    if t == 0.0 {
        1.0
    } else {
        (PI * t).sin() / (PI * t)
    }
}

/// Blackman-Harris windowed sinc, flat up to 0.495 of the sample rate: nothing like the meter's.
fn truth_rows() -> &'static [Vec<f64>] {
    static ROWS: OnceLock<Vec<Vec<f64>>> = OnceLock::new();
    let tap = |p: usize, j: usize| {
        let t = j as f64 - (HALF - 1) as f64 - p as f64 / STEPS as f64;
        let x = PI * t / HALF as f64;
        let window =
            0.35875 + 0.48829 * x.cos() + 0.14128 * (2.0 * x).cos() + 0.01168 * (3.0 * x).cos();
        window * sinc(t)
    };
    ROWS.get_or_init(|| {
        let row = |p| (0..2 * HALF).map(|j| tap(p, j)).collect();
        (0..STEPS).map(row).collect()
    })
}

fn truth_dbtp(signal: &[f32]) -> f64 {
    let mut padded = vec![0.0f64; HALF + 8];
    padded.extend(signal.iter().map(|&x| f64::from(x)));
    padded.extend(vec![0.0; HALF + 8]);
    let mut peak = 0.0f64;
    for around in padded.windows(2 * HALF) {
        for row in truth_rows() {
            let value: f64 = row.iter().zip(around).map(|(a, b)| a * b).sum();
            peak = peak.max(value.abs());
        }
    }
    20.0 * peak.log10()
}

fn measure(rate: u32, channels: Vec<Vec<f32>>) -> TruePeakReading {
    let audio = Audio::new(rate, channels).unwrap();
    let mut meter = TruePeak::new(audio.channel_count());
    meter.process(&audio);
    meter.finish()
}

/// The meter must be within 0.04 dB of the truth.
#[track_caller]
fn check(name: &str, signal: &[f32]) {
    let got = measure(44_100, vec![signal.to_vec()]).true_peak_dbtp;
    let off_db = got - truth_dbtp(signal);
    assert!(off_db.abs() <= 0.04, "{name}: {off_db} dB off");
}

fn tone(cycles_per_frame: f64, phase: f64, gain: f64, frames: usize, fade: usize) -> Vec<f32> {
    (0..frames)
        .map(|n| {
            let edge = match fade {
                0 => 1.0,
                fade => (n.min(frames - 1 - n) as f64 / fade as f64).min(1.0),
            };
            (gain * edge * (TAU * cycles_per_frame * n as f64 + phase).sin()) as f32
        })
        .collect()
}

fn noise(frames: usize, mut seed: u32) -> Vec<f32> {
    (0..frames)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

#[test]
fn tech_3341_cases_15_to_19_read_tones_between_their_samples() {
    for rate in [44_100u32, 48_000, 88_200, 96_000, 176_400, 192_000] {
        for (case, divisor, phase_degrees, level_db) in [
            (15, 4.0, 0.0, -6.0),
            (16, 4.0, 45.0, -6.0),
            (17, 6.0, 60.0, -6.0),
            (18, 8.0, 67.5, -6.0),
            (19, 4.0, 45.0, 3.0f64),
        ] {
            let phase = phase_degrees * PI / 180.0;
            let gain = 10f64.powf(level_db / 20.0);
            let fade = rate as usize / 100;
            let signal = tone(1.0 / divisor, phase, gain, rate as usize, fade);
            let off_db = measure(rate, vec![signal; 2]).true_peak_dbtp - level_db;
            assert!((-0.4..=0.2).contains(&off_db), "{case} at {rate}: {off_db}");
            assert!(off_db.abs() < 0.02, "our own limit, {case}: {off_db}");
        }
    }
}

/// Signal of cases 20 to 23: a half wave of full scale in a tone at -6 dB, at four times the
/// rate, band-limited and decimated from `offset`.
fn tech_3341_transient(offset: usize) -> Vec<f32> {
    let (frames, centre) = (4 * 1_200usize, 2_400i64);
    let gain = 10f64.powf(-6.0 / 20.0);
    let fine: Vec<f64> = (0..frames as i64)
        .map(|n| {
            let d = (n - centre) as f64;
            let edge = (n.min(frames as i64 - n) as f64 / 480.0).min(1.0);
            edge * if d < -8.0 {
                gain * (TAU * (d + 8.0) / 24.0).sin()
            } else if d > 8.0 {
                gain * (TAU * (d - 8.0) / 24.0).sin()
            } else {
                -(TAU * d / 16.0).sin()
            }
        })
        .collect();
    let i0 = |x: f64| {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..80 {
            term *= (x / 2.0 / f64::from(k)).powi(2);
            sum += term;
        }
        sum
    };
    // Kaiser window, β = 14, 1025 taps, corner at half the base rate.
    let taps: Vec<f64> = (-512..=512)
        .map(|n| {
            let n = f64::from(n);
            0.25 * sinc(n / 4.0) * i0(14.0 * (1.0 - (n / 512.0).powi(2)).sqrt()) / i0(14.0)
        })
        .collect();
    let filtered = |at: usize| {
        let reach = taps.iter().enumerate();
        reach
            .filter_map(|(j, tap)| Some(tap * fine.get((at + j).checked_sub(512)?)?))
            .sum::<f64>() as f32
    };
    (offset..frames).step_by(4).map(filtered).collect()
}

#[test]
fn tech_3341_cases_20_to_23_catch_a_transient_at_any_offset() {
    for offset in 0..4 {
        let case = 20 + offset;
        let signal = tech_3341_transient(offset);
        check(&format!("case {case}"), &signal);
        for rate in [44_100, 96_000, 192_000] {
            let got_dbtp = measure(rate, vec![signal.clone(); 2]).true_peak_dbtp;
            assert!(
                (-0.4..=0.2).contains(&got_dbtp),
                "{case} at {rate}: {got_dbtp}"
            );
        }
    }
}

#[test]
fn steady_tones_up_to_20_khz_read_their_level() {
    for freq_hz in [
        997.0, 5_000.0, 11_025.0, 15_000.0, 17_640.0, 19_000.0, 20_000.0,
    ] {
        for phase in [0.0, 0.4, PI / 4.0, 1.3] {
            let signal = tone(freq_hz / 44_100.0, phase, 0.8, 6_000, 1_500);
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
            signal.extend(tone(freq_hz / 44_100.0, phase, 1.0, 24, 0));
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
        let white = noise(2_000, seed);
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
    let signal = tone(0.25, PI / 4.0, 0.7, 4_000, 900);
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
    let mut signal: Vec<f32> = noise(10 * 44_100, 9).iter().map(|x| 0.2 * x).collect();
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
    let audio = Audio::new(44_100, vec![noise(5_000, 11), noise(5_000, 12)]).unwrap();
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
