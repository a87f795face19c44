//! True peak (BS.1770-5, Annex 2) with a stated worst case, and the [`PeakEnvelope`] that
//! limiters follow.
//!
//! **Worst case: [`WORST_UNDER_READ_DB`] below a 64× windowed sinc for whatever lies below
//! [`FLAT_TO_CYCLES_PER_FRAME`]: 20 kHz at 44.1 kHz, 21.7 kHz at 48 kHz, 43.5 kHz at 96 kHz, 87 kHz at
//! 192 kHz.** The grids are relative to the sample rate, so that the bound is the same at every
//! rate; it holds for the first and the last samples, which ring into silence.
//!
//! A fast 8× pass finds where the signal is highest. Between two points of its grid a band-limited
//! signal rises to at most 1 / cos(π f / 8) of the larger one (0.14 dB at f = 0.4535); with the
//! pass's own ripple this is less than 0.26 dB, and every frame that may exceed the highest reading
//! so far is read again on a 64× grid with a sinc of 64 taps, the highest of them with one of 512.
//!
//! Above that band the 8× pass under-reads more and more. The highest summits that it found, at most
//! 1024, are therefore read with the long sinc too: steady tones up to 0.498 cycles per
//! frame read within 0.01 dB, and a burst that hides behind a louder passage of the 8× grid within
//! 0.05 dB up to 0.49 (21.6 kHz at 44.1 kHz), 0.3 dB up to 0.495.

pub use super::peak_envelope::PeakEnvelope;

use super::fine_peak::{
    LONG_REACH as REACH_FRAMES, LongSinc, SHORT_REACH, ShortSinc, WINDOW_FRAMES,
};
use super::interpolate::{INTERVALS_AT_ONCE, Interpolator, TAPS};
use super::simd::{highest, larger};
use crate::Audio;
use crate::units::db_from_gain;

/// By how much [`TruePeak`] may read low on what lies below [`FLAT_TO_CYCLES_PER_FRAME`], dB.
pub const WORST_UNDER_READ_DB: f64 = 0.05;
/// Edge of the band for which [`WORST_UNDER_READ_DB`] holds: 20 kHz at 44.1 kHz, in cycles per frame.
pub const FLAT_TO_CYCLES_PER_FRAME: f64 = 20_000.0 / 44_100.0;

/// A frame may hold more than the highest reading so far if its coarse peak times this does.
const COARSE_SLACK: f32 = 1.03;
/// Places kept for the long sinc; a later one has to be higher than the lowest of them.
const MAX_CANDIDATES: usize = 1024;
/// A place is a candidate from this share of the highest coarse peak on.
const CANDIDATE_SHARE: f32 = 0.85;
/// Frames judged at once: with those around them, whole pieces of the interpolator.
const CHUNK_FRAMES: usize = 3 * INTERVALS_AT_ONCE - 3;

/// Streaming true-peak meter over all channels.
#[derive(Clone, Debug)]
pub struct TruePeak {
    interpolator: Interpolator,
    short_sinc: ShortSinc,
    /// `REACH_FRAMES` before the chunk, the chunk, `REACH_FRAMES` after it; per channel.
    buffers: Vec<Vec<f32>>,
    /// Frames in each buffer.
    filled: usize,
    /// Frame number of the chunk's first frame; starts before the signal, which rings there.
    chunk_start: i64,
    frames: i64,
    sample_peak: f32,
    coarse_peak: f32,
    /// Highest reading of the short sinc.
    short_peak: f32,
    /// Where it was read.
    highest: Option<Candidate>,
    candidates: Vec<Candidate>,
    /// Their peaks, side by side.
    candidate_peaks: Vec<f32>,
    /// Lowest of them once there are as many as can be kept, otherwise 0.
    lowest_kept: f32,
}

