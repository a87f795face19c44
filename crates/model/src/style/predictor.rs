//! [`StylePredictor`]: a style on top of another predictor.

use acetate_dsp::Analysis;

use super::solve;
use super::vocabulary::{Feature, Style};
use crate::predictor::{Prediction, Predictor, THRESHOLD_LU, round_and_clamp};
use crate::reference::set_side;
use crate::signature::Signature;
use crate::weights::WeightsError;

/// Ratio per step of density.
const RATIO_STEP: f64 = 0.2;
/// Saturation per step of harmonics.
const SATURATION_STEP: f64 = 0.15;

/// Another predictor's settings with a style on top of them.
pub struct StylePredictor<P> {
    base: P,
    style: Style,
    hash: String,
}

impl<P: Predictor> StylePredictor<P> {
    /// A style on top of `base`.
    pub fn new(base: P, style: Style) -> Self {
        let text = format!("{} {style:?}", base.hash());
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Self { base, style, hash }
    }
}

impl<P: Predictor> Predictor for StylePredictor<P> {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        let mut prediction = self.base.predict(analysis)?;
        let Some(own) = Signature::of(analysis) else {
            return Ok(prediction);
        };
        let settings = &mut prediction.settings;
        let solved = solve::tone(&self.style, &own.mid_db);
        for (knot_db, change_db) in settings.eq.mid_db.iter_mut().zip(solved.knots_db) {
            *knot_db += change_db;
        }
        settings.eq.boost_limit_hz = analysis.bandwidth_hz;
        let wanted = |feature| self.style.wanted(feature);
        if analysis.channels == 2 {
            let wider_db = wanted(Feature::Width);
            if wider_db != 0.0 {
                let whole_db = settings.stereo.mid_db + wider_db;
                let knots_db = settings.eq.side_db.map(|db| db + whole_db);
                set_side(&knots_db, settings);
            }
            settings.stereo.low_db += wanted(Feature::LowWidth);
        }
        let denser = wanted(Feature::Density);
        if denser != 0.0 {
            settings.compressor.threshold_lu = THRESHOLD_LU;
            settings.compressor.ratio += RATIO_STEP * denser;
        }
        let dirtier = wanted(Feature::Harmonics);
        if dirtier != 0.0 {
            if settings.saturation.amount == 0.0 {
                settings.saturation.ceiling_lu = analysis.plr_db;
            }
            settings.saturation.amount += SATURATION_STEP * dirtier;
        }
        // Sums may leave the ranges of PARAMS; the nearest value in range is what can be had.
        round_and_clamp(settings);
        Ok(prediction)
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictor::NeutralPredictor;
    use crate::signature::tests::noise;

    fn settings(text: &str) -> acetate_dsp::Settings {
        let predictor = StylePredictor::new(NeutralPredictor, Style::parse(text).unwrap());
        predictor.predict(&noise()).unwrap().settings
    }

    #[test]
    fn words_reach_every_stage_and_stay_in_range() {
        assert!((settings("wider").stereo.mid_db - 1.5).abs() < 0.01);
        assert_eq!(settings("wider").stereo.low_db, 0.0);
        assert!(settings("tight").stereo.low_db < -2.0);
        assert!(settings("dense").compressor.ratio > 1.2);
        assert!(settings("vintage").saturation.amount > 0.1);
        for text in [
            "much wider, very dense, much brighter",
            "very open",
            "very clean, less wide",
        ] {
            settings(text).validate().unwrap();
        }
    }

    #[test]
    fn a_word_of_width_alone_leaves_the_tone() {
        assert_eq!(settings("wider").eq.mid_db, [0.0; 12]);
    }
}
