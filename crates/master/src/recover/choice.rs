//! [`Choice`]: which parts of a song have a level of their own.

use super::criterion::Left;

/// Moves whose range goes beyond that of the bounds by no more are shifted into it as well as they can be, dB.
const HARDLY_DB: f64 = 0.4;
/// Moves are rounded to a hundredth of a decibel.
const STEPS_PER_DB: f64 = 100.0;

/// Which parts have a level of their own; all others share one.
#[derive(Clone)]
pub(super) struct Choice {
    /// Count, sum and sum of squares of each part.
    sums: Vec<(f64, f64, f64)>,
    pub(super) moved: Vec<bool>,
}

impl Choice {
    pub(super) fn new<'a>(parts: impl Iterator<Item = &'a [f64]>) -> Self {
        let sums: Vec<(f64, f64, f64)> = parts
            .map(|values| {
                let squares = values.iter().map(|db| db * db).sum();
                (values.len() as f64, values.iter().sum(), squares)
            })
            .collect();
        Self {
            moved: vec![false; sums.len()],
            sums,
        }
    }

    pub(super) fn with(&self, part: usize) -> Self {
        let mut with = self.clone();
        with.moved[part] = true;
        with
    }

    /// Count, sum and squares of the parts that are not moved.
    fn still(&self) -> (f64, f64, f64) {
        let still = self
            .sums
            .iter()
            .zip(&self.moved)
            .filter(|(_, moved)| !**moved);
        still.fold((0.0, 0.0, 0.0), |all, (own, _)| {
            (all.0 + own.0, all.1 + own.1, all.2 + own.2)
        })
    }

    pub(super) fn left(&self) -> Left {
        let rest = |(count, sum, squares): (f64, f64, f64)| {
            (squares - sum * sum / f64::max(count, 1.0)).max(0.0)
        };
        let moved = self
            .sums
            .iter()
            .zip(&self.moved)
            .filter(|(_, moved)| **moved);
        let squares = rest(self.still()) + moved.map(|(own, _)| rest(*own)).sum::<f64>();
        let count: f64 = self.sums.iter().map(|own| own.0).sum();
        Left {
            mean_square: squares / count.max(1.0),
            blocks: count as usize,
        }
    }

    /// How far a part lies above those that are not moved; 0 where none of them is left.
    pub(super) fn step_db(&self, part: usize) -> f64 {
        let (still, own) = (self.still(), self.sums[part]);
        if still.0 == 0.0 || own.0 == 0.0 {
            return 0.0;
        }
        own.1 / own.0 - still.1 / still.0
    }

    pub(super) fn steps(&self) -> Vec<f64> {
        let parts = self.moved.iter().enumerate();
        parts
            .map(|(part, moved)| if *moved { self.step_db(part) } else { 0.0 })
            .collect()
    }
}

/// Standard deviation, dB; infinite of too few bands.
pub(super) fn spread_db(bands: &[f64]) -> f64 {
    /// Fewer bands tell nothing.
    const LEAST: usize = 4;
    if bands.len() < LEAST {
        return f64::INFINITY;
    }
    let mean = bands.iter().sum::<f64>() / bands.len() as f64;
    let squares = bands.iter().map(|db| (db - mean) * (db - mean));
    (squares.sum::<f64>() / bands.len() as f64).sqrt()
}

/// Steps within the bound, and what goes beyond it: shifted as a whole where that brings all of them into it, cut off
/// otherwise.
pub(super) fn bounded(mut steps: Vec<f64>, most_db: f64) -> (Vec<f64>, Vec<f64>) {
    let low = steps.iter().copied().fold(0.0, f64::min);
    let high = steps.iter().copied().fold(0.0, f64::max);
    let over_db = high - low - 2.0 * most_db;
    if over_db <= HARDLY_DB {
        let most_db = most_db + 0.5 * over_db.max(0.0);
        let shift = (most_db - high).min(0.0) + (-most_db - low).max(0.0);
        steps.iter_mut().for_each(|db| *db += shift);
    }
    let within = steps.iter().map(|db| {
        let within_db = db.clamp(-most_db, most_db);
        (within_db * STEPS_PER_DB).round() / STEPS_PER_DB
    });
    let beyond = steps.iter().map(|db| db - db.clamp(-most_db, most_db));
    (within.collect(), beyond.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_moved_against_all_that_are_not() {
        let (still, louder) = ([0.1, -0.1, 0.1, -0.1], [0.9, 0.7, 0.9, 0.7]);
        let parts = [&still[..], &louder, &still];
        let choice = Choice::new(parts.into_iter());
        let moved = choice.with(1);
        assert!((moved.step_db(1) - 0.8).abs() < 1e-9);
        assert_eq!(moved.steps(), [0.0, moved.step_db(1), 0.0]);
        assert!(moved.left().mean_square < 0.011 && choice.left().mean_square > 0.1);
    }

    #[test]
    fn moves_that_fit_into_the_bounds_together_are_shifted_and_others_cut_off_and_told() {
        let (within, beyond) = bounded(vec![0.0, 1.6, 0.4], 1.0);
        assert_eq!(within, [-0.6, 1.0, -0.2]);
        assert!(beyond.iter().all(|db| db.abs() < 1e-9));
        let (within, beyond) = bounded(vec![0.0, 3.0, -0.4], 1.0);
        assert_eq!(within, [0.0, 1.0, -0.4]);
        assert_eq!(beyond, [0.0, 2.0, 0.0]);
    }

    #[test]
    fn too_few_bands_are_no_agreement() {
        assert_eq!(spread_db(&[1.0, 1.0, 1.0]), f64::INFINITY);
        assert_eq!(spread_db(&[1.0, 1.0, 1.0, 1.0]), 0.0);
    }
}
