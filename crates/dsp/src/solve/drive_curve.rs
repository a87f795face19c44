//! [`DriveCurve`]: loudness and gain reduction as functions of the limiter's drive.

use crate::Audio;
use crate::measure::biquad::Biquad;
use crate::measure::loudness::{integrated_from_k_power_10ms, k_weighting};
use crate::measure::true_peak::PeakEnvelope;
use crate::process::limiter::SAFETY_DB;
use crate::process::limiter::gain::{GainComputer, GainLaw, required_reduction};
use crate::settings;
use crate::units::{db_from_gain, gain_from_db};

/// Sub-blocks a second; sub-block `k` covers frames `floor(k·rate/1000)..floor((k+1)·rate/1000)`.
pub(super) const SUB_BLOCKS_PER_SECOND: u64 = 1000;
/// Sub-blocks in one entry of the loudness sequence (10 ms).
const SUB_BLOCKS_PER_POWER: usize = 10;
/// A peak stands somewhere in its sub-block, on average in the middle: gain that is held for
/// whole sub-blocks is held one sub-block too long.
const HOLD_CORRECTION_MS: f64 = 1.0;
/// Frames handled at once; bounds the scratch memory.
const CHUNK_FRAMES: usize = 512;

/// First frame of a sub-block.
fn boundary(sub_block: u64, sample_rate_hz: u32) -> u64 {
    sub_block * u64::from(sample_rate_hz) / SUB_BLOCKS_PER_SECOND
}

/// Builds a [`DriveCurve`] in one pass over the signal before the limiter.
pub struct DriveCurveBuilder {
    sample_rate_hz: u32,
    envelope: PeakEnvelope,
    weighting: [Biquad; 2],
    /// Weight of the energy: 2 where a mono signal is to count as two channels.
    weight: f64,
    input: Audio,
    values: [f32; CHUNK_FRAMES],
    /// Frames taken so far by each of the two measures.
    peak_cut: Cutter,
    energy_cut: Cutter,
    peak: f32,
    energy: f64,
    peaks: Vec<f32>,
    energies: Vec<f32>,
    latency_left: usize,
}

/// Cuts a stream of frames at the boundaries of the sub-blocks.
#[derive(Clone, Copy, Debug)]
struct Cutter {
    sample_rate_hz: u32,
    frame: u64,
    sub_block: u64,
}

impl Cutter {
    fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz,
            frame: 0,
            sub_block: 0,
        }
    }

    /// How many of `available` frames belong to the sub-block in work.
    fn take(&self, available: usize) -> usize {
        let left = boundary(self.sub_block + 1, self.sample_rate_hz).saturating_sub(self.frame);
        left.min(available as u64) as usize
    }

    /// Moves on by `frames`; true when the sub-block in work is complete.
    fn advance(&mut self, frames: usize) -> bool {
        self.frame += frames as u64;
        let complete = self.frame >= boundary(self.sub_block + 1, self.sample_rate_hz);
        self.sub_block += u64::from(complete);
        complete
    }
}

