//! Songs for albums, cut from the excerpts.

use crate::dir::{Dir, read_wav, write_wav};

/// Sample rate of all songs, Hz.
pub const RATE_HZ: u32 = 44_100;

/// The excerpts as songs of one album: interleaved stereo samples.
pub fn excerpt(dir: &Dir, name: &str) -> Vec<f32> {
    let flac = dir.excerpt(name);
    let wav = dir.path("excerpt.wav");
    let ran = dir.run(&[
        "master",
        name,
        "-o",
        "excerpt.wav",
        "--lufs",
        "keep",
        "--bypass",
        "eq,compressor,saturation,stereo,cleanup",
        "--ceiling",
        "0",
        "--no-codec-safe",
        "-b",
        "32",
        "-q",
    ]);
    assert!(ran.code < 2, "{}", ran.stderr);
    let (spec, samples) = read_wav(&wav);
    assert_eq!((spec.channels, spec.sample_rate), (2, RATE_HZ), "{name}");
    for file in [flac, wav] {
        std::fs::remove_file(file).expect("it goes away");
    }
    samples.into_iter().map(|sample| sample as f32).collect()
}

/// Writes part of a song, in frames, at a gain.
pub fn write_part(dir: &Dir, name: &str, song: &[f32], frames: std::ops::Range<usize>, gain: f32) {
    let part: Vec<f32> = song[2 * frames.start..2 * frames.end]
        .iter()
        .map(|sample| gain * sample)
        .collect();
    write_wav(&dir.path(name), RATE_HZ, 2, &part);
}

/// Mean power of a stretch of interleaved stereo samples, in frames, dB.
pub fn level_db(samples: &[f64], frames: std::ops::Range<usize>) -> f64 {
    let part = &samples[2 * frames.start..2 * frames.end];
    let square: f64 = part.iter().map(|sample| sample * sample).sum();
    10.0 * (square / part.len() as f64 + 1e-20).log10()
}
