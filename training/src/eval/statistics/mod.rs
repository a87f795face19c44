//! Intervals and rank statistics.

pub mod calibration;
pub mod metric;
pub mod predicted_error;
pub mod two_sample;

use std::collections::BTreeMap;

use acetate_dsp::numeric::quantile_of_sorted;
use serde::Serialize;

use crate::rng::Rng;

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2000;
/// Share of the resamples that an interval holds.
const LEVEL: f64 = 0.95;

/// A mean with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean of all values.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Sum of numerators by sum of denominators with an interval from resampled albums: what is left of
/// an error, as a share of another one. `values` are album, numerator and denominator. `None`
/// without values or where the denominators add up to nothing.
pub fn bootstrap_ratio(values: &[(usize, f64, f64)], seed: u64) -> Option<Interval> {
    let denominator: f64 = values.iter().map(|(.., denominator)| denominator).sum();
    if denominator <= 0.0 {
        return None;
    }
    let sums = by_album(values.iter().copied());
    resampled(&sums, seed)
}

/// Mean of values with an interval from resampled albums (Efron 1979; clusters are drawn whole, Field
/// and Welsh 2007). `values` are pairs of album and value. `None` without values.
pub fn bootstrap(values: &[(usize, f64)], seed: u64) -> Option<Interval> {
    let sums = by_album(values.iter().map(|&(album, value)| (album, value, 1.0)));
    resampled(&sums, seed)
}

/// Sums of both values of each album that occurs.
fn by_album(values: impl Iterator<Item = (usize, f64, f64)>) -> Vec<(f64, f64)> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (album, a, b) in values {
        let sum = sums.entry(album).or_default();
        *sum = (sum.0 + a, sum.1 + b);
    }
    sums.into_values().collect()
}

/// The sum of the first values by that of the second ones, with an interval.
fn resampled(sums: &[(f64, f64)], seed: u64) -> Option<Interval> {
    if sums.is_empty() {
        return None;
    }
    let ratio = |picked: &mut dyn Iterator<Item = (f64, f64)>| {
        let (a, b) = picked.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        (b != 0.0).then(|| a / b)
    };
    let mut rng = Rng::new(seed);
    // A draw of albums without any denominator says nothing.
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| ratio(&mut (0..sums.len()).map(|_| sums[rng.below(sums.len())])))
        .collect();
    ratios.sort_by(f64::total_cmp);
    Some(Interval {
        mean: ratio(&mut sums.iter().copied())?,
        low: quantile_of_sorted(&ratios, 0.5 - 0.5 * LEVEL)?,
        high: quantile_of_sorted(&ratios, 0.5 + 0.5 * LEVEL)?,
    })
}

/// Spearman's rank correlation, equal values sharing their mean rank. `None` for fewer than two
/// pairs or where one side is constant.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let a = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let b = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let mean = 0.5 * (pairs.len() as f64 - 1.0);
    let product = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum()
    };
    let scale = (product(&a, &a) * product(&b, &b)).sqrt();
    (scale > 0.0).then(|| product(&a, &b) / scale)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        for &index in &order[start..end] {
            ranks[index] = 0.5 * (start + end - 1) as f64;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_knows_that_an_album_is_one_draw() {
        let mut rng = Rng::new(1);
        // 20 albums of 10 songs that are all alike, and 200 songs on their own.
        let alike: Vec<(usize, f64)> = (0..20)
            .flat_map(|album| {
                let value = rng.normal();
                (0..10).map(move |_| (album, value))
            })
            .collect();
        let mut rng = Rng::new(1);
        let alone: Vec<(usize, f64)> = (0..200).map(|album| (album, rng.normal())).collect();
        let width = |values: &[(usize, f64)]| {
            let interval = bootstrap(values, 3).unwrap();
            assert!(interval.low < interval.mean && interval.mean < interval.high);
            interval.high - interval.low
        };
        // Normal theory: 2·1.96/√20 and 2·1.96/√200.
        assert!((0.55..1.25).contains(&width(&alike)), "{}", width(&alike));
        assert!((0.22..0.34).contains(&width(&alone)), "{}", width(&alone));
    }

    #[test]
    fn a_ratio_is_one_of_sums_with_an_interval_over_albums() {
        let values = [(0, 1.0, 2.0), (0, 1.0, 2.0), (1, 0.0, 4.0), (2, 3.0, 4.0)];
        let ratio = bootstrap_ratio(&values, 3).unwrap();
        assert!((ratio.mean - 5.0 / 12.0).abs() < 1e-12);
        assert!(ratio.low < ratio.mean && ratio.mean < ratio.high);
        assert!(ratio.low >= 0.0 && ratio.high <= 0.75);
        assert_eq!(bootstrap_ratio(&[(0, 0.0, 0.0)], 3), None);
        assert_eq!(bootstrap_ratio(&[], 3), None);
    }

    #[test]
    fn no_values_have_no_interval() {
        assert_eq!(bootstrap(&[], 1), None);
        let one = bootstrap(&[(0, 2.0)], 1).unwrap();
        assert_eq!((one.mean, one.low, one.high), (2.0, 2.0, 2.0));
    }

    #[test]
    fn ranks_agree_however_they_are_bent() {
        let bent: Vec<(f64, f64)> = (0..50)
            .map(|k| (f64::from(k), f64::from(k).exp2()))
            .collect();
        assert!((spearman(&bent).unwrap() - 1.0).abs() < 1e-12);
        let turned: Vec<(f64, f64)> = bent.iter().map(|&(a, b)| (-a, b)).collect();
        assert!((spearman(&turned).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(spearman(&[(1.0, 2.0), (1.0, 3.0)]), None);
        // With ties, by hand: ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3.
        let tied = spearman(&[(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (5.0, 4.0)]).unwrap();
        assert!(
            (tied - 4.5 / (4.5_f64 * 5.0).sqrt()).abs() < 1e-12,
            "{tied}"
        );
    }
}
