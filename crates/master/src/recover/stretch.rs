//! Which stretch of a mix and its master is compared: how much later the master plays the same, and where it fades out.

use acetate_dsp::numeric::quantile;
use acetate_dsp::units::db_from_power;
use acetate_dsp::{Analysis, Audio, Source, Spec, StreamError};

const STEPS_PER_S: i64 = 100;
/// Furthest that a master may lie beside its mix, in steps of 10 ms.
const MAX_LAG_STEPS: isize = 200;
/// Steps quieter than this tell nothing, relative to the loudness, LU.
const HEARD_LU: f64 = -25.0;
/// So many steps are compared at most: ten minutes.
const MAX_STEPS: usize = 60_000;
/// A lag must lower the mean square of what levels are apart by this factor: a steady program fits at any.
const CLEARER: f64 = 0.8;

/// The lag at which levels agree best, in steps of 10 ms; 0 unless another is clearly better.
pub(super) fn lag_steps(before: &Analysis, after: &Analysis) -> isize {
    let levels = |analysis: &Analysis| -> Vec<f64> {
        let powers = analysis.sequences.k_power_10ms.iter().take(MAX_STEPS);
        let powers = powers.map(|&power| db_from_power(f64::from(power) + 1e-12));
        powers
            .map(|level_db| level_db - analysis.integrated_lufs)
            .collect()
    };
    let (mix, master) = (levels(before), levels(after));
    let apart = |lag: isize| {
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        for (step, &level) in mix.iter().enumerate() {
            let Some(&other) = step
                .checked_add_signed(lag)
                .and_then(|step| master.get(step))
            else {
                continue;
            };
            if level > HEARD_LU && other > HEARD_LU {
                sum += other - level;
                squares += (other - level) * (other - level);
                count += 1.0;
            }
        }
        // Few steps in common agree by chance.
        (squares - sum * sum / f64::max(count, 1.0)) / f64::max(count, 1.0) + 1e4 / (1.0 + count)
    };
    let lags = (-MAX_LAG_STEPS..=MAX_LAG_STEPS).map(|lag| (lag, apart(lag)));
    let best = lags.min_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|&(_, left)| left < CLEARER * apart(0))
        .map_or(0, |(lag, _)| lag)
}

/// Blocks over which a fade is seen: a second.
const FADE_BLOCKS: usize = 5;
/// At the end of a fade the master is at least so much softer against the mix than usual, dB …
const FADED_DB: f64 = 6.0;
/// … and at its start by this much.
const FADING_DB: f64 = 1.0;

/// The block from which on the master fades out and the mix does not; `None` without a fade. `riding` is what the master
/// is louder than the mix in each block, dB.
pub(super) fn fades_from(riding: &[(usize, f64)]) -> Option<usize> {
    let levels: Vec<f64> = riding.iter().map(|(_, db)| *db).collect();
    let usual_db = quantile(&levels, 0.5)?;
    let seconds = levels.windows(FADE_BLOCKS);
    let means: Vec<f64> = seconds
        .map(|second| second.iter().sum::<f64>() / FADE_BLOCKS as f64 - usual_db)
        .collect();
    if *means.last()? > -FADED_DB {
        return None;
    }
    let steady = means.iter().rposition(|db| *db > -FADING_DB)?;
    // What fades for longer than a third of the song is no fade-out.
    (3 * steady > 2 * means.len()).then(|| riding[steady].0)
}

/// A stretch of a program.
pub(super) struct Stretch<'a> {
    source: &'a mut dyn Source,
    /// Frames that are skipped, or negative: of silence.
    lag_frames: i64,
    length_frames: u64,
    silence_frames: u64,
    left_frames: u64,
}

impl<'a> Stretch<'a> {
    /// From `lag_steps` on (negative: with silence before it), at most `length_s` long; starts where it begins.
    pub(super) fn new(
        source: &'a mut dyn Source,
        lag_steps: isize,
        length_s: Option<f64>,
    ) -> Result<Self, StreamError> {
        let rate_hz = source.spec().sample_rate_hz;
        let frames = |length_s: f64| (length_s * f64::from(rate_hz)) as u64;
        let mut stretch = Self {
            source,
            lag_frames: lag_steps as i64 * i64::from(rate_hz) / STEPS_PER_S,
            length_frames: length_s.map_or(u64::MAX, frames),
            silence_frames: 0,
            left_frames: 0,
        };
        stretch.rewind()?;
        Ok(stretch)
    }
}

impl Source for Stretch<'_> {
    fn spec(&self) -> Spec {
        self.source.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        let frames = self.source.frames_hint()?;
        let frames = frames.saturating_add_signed(-self.lag_frames);
        Some(frames.min(self.length_frames))
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let most = self.left_frames.min(max_frames as u64);
        let frames = if self.silence_frames == 0 {
            self.source.read(block, most as usize)?
        } else {
            let Spec {
                sample_rate_hz,
                channels,
            } = self.spec();
            let frames = self.silence_frames.min(most);
            *block = Audio::silence(sample_rate_hz, channels, frames as usize);
            self.silence_frames -= frames;
            frames as usize
        };
        self.left_frames -= frames as u64;
        Ok(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.source.rewind()?;
        self.left_frames = self.length_frames;
        self.silence_frames = 0;
        match u64::try_from(self.lag_frames) {
            Ok(later) => self.source.skip(later),
            Err(_) => {
                self.silence_frames = self.lag_frames.unsigned_abs();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a master is louder in each block of a song of 100 s that ends with this.
    fn riding(end: impl Fn(usize) -> f64) -> Vec<(usize, f64)> {
        let noise = |block: usize| 0.3 * wave(block);
        let blocks = (0..400).map(|block| (block, 1.0 + noise(block)));
        let end = (0..100).map(|block| (400 + block, 1.0 + noise(block) + end(block)));
        blocks.chain(end).collect()
    }

    fn wave(block: usize) -> f64 {
        [0.0, 1.0, 0.4, -1.0, -0.4][block % 5]
    }

    #[test]
    fn a_fade_out_is_found_where_it_begins() {
        let from = fades_from(&riding(|block| -0.2 * block as f64)).unwrap();
        assert!((400..=410).contains(&from), "{from}");
    }

    #[test]
    fn a_part_that_is_softer_and_a_song_that_fades_for_most_of_its_time_are_no_fade() {
        assert_eq!(fades_from(&riding(|_| -1.5)), None);
        let all: Vec<(usize, f64)> = (0..500).map(|block| (block, -0.1 * block as f64)).collect();
        assert_eq!(fades_from(&all), None);
        assert_eq!(fades_from(&[]), None);
    }
}
