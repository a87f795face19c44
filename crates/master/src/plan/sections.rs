//! How far parts of a song are moved toward the parts that sound like them.
//!
//! A part that was mixed too loud differs from its siblings by the same amount in every band; one that is played
//! otherwise differs from band to band as well. In released songs the first goes with the second: the more two siblings'
//! spectra differ in shape, the further apart are their levels. What goes beyond that is taken for a fault of one of the
//! two. Few parts are expected to be faulty, so that of three siblings the one that stands alone is moved; of two, each
//! goes half the way. Parts with different letters are never held against each other: what makes a chorus louder than
//! its verse is the music.

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands::BANDS;
use acetate_dsp::measure::sections::{Part, PartSound, Parts};
use acetate_dsp::numeric::quantile;
use acetate_dsp::settings::{MAX_SECTION_LEVEL_DB, MAX_SECTION_SIDE_DB, Section};

/// Fewer bands tell nothing.
const LEAST_BANDS: usize = 8;
/// A part that differs from all its siblings by less is left alone, dB.
const LEAST_DB: f64 = 0.2;
/// Weight of the size of all moves: it only decides between moves that explain the same.
const RIDGE: f64 = 0.05;
/// Rounds in which the faults are solved for.
const ROUNDS: usize = 1000;
/// Moves are rounded to a twentieth of a decibel.
const STEPS_PER_DB: f64 = 20.0;

/// How parts may differ (`campaigns/stages/sections.py`).
struct Expected {
    /// Standard deviation between siblings of released songs whose spectra are equal, dB …
    equal_db: f64,
    /// … and for each dB (RMS over the bands) by which these differ in shape.
    per_db: f64,
    /// Siblings that are further apart are not the same music, dB.
    most_apart_db: f64,
    /// How unlikely a fault is: the larger, the fewer parts are moved.
    rarity: f64,
    /// Furthest move, dB.
    most_db: f64,
}

const LEVEL: Expected = Expected {
    equal_db: 0.1,
    per_db: 0.9,
    most_apart_db: 4.5,
    rarity: 1.5,
    most_db: MAX_SECTION_LEVEL_DB,
};
const SIDE: Expected = Expected {
    equal_db: 0.1,
    per_db: 0.6,
    most_apart_db: 6.5,
    rarity: 2.0,
    most_db: MAX_SECTION_SIDE_DB,
};

/// The parts of a program, each with what it is moved by; none where it is a single one.
pub(crate) fn sections(analysis: &Analysis) -> Vec<Section> {
    let found = Parts::of(analysis).filter(|found| found.parts.len() > 1);
    let Some(found) = found else {
        return Vec::new();
    };
    let levels = moves(&found.parts, &LEVEL, &|sound| {
        selected(&found.mid_audible, |band| sound.mid_db[band])
    });
    let is_both = std::array::from_fn(|band| found.mid_audible[band] && found.side_audible[band]);
    let sides = moves(&found.parts, &SIDE, &|sound| {
        selected(&is_both, |band| sound.side_db[band] - sound.mid_db[band])
    });
    let moved = found.parts.iter().zip(levels.into_iter().zip(sides));
    moved
        .map(|(part, (level_db, side_db))| Section {
            start_s: part.start_s,
            end_s: part.end_s,
            letter: part.letter,
            level_db,
            side_db,
        })
        .collect()
}

fn selected(bands: &[bool; BANDS], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let audible = (0..BANDS).filter(|&band| bands[band]);
    audible.map(value).collect()
}

/// What one part is above another, and the weight of that.
#[derive(Clone, Copy)]
struct Pair {
    other: usize,
    above_db: f64,
    weight: f64,
}

/// What each part is moved by, dB. `figures` are what siblings should have in common, one for each audible band.
fn moves(
    parts: &[Part],
    expected: &Expected,
    figures: &dyn Fn(&PartSound) -> Vec<f64>,
) -> Vec<f64> {
    let figures: Vec<Option<Vec<f64>>> = parts
        .iter()
        .map(|part| part.sound.as_ref().map(figures))
        .collect();
    let pairs: Vec<Vec<Pair>> = (0..parts.len())
        .map(|one| {
            let others = (0..parts.len()).filter(|&other| other != one);
            let siblings = others.filter(|&other| parts[other].letter == parts[one].letter);
            let pairs = siblings.filter_map(|other| {
                let (a, b) = (figures[one].as_ref()?, figures[other].as_ref()?);
                pair(other, a, b, expected)
            });
            pairs.collect()
        })
        .collect();
    let faults = faults(&pairs, expected.rarity);
    let moved = faults.into_iter().map(|fault_db| {
        if fault_db.abs() < LEAST_DB {
            return 0.0;
        }
        let move_db = (-fault_db).clamp(-expected.most_db, expected.most_db);
        (move_db * STEPS_PER_DB).round() / STEPS_PER_DB
    });
    moved.collect()
}

