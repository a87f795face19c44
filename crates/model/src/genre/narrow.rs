//! What the records of a genre add to the net's measurement, and what a tone is most like.
//!
//! Levels of a song in the records' bands are compared by their steps from one band to the next, since an EQ's level
//! is none of its business. With `y` the steps that a finished record has less those of the song, and `S` what each mode of
//! the EQ adds to them, `S m = y` up to the genre's spread: a normal distribution that multiplies the net's.

use acetate_dsp::measure::bands::{AUDIBLE_DB, edges_hz};
use acetate_dsp::numeric::solve;
use acetate_dsp::units::{db_from_power, power_from_db};

use super::names::Genre;
use super::records::{BANDS, CLASSICAL, EDGES_HZ, JAZZ, POP, Records, STEPS};
use crate::features::{BANDS as THIRD_OCTAVES, FIRST_BAND};
use crate::outputs::{MODES, mode_curves};

/// Added to the variance of a step beside a band in which nothing is heard: nothing is known of it, dB².
const UNKNOWN_DB2: f64 = 1e6;
/// Least power of a band, so that silence has a level.
const LEAST_POWER: f64 = 1e-12;

/// A song in the bands of the records.
struct Heard {
    /// Level of each band, dB relative to the loudness.
    level_db: [f64; BANDS],
    /// What each mode adds to each band, dB per dB.
    slopes: [[f64; MODES]; BANDS],
}

impl Heard {
    fn of(mid_db: &[f32]) -> Self {
        let mut heard = Self {
            level_db: [0.0; BANDS],
            slopes: [[0.0; MODES]; BANDS],
        };
        for band in 0..BANDS {
            let mut power = LEAST_POWER;
            let mut sums = [0.0; MODES];
            for (third, &level_db) in mid_db.iter().enumerate().take(THIRD_OCTAVES) {
                let part = overlap(third, band) * power_from_db(f64::from(level_db));
                power += part;
                for (sum, curve) in sums.iter_mut().zip(mode_curves()) {
                    *sum += part * curve[third];
                }
            }
            heard.level_db[band] = db_from_power(power);
            heard.slopes[band] = sums.map(|sum| sum / power);
        }
        heard
    }

    /// A finished record's steps less the song's, dB.
    fn missing_db(&self, records: &Records) -> [f64; STEPS] {
        let off = |band: usize| records.center_db[band] - self.level_db[band];
        std::array::from_fn(|step| off(step + 1) - off(step))
    }

    /// A covariance of the steps with nothing known beside bands in which nothing is heard.
    fn known(&self, mut covariance_db2: [[f64; STEPS]; STEPS]) -> [[f64; STEPS]; STEPS] {
        for (step, row) in covariance_db2.iter_mut().enumerate() {
            if self.level_db[step].min(self.level_db[step + 1]) < AUDIBLE_DB {
                row[step] += UNKNOWN_DB2;
            }
        }
        covariance_db2
    }
}

/// Share of a third octave that lies in a band, over the logarithm of frequency.
fn overlap(third: usize, band: usize) -> f64 {
    let (low_hz, high_hz) = edges_hz(FIRST_BAND + third);
    let (from_hz, to_hz) = (low_hz.max(EDGES_HZ[band]), high_hz.min(EDGES_HZ[band + 1]));
    if to_hz > from_hz {
        libm::log(to_hz / from_hz) / libm::log(high_hz / low_hz)
    } else {
        0.0
    }
}

/// Adds what the records of a genre say of a song whose bands are `mid_db` to what the members say of its modes: `mean_db`
/// with `variance`, dB and dB². What stands behind the modes stays.
pub(crate) fn narrow(mean_db: &mut [f64], variance: &mut [f64], mid_db: &[f32], genre: Genre) {
    let heard = Heard::of(mid_db);
    let records = genre.records();
    let missing_db = heard.missing_db(records);
    let apart_db2 = genre.deviation_db() * genre.deviation_db();
    let mut covariance = heard.known(std::array::from_fn(|a| {
        std::array::from_fn(|b| {
            // Bands that are measured apart from each other move two steps, one up and one down.
            let measured = match a.abs_diff(b) {
                0 => 2.0 * apart_db2,
                1 => -apart_db2,
                _ => 0.0,
            };
            records.step_covariance_db2[a][b] + measured
        })
    }));
    let slopes: [[f64; MODES]; STEPS] = std::array::from_fn(|step| {
        std::array::from_fn(|mode| heard.slopes[step + 1][mode] - heard.slopes[step][mode])
    });
    let mut weighed: [[f64; MODES + 1]; STEPS] = std::array::from_fn(|step| {
        std::array::from_fn(|at| slopes[step].get(at).copied().unwrap_or(missing_db[step]))
    });
    if !solve(&mut covariance, &mut weighed) {
        return;
    }
    let from_records = |mode: usize, at: usize| -> f64 {
        (0..STEPS)
            .map(|step| slopes[step][mode] * weighed[step][at])
            .sum()
    };
    let precision = |mode: usize| 1.0 / variance[mode].max(1e-9);
    let mut precisions: [[f64; MODES]; MODES] = std::array::from_fn(|a| {
        std::array::from_fn(|b| from_records(a, b) + if a == b { precision(a) } else { 0.0 })
    });
    let mut answer: [[f64; MODES + 1]; MODES] = std::array::from_fn(|mode| {
        std::array::from_fn(|at| match at {
            MODES => from_records(mode, MODES) + precision(mode) * mean_db[mode],
            _ => f64::from(u8::from(at == mode)),
        })
    });
    if !solve(&mut precisions, &mut answer) {
        return;
    }
    for (mode, known) in answer.iter().enumerate() {
        mean_db[mode] = known[MODES];
        variance[mode] = known[mode];
    }
}

