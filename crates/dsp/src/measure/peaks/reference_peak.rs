//! True peak by the `ebur128` crate, which is given only what can hold a new peak.
//!
//! How far its interpolator can rise above the samples of a piece is bounded (`overshoot_bound.rs`); pieces that stay
//! below the highest reading are left out, and the interpolator is seeded with the samples before the
//! others, so that every reading is the one that it would have given to the whole signal.

use ebur128::{EbuR128, Mode};

use super::overshoot_bound::OvershootBound;
use super::simd::highest;
use crate::Audio;
use crate::units::db_from_gain;

/// The crate's filters come from the C library's functions, whose last bit differs between
/// processors; readings are rounded to this, dB, so that it does not show.
const STEP_DB: f64 = 1e-6;

/// Frames judged at once.
const PIECE_FRAMES: usize = 64;
/// Frames on which a point of the crate's interpolator depends, at most.
const REACH_FRAMES: usize = 24;
/// Taps of all points of a frame in the crate's interpolator.
const TAPS: usize = 48;

/// True peak over all channels by `ebur128`.
pub struct ReferencePeak {
    meter: EbuR128,
    channels: usize,
    /// Of the points that the crate reads between the samples; `None` where it reads none.
    overshoot: Option<OvershootBound>,
    /// Highest reading so far.
    peak: f64,
    /// The last frames before the block, per channel.
    before: Vec<[f32; REACH_FRAMES]>,
    /// Whether the meter was given the last frame before the next one.
    is_fed: bool,
}

impl ReferencePeak {
    /// A meter over 1 or 2 channels, after silence.
    ///
    /// # Errors
    /// The crate's own, for a sample rate below 16 Hz or above 2.8 MHz or no channel.
    pub fn new(sample_rate_hz: u32, channels: usize) -> Result<Self, ebur128::Error> {
        Ok(Self {
            meter: EbuR128::new(channels as u32, sample_rate_hz, Mode::TRUE_PEAK)?,
            channels,
            overshoot: oversampling(sample_rate_hz).map(|factor| OvershootBound::of(&rows(factor))),
            peak: 0.0,
            before: vec![[0.0; REACH_FRAMES]; channels],
            is_fed: true,
        })
    }

    /// Takes a block; samples must be finite.
    ///
    /// # Errors
    /// The crate's own, for a block with other channels than this was built for.
    pub fn process(&mut self, block: &Audio) -> Result<(), ebur128::Error> {
        debug_assert_eq!(block.channel_count(), self.channels);
        let frames = block.frames();
        for start in (0..frames).step_by(PIECE_FRAMES) {
            let end = (start + PIECE_FRAMES).min(frames);
            if (0..self.channels).any(|channel| self.can_exceed(block, channel, start, end)) {
                self.feed(block, start, end)?;
            } else {
                self.is_fed = false;
            }
        }
        self.remember(block);
        Ok(())
    }

    /// Reads the last samples as if silence followed: highest level, dBTP; `-inf` for silence.
    ///
    /// # Errors
    /// The crate's own; none is expected.
    pub fn finish(mut self) -> Result<f64, ebur128::Error> {
        let flush = Audio::silence(self.meter.rate(), self.channels, REACH_FRAMES);
        self.process(&flush)?;
        Ok(rounded(db_from_gain(self.peak)))
    }

    /// True where the piece `start..end` of a channel may hold more than the highest reading.
    fn can_exceed(&self, block: &Audio, channel: usize, start: usize, end: usize) -> bool {
        let before = standing_before(&self.before, block, channel, start);
        let piece = &block.channel(channel)[start..end];
        if f64::from(highest(piece)) > self.peak {
            return true;
        }
        let Some(overshoot) = &self.overshoot else {
            return false;
        };
        let mut stretch = [0.0; REACH_FRAMES + PIECE_FRAMES];
        stretch[..REACH_FRAMES].copy_from_slice(before);
        stretch[REACH_FRAMES..][..piece.len()].copy_from_slice(piece);
        let first = REACH_FRAMES + 1 - overshoot.taps();
        f64::from(overshoot.bound(&stretch[first..REACH_FRAMES + piece.len()])) > self.peak
    }

    /// Hands the frames `from..to` of the block to the meter.
    fn feed(&mut self, block: &Audio, from: usize, to: usize) -> Result<(), ebur128::Error> {
        if !self.is_fed {
            self.seed(block, from)?;
            self.is_fed = true;
        }
        match block.channels() {
            [left, right, ..] => {
                let run = [&left[from..to], &right[from..to]];
                self.meter.add_frames_planar_f32(&run)?;
            }
            [mono] => self.meter.add_frames_f32(&mono[from..to])?,
            [] => {}
        }
        for channel in 0..self.channels {
            self.peak = self.peak.max(self.meter.true_peak(channel as u32)?);
        }
        Ok(())
    }

    /// Fills the interpolator with what stands before the frame `at`, unmeasured.
    fn seed(&mut self, block: &Audio, at: usize) -> Result<(), ebur128::Error> {
        let before = |channel| standing_before(&self.before, block, channel, at);
        match self.channels {
            2 => self.meter.seed_frames_planar_f32(&[before(0), before(1)]),
            _ => self.meter.seed_frames_f32(before(0)),
        }
    }

    fn remember(&mut self, block: &Audio) {
        for (before, channel) in self.before.iter_mut().zip(block.channels()) {
            let fresh = channel.len().min(REACH_FRAMES);
            before.copy_within(fresh.., 0);
            before[REACH_FRAMES - fresh..].copy_from_slice(&channel[channel.len() - fresh..]);
        }
    }
}

/// Points that the crate reads for each frame at a sample rate; `None` for the samples alone.
fn oversampling(sample_rate_hz: u32) -> Option<usize> {
    match sample_rate_hz {
        0..96_000 => Some(4),
        96_000..192_000 => Some(2),
        _ => None,
    }
}

