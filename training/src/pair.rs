//! [`Pair`]: a real mix and its master. The mix is what the net reads; what it must undo is the
//! curve from master to mix, third octave by third octave after a loudness match, as smooth as the
//! EQ that can undo it.

use acetate_dsp::measure::bands;
use acetate_dsp::settings::MID_KNOTS;
use acetate_model::features::{BANDS, FIRST_BAND, PLR_STATISTIC};
use acetate_model::outputs::{DYNAMICS_OUTPUTS, mid_basis, side_curve_db};

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::simulator::Mix;

/// Bands below this in the mix or in the master are not compared, dB relative to the loudness.
const COMPARED_DB: f32 = -60.0;
/// Ridge of the fits: keeps knots over bands that cannot be compared near zero, dB² per dB².
const RIDGE: f64 = 0.05;
/// Largest side gain or tilt that is read from a pair, dB.
const MAX_SIDE_DB: f64 = 12.0;

/// A mix with its master.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The mix.
    pub mix: Track,
    /// Its master.
    pub master: Track,
    /// What the mix has and the master has not.
    pub fault: Fault,
    /// Change of level spread and of PLR from mix to master, dB.
    pub dynamics_target_db: [f64; DYNAMICS_OUTPUTS],
}

impl Pair {
    /// Compares a mix with its master.
    pub fn new(mix: Track, master: Track) -> Self {
        let difference = |index: usize| {
            let (mix, master) = (
                mix.features.pooled_db[index],
                master.features.pooled_db[index],
            );
            let compared = mix > COMPARED_DB && master > COMPARED_DB;
            compared.then(|| f64::from(mix) - f64::from(master))
        };
        let basis = mid_basis();
        let rows = |band: usize| -> Vec<f64> { basis.iter().map(|curve| curve[band]).collect() };
        let mid: Vec<(Vec<f64>, f64)> = (0..BANDS)
            .filter_map(|band| Some((rows(band), difference(band)?)))
            .collect();
        let knots = least_squares(&mid, MID_KNOTS);
        let tone_db = std::array::from_fn(|band| {
            let row = rows(band);
            row.iter().zip(&knots).map(|(a, b)| a * b).sum()
        });
        let side: Vec<(Vec<f64>, f64)> = (0..BANDS)
            .filter(|_| mix.channels == 2 && master.channels == 2)
            .filter_map(|band| {
                let freq_hz = bands::centre_hz(FIRST_BAND + band);
                let row = vec![1.0, side_curve_db(0.0, 1.0, freq_hz)];
                Some((row, difference(BANDS + band)? - difference(band)?))
            })
            .collect();
        let side = least_squares(&side, 2);
        let change = |from: f32, to: f32| f64::from(to) - f64::from(from);
        Self {
            fault: Fault {
                tone_db,
                side_gain_db: side[0].clamp(-MAX_SIDE_DB, MAX_SIDE_DB),
                side_tilt_db: side[1].clamp(-MAX_SIDE_DB, MAX_SIDE_DB),
                ..Fault::NONE
            },
            dynamics_target_db: [
                change(mix.dynamics[0][0], master.dynamics[0][0]),
                change(
                    mix.features.statistics[PLR_STATISTIC],
                    master.features.statistics[PLR_STATISTIC],
                ),
            ],
            mix,
            master,
        }
    }

    /// Size of the tonal difference, dB RMS over the net's bands, its mean taken off.
    pub fn severity_db(&self) -> f64 {
        let tone = &self.fault.tone_db;
        let mean = tone.iter().sum::<f64>() / BANDS as f64;
        let power = tone.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>();
        (power / BANDS as f64).sqrt()
    }

    /// A further degraded mix whose targets lead to the master instead of back to the mix.
    pub fn towards_master(&self, mix: Mix) -> Mix {
        Mix {
            dynamics_target_db: std::array::from_fn(|index| {
                mix.dynamics_target_db[index] + self.dynamics_target_db[index]
            }),
            ..mix
        }
    }
}

/// Coefficients with the least squared error plus [`RIDGE`] times their own squares: the normal
/// equations by Cholesky's decomposition, which the ridge keeps positive definite.
fn least_squares(rows: &[(Vec<f64>, f64)], width: usize) -> Vec<f64> {
    let mut matrix = vec![vec![0.0; width]; width];
    let mut vector = vec![0.0; width];
    for (row, value) in rows {
        for i in 0..width {
            vector[i] += row[i] * value;
            for j in 0..width {
                matrix[i][j] += row[i] * row[j];
            }
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += RIDGE;
    }
    for i in 0..width {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            matrix[i][j] = if i == j {
                (matrix[i][i] - known).sqrt()
            } else {
                (matrix[i][j] - known) / matrix[j][j]
            };
        }
    }
    for i in 0..width {
        let known: f64 = (0..i).map(|k| matrix[i][k] * vector[k]).sum();
        vector[i] = (vector[i] - known) / matrix[i][i];
    }
    for i in (0..width).rev() {
        let known: f64 = (i + 1..width).map(|k| matrix[k][i] * vector[k]).sum();
        vector[i] = (vector[i] - known) / matrix[i][i];
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::track;

    #[test]
    fn the_curve_between_mix_and_master_is_found() {
        let master = track("album", 1);
        let mut mix = master.clone();
        let basis = mid_basis();
        let gain = |band: usize| 3.0 * basis[4][band] - 2.0 * basis[9][band];
        for band in 0..BANDS {
            let freq_hz = bands::centre_hz(FIRST_BAND + band);
            mix.features.pooled_db[band] += gain(band) as f32;
            mix.features.pooled_db[BANDS + band] +=
                (gain(band) + side_curve_db(1.5, -1.0, freq_hz)) as f32;
        }
        mix.features.statistics[PLR_STATISTIC] += 4.0;
        let pair = Pair::new(mix, master);
        for band in 0..BANDS {
            let error = pair.fault.tone_db[band] - gain(band);
            assert!(error.abs() < 0.15, "band {band}: {error}");
        }
        assert!((pair.fault.side_gain_db - 1.5).abs() < 0.05);
        assert!((pair.fault.side_tilt_db + 1.0).abs() < 0.05);
        assert!((pair.dynamics_target_db[1] + 4.0).abs() < 1e-5);
    }
}