/// How likely each genre with records of its own is, by the tone alone, all as frequent as each other.
pub(super) fn probabilities(mid_db: &[f32]) -> Vec<(&'static Records, f64)> {
    let heard = Heard::of(mid_db);
    let likelihoods: Vec<(&'static Records, f64)> = [&POP, &JAZZ, &CLASSICAL]
        .into_iter()
        .filter_map(|records| {
            let missing_db = heard.missing_db(records);
            let mut weighed = missing_db.map(|db| [db]);
            let mut covariance = heard.known(records.heard_covariance_db2);
            let distance = |weighed: &[[f64; 1]]| -> f64 {
                let products = missing_db.iter().zip(weighed);
                products.map(|(a, b)| a * b[0]).sum()
            };
            solve(&mut covariance, &mut weighed).then(|| {
                let likelihood = -0.5 * (distance(&weighed) + records.heard_log_determinant);
                (records, likelihood)
            })
        })
        .collect();
    let highest = likelihoods
        .iter()
        .fold(f64::NEG_INFINITY, |most, (_, x)| most.max(*x));
    let shares = likelihoods
        .iter()
        .map(|(records, x)| (*records, libm::exp(x - highest)));
    let total: f64 = shares.clone().map(|(_, share)| share).sum();
    shares
        .map(|(records, share)| (records, share / total))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::curve_of_modes;

    /// Third octaves that have the levels of a genre's mean in its bands.
    fn typical(records: &Records) -> [f32; THIRD_OCTAVES] {
        std::array::from_fn(|third| {
            let band = (0..BANDS).max_by(|&a, &b| overlap(third, a).total_cmp(&overlap(third, b)));
            let band = band.unwrap_or(0);
            let thirds: f64 = (0..THIRD_OCTAVES).map(|third| overlap(third, band)).sum();
            (records.center_db[band] - db_from_power(thirds.max(1.0))) as f32
        })
    }

    /// What is known of a song of which the members say next to nothing, and one output that is no mode.
    fn known(mid_db: &[f32], genre: &str) -> ([f64; MODES + 1], [f64; MODES + 1]) {
        let (mut mean_db, mut variance) = ([0.0; MODES + 1], [4.0; MODES + 1]);
        narrow(&mut mean_db, &mut variance, mid_db, genre.parse().unwrap());
        (mean_db, variance)
    }

    #[test]
    fn a_song_as_its_genre_has_it_is_hardly_moved_and_better_known() {
        let (mean_db, variance) = known(&typical(&POP), "pop");
        assert!(mean_db.iter().all(|db| db.abs() < 0.3), "{mean_db:?}");
        assert!(variance[0] < 3.5, "{variance:?}");
        assert_eq!((mean_db[MODES], variance[MODES]), (0.0, 4.0));
    }

    #[test]
    fn a_tilted_song_is_moved_back_and_the_more_where_there_are_records_of_its_genre() {
        let tilt = curve_of_modes(&[4.0]);
        let mut mid_db = typical(&POP);
        for (level_db, tilt_db) in mid_db.iter_mut().zip(tilt) {
            *level_db += tilt_db as f32;
        }
        let moved = |genre: &str| -known(&mid_db, genre).0[0];
        assert!(moved("pop") > 0.5 && moved("pop") < 4.0, "{}", moved("pop"));
        assert!(moved("rock") > 0.3 && moved("rock") < moved("pop"));
    }

    #[test]
    fn bands_in_which_nothing_is_heard_tell_nothing() {
        let mut silent = typical(&POP);
        silent[18..].fill(-120.0);
        let (mean_db, _) = known(&silent, "pop");
        assert!(mean_db.iter().all(|db| db.abs() < 1.0), "{mean_db:?}");
    }

    #[test]
    fn a_tone_is_most_like_the_genre_whose_mean_it_has() {
        for records in [&POP, &JAZZ, &CLASSICAL] {
            let shares = probabilities(&typical(records));
            let total: f64 = shares.iter().map(|(_, share)| share).sum();
            assert!((total - 1.0).abs() < 1e-12);
            let most = shares.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            assert_eq!(most.0.name, records.name, "{shares:?}");
        }
    }
}
