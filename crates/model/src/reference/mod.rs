//! [`ReferencePredictor`]: toward the tone, width and dynamics of a [`Signature`].
//!
//! Tone and side spectrum are matched in third octaves: the broad part with the EQ's knots, which stay
//! easy to read and to change, the rest with its fine curve. Every move is bounded, and a band is lifted only as
//! far as the mix has signal there.

mod evidence;
mod fine;

use acetate_dsp::Analysis;
use acetate_dsp::measure::bands;
use acetate_dsp::process::eq;
use acetate_dsp::settings::{MID_KNOTS, SIDE_KNOTS, Settings};

use crate::dynamics;
use crate::features::{BANDS, FIRST_BAND};
use crate::knots::{self, Row};
use crate::outputs::mid_basis;
use crate::predictor::{Prediction, Predictor, THRESHOLD_LU, centered_knots, round_and_clamp};
use crate::signature::Signature;
use crate::weights::WeightsError;

/// Largest EQ move toward a reference, RMS, dB, unless another is asked for: five times what is predicted without
/// one.
pub const DEFAULT_MAX_EQ_RMS_DB: f64 = 10.0;
/// Bands below this, relative to the loudness, tell nothing of tone, dB.
const HEARD_DB: f64 = bands::AUDIBLE_DB;
/// Side bands below this, relative to the loudness, are not there to be widened, dB.
const SIDE_HEARD_DB: f64 = -70.0;
/// Weight of the curve's bends against the bands' errors: less follows single bands.
const BEND_WEIGHT: f64 = 0.02;
/// Largest part of it that the stereo stage takes, dB: the rest is the side EQ's.
const MAX_STEREO_DB: f64 = 6.0;
/// Highest ratio on the way to a reference.
const MAX_RATIO: f64 = 2.5;

/// What is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// The spectrum of mid.
    pub tone: bool,
    /// Side against mid.
    pub width: bool,
    /// The spread of levels.
    pub dynamics: bool,
    /// The integrated loudness; it is for the caller to set the target.
    pub loudness: bool,
}

impl Dimensions {
    /// Everything.
    pub const ALL: Self = Self {
        tone: true,
        width: true,
        dynamics: true,
        loudness: true,
    };
}

/// From measured facts to settings that lead toward a reference; what is not matched is the base
/// predictor's.
pub struct ReferencePredictor<P> {
    base: P,
    signature: Signature,
    amount: f64,
    dimensions: Dimensions,
    max_eq_rms_db: f64,
    hash: String,
}

impl<P: Predictor> ReferencePredictor<P> {
    /// `amount` is the share of the way, 0 to 1; `max_eq_rms_db` bounds the EQ.
    pub fn new(
        base: P,
        signature: Signature,
        amount: f64,
        dimensions: Dimensions,
        max_eq_rms_db: f64,
    ) -> Self {
        let text = format!(
            "{} {signature:?} {amount} {dimensions:?} {max_eq_rms_db}",
            base.hash()
        );
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Self {
            base,
            signature,
            amount,
            dimensions,
            max_eq_rms_db,
            hash,
        }
    }

    fn match_dynamics(&self, own: &Signature, analysis: &Analysis, settings: &mut Settings) {
        let change_db = self.amount * (self.signature.level_spread_db - own.level_spread_db);
        settings.compressor.threshold_lu = THRESHOLD_LU;
        settings.compressor.ratio = dynamics::solve_ratio(
            &analysis.sequences.k_power_10ms,
            analysis.integrated_lufs,
            &settings.compressor,
            change_db,
            MAX_RATIO,
        );
        settings.saturation.amount = 0.0;
    }
}

