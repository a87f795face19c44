//! [`Pair`]: a real mix and its master. The mix is what the net reads; what it must undo is the
//! curve from master to mix, third octave by third octave after a loudness match, as smooth as the
//! EQ that can undo it.

use acetate_dsp::measure::bands;
use acetate_dsp::measure::bands::AUDIBLE_DB;
use acetate_dsp::numeric::NormalEquations;
use acetate_dsp::settings::MID_KNOTS;
use acetate_model::features::{BANDS, PLR_STATISTIC};
use acetate_model::outputs::{DYNAMICS_OUTPUTS, mid_basis, side_curve_db};

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::simulator::Mix;

/// Bands below this in the mix or in the master are not compared, dB relative to the loudness.
const COMPARED_DB: f32 = AUDIBLE_DB as f32;
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
        let row =
            |band: usize| -> [f64; MID_KNOTS] { std::array::from_fn(|knot| basis[knot][band]) };
        let mid = (0..BANDS).filter_map(|band| Some((row(band), difference(band)?)));
        let knots = least_squares(mid);
        let tone_db =
            std::array::from_fn(|band| row(band).iter().zip(&knots).map(|(a, b)| a * b).sum());
        let side = (0..BANDS)
            .filter(|_| mix.channels == 2 && master.channels == 2)
            .filter_map(|band| {
                let row = [1.0, side_curve_db(0.0, 1.0, bands::judged_hz(band))];
                Some((row, difference(BANDS + band)? - difference(band)?))
            });
        let side = least_squares(side);
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
    pub fn toward_master(&self, mix: Mix) -> Mix {
        Mix {
            dynamics_target_db: std::array::from_fn(|index| {
                mix.dynamics_target_db[index] + self.dynamics_target_db[index]
            }),
            ..mix
        }
    }
}

/// Coefficients with the least squared error plus [`RIDGE`] times their own squares.
fn least_squares<const N: usize>(rows: impl Iterator<Item = ([f64; N], f64)>) -> [f64; N] {
    let mut equations = NormalEquations::default();
    for (row, value) in rows {
        equations.add(&row, value, 1.0);
    }
    equations.add_ridge(RIDGE);
    equations.solve()
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
            let freq_hz = bands::judged_hz(band);
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
