//! [`DriveCurveBuilder`]: the pass over the signal before the limiter that makes a [`DriveCurve`].

use super::drive_curve::{
    CHUNK_FRAMES, DriveCurve, Level, PEAKS_PER_SECOND, PEAKS_PER_SUB_BLOCK, SUB_BLOCKS_PER_SECOND,
    boundary,
};
use crate::Audio;
use crate::measure::peak_envelope::PeakEnvelope;
use crate::measure::weighting::Weighting;
use crate::process::limiter::stages::LowBand;
use crate::units::gain_from_db;

/// Builds a [`DriveCurve`] in one pass over the signal before the limiter.
pub struct DriveCurveBuilder {
    peaks: PeakCurve,
    levels: LevelCurve,
    sample_rate_hz: u32,
}

/// The half of a [`DriveCurveBuilder`] that finds the peaks.
pub struct PeakCurve {
    envelope: PeakEnvelope,
    /// Frames of the chunk to come: chunks are whole, wherever the blocks end, since what is looked at
    /// depends on them.
    input: Audio,
    filled: usize,
    values: [f32; CHUNK_FRAMES],
    peaks: Maxima,
    /// Highest value of the envelope.
    peak: f32,
    /// Share of it that no drive lifts over the ceiling.
    unlimited_share: f32,
}

/// The half of a [`DriveCurveBuilder`] that finds the levels of the bass and the energies.
pub struct LevelCurve {
    low_band: LowBand,
    weighting: Weighting,
    /// Weight of the energy of two channels; a mono signal stands for both of them.
    weight: f64,
    input: Audio,
    values: [f32; CHUNK_FRAMES],
    low_peaks: Maxima,
    energy_cut: Cutter,
    energy: f64,
    energies: Vec<f32>,
}

/// Cuts a stream of frames at fixed times.
#[derive(Clone, Copy, Debug)]
struct Cutter {
    sample_rate_hz: u32,
    per_second: u64,
    frame: u64,
    piece: u64,
}

impl Cutter {
    fn new(sample_rate_hz: u32, per_second: u64) -> Self {
        Self {
            sample_rate_hz,
            per_second,
            frame: 0,
            piece: 0,
        }
    }

    /// First frame of a piece.
    fn boundary(&self, piece: u64) -> u64 {
        boundary(piece, self.per_second, self.sample_rate_hz)
    }

    /// How many of `available` frames belong to the piece in work.
    fn take(&self, available: usize) -> usize {
        let left = self.boundary(self.piece + 1).saturating_sub(self.frame);
        left.min(available as u64) as usize
    }

    /// Moves on by `frames`; true when the piece in work is complete.
    fn advance(&mut self, frames: usize) -> bool {
        self.frame += frames as u64;
        let complete = self.frame >= self.boundary(self.piece + 1);
        self.piece += u64::from(complete);
        complete
    }
}

/// The largest value of each piece of a stream that comes late.
struct Maxima {
    cut: Cutter,
    latency_left: usize,
    highest: f32,
    levels: Vec<Level>,
}

impl Maxima {
    fn new(sample_rate_hz: u32, per_second: u64, latency_frames: usize) -> Self {
        Self {
            cut: Cutter::new(sample_rate_hz, per_second),
            latency_left: latency_frames,
            highest: 0.0,
            levels: Vec::new(),
        }
    }

    fn push(&mut self, values: &[f32]) {
        let mut at = self.latency_left.min(values.len());
        self.latency_left -= at;
        while at < values.len() {
            let take = self.cut.take(values.len() - at);
            for &value in &values[at..at + take] {
                self.highest = if value > self.highest {
                    value
                } else {
                    self.highest
                };
            }
            if self.cut.advance(take) {
                self.levels.push(Level::of(self.highest));
                self.highest = 0.0;
            }
            at += take;
        }
    }

    /// Exactly `count` levels; what is missing at the end is the piece in work.
    fn finish(mut self, count: usize) -> Vec<Level> {
        self.levels.resize(count, Level::of(self.highest));
        self.levels.shrink_to_fit();
        self.levels
    }
}

