//! True peak (BS.1770-5, Annex 2) with a known worst case, and the [`PeakEnvelope`] that
//! limiters follow.
//!
//! A fast 8× pass finds where the signal is highest; the few places that may hold the maximum
//! are read again on a 64× grid with a long `f64` sinc. Against a 64× sinc of 768 taps it is
//! within 0.03 dB on tones and bursts up to 20 kHz at 44.1 kHz, clipped noise and impulses (see
//! the tests). Other rates use the same grids relative to their own.

pub use super::peak_envelope::PeakEnvelope;

use super::interpolate::{Interpolator, TAPS, larger, sinc_taps};
use crate::Audio;
use crate::units::db_from_gain;

/// Oversampling factor of the fine grid.
const FINE_STEPS: usize = 64;
/// Samples that one point of the fine grid reads.
const FINE_TAPS: usize = 512;
/// Shape of the fine sinc's Kaiser window: -80 dB, flat up to 0.495 of the sample rate.
const FINE_BETA: f64 = 8.0;
/// Frames on either side of a candidate that the fine pass searches: close to half the sample
/// rate the coarse pass may misplace a peak by that much.
const SEARCH_FRAMES: usize = 3;
/// Places kept for the fine pass; a later one has to be higher than the lowest of them. A limited
/// song has hundreds of summits alike on the coarse grid, and any of them may be the true peak.
const MAX_CANDIDATES: usize = 1024;
/// A place is a candidate from this share of the highest coarse peak on. The coarse pass is off
/// by 2 % up to 0.45 of the sample rate, and more above.
const CANDIDATE_SHARE: f32 = 0.85;
/// Frames judged at once.
const CHUNK_FRAMES: usize = 128;
/// Frames on either side of a frame that its fine reading needs.
const REACH_FRAMES: usize = FINE_TAPS / 2 + SEARCH_FRAMES;
/// Samples around a candidate.
const WINDOW_FRAMES: usize = 2 * REACH_FRAMES + 1;

/// Streaming true-peak meter over all channels.
#[derive(Clone, Debug)]
pub struct TruePeak {
    interpolator: Interpolator,
    /// `REACH_FRAMES` before the chunk, the chunk, `REACH_FRAMES` after it; per channel.
    buffers: Vec<Vec<f32>>,
    /// Frames in each buffer.
    filled: usize,
    /// Frame number of the chunk's first frame; starts before the signal, which rings there.
    chunk_start: i64,
    frames: i64,
    sample_peak: f32,
    coarse_peak: f32,
    candidates: Vec<Candidate>,
}

#[derive(Clone, Debug)]
struct Candidate {
    coarse: f32,
    frame: i64,
    window: [f32; WINDOW_FRAMES],
}

/// What [`TruePeak`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruePeakReading {
    /// Highest interpolated level, dBTP; `-inf` for silence.
    pub true_peak_dbtp: f64,
    /// Frame nearest to it.
    pub frame: u64,
    /// Highest sample, dBFS; `-inf` for silence.
    pub sample_peak_dbfs: f64,
}

impl TruePeak {
    /// A meter over 1 or 2 channels, after silence.
    pub fn new(channels: usize) -> Self {
        Self {
            interpolator: Interpolator::new(),
            buffers: vec![vec![0.0; CHUNK_FRAMES + 2 * REACH_FRAMES]; channels],
            filled: REACH_FRAMES + TAPS / 2,
            chunk_start: -(TAPS as i64 / 2),
            frames: 0,
            sample_peak: 0.0,
            coarse_peak: 0.0,
            candidates: Vec::with_capacity(MAX_CANDIDATES),
        }
    }

    /// Takes a block with the channels that this was built for. A sample that is not finite is
    /// read as zero. Does not allocate.
    pub fn process(&mut self, block: &Audio) {
        debug_assert_eq!(block.channel_count(), self.buffers.len());
        self.frames += block.frames() as i64;
        let mut start = 0;
        while start < block.frames() {
            let end = (start + self.room()).min(block.frames());
            for (buffer, channel) in self.buffers.iter_mut().zip(block.channels()) {
                for (slot, &x) in buffer[self.filled..].iter_mut().zip(&channel[start..end]) {
                    *slot = if x.is_finite() { x } else { 0.0 };
                }
            }
            self.advance(end - start);
            start = end;
        }
    }

