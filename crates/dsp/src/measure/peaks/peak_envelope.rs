//! [`PeakEnvelope`]: an upper envelope of the interpolated signal at the base rate, for limiters.

use super::interpolate::{INTERVALS_AT_ONCE, Interpolator, LATENCY_FRAMES, TAPS};
use super::simd::larger;
use crate::Audio;

/// Frames handled at once. Blocks of a multiple of this are the fastest.
pub const CHUNK_FRAMES: usize = 4 * INTERVALS_AT_ONCE;

/// Streaming peak envelope on an 8× grid, linked over the channels.
///
/// For each frame `n` it gives the largest absolute value, over all channels, of the signal
/// interpolated at the grid points of `[n - 1/2, n + 1/2]`, linear, full scale = 1. The point
/// halfway between two frames counts for both. Before the first frame lies silence. A sample
/// that is not finite is read as zero.
#[derive(Clone, Debug)]
pub struct PeakEnvelope {
    interpolator: Interpolator,
    channels: Vec<ChannelState>,
    first: [f32; CHUNK_FRAMES],
    second: [f32; CHUNK_FRAMES],
}

#[derive(Clone, Debug)]
struct ChannelState {
    /// The last `TAPS - 1` samples, then the chunk in work.
    samples: [f32; TAPS - 1 + CHUNK_FRAMES],
    /// Peak of the second half of the interval before the next frame that comes out.
    before: f32,
}

impl ChannelState {
    const SILENT: Self = Self {
        samples: [0.0; TAPS - 1 + CHUNK_FRAMES],
        before: 0.0,
    };
}

impl PeakEnvelope {
    /// An envelope over `channels` channels (1 or 2), after silence.
    pub fn new(channels: usize) -> Self {
        Self {
            interpolator: Interpolator::new(),
            channels: vec![ChannelState::SILENT; channels],
            first: [0.0; CHUNK_FRAMES],
            second: [0.0; CHUNK_FRAMES],
        }
    }

    /// Frames by which the envelope comes after the signal.
    pub fn latency_frames(&self) -> usize {
        LATENCY_FRAMES
    }

    /// Back to the state just after construction.
    pub fn reset(&mut self) {
        self.channels.fill(ChannelState::SILENT);
    }

    /// Takes a block and gives as many values: `out[i]` belongs to the frame
    /// [`latency_frames`](Self::latency_frames) before `block`'s frame `i`. `block` has the
    /// channels that this was built for. Does not allocate.
    pub fn process(&mut self, block: &Audio, out: &mut [f32]) {
        self.process_above(f32::NEG_INFINITY, block, out);
    }