impl DriveCurveBuilder {
    /// For one or two channels. With `dual_mono` the loudness of a mono signal is that of two
    /// equal channels, as in [`Loudness::new`](crate::measure::loudness::Loudness::new).
    pub fn new(sample_rate_hz: u32, channels: usize, dual_mono: bool) -> Self {
        let channels = channels.clamp(1, 2);
        // A rate of zero would have no sub-blocks.
        let sample_rate_hz = sample_rate_hz.max(1);
        let rate_hz = f64::from(sample_rate_hz);
        let envelope = PeakEnvelope::new(channels);
        let low_band = LowBand::new(rate_hz);
        let input = Audio::silence(sample_rate_hz, channels, CHUNK_FRAMES);
        Self {
            peaks: PeakCurve {
                peaks: Maxima::new(sample_rate_hz, PEAKS_PER_SECOND, envelope.latency_frames()),
                envelope,
                input: input.clone(),
                filled: 0,
                values: [0.0; CHUNK_FRAMES],
                peak: 0.0,
                unlimited_share: 0.0,
            },
            levels: LevelCurve {
                low_peaks: Maxima::new(
                    sample_rate_hz,
                    SUB_BLOCKS_PER_SECOND,
                    low_band.delay_frames(),
                ),
                low_band,
                weighting: Weighting::new(rate_hz),
                weight: if channels == 1 && !dual_mono {
                    0.5
                } else {
                    1.0
                },
                input,
                values: [0.0; CHUNK_FRAMES],
                energy_cut: Cutter::new(sample_rate_hz, SUB_BLOCKS_PER_SECOND),
                energy: 0.0,
                energies: Vec::new(),
            },
            sample_rate_hz,
        }
    }

    /// Makes room for a program of about `frames`, so that nothing is copied as it grows.
    #[must_use]
    pub fn with_room_for(mut self, frames: u64) -> Self {
        // A hint only: no more than half a day of it is taken at its word.
        let seconds = (frames / u64::from(self.sample_rate_hz)).min(12 * 3600) + 1;
        let sub_blocks = (seconds * SUB_BLOCKS_PER_SECOND) as usize;
        let peaks = sub_blocks * PEAKS_PER_SUB_BLOCK;
        self.peaks.peaks.levels.reserve_exact(peaks);
        self.levels.low_peaks.levels.reserve_exact(sub_blocks);
        self.levels.energies.reserve_exact(sub_blocks);
        self
    }

    /// Where the limiter will never be asked for more than `max_limiting_db`, what lies further below the
    /// highest peak never reaches the ceiling: its peaks are then those of its samples, without those
    /// between them.
    #[must_use]
    pub fn with_limiting_up_to(mut self, max_limiting_db: f64) -> Self {
        self.peaks.unlimited_share = gain_from_db(-max_limiting_db) as f32;
        self
    }

    /// Takes the next frames: `block` has the channels this was built for.
    pub fn push(&mut self, block: &Audio) {
        self.peaks.push(block);
        self.levels.push(block);
    }

    /// Both halves, each of which has to be given every frame: on two threads, where there are two.
    pub fn halves(&mut self) -> (&mut PeakCurve, &mut LevelCurve) {
        (&mut self.peaks, &mut self.levels)
    }

    /// Ends the program. `ceiling_dbtp` is the ceiling that the limiter will be given.
    pub fn finish(self, ceiling_dbtp: f64) -> DriveCurve {
        let Self {
            mut peaks,
            mut levels,
            sample_rate_hz,
        } = self;
        let frames = levels.energy_cut.frame;
        if frames > 0 {
            // Silence brings out the last frames of the detectors.
            peaks.flush();
            levels.flush(levels.low_band.delay_frames());
        }
        if levels.energy_cut.frame > levels.energy_cut.boundary(levels.energy_cut.piece) {
            levels.energies.push((levels.weight * levels.energy) as f32);
        }
        levels.energies.shrink_to_fit();
        let sub_blocks = levels.energies.len();
        let mut curve = DriveCurve {
            sample_rate_hz,
            frames,
            ceiling: 0.0,
            peak: f64::from(peaks.peak),
            peaks: peaks.peaks.finish(sub_blocks * PEAKS_PER_SUB_BLOCK),
            low_peaks: levels.low_peaks.finish(sub_blocks),
            energies: levels.energies,
        };
        curve.set_ceiling(ceiling_dbtp);
        curve
    }
}

