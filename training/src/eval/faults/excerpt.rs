//! The loudest stretch of a song, in memory.

use std::path::Path;

use acetate_dsp::measure::levels::silence_non_finite;
use acetate_dsp::measure::loudness::Loudness;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source};

use crate::eval::EvalError;

/// Shorter songs are left out, seconds: their loudness range means nothing.
pub const MIN_DURATION_S: f64 = 8.0;
/// Longer songs are not taken whole, seconds.
const MAX_WHOLE_S: f64 = 900.0;

/// Cuts the stretch of `length_s` seconds with the most K-weighted energy; the first of equals, the
/// whole song where it is shorter.
///
/// # Errors
/// [`EvalError`] when the song cannot be decoded, is silent or too short.
pub fn loudest(path: &Path, length_s: f64) -> Result<Audio, EvalError> {
    let failed = |source| EvalError::Stream {
        path: path.to_owned(),
        source,
    };
    let mut song = acetate_io::open(path, &acetate_io::OpenOptions::default())?;
    let spec = song.spec();
    let mut loudness = Loudness::new(spec.sample_rate_hz, false);
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
    let mut frames = 0;
    loop {
        let read = song.read(&mut block, BLOCK_FRAMES).map_err(failed)?;
        if read == 0 {
            break;
        }
        silence_non_finite(&mut block);
        loudness.process(&block);
        frames += read;
    }
    let duration_s = frames as f64 / f64::from(spec.sample_rate_hz);
    if duration_s < MIN_DURATION_S {
        return Err(EvalError::TooShort {
            path: path.to_owned(),
            min_s: MIN_DURATION_S,
            got_s: duration_s,
        });
    }
    let steps = (100.0 * length_s) as usize;
    let start_step = loudest_start(loudness.k_power_10ms(), steps);
    let boundary = |step: usize| step * spec.sample_rate_hz as usize / 100;
    let range = boundary(start_step)..boundary(start_step + steps).min(frames);
    cut(&mut song, range).map_err(failed)
}

/// A song as a whole.
///
/// # Errors
/// As [`loudest`].
pub fn whole(path: &Path) -> Result<Audio, EvalError> {
    loudest(path, MAX_WHOLE_S)
}

/// First step of the window of `length` steps with the largest sum; 0 where there are fewer.
fn loudest_start(k_power_10ms: &[f32], length: usize) -> usize {
    if k_power_10ms.len() <= length {
        return 0;
    }
    let power = |step: usize| f64::from(k_power_10ms[step]);
    let mut sum: f64 = (0..length).map(power).sum();
    let mut best = (sum, 0);
    for start in 1..=k_power_10ms.len() - length {
        sum += power(start + length - 1) - power(start - 1);
        // More than the rounding of the running sum, so that equals stay equal.
        if sum > best.0 * (1.0 + 1e-9) {
            best = (sum, start);
        }
    }
    best.1
}

fn cut(
    song: &mut dyn Source,
    range: std::ops::Range<usize>,
) -> Result<Audio, acetate_dsp::StreamError> {
    song.rewind()?;
    let spec = song.spec();
    let mut kept = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES);
    let mut position = 0;
    while position < range.end {
        let read = song.read(&mut block, BLOCK_FRAMES)?;
        if read == 0 {
            break;
        }
        silence_non_finite(&mut block);
        let from = range.start.saturating_sub(position);
        let to = (range.end - position).min(read);
        if from < to {
            kept.append(&block.slice(from, to));
        }
        position += read;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_window_is_found_and_the_first_of_equals() {
        assert_eq!(loudest_start(&[1.0, 1.0, 5.0, 4.0, 1.0], 2), 2);
        assert_eq!(loudest_start(&[1.0, 1.0, 1.0, 1.0], 2), 0);
        assert_eq!(loudest_start(&[1.0], 5), 0);
    }
}
