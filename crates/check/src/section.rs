//! Where the level jumps and the sound stays: a fader, not an arrangement.
//!
//! When players come in, bands change by different amounts. When a fader moves, all move alike. The
//! figure is the median change over the bands minus its spread.

use acetate_dsp::analysis::Sequences;

/// Length of the windows before and after, s.
const WINDOW_S: f64 = 3.0;
/// What lies between them, s.
const BETWEEN_S: f64 = 0.1;
/// Bands that are compared: 100 Hz to 10 kHz.
const BANDS: std::ops::Range<usize> = 7..28;
/// Bands this far below the programme are left out, dB.
const AUDIBLE_DB: f64 = 55.0;
/// Fewest bands that are compared.
const MIN_BANDS: usize = 10;
/// How much the spread takes off.
const SPREAD_WEIGHT: f64 = 1.5;

/// A jump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// Median change minus its spread, dB; 0 where the spread is larger.
    pub even_db: f64,
    /// When, s.
    pub at_s: f64,
}

/// The largest even jump; `None` for programmes too short to have sections.
pub fn largest_jump(sequences: &Sequences, sample_rate_hz: f64, programme_db: f64) -> Option<Jump> {
    let frames = &sequences.band_frames;
    let spacing_s = sequences.band_spacing_frames as f64 / sample_rate_hz;
    let window = (WINDOW_S / spacing_s.max(1e-6)) as usize;
    let between = (BETWEEN_S / spacing_s.max(1e-6)) as usize;
    if window < 4 || frames.len() < 2 * window + between {
        return None;
    }
    let floor_db = programme_db - AUDIBLE_DB;
    // Sums from the start, so that each window costs one difference.
    let mut sums = vec![[0.0f64; BANDS.end - BANDS.start]];
    for frame in frames {
        let mut sum = sums.last().copied().unwrap_or_default();
        for (total, band) in sum.iter_mut().zip(BANDS) {
            *total += f64::from(frame.mid_db[band]).max(floor_db - 10.0);
        }
        sums.push(sum);
    }
    let mean = |from: usize, to: usize, band: usize| {
        (sums[to][band] - sums[from][band]) / (to - from) as f64
    };
    let mut best = Jump {
        even_db: 0.0,
        at_s: 0.0,
    };
    let step = (window / 24).max(1);
    let last = frames.len() - 2 * window - between;
    for start in (0..=last).step_by(step) {
        let (middle, resume) = (start + window, start + window + between);
        let mut changes: Vec<f64> = (0..BANDS.len())
            .filter_map(|band| {
                let before = mean(start, middle, band);
                let after = mean(resume, resume + window, band);
                (before > floor_db && after > floor_db).then_some(after - before)
            })
            .collect();
        if changes.len() < MIN_BANDS {
            continue;
        }
        let median = middle_of(&mut changes);
        let mut apart: Vec<f64> = changes.iter().map(|x| (x - median).abs()).collect();
        let even_db = median.abs() - SPREAD_WEIGHT * middle_of(&mut apart);
        if even_db > best.even_db {
            best = Jump {
                even_db,
                at_s: (middle as f64 + 0.5 * between as f64) * spacing_s,
            };
        }
    }
    Some(best)
}

/// Median; sorts.
fn middle_of(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
