//! How much the limiter took: figures for the report and a decimated trace for plots.

use crate::units::db_from_gain;

/// Gain reduction of a program, positive dB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReductionStatistics {
    /// Largest reduction, dB.
    pub max_db: f64,
    /// Mean over time of the reduction, dB: of the mean gain of each 10 ms.
    pub mean_db: f64,
    /// Share of the time with more than 1 dB of reduction, 0 to 1.
    pub share_above_1_db: f64,
}

/// Gathers [`ReductionStatistics`] frame by frame. Sums are cut at multiples of 10 ms of the
/// program, so that they do not depend on blocks.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    sample_rate_hz: u64,
    latency_frames: usize,
    /// Frames of the latency that are still to come.
    preroll: usize,
    interval: u64,
    left: usize,
    interval_sum: f64,
    interval_lowest: f32,
    frames: u64,
    frames_above_1_db: u64,
    lowest: f32,
    sum_db: f64,
    trace: Option<Vec<f32>>,
}

/// A gain of zero is read as this, -200 dB.
const LOWEST_GAIN: f64 = 1e-10;
/// Gain of 1 dB of reduction.
const ONE_DB_DOWN: f32 = 0.891_250_9;

impl Statistics {
    pub(super) fn new(sample_rate_hz: u32, latency_frames: usize) -> Self {
        let mut statistics = Self {
            sample_rate_hz: u64::from(sample_rate_hz),
            latency_frames,
            preroll: 0,
            interval: 0,
            left: 0,
            interval_sum: 0.0,
            interval_lowest: 1.0,
            frames: 0,
            frames_above_1_db: 0,
            lowest: 1.0,
            sum_db: 0.0,
            trace: None,
        };
        statistics.reset();
        statistics
    }

    pub(super) fn keep_trace(&mut self, expected_frames: u64) {
        let intervals = expected_frames.saturating_mul(100) / self.sample_rate_hz.max(1) + 2;
        // A hint only: no more than a day of it is taken at its word.
        self.trace = Some(Vec::with_capacity(intervals.min(8_640_000) as usize));
    }

    pub(super) fn trace(&self) -> &[f32] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// Length in frames of interval `k` of 10 ms, at least 1.
    fn interval_frames(&self, k: u64) -> usize {
        let boundary = |k: u64| k * self.sample_rate_hz / 100;
        (boundary(k + 1) - boundary(k)).max(1) as usize
    }

    /// Takes the gains of the next frames.
    pub(super) fn push(&mut self, gains: &[f32]) {
        let skip = self.preroll.min(gains.len());
        self.preroll -= skip;
        let mut gains = &gains[skip..];
        while !gains.is_empty() {
            let (now, later) = gains.split_at(self.left.min(gains.len()));
            for &gain in now {
                self.interval_sum += f64::from(gain);
                self.interval_lowest = self.interval_lowest.min(gain);
                self.frames_above_1_db += u64::from(gain < ONE_DB_DOWN);
            }
            self.frames += now.len() as u64;
            self.left -= now.len();
            if self.left == 0 {
                self.close_interval();
            }
            gains = later;
        }
    }

    fn close_interval(&mut self) {
        let frames = self.interval_frames(self.interval);
        self.sum_db += interval_db(self.interval_sum, frames);
        self.lowest = self.lowest.min(self.interval_lowest);
        if let Some(trace) = &mut self.trace {
            trace.push(self.interval_lowest);
        }
        self.interval += 1;
        self.left = self.interval_frames(self.interval);
        self.interval_sum = 0.0;
        self.interval_lowest = 1.0;
    }

    pub(super) fn summary(&self) -> ReductionStatistics {
        if self.frames == 0 {
            return ReductionStatistics::default();
        }
        let open = self.interval_frames(self.interval) - self.left;
        let lowest = self.lowest.min(self.interval_lowest);
        let frames = self.frames as f64;
        ReductionStatistics {
            max_db: positive(-db_from_gain(f64::from(lowest).max(LOWEST_GAIN))),
            mean_db: positive((self.sum_db + interval_db(self.interval_sum, open)) / frames),
            share_above_1_db: self.frames_above_1_db as f64 / frames,
        }
    }

    pub(super) fn reset(&mut self) {
        self.preroll = self.latency_frames;
        self.interval = 0;
        self.left = self.interval_frames(0);
        self.interval_sum = 0.0;
        self.interval_lowest = 1.0;
        self.frames = 0;
        self.frames_above_1_db = 0;
        self.lowest = 1.0;
        self.sum_db = 0.0;
        if let Some(trace) = &mut self.trace {
            trace.clear();
        }
    }
}

/// Reduction of the mean gain of an interval, times its frames, dB. A gain of zero counts as
/// -200 dB.
fn interval_db(sum: f64, frames: usize) -> f64 {
    let frames = frames as f64;
    if sum == frames {
        return 0.0;
    }
    -db_from_gain((sum / frames).max(LOWEST_GAIN)) * frames
}

/// Clears the sign of a zero.
fn positive(value: f64) -> f64 {
    if value > 0.0 { value } else { 0.0 }
}
