//! How the program begins and ends: at once, or out of and into silence.

use acetate_dsp::Audio;
use acetate_dsp::units::db_from_power;

/// The moment that is measured at the end, s.
const MOMENT_S: f64 = 0.003;
/// The moment that is measured at the start, s: even a hard attack takes longer to rise, and what was cut
/// off is there at once.
pub const START_S: f64 = 0.001;
/// Samples below this are silence, full scale = 1 (-80 dBFS).
const SILENCE: f32 = 1e-4;
/// Lowest level that is told, dB.
const LOWEST_DB: f64 = -80.0;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EdgeFigures {
    /// Level of the first millisecond that sounds, relative to the program's RMS, dB.
    pub start_db: f64,
    /// Level of the last 3 ms that sound, relative to the program's RMS, dB.
    pub tail_db: f64,
    /// Silence before the first sound, s.
    pub lead_in_s: f64,
    /// Silence after the last sound, s.
    pub lead_out_s: f64,
    /// Length of the whole, s.
    pub duration_s: f64,
}

/// Streaming meter.
pub(super) struct Edges {
    rate: f64,
    moment: usize,
    start_moment: usize,
    channels: usize,
    frames: u64,
    first_sound: Option<u64>,
    last_sound: u64,
    start: Vec<f32>,
    /// The latest moment that ends with sound, as powers per frame.
    recent: std::collections::VecDeque<f32>,
    /// Silent frames since then.
    silent: u64,
}

impl Edges {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let rate = f64::from(sample_rate_hz);
        let moment = ((MOMENT_S * rate) as usize).max(1);
        let start_moment = ((START_S * rate) as usize).max(1);
        Self {
            rate,
            moment,
            start_moment,
            channels: 1,
            frames: 0,
            first_sound: None,
            last_sound: 0,
            start: Vec::with_capacity(start_moment),
            recent: std::collections::VecDeque::with_capacity(moment),
            silent: 0,
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        self.channels = block.channel_count();
        let frames = block.frames();
        let power = |frame: usize| -> f32 {
            let squares = block.channels().iter().map(|c| c[frame] * c[frame]);
            squares.sum()
        };
        let sounds = |frame: usize| block.channels().iter().any(|c| c[frame].abs() > SILENCE);
        if self.start.len() < self.start_moment {
            for frame in 0..frames {
                if self.first_sound.is_none() && sounds(frame) {
                    self.first_sound = Some(self.frames + frame as u64);
                }
                if self.first_sound.is_some() && self.start.len() < self.start_moment {
                    self.start.push(power(frame));
                }
            }
        }
        // Only the last moment before the last sound of the block can matter.
        if let Some(last) = (0..frames).rev().find(|&frame| sounds(frame)) {
            let from = (last + 1).saturating_sub(self.moment);
            if from > 0 {
                self.recent.clear();
            } else {
                let silent = (self.silent as usize).min(self.moment);
                self.recent.extend(std::iter::repeat_n(0.0, silent));
            }
            self.recent.extend((from..=last).map(power));
            while self.recent.len() > self.moment {
                self.recent.pop_front();
            }
            self.last_sound = self.frames + last as u64;
            self.silent = (frames - 1 - last) as u64;
        } else {
            self.silent += frames as u64;
        }
        self.frames += frames as u64;
    }

    pub(super) fn finish(self, mean_square: f64) -> EdgeFigures {
        let level_db = |powers: &mut dyn Iterator<Item = f32>, moment: usize| -> f64 {
            let sum: f64 = powers.map(f64::from).sum();
            let mean = sum / (moment * self.channels) as f64;
            db_from_power(mean / mean_square.max(1e-30)).max(LOWEST_DB)
        };
        EdgeFigures {
            start_db: level_db(&mut self.start.iter().copied(), self.start_moment),
            tail_db: level_db(&mut self.recent.iter().copied(), self.moment),
            lead_in_s: self.first_sound.unwrap_or(self.frames) as f64 / self.rate,
            lead_out_s: self.frames.saturating_sub(self.last_sound + 1) as f64 / self.rate,
            duration_s: self.frames as f64 / self.rate,
        }
    }
}
