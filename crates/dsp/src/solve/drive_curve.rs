//! [`DriveCurve`]: loudness and gain reduction as functions of the limiter's drive.

use crate::Audio;
use crate::measure::biquad::Biquad;
use crate::measure::loudness::{integrated_from_k_power_10ms, k_weighting};
use crate::measure::peak_envelope::{self, PeakEnvelope};
use crate::process::limiter::SAFETY_DB;
use crate::process::limiter::gain::GainLaw;
use crate::process::limiter::stages::{GainStages, LowBand};
use crate::settings;
use crate::units::{db_from_gain, gain_from_db};

/// Sub-blocks a second; sub-block `k` covers frames `floor(k·rate/1000)..floor((k+1)·rate/1000)`.
pub(super) const SUB_BLOCKS_PER_SECOND: u64 = 1000;
/// Peaks in one sub-block: a quick gain is over in a few milliseconds.
const PEAKS_PER_SUB_BLOCK: usize = 4;
/// Peaks a second.
const PEAKS_PER_SECOND: u64 = SUB_BLOCKS_PER_SECOND * PEAKS_PER_SUB_BLOCK as u64;
/// Weight of a silent peak, so that a silent sub-block has a mean.
const LEAST_WEIGHT: f64 = 1e-20;
/// Sub-blocks in one entry of the loudness sequence (10 ms).
const SUB_BLOCKS_PER_POWER: usize = 10;
/// Frames handled at once; bounds the scratch memory.
const CHUNK_FRAMES: usize = 2 * peak_envelope::CHUNK_FRAMES;

/// A level in 16 bits: a positive `f32` without its last 15 bits, rounded to within 0.02 dB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Level(u16);

impl Level {
    fn of(value: f32) -> Self {
        Self(((value.max(0.0).to_bits() + 0x4000) >> 15) as u16)
    }

    fn value(self) -> f64 {
        f64::from(f32::from_bits(u32::from(self.0) << 15))
    }
}

/// Builds a [`DriveCurve`] in one pass over the signal before the limiter.
pub struct DriveCurveBuilder {
    envelope: PeakEnvelope,
    low_band: LowBand,
    weighting: [Biquad; 2],
    /// Weight of the energy: 2 where a mono signal is to count as two channels.
    weight: f64,
    input: Audio,
    values: [f32; CHUNK_FRAMES],
    peaks: Maxima,
    low_peaks: Maxima,
    sample_rate_hz: u32,
    energy_cut: Cutter,
    energy: f64,
    energies: Vec<f32>,
    /// Highest value of the envelope.
    peak: f32,
}

/// First frame of a piece, where pieces are cut `per_second`.
fn boundary(piece: u64, per_second: u64, sample_rate_hz: u32) -> u64 {
    piece * u64::from(sample_rate_hz) / per_second
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
        Self {
            peaks: Maxima::new(sample_rate_hz, PEAKS_PER_SECOND, envelope.latency_frames()),
            low_peaks: Maxima::new(
                sample_rate_hz,
                SUB_BLOCKS_PER_SECOND,
                low_band.delay_frames(),
            ),
            envelope,
            low_band,
            weighting: k_weighting(rate_hz).map(Biquad::new),
            weight: if channels == 1 && dual_mono { 2.0 } else { 1.0 },
            input: Audio::silence(sample_rate_hz, channels, CHUNK_FRAMES),
            values: [0.0; CHUNK_FRAMES],
            sample_rate_hz,
            energy_cut: Cutter::new(sample_rate_hz, SUB_BLOCKS_PER_SECOND),
            energy: 0.0,
            energies: Vec::new(),
            peak: 0.0,
        }
    }

    /// Takes the next frames: `block` has the channels this was built for.
    pub fn push(&mut self, block: &Audio) {
        let mut start = 0;
        while start < block.frames() {
            let frames = CHUNK_FRAMES.min(block.frames() - start);
            self.input.set_frames(frames);
            for (input, channel) in self.input.channels_mut().zip(block.channels()) {
                for (to, &from) in input.iter_mut().zip(&channel[start..start + frames]) {
                    *to = if from.is_finite() { from } else { 0.0 };
                }
            }
            self.push_peaks(frames);
            self.push_energies(frames);
            start += frames;
        }
    }

    /// Peaks of the chunk in `input` and of its low band.
    fn push_peaks(&mut self, frames: usize) {
        let values = &mut self.values[..frames];
        self.envelope.process(&self.input, values);
        self.peak = values
            .iter()
            .fold(self.peak, |a, &b| if b > a { b } else { a });
        self.peaks.push(values);
        self.low_band.process(&self.input, values);
        self.low_peaks.push(values);
    }

    /// K-weighted energies of the chunk in `input`.
    fn push_energies(&mut self, frames: usize) {
        let mut at = 0;
        while at < frames {
            let take = self.energy_cut.take(frames - at);
            self.energy = match self.input.channels() {
                [left, right, ..] => energy(
                    &mut self.weighting,
                    self.energy,
                    left[at..at + take]
                        .iter()
                        .zip(&right[at..at + take])
                        .map(|(&l, &r)| [f64::from(l), f64::from(r)]),
                ),
                [mono] => {
                    let frames = mono[at..at + take].iter().map(|&m| [f64::from(m), 0.0]);
                    energy(&mut self.weighting, self.energy, frames)
                }
                [] => self.energy,
            };
            if self.energy_cut.advance(take) {
                self.energies.push((self.weight * self.energy) as f32);
                self.energy = 0.0;
                self.weighting.iter_mut().for_each(Biquad::settle);
            }
            at += take;
        }
    }

    /// Ends the programme. `ceiling_dbtp` is the ceiling that the limiter will be given.
    pub fn finish(mut self, ceiling_dbtp: f64) -> DriveCurve {
        // Silence brings out the last frames of the detectors.
        let end = self.energy_cut.frame;
        let mut left = self
            .envelope
            .latency_frames()
            .max(self.low_band.delay_frames());
        while left > 0 && end > 0 {
            let frames = left.min(CHUNK_FRAMES);
            self.input.set_frames(frames);
            self.input.scale(0.0);
            self.push_peaks(frames);
            left -= frames;
        }
        if self.energy_cut.frame > self.energy_cut.boundary(self.energy_cut.piece) {
            self.energies.push((self.weight * self.energy) as f32);
        }
        self.energies.shrink_to_fit();
        let sub_blocks = self.energies.len();
        DriveCurve {
            sample_rate_hz: self.sample_rate_hz,
            frames: end,
            ceiling: gain_from_db(ceiling_dbtp - SAFETY_DB),
            peak: f64::from(self.peak),
            peaks: self.peaks.finish(sub_blocks * PEAKS_PER_SUB_BLOCK),
            low_peaks: self.low_peaks.finish(sub_blocks),
            energies: self.energies,
        }
    }
}

