//! The limiter as a stage: identity, latency, blocks, linking, bass.

mod limiter_support;

use std::f64::consts::TAU;

use acetate_dsp::process::limiter::{Limiter, SAFETY_DB};
use acetate_dsp::signal::{Random, mix};
use acetate_dsp::{Audio, Processor, settings};
use limiter_support::{limited, spec, true_peak_dbtp, with_drive};

const CEILING_DBTP: f64 = -1.0;

#[test]
fn below_the_ceiling_the_output_is_the_delayed_input_bit_for_bit() {
    for rate_hz in [44_100, 96_000] {
        let mut audio = mix(rate_hz, 1.0);
        audio.scale(0.5);
        assert!(true_peak_dbtp(&audio) < CEILING_DBTP - 0.1);
        let mut limiter = Limiter::new(&with_drive(0.0), CEILING_DBTP, &spec(&audio));
        let latency = limiter.latency_frames();
        let mut out = audio.clone();
        out.set_frames(audio.frames() + latency);
        limiter.process(&mut out);
        assert!(out.channel(0)[..latency].iter().all(|&x| x == 0.0));
        out.drop_front(latency);
        assert_eq!(out, audio);
        assert_eq!(limiter.gain_reduction_db(), 0.0);
        assert_eq!(limiter.reduction(), Default::default());
    }
}

#[test]
fn after_a_loud_passage_it_comes_back_to_identity() {
    let mut audio = Audio::silence(44_100, 1, 10 * 44_100);
    let mut noise = Random::new(3);
    for (n, x) in audio.split_mut().0.iter_mut().enumerate() {
        *x = (noise.bipolar() * if n < 44_100 { 2.0 } else { 0.1 }) as f32;
    }
    let out = limited(&audio, &with_drive(0.0), CEILING_DBTP);
    assert_eq!(out.channel(0)[9 * 44_100..], audio.channel(0)[9 * 44_100..]);
}

#[test]
fn blocks_and_reset_do_not_change_a_bit() {
    let audio = mix(44_100, 0.7);
    let whole = {
        let mut out = audio.clone();
        Limiter::new(&with_drive(9.0), CEILING_DBTP, &spec(&audio)).process(&mut out);
        out
    };
    let mut limiter = Limiter::new(&with_drive(9.0), CEILING_DBTP, &spec(&audio))
        .with_gain_trace(audio.frames() as u64);
    let mut first = None;
    for size in [1, 7, 64, 512, 1000, audio.frames()] {
        let mut out = Audio::silence(44_100, 2, 0);
        for start in (0..audio.frames()).step_by(size) {
            let mut block = audio.slice(start, start + size);
            limiter.process(&mut block);
            out.append(&block);
        }
        assert_eq!(out, whole, "block size {size}");
        let told = (limiter.reduction(), limiter.gain_trace().to_vec());
        assert_eq!(
            *first.get_or_insert(told.clone()),
            told,
            "block size {size}"
        );
        limiter.reset();
        assert_eq!(limiter.gain_reduction_db(), 0.0);
        assert!(limiter.gain_trace().is_empty());
    }
}

#[test]
fn channels_are_linked_and_alike() {
    let audio = mix(48_000, 0.5);
    let swapped = Audio::new(
        48_000,
        vec![audio.channel(1).to_vec(), audio.channel(0).to_vec()],
    )
    .unwrap();
    let (out, other) = (
        limited(&audio, &with_drive(9.0), CEILING_DBTP),
        limited(&swapped, &with_drive(9.0), CEILING_DBTP),
    );
    assert_eq!(out.channel(0), other.channel(1));
    assert_eq!(out.channel(1), other.channel(0));

    // The quieter channel gets the gain that the louder one needs.
    let loud = audio.channel(0).to_vec();
    let quiet: Vec<f32> = loud.iter().map(|x| 0.25 * x).collect();
    let out = limited(
        &Audio::new(48_000, vec![loud, quiet]).unwrap(),
        &with_drive(9.0),
        CEILING_DBTP,
    );
    for (l, r) in out.channel(0).iter().zip(out.channel(1)) {
        assert_eq!(0.25 * l, *r);
    }
}

#[test]
fn every_setting_moves_the_output() {
    let audio = mix(44_100, 1.0);
    let base = with_drive(9.0);
    let reference = limited(&audio, &base, CEILING_DBTP);
    for other in [
        settings::Limiter {
            drive_db: 8.0,
            ..base
        },
        settings::Limiter {
            lookahead_ms: 2.0,
            ..base
        },
        settings::Limiter {
            release_ms: 100.0,
            ..base
        },
        settings::Limiter {
            hold_ms: 3.0,
            ..base
        },
        settings::Limiter {
            fast_release_ms: 5.0,
            ..base
        },
    ] {
        let moved = limited(&audio, &other, CEILING_DBTP) != reference;
        assert!(moved, "{other:?}");
    }
    assert_ne!(limited(&audio, &base, -2.0), reference);
}