impl<P: Predictor> Predictor for ReferencePredictor<P> {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        let mut prediction = self.base.predict(analysis)?;
        let Some(own) = Signature::of(analysis) else {
            return Ok(prediction);
        };
        let settings = &mut prediction.settings;
        if self.dimensions.tone {
            let way = fine::ToneWay {
                from_db: &own.mid_db,
                to_db: &self.signature.mid_db,
                boost_shares: evidence::boost_shares(analysis),
                amount: self.amount,
                max_rms_db: self.max_eq_rms_db,
            };
            let matched = fine::match_tone(&way, settings);
            prediction.confidence.eq = matched.share;
            prediction.notes = evidence::unreached(&matched.short_db);
            settings.eq.boost_limit_hz = analysis.bandwidth_hz;
        }
        if self.dimensions.width && analysis.channels == 2 {
            prediction.confidence.stereo =
                fine::match_width(&own, &self.signature, self.amount, settings);
        }
        if self.dimensions.dynamics {
            self.match_dynamics(&own, analysis, settings);
            prediction.confidence.compressor = self.amount;
        }
        round_and_clamp(settings);
        Ok(prediction)
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

/// The mid knots whose curve leads from one spectrum to another, centered, dB. Spectra are relative
/// to the loudness, [`BANDS`] third octaves.
pub fn tone_knots_db(from_db: &[f64; BANDS], to_db: &[f64; BANDS]) -> [f64; MID_KNOTS] {
    let basis = mid_basis();
    let rows: Vec<Row<MID_KNOTS>> = (0..BANDS)
        .filter(|&band| from_db[band] > HEARD_DB && to_db[band] > HEARD_DB)
        .map(|band| Row {
            basis: std::array::from_fn(|knot| basis[knot][band]),
            wanted: to_db[band] - from_db[band],
        })
        .collect();
    if rows.is_empty() {
        return [0.0; MID_KNOTS];
    }
    // The level is the drive's: what is fitted is the shape.
    let mean = rows.iter().map(|row| row.wanted).sum::<f64>() / rows.len() as f64;
    let rows: Vec<Row<MID_KNOTS>> = rows
        .into_iter()
        .map(|row| Row {
            wanted: row.wanted - mean,
            ..row
        })
        .collect();
    centered_knots(&knots::fit(&rows, BEND_WEIGHT))
}

/// Gain of the side signal at each side knot that leads from one width to another, dB; `None`
/// where one of both is mono.
pub fn width_knots_db(from: &Signature, to: &Signature) -> Option<[f64; SIDE_KNOTS]> {
    let centers: Vec<f64> = (0..BANDS)
        .map(|band| bands::center_hz(FIRST_BAND + band))
        .collect();
    let basis = eq::side_basis(&centers);
    let rows: Vec<Row<SIDE_KNOTS>> = (0..BANDS)
        .filter(|&band| {
            let heard =
                |one: &Signature| one.side_db[band] > SIDE_HEARD_DB && one.mid_db[band] > HEARD_DB;
            heard(from) && heard(to)
        })
        .map(|band| Row {
            basis: basis[band],
            wanted: (to.side_db[band] - to.mid_db[band]) - (from.side_db[band] - from.mid_db[band]),
        })
        .collect();
    (!rows.is_empty()).then(|| knots::fit(&rows, BEND_WEIGHT))
}

/// Shares a side gain out between the stereo stage and the side EQ; the bass is never widened.
pub fn set_side(knots_db: &[f64; SIDE_KNOTS], settings: &mut Settings) {
    let mean_db = knots_db.iter().sum::<f64>() / SIDE_KNOTS as f64;
    let whole_db = mean_db.clamp(-MAX_STEREO_DB, MAX_STEREO_DB);
    settings.stereo.low_db = whole_db.min(0.0);
    settings.stereo.mid_db = whole_db;
    settings.stereo.high_db = whole_db;
    settings.eq.side_db = knots_db.map(|gain_db| gain_db - whole_db);
    // The lowest knot reaches down into the bass.
    settings.eq.side_db[0] = settings.eq.side_db[0].min(0.0);
}

#[cfg(test)]
mod tests {
    use acetate_dsp::process::eq::eq_curve_db;
    use acetate_dsp::settings::fine_band_hz;

    use super::*;
    use crate::predictor::{NeutralPredictor, rms};
    use crate::signature::tests::noise;

    fn reference(change: impl Fn(&mut Signature)) -> Signature {
        let mut signature = Signature::of(&noise()).unwrap();
        change(&mut signature);
        signature
    }

    fn predicted(signature: Signature, amount: f64, dimensions: Dimensions) -> Settings {
        let predictor = ReferencePredictor::new(
            NeutralPredictor,
            signature,
            amount,
            dimensions,
            DEFAULT_MAX_EQ_RMS_DB,
        );
        predictor.predict(&noise()).unwrap().settings
    }

    /// A reference whose tone is the program's own behind a known curve.
    fn curved(knots_db: [f64; MID_KNOTS]) -> Signature {
        let basis = mid_basis();
        reference(|signature| {
            let gains_db: [f64; BANDS] = std::array::from_fn(|band| {
                let knots = basis.iter().zip(knots_db);
                knots.map(|(row, knot)| row[band] * knot).sum()
            });
            let both = signature.mid_db.iter_mut().zip(&mut signature.side_db);
            for ((mid, side), gain) in both.zip(gains_db) {
                *mid += gain;
                *side += gain;
            }
        })
    }

    /// White noise has no bass to lift.
    const CURVE: [f64; MID_KNOTS] = [
        -1.0, -1.5, -1.0, 0.0, 1.0, 1.5, 1.0, 0.0, -0.5, -1.0, -0.5, 0.0,
    ];