/// Puts frames of a block, from `start` on, behind the `filled` ones of a chunk; what is not finite becomes
/// zero. Returns how many.
fn take_chunk(input: &mut Audio, filled: usize, block: &Audio, start: usize) -> usize {
    let frames = (CHUNK_FRAMES - filled).min(block.frames() - start);
    input.set_frames(filled + frames);
    for (input, channel) in input.channels_mut().zip(block.channels()) {
        for (to, &from) in input[filled..]
            .iter_mut()
            .zip(&channel[start..start + frames])
        {
            *to = if from.is_finite() { from } else { 0.0 };
        }
    }
    frames
}

impl PeakCurve {
    /// Takes the next frames.
    pub fn push(&mut self, block: &Audio) {
        let mut start = 0;
        while start < block.frames() {
            let frames = take_chunk(&mut self.input, self.filled, block, start);
            self.filled += frames;
            if self.filled == CHUNK_FRAMES {
                self.push_chunk();
            }
            start += frames;
        }
    }

    /// Takes the chunk in `input`.
    fn push_chunk(&mut self) {
        let values = &mut self.values[..self.input.frames()];
        let floor = if self.unlimited_share > 0.0 {
            self.peak * self.unlimited_share
        } else {
            f32::NEG_INFINITY
        };
        self.envelope.process_above(floor, &self.input, values);
        self.peak = values
            .iter()
            .fold(self.peak, |a, &b| if b > a { b } else { a });
        self.peaks.push(values);
        self.filled = 0;
    }

    /// Takes the silence that brings out the last frames.
    fn flush(&mut self) {
        let mut frames = self.filled + self.envelope.latency_frames();
        while frames > 0 {
            // Set to more frames, a block has silence behind those that it had.
            let now = frames.min(CHUNK_FRAMES);
            self.input.set_frames(self.filled);
            self.input.set_frames(now);
            self.push_chunk();
            frames -= now;
        }
    }
}

impl LevelCurve {
    /// Takes the next frames.
    pub fn push(&mut self, block: &Audio) {
        let mut start = 0;
        while start < block.frames() {
            let frames = take_chunk(&mut self.input, 0, block, start);
            self.push_low_band(frames);
            self.push_energies(frames);
            start += frames;
        }
    }

    /// Peaks of the low band of the chunk in `input`.
    fn push_low_band(&mut self, frames: usize) {
        let values = &mut self.values[..frames];
        self.low_band.process(&self.input, values);
        self.low_peaks.push(values);
    }

    /// Takes silence, whose energies do not count.
    fn flush(&mut self, mut frames: usize) {
        while frames > 0 {
            let now = frames.min(CHUNK_FRAMES);
            self.input.set_frames(now);
            self.input.scale(0.0);
            self.push_low_band(now);
            frames -= now;
        }
    }

    /// K-weighted energies of the chunk in `input`.
    fn push_energies(&mut self, frames: usize) {
        let mut at = 0;
        while at < frames {
            let take = self.energy_cut.take(frames - at);
            let piece = at..at + take;
            let (left, right) = match self.input.channels() {
                [left, right, ..] => (left, right),
                [mono] => (mono, mono),
                [] => return,
            };
            self.energy =
                self.weighting
                    .add_energy(self.energy, &left[piece.clone()], &right[piece]);
            if self.energy_cut.advance(take) {
                self.energies.push((self.weight * self.energy) as f32);
                self.energy = 0.0;
                self.weighting.settle();
            }
            at += take;
        }
    }
}