impl DriveCurveBuilder {
    /// For one or two channels. With `dual_mono` the loudness of a mono signal is that of two
    /// equal channels, as in [`Loudness::new`](crate::measure::loudness::Loudness::new).
    pub fn new(sample_rate_hz: u32, channels: usize, dual_mono: bool) -> Self {
        let channels = channels.clamp(1, 2);
        // A rate of zero would have no sub-blocks.
        let sample_rate_hz = sample_rate_hz.max(1);
        let envelope = PeakEnvelope::new(channels);
        let latency_left = envelope.latency_frames();
        Self {
            sample_rate_hz,
            envelope,
            weighting: k_weighting(f64::from(sample_rate_hz)).map(Biquad::new),
            weight: if channels == 1 && dual_mono { 2.0 } else { 1.0 },
            input: Audio::silence(sample_rate_hz, channels, CHUNK_FRAMES),
            values: [0.0; CHUNK_FRAMES],
            peak_cut: Cutter::new(sample_rate_hz),
            energy_cut: Cutter::new(sample_rate_hz),
            peak: 0.0,
            energy: 0.0,
            peaks: Vec::new(),
            energies: Vec::new(),
            latency_left,
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

    /// Peaks of the chunk in `input`, without the envelope's latency.
    fn push_peaks(&mut self, frames: usize) {
        self.envelope
            .process(&self.input, &mut self.values[..frames]);
        let mut at = self.latency_left.min(frames);
        self.latency_left -= at;
        while at < frames {
            let take = self.peak_cut.take(frames - at);
            for &value in &self.values[at..at + take] {
                self.peak = if value > self.peak { value } else { self.peak };
            }
            if self.peak_cut.advance(take) {
                self.peaks.push(self.peak);
                self.peak = 0.0;
            }
            at += take;
        }
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
        // Silence brings out the last frames of the envelope; it belongs to no sub-block after
        // the programme's last.
        let end = self.energy_cut.frame;
        while self.peak_cut.frame < end {
            let frames =
                ((end - self.peak_cut.frame) as usize + self.latency_left).min(CHUNK_FRAMES);
            self.input.set_frames(frames);
            self.input.scale(0.0);
            self.push_peaks(frames);
        }
        if self.energy_cut.frame > boundary(self.energy_cut.sub_block, self.sample_rate_hz) {
            self.energies.push((self.weight * self.energy) as f32);
            self.peaks.push(self.peak);
        }
        self.peaks.truncate(self.energies.len());
        self.peaks.shrink_to_fit();
        self.energies.shrink_to_fit();
        let peak = self.peaks.iter().fold(0.0f32, |a, &b| a.max(b));
        DriveCurve {
            sample_rate_hz: self.sample_rate_hz,
            frames: end,
            ceiling: gain_from_db(ceiling_dbtp - SAFETY_DB),
            peak: f64::from(peak),
            peaks: self.peaks,
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

/// What a programme does under the limiter, at 1 ms resolution: 8 bytes per millisecond.
#[derive(Clone, Debug, PartialEq)]
pub struct DriveCurve {
    sample_rate_hz: u32,
    frames: u64,
    /// What the limiter aims at, linear.
    ceiling: f64,
    /// Largest of `peaks`.
    peak: f64,
    /// Peak envelope of each sub-block, linear.
    peaks: Vec<f32>,
    /// K-weighted energy of each sub-block, sum of squares over frames and channels.
    energies: Vec<f32>,
}

impl DriveCurve {
    /// Number of sub-blocks of 1 ms; the last one may be shorter.
    pub fn sub_blocks(&self) -> usize {
        self.peaks.len()
    }

    /// K-weighted energy of each sub-block before drive and gain.
    pub(super) fn energies(&self) -> &[f32] {
        &self.energies
    }

    /// True peak of the programme before the drive, on the limiter's own grid, dBTP; `-inf` for
    /// silence.
    pub fn true_peak_dbtp(&self) -> f64 {
        db_from_gain(self.peak)
    }

    /// The limiter's largest gain reduction at a drive, dB. The gain comes down to what the
    /// highest peak requires, whatever the character, so this is that peak's excess.
    pub fn max_gain_reduction_db(&self, drive_db: f64) -> f64 {
        (self.true_peak_dbtp() + drive_db - db_from_gain(self.ceiling)).max(0.0)
    }

    /// The drive at which the largest gain reduction is `reduction_db`; infinite for silence.
    pub fn drive_for_reduction_db(&self, reduction_db: f64) -> f64 {
        reduction_db + db_from_gain(self.ceiling) - self.true_peak_dbtp()
    }

    /// The limiter's gain (linear) in each sub-block at a drive. `gains` is overwritten.
    pub fn gain_reduction(&self, limiter: &settings::Limiter, drive_db: f64, gains: &mut Vec<f32>) {
        gains.clear();
        gains.reserve(self.peaks.len());
        let drive = gain_from_db(drive_db);
        if self.peak * drive <= self.ceiling {
            gains.resize(self.peaks.len(), 1.0);
            return;
        }
        let mut law = GainLaw::from_settings(limiter);
        law.hold_ms -= HOLD_CORRECTION_MS;
        let mut computer = GainComputer::new(&law, SUB_BLOCKS_PER_SECOND as f64);
        let delay = computer.delay_frames();
        let required = self
            .peaks
            .iter()
            .map(|&peak| required_reduction(f64::from(peak) * drive, self.ceiling));
        gains.extend(
            required
                .chain(std::iter::repeat_n(0.0, delay))
                .map(|reduction| computer.next_gain(reduction) as f32)
                .skip(delay),
        );
    }

    /// Integrated loudness behind drive and limiter, LUFS; `-inf` when nothing passes the gates.
    pub fn integrated_lufs(&self, limiter: &settings::Limiter, drive_db: f64) -> f64 {
        let mut gains = Vec::new();
        self.gain_reduction(limiter, drive_db, &mut gains);
        self.integrated_of_gains(&gains, drive_db)
    }

    /// Integrated loudness behind a drive without a limiter, LUFS.
    pub(super) fn unlimited_lufs(&self, drive_db: f64) -> f64 {
        self.integrated_of_gains(&vec![1.0; self.sub_blocks()], drive_db)
    }

    /// Integrated loudness with a gain (linear) per sub-block behind a drive, LUFS.
    pub(super) fn integrated_of_gains(&self, gains: &[f32], drive_db: f64) -> f64 {
        let power_gain = gain_from_db(2.0 * drive_db);
        let mut powers = Vec::with_capacity(gains.len() / SUB_BLOCKS_PER_POWER + 1);
        let chunks = self
            .energies
            .chunks(SUB_BLOCKS_PER_POWER)
            .zip(gains.chunks(SUB_BLOCKS_PER_POWER));
        for (index, (energies, gains)) in chunks.enumerate() {
            let first = (index * SUB_BLOCKS_PER_POWER) as u64;
            let start = boundary(first, self.sample_rate_hz);
            let end = boundary(first + SUB_BLOCKS_PER_POWER as u64, self.sample_rate_hz);
            if end > self.frames {
                // An incomplete last entry is discarded, like an incomplete gating block.
                break;
            }
            let energy: f64 = energies
                .iter()
                .zip(gains)
                .map(|(&energy, &gain)| f64::from(energy) * f64::from(gain) * f64::from(gain))
                .sum();
            powers.push((energy * power_gain / (end - start).max(1) as f64) as f32);
        }
        integrated_from_k_power_10ms(&powers)
    }
}