fn pair(other: usize, one: &[f64], two: &[f64], expected: &Expected) -> Option<Pair> {
    if one.len() < LEAST_BANDS {
        return None;
    }
    let differences: Vec<f64> = one.iter().zip(two).map(|(one, two)| one - two).collect();
    // Interpolated, so that two parts are as far apart from either side.
    let above_db = quantile(&differences, 0.5)?;
    let squares = differences
        .iter()
        .map(|difference| (difference - above_db) * (difference - above_db));
    let shape_db = (squares.sum::<f64>() / differences.len() as f64).sqrt();
    let sd_db = expected.equal_db + expected.per_db * shape_db;
    (above_db.abs() <= expected.most_apart_db).then(|| Pair {
        other,
        above_db,
        weight: 1.0 / (sd_db * sd_db),
    })
}

/// The fewest and smallest faults that explain what siblings differ by: an elastic net (Zou and Hastie 2005), by proximal
/// steps of all parts at once, so that none is taken first.
fn faults(pairs: &[Vec<Pair>], rarity: f64) -> Vec<f64> {
    let mut faults = vec![0.0_f64; pairs.len()];
    for _ in 0..ROUNDS {
        let stepped = pairs.iter().zip(&faults).map(|(own, &fault)| {
            let weight: f64 = own.iter().map(|pair| pair.weight).sum();
            let unexplained = own
                .iter()
                .map(|pair| pair.weight * (fault - faults[pair.other] - pair.above_db));
            let slope = unexplained.sum::<f64>() + RIDGE * fault;
            let step = 1.0 / (2.0 * weight + RIDGE);
            let stepped = fault - step * slope;
            (stepped.abs() - step * rarity).max(0.0).copysign(stepped)
        });
        faults = stepped.collect();
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of one letter whose bands are all at these levels, plus a shape for each.
    fn parts(levels_db: &[f64], shape_db: f64) -> Vec<Part> {
        let part = |(index, &level_db): (usize, &f64)| {
            let shape = |band: usize| shape_db * (1.7 * band as f64 + index as f64).sin();
            Part {
                start_s: 10.0 * index as f64,
                end_s: 10.0 * (index + 1) as f64,
                letter: 'A',
                sound: Some(PartSound {
                    mid_db: std::array::from_fn(|band| level_db + shape(band)),
                    side_db: [-40.0; BANDS],
                }),
            }
        };
        levels_db.iter().enumerate().map(part).collect()
    }

    fn levels_moved(parts: &[Part]) -> Vec<f64> {
        moves(parts, &LEVEL, &|sound| sound.mid_db.to_vec())
    }

    #[test]
    fn of_three_siblings_the_one_that_stands_alone_is_moved_and_of_two_each_half_the_way() {
        let moved = levels_moved(&parts(&[-20.0, -19.2, -20.0], 0.1));
        assert_eq!((moved[0], moved[2]), (0.0, 0.0));
        assert!((moved[1] + 0.8).abs() < 0.11, "{moved:?}");
        let moved = levels_moved(&parts(&[-20.0, -19.0], 0.1));
        assert!(
            (moved[0] - 0.5).abs() < 0.11 && (moved[1] + 0.5).abs() < 0.11,
            "{moved:?}"
        );
    }

    #[test]
    fn siblings_that_are_played_otherwise_or_far_apart_are_left_alone() {
        assert_eq!(levels_moved(&parts(&[-20.0, -18.8, -20.0], 2.0)), [0.0; 3]);
        assert_eq!(levels_moved(&parts(&[-20.0, -12.0, -20.0], 0.1)), [0.0; 3]);
        let mut unlike = parts(&[-20.0, -19.0], 0.1);
        unlike[1].letter = 'B';
        assert_eq!(levels_moved(&unlike), [0.0; 2]);
    }

    #[test]
    fn no_move_goes_beyond_its_bound() {
        let moved = levels_moved(&parts(&[-20.0, -17.0, -20.0, -20.0], 0.1));
        assert_eq!(moved, [0.0, -MAX_SECTION_LEVEL_DB, 0.0, 0.0]);
    }
}