#[derive(Clone, Debug)]
struct Candidate {
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
            short_sinc: ShortSinc::new(),
            buffers: vec![vec![0.0; CHUNK_FRAMES + 2 * REACH_FRAMES]; channels],
            filled: REACH_FRAMES + TAPS / 2,
            chunk_start: -(TAPS as i64 / 2),
            frames: 0,
            sample_peak: 0.0,
            coarse_peak: 0.0,
            short_peak: 0.0,
            highest: None,
            candidates: Vec::with_capacity(MAX_CANDIDATES),
            candidate_peaks: Vec::with_capacity(MAX_CANDIDATES),
            lowest_kept: 0.0,
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
        let mut peak = f64::from(self.sample_peak);
        let mut frame = 0;
        let summits = self.candidates.iter().zip(&self.candidate_peaks);
        let high = summits.filter(|(_, peak)| **peak >= CANDIDATE_SHARE * self.coarse_peak);
        let high = high.map(|(candidate, _)| candidate);
        let candidates = high.chain(&self.highest);
        let windows = candidates.clone().map(|candidate| &candidate.window);
        let readings = LongSinc::shared().peaks(windows);
        for (candidate, fine) in candidates.zip(readings) {
            if let Some(fine) = fine
                && fine >= peak
            {
                peak = fine;
                frame = candidate.frame;
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
        self.sample_peak = larger(highest(samples), self.sample_peak);
        let floor = self.floor();
        if !self.interpolator.may_exceed(floor, samples) {
            return;
        }
        let (mut first, mut second) = ([0.0; INTERVALS], [0.0; INTERVALS]);
        self.interpolator
            .half_peaks(floor, samples, &mut first, &mut second);
        // Peaks of the frames from one before the chunk to one after it.
        let mut peaks = [0.0; CHUNK_FRAMES + 2];
        let own = &buffer[REACH_FRAMES - 1..];
        let beside = first[1..].iter().zip(&second);
        for ((peak, own), (after, before)) in peaks.iter_mut().zip(own).zip(beside) {
            *peak = larger(larger(own.abs(), *after), *before);
        }
        if highest(&peaks) <= floor {
            return;
        }
        for i in 1..=CHUNK_FRAMES {
            let at = REACH_FRAMES - 1 + i;
            let peak = peaks[i];
            self.coarse_peak = larger(peak, self.coarse_peak);
            let read = if peak * COARSE_SLACK > self.short_peak {
                self.read(channel, at)
            } else {
                peak
            };
            let summit = peak > peaks[i - 1] && peak >= peaks[i + 1];
            if summit && peak >= CANDIDATE_SHARE * self.coarse_peak {
                let read = larger(read, peak);
                if read > self.lowest_kept {
                    self.keep(self.candidate(channel, at), read);
                }
            }
        }
    }

    /// A coarse peak at or below this is neither read again nor kept.
    fn floor(&self) -> f32 {
        let kept = self.lowest_kept.max(CANDIDATE_SHARE * self.coarse_peak);
        kept.min(self.short_peak / COARSE_SLACK)
    }

    /// Reads a frame with the short sinc.
    fn read(&mut self, channel: usize, at: usize) -> f32 {
        let around = &self.buffers[channel][at - SHORT_REACH..=at + SHORT_REACH];
        let peak = self.short_sinc.peak(around);
        if peak > self.short_peak {
            self.short_peak = peak;
            self.highest = Some(self.candidate(channel, at));
        }
        peak
    }

    fn candidate(&self, channel: usize, at: usize) -> Candidate {
        let around = &self.buffers[channel][at - REACH_FRAMES..=at + REACH_FRAMES];
        let mut candidate = Candidate {
            frame: self.chunk_start + (at - REACH_FRAMES) as i64,
            window: [0.0; WINDOW_FRAMES],
        };
        candidate.window.copy_from_slice(around);
        candidate
    }

    /// Keeps a candidate; the lowest one goes where there are too many.
    fn keep(&mut self, candidate: Candidate, peak: f32) {
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(candidate);
            self.candidate_peaks.push(peak);
        } else if let Some(index) = self.lowest() {
            self.candidates[index] = candidate;
            self.candidate_peaks[index] = peak;
        }
        if self.candidates.len() == MAX_CANDIDATES {
            self.lowest_kept = self
                .lowest()
                .map_or(0.0, |index| self.candidate_peaks[index]);
        }
    }

    /// Index of the lowest candidate, the first of several.
    fn lowest(&self) -> Option<usize> {
        let peaks = &self.candidate_peaks;
        let lowest = peaks.iter().copied().fold(f32::INFINITY, f32::min);
        peaks.iter().position(|&peak| peak == lowest)
    }
}
