//! [`FramePairs`]: which band frame of the master shows what one of the mix, or of its render, shows.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::BandFrame;
use acetate_dsp::measure::bands::THIRD_OCTAVES;
use acetate_dsp::measure::spectrum::fft_frames;
use acetate_dsp::numeric::quantile;
use acetate_dsp::units::{db_from_power, power_from_db};

use super::criterion::BLOCK_STEPS;
use super::pair::Pair;

/// Length of a step of the levels, s.
const STEP_S: f64 = 0.01;
/// Frames further apart show too much of something else, s: an eighth of a window.
const APART_S: f64 = 0.012;
/// Share of the frames that are louder than the loud ones.
const LOUD: f64 = 0.9;
/// Frames this far below the loud ones are pauses, dB.
const PAUSE_DB: f64 = 25.0;

/// A frame of the mix with the one of the master that shows the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct FramePair {
    /// Index of the mix's frame, which is that of its renders.
    pub(super) mix: usize,
    /// Index of the master's.
    pub(super) master: usize,
    /// Block of the levels that it lies in.
    pub(super) block: usize,
}

/// The frames that sound in the mix and in the master.
pub(super) fn frame_pairs(pair: &Pair) -> Vec<FramePair> {
    let (mix, master) = (&pair.before, &pair.after);
    let (middle_s, spacing_s) = times(mix);
    let (other_middle_s, other_spacing_s) = times(master);
    let (sounds, other_sounds) = (sounding(mix), sounding(master));
    let pairs = sounds.iter().enumerate().filter(|(_, sounds)| **sounds);
    let pairs = pairs.filter_map(|(index, _)| {
        let at_s = middle_s + spacing_s * index as f64;
        let place = (at_s - other_middle_s) / other_spacing_s;
        let nearest = place.round();
        if (place - nearest).abs() * other_spacing_s > APART_S || nearest < 0.0 {
            return None;
        }
        let other = nearest as usize;
        other_sounds
            .get(other)
            .copied()
            .unwrap_or(false)
            .then_some(FramePair {
                mix: index,
                master: other,
                block: (at_s / STEP_S) as usize / BLOCK_STEPS,
            })
    });
    pairs.collect()
}

/// Middle of the first frame and distance of two, s.
pub(super) fn times(analysis: &Analysis) -> (f64, f64) {
    let rate_hz = f64::from(analysis.sample_rate_hz);
    let middle_s = 0.5 * fft_frames(analysis.sample_rate_hz) as f64 / rate_hz;
    let spacing_s = analysis.sequences.band_spacing_frames as f64 / rate_hz;
    (middle_s, spacing_s)
}

/// Which frames are no pauses.
fn sounding(analysis: &Analysis) -> Vec<bool> {
    let frames = analysis.sequences.band_frames.iter();
    let levels: Vec<f64> = frames
        .map(|frame| level_db(frame, 0..THIRD_OCTAVES))
        .collect();
    let floor_db = quantile(&levels, LOUD).unwrap_or(0.0) - PAUSE_DB;
    levels.iter().map(|&level_db| level_db > floor_db).collect()
}

/// Level of some bands of a frame, mid and side together, dBFS.
pub(super) fn level_db(frame: &BandFrame, bands: std::ops::Range<usize>) -> f64 {
    let power = |levels_db: &[f32; THIRD_OCTAVES]| -> f64 {
        let own = levels_db[bands.clone()].iter();
        own.map(|&level_db| power_from_db(f64::from(level_db)))
            .sum()
    };
    db_from_power((power(&frame.mid_db) + power(&frame.side_db)).max(1e-20))
}
