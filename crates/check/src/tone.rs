//! [`ToneJudgment`]: what the predictor knows of a mix's tone, as the check tells it.
//!
//! There is one judgment behind check and master: the predictor's posterior. It comes in from outside, since
//! this crate knows no net; what is told of it is a contrast, the level of a region against the rest.

use acetate_dsp::measure::bands::judged_hz;
pub use acetate_dsp::measure::bands::{BANDS, FIRST_BAND};

use crate::finding::FindingCode;

/// The faults that are told apart.
pub const TONE_CODES: [FindingCode; 6] = [
    FindingCode::Boomy,
    FindingCode::Thin,
    FindingCode::Muddy,
    FindingCode::Harsh,
    FindingCode::Dull,
    FindingCode::Fizzy,
];

/// What is known of a mix's tone; curves in dB at the judged bands. Positive is too much.
#[derive(Clone, Debug, PartialEq)]
pub struct ToneJudgment {
    /// What seems to be too much, before any doubt.
    pub estimated_db: [f64; BANDS],
    /// What the evidence carries of it: the posterior mean.
    pub carried_db: [f64; BANDS],
    /// Standard deviation of the posterior.
    pub sd_db: [f64; BANDS],
    /// What the master will move: the planned EQ, and what its de-esser takes. Positive is a boost.
    pub planned_db: [f64; BANDS],
    /// Most that the master's de-esser will take off a sibilant, dB.
    pub deesser_db: f64,
    /// Probability that the mix is a finished master, 0 to 1.
    pub finished_probability: f64,
}

/// A range of frequencies, and whether too much or too little of it is the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Lower edge, Hz.
    pub from_hz: f64,
    /// Upper edge, Hz.
    pub to_hz: f64,
    /// 1 where too much is the fault, -1 where too little is.
    pub sign: f64,
}

impl Region {
    /// How far a curve lies on the wrong side in the region, against the rest of the spectrum, dB.
    pub fn contrast_db(&self, curve_db: &[f64; BANDS]) -> f64 {
        let (mut own, mut rest) = ((0.0, 0.0), (0.0, 0.0));
        for (band, gain_db) in curve_db.iter().enumerate() {
            let hz = judged_hz(band);
            let part = if (self.from_hz..self.to_hz).contains(&hz) {
                &mut own
            } else {
                &mut rest
            };
            part.0 += gain_db;
            part.1 += 1.0;
        }
        self.sign * (own.0 / own.1 - rest.0 / rest.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contrast_is_a_region_against_the_rest_and_knows_no_level() {
        let region = Region {
            from_hz: 60.0,
            to_hz: 150.0,
            sign: 1.0,
        };
        let mut curve_db = [2.0; BANDS];
        assert!(region.contrast_db(&curve_db).abs() < 1e-12);
        for (band, gain_db) in curve_db.iter_mut().enumerate() {
            if (60.0..150.0).contains(&judged_hz(band)) {
                *gain_db += 6.0;
            }
        }
        assert!((region.contrast_db(&curve_db) - 6.0).abs() < 1e-12);
        let lack = Region {
            sign: -1.0,
            ..region
        };
        assert!((lack.contrast_db(&curve_db) + 6.0).abs() < 1e-12);
    }
}
