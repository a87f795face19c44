//! Where the level jumps and the sound stays: a fader, not an arrangement.
//!
//! When players come in, bands change by different amounts, and mid and side too. When a fader moves, all move alike.
//! A jump is the median change over the bands of both less its spread. Breaks of arrangements have such
//! places too; what they hardly have is one that is undone later by the same amount, and so only pairs count.

use acetate_dsp::analysis::Sequences;

/// Length of the windows before and after, s.
const WINDOW_S: f64 = 3.0;
/// What lies between them, s.
const BETWEEN_S: f64 = 0.1;
/// Bands that are compared: 100 Hz to 10 kHz.
const BANDS: std::ops::Range<usize> = 7..28;
/// Mid and side of them.
const WIDTH: usize = 2 * (BANDS.end - BANDS.start);
/// Bands this far below the programme are left out, dB.
const AUDIBLE_DB: f64 = 55.0;
/// A window this far below the usual level is a pause, dB.
const PAUSE_DB: f64 = 10.0;
/// Fewest bands that are compared.
const MIN_BANDS: usize = 10;
/// How much the spread takes off.
const SPREAD_WEIGHT: f64 = 2.0;
/// A jump is undone by one that differs by at most this, dB.
const SAME_DB: f64 = 2.0;
/// A jump is undone after at least this long, s.
const SHORTEST_SECTION_S: f64 = 2.0;
/// Jumps that are looked at for pairs.
const MAX_JUMPS: usize = 64;

/// A jump and what undoes it; both 0 where there is no such pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// Median change minus its spread, dB, of the smaller of a pair; never below 0.
    pub even_db: f64,
    /// When, s.
    pub from_s: f64,
    /// When it was undone, s.
    pub to_s: f64,
}

/// A jump with its direction.
#[derive(Clone, Copy)]
struct Signed {
    even_db: f64,
    change_db: f64,
    at_s: f64,
}

/// The largest even jump that is undone; `None` for programmes too short to have sections.
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
    let mut sums = vec![[0.0f64; WIDTH]];
    for frame in frames {
        let mut sum = *sums.last().unwrap_or(&[0.0; WIDTH]);
        let levels_db = frame.mid_db[BANDS].iter().chain(&frame.side_db[BANDS]);
        for (total, &level_db) in sum.iter_mut().zip(levels_db) {
            *total += f64::from(level_db).max(floor_db - 10.0);
        }
        sums.push(sum);
    }
    let mean = |from: usize, to: usize, band: usize| {
        (sums[to][band] - sums[from][band]) / (to - from) as f64
    };
    let count = frames.len();
    let usual: Vec<f64> = (0..WIDTH).map(|band| mean(0, count, band)).collect();
    let mut jumps: Vec<Signed> = Vec::new();
    let step = (window / 24).max(1);
    let last = frames.len() - 2 * window - between;
    for start in (0..=last).step_by(step) {
        let (middle, resume) = (start + window, start + window + between);
        let mut changes: Vec<f64> = (0..WIDTH)
            .filter_map(|band| {
                let before = mean(start, middle, band);
                let after = mean(resume, resume + window, band);
                (before > floor_db && after > floor_db).then_some(after - before)
            })
            .collect();
        if changes.len() < MIN_BANDS {
            continue;
        }
        // Into and out of pauses, fades and endings everything moves alike.
        let quiet = |from: usize| -> bool {
            let mut offsets: Vec<f64> = (0..WIDTH)
                .filter(|&band| usual[band] > floor_db)
                .map(|band| mean(from, from + window, band) - usual[band])
                .collect();
            middle_of(&mut offsets) < -PAUSE_DB
        };
        if quiet(start) || quiet(resume) {
            continue;
        }
        let median = middle_of(&mut changes);
        let mut apart: Vec<f64> = changes.iter().map(|x| (x - median).abs()).collect();
        let even_db = median.abs() - SPREAD_WEIGHT * middle_of(&mut apart);
        if even_db > 0.0 {
            let at_s = (middle as f64 + 0.5 * between as f64) * spacing_s;
            keep(
                &mut jumps,
                Signed {
                    even_db: even_db.copysign(median),
                    change_db: median,
                    at_s,
                },
            );
        }
    }
    Some(best_of(jumps))
}

/// Adds a jump, unless it belongs to a larger one beside it.
fn keep(jumps: &mut Vec<Signed>, jump: Signed) {
    match jumps.last_mut() {
        Some(last)
            if last.even_db * jump.even_db > 0.0 && jump.at_s - last.at_s < 0.5 * WINDOW_S =>
        {
            if jump.even_db.abs() > last.even_db.abs() {
                *last = jump;
            }
        }
        _ => jumps.push(jump),
    }
}

/// The largest pair of jumps that undo each other.
fn best_of(mut jumps: Vec<Signed>) -> Jump {
    jumps.sort_by(|a, b| b.even_db.abs().total_cmp(&a.even_db.abs()));
    jumps.truncate(MAX_JUMPS);
    let mut best = Jump {
        even_db: 0.0,
        from_s: 0.0,
        to_s: 0.0,
    };
    for (index, first) in jumps.iter().enumerate() {
        let undoes = |other: &&Signed| {
            other.even_db * first.even_db < 0.0
                && (other.change_db + first.change_db).abs() <= SAME_DB
                && (other.at_s - first.at_s).abs() >= SHORTEST_SECTION_S
        };
        if let Some(other) = jumps[index + 1..].iter().find(undoes)
            && other.even_db.abs() > best.even_db
        {
            best = Jump {
                even_db: other.even_db.abs(),
                from_s: first.at_s.min(other.at_s),
                to_s: first.at_s.max(other.at_s),
            };
        }
    }
    best
}

/// Median; sorts.
fn middle_of(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