/// The crate's taps on the samples around a point, for each of the points between two samples, the first
/// one first: Hann-windowed sincs.
fn rows(oversampling: usize) -> Vec<Vec<f64>> {
    let tap = |index: usize| {
        let distance = index as f64 - TAPS as f64 / 2.0;
        let angle = std::f64::consts::PI * distance / oversampling as f64;
        let turn = std::f64::consts::TAU * index as f64 / TAPS as f64;
        let sinc = if distance == 0.0 {
            1.0
        } else {
            libm::sin(angle) / angle
        };
        0.5 * (1.0 - libm::cos(turn)) * sinc
    };
    (1..oversampling)
        // The crate counts back in time.
        .map(|point| {
            let row = (0..TAPS / oversampling).map(|index| tap(oversampling * index + point));
            row.rev().collect()
        })
        .collect()
}

/// The samples before the frame `at` of a block, which is its first one or whole pieces later.
fn standing_before<'a>(
    before_block: &'a [[f32; REACH_FRAMES]],
    block: &'a Audio,
    channel: usize,
    at: usize,
) -> &'a [f32] {
    match at.checked_sub(REACH_FRAMES) {
        Some(from) => &block.channel(channel)[from..at],
        None => &before_block[channel],
    }
}

/// To a whole number of [`STEP_DB`].
pub(in crate::measure) fn rounded(level_db: f64) -> f64 {
    (level_db / STEP_DB).round() * STEP_DB
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Random;

    /// The crate's own reading of the whole signal and silence after it.
    fn whole(audio: &Audio) -> f64 {
        let channels = audio.channel_count();
        let mut meter =
            EbuR128::new(channels as u32, audio.sample_rate_hz(), Mode::TRUE_PEAK).unwrap();
        let silence = [0.0; 4 * REACH_FRAMES];
        match audio.channels() {
            [left, right] => {
                meter.add_frames_planar_f32(&[left, right]).unwrap();
                meter.add_frames_planar_f32(&[&silence, &silence]).unwrap();
            }
            [mono] => {
                meter.add_frames_f32(mono).unwrap();
                meter.add_frames_f32(&silence).unwrap();
            }
            _ => unreachable!(),
        }
        let peaks = (0..channels as u32).map(|channel| meter.true_peak(channel).unwrap());
        rounded(db_from_gain(peaks.fold(0.0, f64::max)))
    }

    fn in_blocks(audio: &Audio, block_frames: usize) -> f64 {
        let mut meter = ReferencePeak::new(audio.sample_rate_hz(), audio.channel_count()).unwrap();
        for start in (0..audio.frames()).step_by(block_frames) {
            let end = (start + block_frames).min(audio.frames());
            meter.process(&audio.slice(start, end)).unwrap();
        }
        meter.finish().unwrap()
    }

    #[test]
    fn the_reading_is_that_of_the_whole_signal() {
        for rate_hz in [8_000, 44_100, 95_999, 96_000, 176_400, 192_000] {
            for channels in [1, 2] {
                let mut random = Random::new(u64::from(rate_hz) + channels as u64);
                // Loud and soft stretches, clicks of one sample, and alternating full scale, which
                // no interpolator lifts more.
                let planes = (0..channels).map(|_| {
                    let plane = (0..20_000_u32).map(|n| {
                        let swell = 0.05 + 0.5 * ((n / 700) % 7) as f32 / 7.0;
                        match n {
                            9_001 => 0.7,
                            12_345..12_400 => (random.bipolar() as f32).signum() * 0.9,
                            15_000.. => 0.0,
                            _ => swell * random.bipolar() as f32,
                        }
                    });
                    plane.collect()
                });
                let audio = Audio::new(rate_hz, planes.collect()).unwrap();
                let expected = whole(&audio);
                for block_frames in [1, 23, 64, 100, 16_384] {
                    let got = in_blocks(&audio, block_frames);
                    assert_eq!(got, expected, "{rate_hz} Hz, {channels}, {block_frames}");
                }
            }
        }
    }

    #[test]
    fn the_rows_are_the_points_that_the_crate_reads() {
        for rate_hz in [44_100, 96_000] {
            let rows = rows(oversampling(rate_hz).unwrap());
            let mut random = Random::new(1);
            for _ in 0..300 {
                // Loud in the middle, where the crate's last point reads.
                let window: Vec<f32> = (0..rows[0].len())
                    .map(|n| {
                        let distance = (n as f32 - rows[0].len() as f32 / 2.0).abs();
                        random.bipolar() as f32 / (1.0 + distance)
                    })
                    .collect();
                let points = rows.iter().map(|row| {
                    let products = row.iter().zip(&window).map(|(tap, &x)| tap * f64::from(x));
                    products.sum::<f64>().abs()
                });
                let highest = points.fold(0.0, f64::max);
                let (last, before) = window.split_last().unwrap();
                let mut meter = EbuR128::new(1, rate_hz, Mode::TRUE_PEAK).unwrap();
                meter.seed_frames_f32(before).unwrap();
                meter.add_frames_f32(&[*last]).unwrap();
                // It also reads the sample before the points, and the newest one.
                let sample = window[window.len() / 2 - 1].abs().max(last.abs());
                let expected = highest.max(f64::from(sample));
                let read = meter.true_peak(0).unwrap();
                assert!(
                    (read - expected).abs() < 1e-6,
                    "{rate_hz} Hz: {read} {expected}"
                );
            }
        }
    }

    #[test]
    fn silence_has_no_peak() {
        assert_eq!(
            in_blocks(&Audio::silence(44_100, 2, 1_000), 64),
            f64::NEG_INFINITY
        );
    }
}