    #[test]
    fn the_curve_behind_a_reference_is_found_and_the_amount_scales_it() {
        let wanted = centered_knots(&CURVE);
        for amount in [1.0, 0.5, 0.0] {
            let settings = predicted(curved(CURVE), amount, Dimensions::ALL);
            for (found, wanted) in settings.eq.mid_db.iter().zip(wanted) {
                assert!(
                    (found - amount * wanted).abs() < 0.25,
                    "{:?}",
                    settings.eq.mid_db
                );
            }
            assert!(settings.stereo.mid_db.abs() < 0.05);
        }
    }

    #[test]
    fn what_the_knots_cannot_draw_is_left_to_the_fine_curve() {
        let bump = |band: usize| if (12..15).contains(&band) { 4.0 } else { 0.0 };
        let signature = reference(|signature| {
            for band in 0..BANDS {
                signature.mid_db[band] += bump(band);
                signature.side_db[band] += bump(band);
            }
        });
        let eq = predicted(signature, 1.0, Dimensions::ALL).eq;
        let mean_db = 4.0 * 3.0 / BANDS as f64;
        for band in 0..BANDS {
            let got_db = eq_curve_db(&eq, fine_band_hz(band)).mid_db;
            let left_db = (got_db - (bump(band) - mean_db)).abs();
            assert!(left_db < 1.5, "band {band}: {left_db} dB left");
        }
        assert!(eq.fine_mid_db.iter().any(|gain_db| gain_db.abs() > 0.5));
    }

    #[test]
    fn nothing_is_lifted_where_the_mix_has_nothing() {
        let deep = reference(|signature| {
            signature.mid_db[0] += 20.0;
            signature.mid_db[1] += 20.0;
        });
        let predictor = ReferencePredictor::new(
            NeutralPredictor,
            deep,
            1.0,
            Dimensions::ALL,
            DEFAULT_MAX_EQ_RMS_DB,
        );
        let prediction = predictor.predict(&noise()).unwrap();
        let lifted_db = eq_curve_db(&prediction.settings.eq, fine_band_hz(0)).mid_db;
        assert!(lifted_db < 3.0, "{lifted_db} dB");
        let told = prediction.notes.join("\n");
        assert!(told.contains("bass below"), "{told}");
    }

    #[test]
    fn a_wide_bass_is_not_copied_beyond_what_mono_bears() {
        let signature = reference(|signature| signature.side_db[2] = signature.mid_db[2] + 6.0);
        let own = Signature::of(&noise()).unwrap();
        let settings = predicted(signature, 1.0, Dimensions::ALL);
        let curve = eq_curve_db(&settings.eq, fine_band_hz(2));
        let spread_db = own.side_db[2] - own.mid_db[2];
        assert!(
            spread_db > -12.0,
            "the noise is wide in the bass: {spread_db} dB"
        );
        assert!(curve.side_db - curve.mid_db < 0.1, "{curve:?}");
    }

    #[test]
    fn however_far_the_reference_is_the_eq_stays_within_its_bound() {
        let settings = predicted(curved(CURVE.map(|db| 20.0 * db)), 1.0, Dimensions::ALL);
        let curve: [f64; BANDS] =
            std::array::from_fn(|band| eq_curve_db(&settings.eq, fine_band_hz(band)).mid_db);
        assert!(rms(&curve) <= DEFAULT_MAX_EQ_RMS_DB + 0.02, "{curve:?}");
        settings.validate().unwrap();
    }

    #[test]
    fn a_wider_reference_widens_all_but_the_bass_and_only_on_request() {
        let wide =
            || reference(|signature| signature.side_db = signature.side_db.map(|db| db + 3.0));
        let settings = predicted(wide(), 1.0, Dimensions::ALL);
        assert!(
            (settings.stereo.mid_db - 3.0).abs() < 0.1,
            "{:?}",
            settings.stereo
        );
        assert!(settings.stereo.low_db <= 0.0);
        let tone_only = Dimensions {
            width: false,
            ..Dimensions::ALL
        };
        assert_eq!(predicted(wide(), 1.0, tone_only).stereo.mid_db, 0.0);
    }

    #[test]
    fn a_denser_reference_asks_for_compression() {
        let dense = reference(|signature| signature.level_spread_db -= 1.0);
        assert!(predicted(dense, 1.0, Dimensions::ALL).compressor.ratio > 1.1);
        let open = reference(|signature| signature.level_spread_db += 3.0);
        assert_eq!(predicted(open, 1.0, Dimensions::ALL).compressor.ratio, 1.0);
    }
}