    /// Reads the last samples as if silence followed, and gives the figures.
    pub fn finish(mut self) -> TruePeakReading {
        while self.chunk_start < self.frames + REACH_FRAMES as i64 {
            let room = self.room();
            for buffer in &mut self.buffers {
                buffer[self.filled..].fill(0.0);
            }
            self.advance(room);
        }
        let rows: Vec<Vec<f64>> = (0..FINE_STEPS)
            .map(|p| sinc_taps(FINE_TAPS, FINE_BETA, p as f64 / FINE_STEPS as f64))
            .collect();
        let mut peak = f64::from(self.sample_peak);
        let mut frame = 0;
        for candidate in &self.candidates {
            if candidate.coarse >= CANDIDATE_SHARE * self.coarse_peak {
                let fine = fine_peak(&rows, &candidate.window);
                if fine >= peak {
                    peak = fine;
                    frame = candidate.frame;
                }
            }
        }
        TruePeakReading {
            true_peak_dbtp: db_from_gain(peak),
            frame: frame.clamp(0, (self.frames - 1).max(0)) as u64,
            sample_peak_dbfs: db_from_gain(f64::from(self.sample_peak)),
        }
    }

    fn room(&self) -> usize {
        CHUNK_FRAMES + 2 * REACH_FRAMES - self.filled
    }

    fn advance(&mut self, frames: usize) {
        self.filled += frames;
        if self.room() > 0 {
            return;
        }
        for channel in 0..self.buffers.len() {
            self.judge(channel);
        }
        for buffer in &mut self.buffers {
            buffer.copy_within(CHUNK_FRAMES.., 0);
        }
        self.filled -= CHUNK_FRAMES;
        self.chunk_start += CHUNK_FRAMES as i64;
    }

    /// Looks for candidates in the chunk of one channel.
    fn judge(&mut self, channel: usize) {
        const FIRST: usize = REACH_FRAMES - TAPS / 2 - 1;
        const INTERVALS: usize = CHUNK_FRAMES + 3;
        let buffer = &self.buffers[channel];
        // Everything that the intervals around the chunk's frames read.
        let samples = &buffer[FIRST..FIRST + INTERVALS + TAPS - 1];
        let top = samples.iter().fold(0.0, |top, x| larger(x.abs(), top));
        self.sample_peak = larger(top, self.sample_peak);
        let lowest = match self.candidates.len() {
            MAX_CANDIDATES => self.lowest().1,
            _ => 0.0,
        };
        let needed = lowest.max(CANDIDATE_SHARE * self.coarse_peak);
        if top * self.interpolator.l1_bound() <= needed {
            return;
        }
        let (mut first, mut second) = ([0.0; INTERVALS], [0.0; INTERVALS]);
        self.interpolator
            .half_peaks(samples, &mut first, &mut second);
        // Peaks of the frames from one before the chunk to one after it.
        let mut peaks = [0.0; CHUNK_FRAMES + 2];
        for (i, peak) in peaks.iter_mut().enumerate() {
            let own = buffer[REACH_FRAMES - 1 + i].abs();
            *peak = larger(larger(own, first[i + 1]), second[i]);
        }
        for i in 1..=CHUNK_FRAMES {
            let at = REACH_FRAMES - 1 + i;
            let peak = peaks[i];
            let summit = peak > peaks[i - 1] && peak >= peaks[i + 1];
            if summit && peak >= CANDIDATE_SHARE * self.coarse_peak {
                self.coarse_peak = larger(peak, self.coarse_peak);
                self.keep(channel, at, peak);
            }
        }
    }

    fn keep(&mut self, channel: usize, at: usize, coarse: f32) {
        let around = &self.buffers[channel][at - REACH_FRAMES..=at + REACH_FRAMES];
        let mut candidate = Candidate {
            coarse,
            frame: self.chunk_start + (at - REACH_FRAMES) as i64,
            window: [0.0; WINDOW_FRAMES],
        };
        candidate.window.copy_from_slice(around);
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(candidate);
            return;
        }
        let (index, lowest) = self.lowest();
        if coarse > lowest {
            self.candidates[index] = candidate;
        }
    }

    /// Index and coarse peak of the lowest candidate.
    fn lowest(&self) -> (usize, f32) {
        let mut best = (0, f32::INFINITY);
        for (index, candidate) in self.candidates.iter().enumerate() {
            if candidate.coarse < best.1 {
                best = (index, candidate.coarse);
            }
        }
        best
    }
}

/// Highest absolute value on the fine grid within `SEARCH_FRAMES` of the window's centre.
fn fine_peak(rows: &[Vec<f64>], window: &[f32; WINDOW_FRAMES]) -> f64 {
    let mut peak = 0.0f64;
    // Interval `i` starts at the frame `i - SEARCH_FRAMES` from the centre.
    for interval in 0..2 * SEARCH_FRAMES {
        let samples = &window[interval + 1..interval + 1 + FINE_TAPS];
        for row in rows {
            let value: f64 = row
                .iter()
                .zip(samples)
                .map(|(t, &x)| t * f64::from(x))
                .sum();
            peak = peak.max(value.abs());
        }
    }
    peak
}