    /// As [`process`](Self::process), where only what exceeds `floor` counts: other values may come
    /// out lower than they are. Much faster where little exceeds it.
    pub fn process_above(&mut self, floor: f32, block: &Audio, out: &mut [f32]) {
        debug_assert_eq!(block.channel_count(), self.channels.len());
        debug_assert_eq!(block.frames(), out.len());
        out.fill(0.0);
        for (state, channel) in self.channels.iter_mut().zip(block.channels()) {
            let chunks = channel.chunks(CHUNK_FRAMES);
            for (input, out) in chunks.zip(out.chunks_mut(CHUNK_FRAMES)) {
                let frames = input.len();
                let work = &mut state.samples[..TAPS - 1 + frames];
                for (slot, &sample) in work[TAPS - 1..].iter_mut().zip(input) {
                    *slot = if sample.is_finite() { sample } else { 0.0 };
                }
                let first = &mut self.first[..frames];
                let second = &mut self.second[..frames];
                self.interpolator.half_peaks(floor, work, first, second);
                let center = &work[TAPS / 2 - 1..];
                for ((value, &after), own) in out.iter_mut().zip(&*first).zip(center) {
                    *value = larger(larger(own.abs(), after), *value);
                }
                // The second half of an interval belongs to the frame after it.
                out[0] = larger(state.before, out[0]);
                for (value, &before) in out[1..].iter_mut().zip(&*second) {
                    *value = larger(before, *value);
                }
                state.before = second[frames - 1];
                work.copy_within(frames.., 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::peaks::interpolate::{OVERSAMPLING, grid_taps};
    use crate::signal::white;

    fn whole(channels: Vec<Vec<f32>>) -> Vec<f32> {
        let audio = Audio::new(44_100, channels).unwrap();
        let mut out = vec![0.0; audio.frames()];
        PeakEnvelope::new(audio.channel_count()).process(&audio, &mut out);
        out
    }

    /// The definition, taken literally, in `f64`.
    fn literal(channel: &[f32]) -> Vec<f32> {
        let steps = OVERSAMPLING as isize;
        let rows = grid_taps();
        let sample = |k: isize| channel.get(k as usize).copied().map_or(0.0, f64::from);
        let at = |grid: isize| -> f64 {
            let (n, p) = (grid.div_euclid(steps), grid.rem_euclid(steps) as usize);
            let Some(row) = p.checked_sub(1).map(|index| &rows[index]) else {
                return sample(n);
            };
            let first = n - (TAPS / 2 - 1) as isize;
            let taps = row.iter().zip(first..);
            taps.map(|(tap, k)| tap * sample(k)).sum()
        };
        (0..channel.len() as isize)
            .map(|n| {
                (n * steps - steps / 2..=n * steps + steps / 2)
                    .map(|grid| at(grid).abs())
                    .fold(0.0, f64::max) as f32
            })
            .collect()
    }

    #[test]
    fn is_the_largest_grid_point_within_half_a_sample_delayed_by_its_latency() {
        let (left, right) = (white(700, 1), white(700, 2));
        let got = whole(vec![left.clone(), right.clone()]);
        let latency = PeakEnvelope::new(2).latency_frames();
        for (n, (l, r)) in literal(&left).iter().zip(literal(&right)).enumerate() {
            if let Some(value) = got.get(n + latency) {
                assert!((value - l.max(r)).abs() < 2e-6, "{n}: {value} {l} {r}");
            }
        }
    }

    #[test]
    fn is_the_same_for_any_block_size_and_after_reset() {
        let audio = Audio::new(48_000, vec![white(3000, 3), white(3000, 4)]).unwrap();
        let expected = whole(audio.channels().to_vec());
        let mut envelope = PeakEnvelope::new(2);
        for size in [1, 7, 64, 1000, 3000] {
            let mut got = Vec::new();
            for start in (0..3000).step_by(size) {
                let block = audio.slice(start, start + size);
                let mut out = vec![0.0; block.frames()];
                envelope.process(&block, &mut out);
                got.extend(out);
            }
            assert_eq!(got, expected, "block size {size}");
            envelope.reset();
        }
    }

    #[test]
    fn holds_the_true_peak_of_tones_to_the_limit_of_its_grid() {
        for cycles_per_sample in [0.01, 0.123, 0.25, 0.37, 0.41, 20.0 / 44.1] {
            let tone: Vec<f32> = (0..8000)
                .map(|n| {
                    let fade = (n.min(8000 - n) as f64 / 2000.0).min(1.0);
                    let angle = std::f64::consts::TAU * cycles_per_sample * n as f64;
                    (fade * libm::sin(angle + 0.7)) as f32
                })
                .collect();
            let top = whole(vec![tone]).into_iter().fold(0.0f32, f32::max);
            let level_db = 20.0 * f64::from(top).log10();
            let grid_db = 20.0
                * (std::f64::consts::PI * cycles_per_sample / OVERSAMPLING as f64)
                    .cos()
                    .log10();
            assert!(
                level_db < 0.04 && level_db > grid_db - 0.04,
                "{cycles_per_sample}: {level_db}"
            );
        }
    }

    #[test]
    fn reads_what_is_not_finite_as_silence() {
        let mut broken = white(300, 5);
        let mut mended = broken.clone();
        broken[100] = f32::NAN;
        broken[200] = f32::INFINITY;
        mended[100] = 0.0;
        mended[200] = 0.0;
        assert_eq!(whole(vec![broken]), whole(vec![mended]));
    }
}
