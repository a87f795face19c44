//! True peak by the `ebur128` crate, which is given only what holds a new peak.
//!
//! Its interpolator reads a few samples around each point. What it would read in a piece is bounded
//! first by the largest sample and then by the same sums, computed for many frames at once
//! ([`ReferenceBound`]); pieces that stay below the highest reading are left out, and the interpolator
//! is seeded with the samples before the others, so that every reading is the one that it would have
//! given to the whole signal.

use ebur128::{EbuR128, Mode};

use super::interpolate::highest;
use super::reference_bound::{PIECE_FRAMES, REACH_FRAMES, ReferenceBound, Window};
use super::reference_meter::rounded;
use crate::Audio;
use crate::units::db_from_gain;

/// No point exceeds the largest sample it reads by more than this factor: Hann-windowed sincs whose
/// absolute taps add up to 1.87 at 4x and to 2.31 at 2x.
const L1_BOUND: f32 = 2.35;
const L1_BOUND_BELOW_96_KHZ: f32 = 1.9;

/// True peak over all channels by `ebur128`.
pub struct ReferencePeak {
    meter: EbuR128,
    channels: usize,
    l1_bound: f32,
    bound: ReferenceBound,
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
            l1_bound: if sample_rate_hz < 96_000 {
                L1_BOUND_BELOW_96_KHZ
            } else {
                L1_BOUND
            },
            bound: ReferenceBound::new(sample_rate_hz),
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
        let top = highest(before).max(highest(piece));
        if f64::from(top * self.l1_bound) <= self.peak {
            return false;
        }
        let mut window: Window = [0.0; REACH_FRAMES + PIECE_FRAMES];
        window[..REACH_FRAMES].copy_from_slice(before);
        window[REACH_FRAMES..][..piece.len()].copy_from_slice(piece);
        f64::from(self.bound.bound(&window)) > self.peak
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

#[cfg(test)]
mod tests {
    use super::*;

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

    /// Splitmix64, as -1 to 1.
    fn noise(state: &mut u64) -> f32 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
    }

    #[test]
    fn the_reading_is_that_of_the_whole_signal() {
        for rate_hz in [8_000, 44_100, 95_999, 96_000, 176_400, 192_000] {
            for channels in [1, 2] {
                let mut state = u64::from(rate_hz) + channels as u64;
                // Loud and soft stretches, clicks of one sample, and alternating full scale, which
                // no interpolator lifts more.
                let planes = (0..channels).map(|_| {
                    let plane = (0..20_000_u32).map(|n| {
                        let swell = 0.05 + 0.5 * ((n / 700) % 7) as f32 / 7.0;
                        match n {
                            9_001 => 0.7,
                            12_345..12_400 => noise(&mut state).signum() * 0.9,
                            15_000.. => 0.0,
                            _ => swell * noise(&mut state),
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
    fn no_signal_is_lifted_by_more_than_the_bound() {
        for (rate_hz, bound) in [(44_100, L1_BOUND_BELOW_96_KHZ), (96_000, L1_BOUND)] {
            let mut highest = 0.0;
            // Of all signs of the samples that a point reads, those in one half decide: they are
            // mirrored, and alternate but for the middle.
            for signs in 0..1 << 12_u32 {
                let sign = |n: u32| if signs >> n & 1 == 1 { 1.0 } else { -1.0 };
                let mut plane: Vec<f32> = (0..12).map(sign).collect();
                plane.extend((0..12).rev().map(sign));
                let mut meter = EbuR128::new(1, rate_hz, Mode::TRUE_PEAK).unwrap();
                meter.add_frames_f32(&plane).unwrap();
                highest = f64::max(highest, meter.true_peak(0).unwrap());
            }
            assert!(highest <= f64::from(bound), "{rate_hz} Hz: {highest}");
            assert!(highest > 0.9 * f64::from(bound), "{rate_hz} Hz: {highest}");
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
