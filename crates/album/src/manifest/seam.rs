//! Whether a piece runs through two files: the one begins where the other ends, in the middle of the sound.

use std::path::Path;

use acetate_dsp::numeric::solve;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source};
use acetate_io::{OpenOptions, open};

use crate::error::AlbumError;

/// Frames before the seam that a predictor is fitted on.
const FITTED_FRAMES: usize = 4_096;
/// Frames after the seam that it foretells, one by one.
const FORETOLD_FRAMES: usize = 32;
/// Coefficients of the predictor.
const ORDER: usize = 32;
/// The error after the seam may be so many times that before it: what goes on is foretold as well as what was.
const MAX_ERROR_RATIO: f64 = 8.0;
/// Sound that is softer than this on either side of the seam has ended or not begun, full scale = 1.
const LEAST_RMS: f64 = 3e-4;

/// Whether `second` goes on where `first` ends.
///
/// # Errors
/// [`AlbumError`] if one of them cannot be decoded.
pub(crate) fn runs_through(first: &Path, second: &Path) -> Result<bool, AlbumError> {
    let tail = tail_of(first)?;
    let mut head = open(second, &OpenOptions::default())?;
    if head.spec().sample_rate_hz != tail.sample_rate_hz()
        || head.spec().channels != tail.channel_count()
    {
        return Ok(false);
    }
    let mut block = Audio::silence(head.spec().sample_rate_hz, head.spec().channels, 0);
    let read = head.read(&mut block, FORETOLD_FRAMES);
    read.map_err(|error| AlbumError::stream(second.display().to_string(), error))?;
    Ok(is_one_signal(&tail, &block))
}

/// The last frames of a file.
fn tail_of(path: &Path) -> Result<Audio, AlbumError> {
    let mut source = open(path, &OpenOptions::default())?;
    let spec = source.spec();
    let failed = |error| AlbumError::stream(path.display().to_string(), error);
    if let Some(frames) = source.frames_hint() {
        let skipped = frames.saturating_sub(2 * BLOCK_FRAMES as u64);
        source.skip(skipped).map_err(failed)?;
    }
    let mut tail = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    while source.read(&mut block, BLOCK_FRAMES).map_err(failed)? > 0 {
        tail.append(&block);
        tail.drop_front(tail.frames().saturating_sub(FITTED_FRAMES));
    }
    Ok(tail)
}

/// Whether a predictor fitted on the end of one signal foretells the start of the other.
fn is_one_signal(tail: &Audio, head: &Audio) -> bool {
    if tail.frames() < FITTED_FRAMES || head.frames() < FORETOLD_FRAMES {
        return false;
    }
    tail.channels()
        .iter()
        .zip(head.channels())
        .all(|(tail, head)| {
            let signal: Vec<f64> = tail
                .iter()
                .chain(head)
                .map(|&sample| f64::from(sample))
                .collect();
            goes_on(&signal, tail.len())
        })
}

/// One channel of it; `seam` is the first frame of the second signal.
fn goes_on(signal: &[f64], seam: usize) -> bool {
    let (before, after) = signal.split_at(seam);
    let near = before.get(seam.saturating_sub(512)..).unwrap_or(before);
    if rms(near) < LEAST_RMS || rms(after) < LEAST_RMS {
        return false;
    }
    let Some(coefficients) = predictor(before) else {
        return false;
    };
    let error = |at: usize| {
        let past = signal.get(at - ORDER..at).unwrap_or_default();
        let foretold: f64 = past.iter().zip(&coefficients).map(|(x, c)| x * c).sum();
        signal.get(at).map_or(0.0, |sample| sample - foretold)
    };
    let errors = |range: std::ops::Range<usize>| rms(&range.map(error).collect::<Vec<_>>());
    let usual = errors(seam - 1024..seam);
    // The floor is that of rounding to 16 bits, for signals that are foretold without an error.
    errors(seam..signal.len()) <= MAX_ERROR_RATIO * usual.max(1.0 / 65_536.0)
}

/// Coefficients by which a signal's next sample follows from the last, oldest first (covariance method).
fn predictor(signal: &[f64]) -> Option<Vec<f64>> {
    let mut matrix = vec![vec![0.0; ORDER]; ORDER];
    let mut right = vec![[0.0]; ORDER];
    for window in signal.windows(ORDER + 1) {
        let (next, past) = window.split_last()?;
        for ((row, right), &a) in matrix.iter_mut().zip(&mut right).zip(past) {
            right[0] += a * next;
            for (cell, &b) in row.iter_mut().zip(past) {
                *cell += a * b;
            }
        }
    }
    // Keeps a signal that is foretold exactly, such as a tone, solvable.
    let ridge = 1e-9 * matrix.first()?.first()? + 1e-12;
    for (place, row) in matrix.iter_mut().enumerate() {
        if let Some(cell) = row.get_mut(place) {
            *cell += ridge;
        }
    }
    solve(&mut matrix, &mut right).then(|| right.into_iter().map(|[x]| x).collect())
}

fn rms(values: &[f64]) -> f64 {
    let square: f64 = values.iter().map(|value| value * value).sum();
    (square / values.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::signal;

    #[test]
    fn a_song_cut_in_two_is_one_signal_and_two_passages_of_it_are_not() {
        let song = signal::mix(44_100, 4.0);
        for at in [60_000, 90_000, 100_001] {
            let tail = song.slice(at - FITTED_FRAMES, at);
            assert!(is_one_signal(&tail, &song.slice(at, at + FORETOLD_FRAMES)));
            let other = song.slice(at + 20_000, at + 20_000 + FORETOLD_FRAMES);
            assert!(!is_one_signal(&tail, &other), "{at}");
        }
        let silence = Audio::silence(44_100, 2, FITTED_FRAMES);
        assert!(!is_one_signal(&silence, &silence.slice(0, FORETOLD_FRAMES)));
    }
}