/// Adds the squares of weighted frames to a sum, one by one.
fn energy(
    weighting: &mut [Biquad; 2],
    mut sum: f64,
    frames: impl Iterator<Item = [f64; 2]>,
) -> f64 {
    let [mut shelf, mut high_pass] = *weighting;
    for frame in frames {
        let [left, right] = high_pass.step(shelf.step(frame));
        sum += left * left + right * right;
    }
    *weighting = [shelf, high_pass];
    sum
}

/// What a programme does under the limiter, at 1 ms resolution (peaks at 0.25 ms): 14 bytes per
/// millisecond.
#[derive(Clone, Debug, PartialEq)]
pub struct DriveCurve {
    sample_rate_hz: u32,
    frames: u64,
    /// What the limiter aims at, linear.
    ceiling: f64,
    /// Largest value of the envelope, linear.
    peak: f64,
    /// Peak envelope, [`PEAKS_PER_SUB_BLOCK`] values for each sub-block, linear.
    peaks: Vec<Level>,
    /// Peak of the low band in each sub-block, linear.
    low_peaks: Vec<Level>,
    /// K-weighted energy of each sub-block, sum of squares over frames and channels.
    energies: Vec<f32>,
}

impl DriveCurve {
    /// Number of sub-blocks of 1 ms; the last one may be shorter.
    pub fn sub_blocks(&self) -> usize {
        self.energies.len()
    }

    /// K-weighted energy of each sub-block before drive and gain.
    pub(super) fn energies(&self) -> &[f32] {
        &self.energies
    }

    /// First frame of a sub-block.
    pub(super) fn frame_of(&self, sub_block: u64) -> u64 {
        boundary(sub_block, SUB_BLOCKS_PER_SECOND, self.sample_rate_hz)
    }

    /// True peak of the programme before the drive, on the limiter's own grid, dBTP; `-inf` for
    /// silence.
    pub fn true_peak_dbtp(&self) -> f64 {
        db_from_gain(self.peak)
    }

    /// The limiter's largest gain reduction at a drive, dB: the excess of the highest peak. Where
    /// the bass stands over the ceiling by itself, the two gains together may take some tenths
    /// more.
    pub fn max_gain_reduction_db(&self, drive_db: f64) -> f64 {
        (self.true_peak_dbtp() + drive_db - db_from_gain(self.ceiling)).max(0.0)
    }

    /// The drive at which the largest gain reduction is `reduction_db`; infinite for silence.
    pub fn drive_for_reduction_db(&self, reduction_db: f64) -> f64 {
        reduction_db + db_from_gain(self.ceiling) - self.true_peak_dbtp()
    }

