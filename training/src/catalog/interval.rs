//! The 95 % interval of a mean gain over songs. Songs of one album resemble each other, so that the
//! albums are what is counted where there are enough of them.

use std::collections::BTreeMap;

/// From this many albums on the albums are counted, below it the songs.
pub const MIN_ALBUMS: usize = 3;
/// Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
const T_95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// A mean and where it lies with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean over all songs.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Albums counted, 0 where songs were.
    pub albums: usize,
}

/// The interval of the mean of `values`, each with its album: cluster-robust variance with the
/// correction G / (G - 1) and Student's t with G - 1 degrees of freedom (Cameron and Miller 2015,
/// "A practitioner's guide to cluster-robust inference"). With a single song the interval is
/// unbounded.
pub fn mean_interval(values: &[(&str, f64)]) -> Interval {
    let count = values.len() as f64;
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / count.max(1.0);
    let mut albums: BTreeMap<&str, f64> = BTreeMap::new();
    for (album, value) in values {
        *albums.entry(album).or_default() += value - mean;
    }
    let by_album = albums.len() >= MIN_ALBUMS;
    let sums: Vec<f64> = if by_album {
        albums.into_values().collect()
    } else {
        values.iter().map(|(_, value)| value - mean).collect()
    };
    let clusters = sums.len() as f64;
    let half = if sums.len() < 2 {
        f64::INFINITY
    } else {
        let squares = sums.iter().map(|sum| sum * sum).sum::<f64>();
        let variance = clusters / (clusters - 1.0) * squares / (count * count);
        student_t_95(sums.len() - 1) * variance.sqrt()
    };
    Interval {
        mean,
        low: mean - half,
        high: mean + half,
        albums: if by_album { sums.len() } else { 0 },
    }
}

fn student_t_95(degrees: usize) -> f64 {
    match T_95.get(degrees.wrapping_sub(1)) {
        Some(&t) => t,
        // The first terms of Cornish and Fisher's expansion around the normal quantile.
        None => 1.960 + 2.372 / degrees as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn songs_alone_give_students_interval() {
        let values = [1.0, 2.0, 3.0, 4.0].map(|value| (".", value));
        let interval = mean_interval(&values);
        // s = 1.29099, s / 2 = 0.645497, t(3) = 3.182.
        assert!((interval.high - interval.mean - 2.05397).abs() < 1e-4);
        assert_eq!((interval.mean, interval.albums), (2.5, 0));
    }

    #[test]
    fn songs_that_agree_within_albums_count_as_one() {
        let albums = ["a", "b", "c", "d"];
        let values: Vec<(&str, f64)> = (0..40)
            .map(|song| (albums[song % 4], (song % 4) as f64 + 1.0))
            .collect();
        let interval = mean_interval(&values);
        assert_eq!(interval.albums, 4);
        assert!((interval.high - interval.mean - 2.05397).abs() < 1e-4);
    }

    #[test]
    fn one_song_says_nothing() {
        let interval = mean_interval(&[("a", 0.3)]);
        assert!(interval.low == f64::NEG_INFINITY && interval.high == f64::INFINITY);
    }

    /// Drawn from no gain at all, the interval excludes zero in about 5 % of the catalogs.
    #[test]
    fn intervals_are_honest() {
        let mut rng = crate::rng::Rng::new(3);
        for songs in [3, 6, 40] {
            let missed = (0..4000)
                .filter(|_| {
                    let values: Vec<_> = (0..songs).map(|_| ("a", rng.normal())).collect();
                    let interval = mean_interval(&values);
                    interval.low > 0.0 || interval.high < 0.0
                })
                .count();
            assert!((140..=260).contains(&missed), "{songs} songs: {missed}");
        }
    }
}