#[test]
fn statistics_and_trace_tell_what_was_done() {
    // One second alone, then a tone 6 dB over.
    let samples = (0..88_200)
        .map(|n| {
            let amplitude = if n < 44_100 {
                0.0
            } else {
                10f64.powf(5.0 / 20.0)
            };
            (amplitude * (TAU * 441.0 * f64::from(n) / 44_100.0).sin()) as f32
        })
        .collect();
    let mut audio = Audio::new(44_100, vec![samples]).unwrap();
    let held = settings::Limiter {
        hold_ms: 5.0,
        ..with_drive(0.0)
    };
    let mut limiter = Limiter::new(&held, CEILING_DBTP, &spec(&audio)).with_gain_trace(88_200);
    let latency = limiter.latency_frames();
    audio.set_frames(88_200 + latency);
    limiter.process(&mut audio);
    let told = limiter.reduction();
    let expected_db = 6.0 + SAFETY_DB;
    assert!((told.max_db - expected_db).abs() < 0.02, "{told:?}");
    assert!((told.mean_db - 0.5 * expected_db).abs() < 0.03, "{told:?}");
    assert!((told.share_above_1_db - 0.5).abs() < 0.01, "{told:?}");
    let trace = limiter.gain_trace();
    assert_eq!(trace.len(), 200);
    assert!(trace[..98].iter().all(|&gain| gain == 1.0));
    assert!(
        trace[102..]
            .iter()
            .all(|&gain| (20.0 * f64::from(gain).log10() + expected_db).abs() < 0.04)
    );
}

/// Distortion products 2 to 40 relative to the fundamental, over whole periods.
fn distortion(samples: &[f32], cycles_per_sample: f64) -> f64 {
    let amplitude = |harmonic: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &x) in samples.iter().enumerate() {
            let angle = TAU * cycles_per_sample * harmonic as f64 * n as f64;
            re += f64::from(x) * angle.cos();
            im += f64::from(x) * angle.sin();
        }
        re.hypot(im)
    };
    let products: f64 = (2..=40).map(|h| amplitude(h).powi(2)).sum();
    products.sqrt() / amplitude(1)
}

#[test]
fn a_bass_tone_6_db_over_is_not_bent() {
    let rate_hz = 44_100;
    for (freq_hz, bound) in [(35.0, 0.001), (50.0, 0.001), (80.0, 0.001)] {
        let cycles_per_sample = freq_hz / f64::from(rate_hz);
        let amplitude = 10f64.powf((CEILING_DBTP + 6.0) / 20.0);
        let tone = (0..3 * rate_hz)
            .map(|n| (amplitude * (TAU * cycles_per_sample * f64::from(n)).sin()) as f32)
            .collect();
        let tone = Audio::new(rate_hz, vec![tone]).unwrap();
        let out = limited(&tone, &with_drive(0.0), CEILING_DBTP);
        let second = rate_hz as usize;
        let thd = distortion(&out.channel(0)[second..2 * second], cycles_per_sample);
        assert!(thd <= bound, "{freq_hz} Hz: {:.4} %", 100.0 * thd);
    }
}

#[test]
fn between_kicks_the_gain_only_rises_and_does_not_follow_the_bass() {
    let rate_hz = 44_100;
    let rate = f64::from(rate_hz);
    let samples = (0..4 * rate_hz)
        .map(|n| {
            let t = f64::from(n) / rate;
            let beat = t % 0.5;
            let kick = 1.5 * (-beat / 0.02).exp() * (TAU * 90.0 * beat).sin();
            (kick + 1.2 * (TAU * 41.2 * t).sin()) as f32
        })
        .collect();
    let mut audio = Audio::new(rate_hz, vec![samples]).unwrap();
    let mut limiter = Limiter::new(&with_drive(0.0), CEILING_DBTP, &spec(&audio))
        .with_gain_trace(audio.frames() as u64);
    let latency = limiter.latency_frames();
    audio.set_frames(audio.frames() + latency);
    limiter.process(&mut audio);
    for kick in 2..7 {
        let between = &limiter.gain_trace()[50 * kick + 10..50 * kick + 48];
        let (mut falls_db, mut last) = (0.0, between[0]);
        for &gain in between {
            falls_db += 20.0 * f64::from(last / gain).log10().max(0.0);
            last = gain;
        }
        assert!(
            falls_db < 0.05,
            "the gain falls by {falls_db:.3} dB between kicks"
        );
        assert!(last > between[0], "the gain is released after the kick");
    }
}