    /// The limiter's gain in each sub-block at a drive: mean of its square (a power ratio).
    /// `power_gains` is overwritten.
    pub fn power_gains(
        &self,
        limiter: &settings::Limiter,
        drive_db: f64,
        power_gains: &mut Vec<f32>,
    ) {
        power_gains.clear();
        let drive = gain_from_db(drive_db);
        if self.peak * drive <= self.ceiling {
            power_gains.resize(self.sub_blocks(), 1.0);
            return;
        }
        let law = GainLaw::from_settings(limiter);
        // A peak stands on average in the middle of its piece: held for the whole of it, it is held
        // half a piece too long.
        let width_ms = 500.0 / PEAKS_PER_SECOND as f64;
        let mut stages = GainStages::new(&law, self.ceiling, PEAKS_PER_SECOND as f64, width_ms);
        let delay = stages.delay_frames();
        let total = self.peaks.len();
        power_gains.reserve(self.sub_blocks());
        // Within a sub-block the energy stands where the peaks stand.
        let (mut sum, mut weights) = (0.0, 0.0);
        let (mut peaks, mut low_peaks) = ([0.0; CHUNK_FRAMES], [0.0; CHUNK_FRAMES]);
        for start in (0..total + delay).step_by(CHUNK_FRAMES) {
            let count = CHUNK_FRAMES.min(total + delay - start);
            let driven = |levels: &[Level], index: usize| {
                levels.get(index).map_or(0.0, |level| level.value() * drive)
            };
            for offset in 0..count {
                let index = start + offset;
                peaks[offset] = driven(&self.peaks, index);
                low_peaks[offset] = driven(&self.low_peaks, index / PEAKS_PER_SUB_BLOCK);
            }
            stages.process(&mut peaks[..count], &mut low_peaks[..count]);
            for (offset, gain) in peaks[..count].iter().enumerate() {
                let Some(own) = (start + offset).checked_sub(delay) else {
                    continue;
                };
                let weight = self.peaks[own].value().powi(2) + LEAST_WEIGHT;
                sum += weight * gain * gain;
                weights += weight;
                if own % PEAKS_PER_SUB_BLOCK == PEAKS_PER_SUB_BLOCK - 1 {
                    power_gains.push((sum / weights) as f32);
                    (sum, weights) = (0.0, 0.0);
                }
            }
        }
    }

    /// Integrated loudness behind drive and limiter, LUFS; `-inf` when nothing passes the gates.
    pub fn integrated_lufs(&self, limiter: &settings::Limiter, drive_db: f64) -> f64 {
        let mut power_gains = Vec::new();
        self.power_gains(limiter, drive_db, &mut power_gains);
        self.integrated_of_gains(drive_db, |sub_block| f64::from(power_gains[sub_block]))
    }

    /// Integrated loudness behind a limiter that takes from each sub-block what its peak needs, and
    /// remembers nothing, LUFS.
    pub(super) fn instantaneous_lufs(&self, drive_db: f64) -> f64 {
        let limit = self.ceiling / gain_from_db(drive_db);
        self.integrated_of_gains(drive_db, |sub_block| {
            let first = sub_block * PEAKS_PER_SUB_BLOCK;
            let peaks = &self.peaks[first..first + PEAKS_PER_SUB_BLOCK];
            let highest = peaks
                .iter()
                .fold(Level::default(), |top, &level| top.max(level));
            (limit / highest.value()).min(1.0).powi(2)
        })
    }

    /// Integrated loudness that gains (power ratios) cost at a drive, LU; 0 where there is none to
    /// lose.
    pub(super) fn loss_lu(&self, power_gains: &[f32], drive_db: f64) -> f64 {
        let loss_lu = self.unlimited_lufs(drive_db)
            - self.integrated_of_gains(drive_db, |sub_block| f64::from(power_gains[sub_block]));
        if loss_lu.is_finite() { loss_lu } else { 0.0 }
    }

    /// Integrated loudness behind a drive without a limiter, LUFS.
    pub(super) fn unlimited_lufs(&self, drive_db: f64) -> f64 {
        self.integrated_of_gains(drive_db, |_| 1.0)
    }

    /// Integrated loudness with a gain (power ratio) for each sub-block behind a drive, LUFS.
    fn integrated_of_gains(&self, drive_db: f64, gain_of: impl Fn(usize) -> f64) -> f64 {
        let power_gain = gain_from_db(2.0 * drive_db);
        let mut powers = Vec::with_capacity(self.sub_blocks() / SUB_BLOCKS_PER_POWER + 1);
        for (index, energies) in self.energies.chunks(SUB_BLOCKS_PER_POWER).enumerate() {
            let first = index * SUB_BLOCKS_PER_POWER;
            let start = self.frame_of(first as u64);
            let end = self.frame_of((first + SUB_BLOCKS_PER_POWER) as u64);
            if end > self.frames {
                // An incomplete last entry is discarded, like an incomplete gating block.
                break;
            }
            let energy: f64 = energies
                .iter()
                .enumerate()
                .map(|(offset, &energy)| f64::from(energy) * gain_of(first + offset))
                .sum();
            powers.push((energy * power_gain / (end - start).max(1) as f64) as f32);
        }
        integrated_from_k_power_10ms(&powers)
    }
}
