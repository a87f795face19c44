//! Where the level jumps and the sound stays: a fader, not an arrangement.
//!
//! When players come in, bands change by different amounts. When a fader moves, all move alike. The
//! figure is the median change over the bands minus its spread. Music has such places too; what it hardly
//! has is one that is undone later by as much, and so a lone jump counts less.

use acetate_dsp::analysis::Sequences;
use acetate_dsp::numeric::median;

/// Length of the windows before and after, s.
const WINDOW_S: f64 = 3.0;
/// What lies between them, s.
const BETWEEN_S: f64 = 0.1;
/// Bands that are compared: 100 Hz to 10 kHz.
const BANDS: std::ops::Range<usize> = 7..28;
/// Bands this far below the program are left out, dB.
const AUDIBLE_DB: f64 = 55.0;
/// A window this far below the usual level is a pause, dB.
const PAUSE_DB: f64 = 10.0;
/// Fewest bands that are compared.
const MIN_BANDS: usize = 10;
/// How much the spread takes off.
const SPREAD_WEIGHT: f64 = 3.0;

/// A jump that is never undone counts this much.
const LONE_WEIGHT: f64 = 0.5;
/// A jump is undone after at least this long, s.
const SHORTEST_SECTION_S: f64 = 2.0;
/// Jumps that are looked at for pairs.
const MAX_JUMPS: usize = 64;

/// A jump, or a pair of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Jump {
    /// Median change minus its spread, dB, of the smaller of a pair; never below 0.
    pub even_db: f64,
    /// When, s.
    pub from_s: f64,
    /// When it was undone, s; the same where it was not.
    pub to_s: f64,
}

/// A jump with its direction.
#[derive(Clone, Copy)]
struct Signed {
    even_db: f64,
    at_s: f64,
}

/// The largest even jump; `None` for programs too short to have sections.
pub(crate) fn largest_jump(
    sequences: &Sequences,
    sample_rate_hz: f64,
    program_db: f64,
) -> Option<Jump> {
    let frames = &sequences.band_frames;
    let spacing_s = sequences.band_spacing_frames as f64 / sample_rate_hz;
    let window = (WINDOW_S / spacing_s.max(1e-6)) as usize;
    let between = (BETWEEN_S / spacing_s.max(1e-6)) as usize;
    if window < 4 || frames.len() < 2 * window + between {
        return None;
    }
    let floor_db = program_db - AUDIBLE_DB;
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
    let count = frames.len();
    let usual: Vec<f64> = (0..BANDS.len()).map(|band| mean(0, count, band)).collect();
    let mut jumps: Vec<Signed> = Vec::new();
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
        // Into and out of pauses, fades and endings everything moves alike.
        let quiet = |from: usize| -> bool {
            let mut offsets: Vec<f64> = (0..BANDS.len())
                .map(|band| mean(from, from + window, band) - usual[band])
                .collect();
            median(&mut offsets).unwrap_or(0.0) < -PAUSE_DB
        };
        if quiet(start) || quiet(resume) {
            continue;
        }
        let usual_db = median(&mut changes).unwrap_or(0.0);
        let mut apart: Vec<f64> = changes.iter().map(|x| (x - usual_db).abs()).collect();
        let even_db = usual_db.abs() - SPREAD_WEIGHT * median(&mut apart).unwrap_or(0.0);
        if even_db > 0.0 {
            let at_s = (middle as f64 + 0.5 * between as f64) * spacing_s;
            keep(
                &mut jumps,
                Signed {
                    even_db: even_db.copysign(usual_db),
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

/// The largest pair, or the largest lone jump.
fn best_of(mut jumps: Vec<Signed>) -> Jump {
    jumps.sort_by(|a, b| b.even_db.abs().total_cmp(&a.even_db.abs()));
    jumps.truncate(MAX_JUMPS);
    let mut best = Jump {
        even_db: 0.0,
        from_s: 0.0,
        to_s: 0.0,
    };
    for (index, first) in jumps.iter().enumerate() {
        let mut candidates = vec![(LONE_WEIGHT * first.even_db.abs(), first.at_s)];
        candidates.extend(
            jumps[index + 1..]
                .iter()
                .filter(|other| {
                    other.even_db * first.even_db < 0.0
                        && (other.at_s - first.at_s).abs() >= SHORTEST_SECTION_S
                })
                .map(|other| (other.even_db.abs(), other.at_s)),
        );
        for (even_db, other_s) in candidates {
            if even_db > best.even_db {
                best = Jump {
                    even_db,
                    from_s: first.at_s.min(other_s),
                    to_s: first.at_s.max(other_s),
                };
            }
        }
    }
    best
}
