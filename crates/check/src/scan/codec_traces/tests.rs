//! The transforms against their definitions, and coded noise against noise.

use std::f64::consts::PI;

use acetate_dsp::Audio;
use acetate_dsp::signal::white;

use super::frame_grid::{Family, Transform};
use super::mdct::{Mdct, kaiser_derived};
use super::mp3_hybrid::Mp3Hybrid;
use super::{CodecFigures, CodecTraces};

const RATE_HZ: u32 = 44_100;

fn lines(transform: &mut dyn Transform, samples: &[f32], offset: usize) -> Vec<f32> {
    let mut out = vec![0.0; transform.lines()];
    transform.prepare(samples);
    transform.transform(offset, &mut out);
    out
}

/// Vorbis' window, as its specification has it.
fn vorbis_window(n: usize) -> f64 {
    let s = libm::sin(PI / 2.0 * (n.min(2_047 - n) as f64 + 0.5) / 1_024.0);
    libm::sin(PI / 2.0 * s * s)
}

/// Value of a line's cosine at a sample, for lines of unit power.
fn cosine(n: usize, line: usize) -> f64 {
    let turn = PI / 1_024.0 * (n as f64 + 0.5 + 512.0) * (line as f64 + 0.5);
    (2.0f64 / 1_024.0).sqrt() * libm::cos(turn)
}

#[test]
fn the_lapped_transform_is_its_definition() {
    let samples = white(3_072, 1);
    let got = lines(&mut Mdct::vorbis(), &samples, 7);
    for line in [0, 1, 333, 1_023] {
        let values =
            (0..2_048).map(|n| f64::from(samples[n + 7]) * vorbis_window(n) * cosine(n, line));
        let expected: f64 = values.sum();
        assert!(
            (f64::from(got[line]) - expected).abs() < 1e-4,
            "line {line}"
        );
    }
}

#[test]
fn the_window_of_aac_rises_and_gives_everything_back() {
    let rise = kaiser_derived();
    assert_eq!(rise.len(), 1_024);
    assert!(rise.is_sorted());
    for n in 0..512 {
        // Princen and Bradley's condition.
        let both = rise[n] * rise[n] + rise[1_023 - n] * rise[1_023 - n];
        assert!((both - 1.0).abs() < 1e-12, "{n}: {both}");
    }
}

#[test]
fn white_noise_keeps_its_power_in_every_transform() {
    let samples = white(3_072, 5);
    let power = |values: &[f32]| values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
    let before = power(&samples);
    let transforms: [&mut dyn Transform; 3] =
        [&mut Mp3Hybrid::new(), &mut Mdct::aac(), &mut Mdct::vorbis()];
    for transform in transforms {
        let after = power(&lines(transform, &samples, 3));
        assert!(
            (0.85..1.15).contains(&(after / before)),
            "{:?}: {before} {after}",
            transform.family()
        );
    }
}

#[test]
fn a_tone_stands_at_its_line_of_the_hybrid() {
    let hz = 5_000.0;
    let tone: Vec<f32> = (0..3_072)
        .map(|n| libm::sin(2.0 * PI * hz * n as f64 / f64::from(RATE_HZ)) as f32)
        .collect();
    let found = lines(&mut Mp3Hybrid::new(), &tone, 100);
    let most = (0..576).max_by(|&a, &b| found[a].abs().total_cmp(&found[b].abs()));
    let expected = (hz / (0.5 * f64::from(RATE_HZ)) * 576.0) as usize;
    assert!(
        most.is_some_and(|at| at.abs_diff(expected) <= 1),
        "{most:?} {expected}"
    );
    let all: f32 = found.iter().map(|x| x * x).sum();
    let near: f32 = found[expected - 8..=expected + 8]
        .iter()
        .map(|x| x * x)
        .sum();
    assert!(near > 0.99 * all, "{near} of {all}");
}

fn found(channels: Vec<Vec<f32>>, block: usize) -> Option<CodecFigures> {
    let whole = Audio::new(RATE_HZ, channels).expect("equal lengths");
    let mut coding = CodecTraces::new(RATE_HZ, whole.channel_count());
    for start in (0..whole.frames()).step_by(block) {
        coding.process(&whole.slice(start, (start + block).min(whole.frames())));
    }
    coding.finish()
}

/// Frames under Vorbis' window, the first at `place`: of their lines from 4 to 19 kHz every 16th is left.
fn coded(frames: usize, place: usize, seed: u64) -> Vec<f32> {
    let input = white(frames, seed);
    let mut transform = Mdct::vorbis();
    let mut out = vec![0.0f32; frames];
    for start in (place..frames.saturating_sub(3_072)).step_by(1_024) {
        let spectrum = lines(&mut transform, &input[start..start + 3_072], 0);
        for line in (200..900).step_by(16) {
            let samples = out[start..start + 2_048].iter_mut().enumerate();
            for (n, x) in samples {
                *x += (f64::from(spectrum[line]) * vorbis_window(n) * cosine(n, line)) as f32;
            }
        }
    }
    out
}

#[test]
fn frames_are_found_where_they_are_and_noise_has_none() {
    let frames = 6 * RATE_HZ as usize;
    let clean = found(vec![white(frames, 3), white(frames, 4)], 4_096).expect("it sounds");
    assert!(clean.sigma < 6.0, "{clean:?}");
    assert!(clean.holes_percent < 5.0, "{clean:?}");
    let traced = found(vec![coded(frames, 300, 9)], 4_096).expect("it sounds");
    assert_eq!(traced.family, Family::Vorbis);
    assert!(traced.sigma > 20.0, "{traced:?}");
    assert!(traced.holes_percent > 30.0, "{traced:?}");
}

#[test]
fn block_sizes_change_nothing_and_silence_says_nothing() {
    let frames = 5 * RATE_HZ as usize;
    let signal = vec![white(frames, 3), white(frames, 8)];
    let whole = found(signal.clone(), frames);
    assert!(whole.is_some());
    assert_eq!(found(signal.clone(), 1_000), whole);
    assert_eq!(found(signal, 777), whole);
    assert_eq!(found(vec![vec![0.0; frames]], 4_096), None);
    assert_eq!(found(vec![white(1_000, 2)], 4_096), None);
}
