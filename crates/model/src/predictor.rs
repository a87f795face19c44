//! [`Predictor`]: from measured facts to settings, with the confidence of each group.

use acetate_dsp::settings::{MID_KNOTS, Settings};
use acetate_dsp::units::db_from_gain;
use acetate_dsp::{Analysis, PARAMS};
use candle_core::{Device, Tensor};
use schemars::JsonSchema;
use serde::Serialize;

use crate::dynamics;
use crate::features::Features;
use crate::net::batch_of_one;
use crate::outputs::{MEANS, SIDE_OUTPUTS, mid_basis, side_knots_db};
use crate::weights::{Gates, Weights, WeightsError};

/// Highest ratio that is predicted: glue, not effect.
const MAX_RATIO: f64 = 2.0;
/// Threshold of the predicted compressor: loud passages stand above it, quiet ones below, LU.
pub(crate) const THRESHOLD_LU: f64 = -4.0;
/// Predicted settings have so many steps to a unit, so that the last bits of a fast transform do not
/// decide the sound, and a settings file has two digits.
const STEPS_PER_UNIT: f64 = 100.0;
/// A larger DC offset than this is filtered out, dBFS.
const DC_LIMIT_DBFS: f64 = -60.0;
/// Corner of the DC filter, Hz.
const DC_HIGHPASS_HZ: f64 = 4.0;
/// Largest EQ move that is predicted, RMS over the mid knots, dB. Real masters move their mix by
/// about 1 dB; a song that seems to want more than twice that is more likely unlike anything
/// learned from than that far off. `--amount` goes further where a listener wants it.
pub const MAX_EQ_RMS_DB: f64 = 2.0;
/// Most that the compressor may take off the loudness range, LU: real masters take 0.2 LU off their mix in
/// the median, and a small change of level spread can cost a song with loud and soft parts ten times that.
const MAX_RANGE_LOSS_LU: f64 = 1.0;
/// Low side is never widened: the bass stays mono-safe.
const LOW_SIDE_MAX_DB: f64 = 0.0;
/// Peaks further above the target PLR than this reach the largest saturation, dB.
const FULL_SATURATION_DB: f64 = 12.0;
/// Largest saturation that is predicted.
const MAX_SATURATION: f64 = 0.5;
/// Height of the saturation's ceiling above the PLR aimed at, dB: only peaks bend.
const SATURATION_HEADROOM_DB: f64 = 2.0;

/// How sure the predictor is of each group, as the share of its own move that it dares, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Confidence {
    /// EQ of the whole.
    pub eq: f64,
    /// Side gain and tilt.
    pub stereo: f64,
    /// Compressor.
    pub compressor: f64,
    /// Saturation.
    pub saturation: f64,
    /// Limiter character: that of the PLR it is shaped for.
    pub limiter: f64,
}

/// Settings and what stands behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// What to render.
    pub settings: Settings,
    /// How sure the predictor is.
    pub confidence: Confidence,
    /// Predicted standard deviation of the EQ curve at each mid knot, dB.
    pub eq_sd_db: [f64; MID_KNOTS],
}

/// From measured facts to settings.
pub trait Predictor: Send + Sync {
    /// Predicts settings; the target fields keep their defaults.
    ///
    /// # Errors
    /// [`WeightsError`] when the net cannot run.
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError>;

    /// Hash of everything learned behind it, hex; empty where nothing is.
    fn hash(&self) -> &str;
}

impl<P: Predictor + ?Sized> Predictor for &P {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        (**self).predict(analysis)
    }

    fn hash(&self) -> &str {
        (**self).hash()
    }
}

impl<P: Predictor + ?Sized> Predictor for Box<P> {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        (**self).predict(analysis)
    }

    fn hash(&self) -> &str {
        (**self).hash()
    }
}

/// Level and ceiling only: no treatment at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NeutralPredictor;

impl Predictor for NeutralPredictor {
    fn predict(&self, _analysis: &Analysis) -> Result<Prediction, WeightsError> {
        Ok(Prediction {
            settings: Settings::default(),
            confidence: Confidence::default(),
            eq_sd_db: [0.0; MID_KNOTS],
        })
    }

    fn hash(&self) -> &str {
        ""
    }
}

/// The trained net.
#[derive(Debug)]
pub struct NetPredictor {
    weights: Weights,
}

/// Means and variances of the whole ensemble, dB and dB².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawOutputs {
    /// Mean of the members' means.
    pub mean_db: [f64; MEANS],
    /// Mean of the members' variances plus the variance of their means.
    pub variance: [f64; MEANS],
}

impl NetPredictor {
    /// A predictor on checked weights.
    pub fn new(weights: Weights) -> Self {
        Self { weights }
    }

    /// The weights embedded in the binary.
    ///
    /// # Errors
    /// [`WeightsError`] when they do not fit this version.
    pub fn embedded() -> Result<Self, WeightsError> {
        Ok(Self::new(Weights::embedded()?))
    }

    /// What the ensemble says of a programme, before any gate.
    ///
    /// # Errors
    /// [`WeightsError`] when the net cannot run.
    pub fn raw(&self, features: &Features) -> Result<RawOutputs, WeightsError> {
        let (frames, pooled) = batch_of_one(features, &Device::Cpu)?;
        let members = self
            .weights
            .members
            .iter()
            .map(|net| {
                let outputs = net.forward(&frames, &pooled)?;
                Ok((row(&outputs.mean_db)?, row(&outputs.log_variance)?))
            })
            .collect::<Result<Vec<_>, WeightsError>>()?;
        Ok(combine(&members))
    }
}

fn row(tensor: &Tensor) -> Result<[f64; MEANS], WeightsError> {
    let values = tensor.squeeze(0)?.to_vec1::<f32>()?;
    Ok(std::array::from_fn(|index| f64::from(values[index])))
}

/// Combines members' means and log-variances as a mixture of Gaussians with equal shares.
pub fn combine(members: &[([f64; MEANS], [f64; MEANS])]) -> RawOutputs {
    let count = members.len() as f64;
    let mean_db: [f64; MEANS] =
        std::array::from_fn(|i| members.iter().map(|(mean, _)| mean[i]).sum::<f64>() / count);
    let variance = std::array::from_fn(|i| {
        members
            .iter()
            .map(|(mean, log_variance)| libm::exp(log_variance[i]) + (mean[i] - mean_db[i]).powi(2))
            .sum::<f64>()
            / count
    });
    RawOutputs { mean_db, variance }
}

impl Predictor for NetPredictor {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        let features = Features::of(analysis).filter(|features| !features.frames_db.is_empty());
        let Some(features) = features else {
            return NeutralPredictor.predict(analysis);
        };
        let raw = self.raw(&features)?;
        Ok(resolve(&raw, &self.weights.header.gates, analysis))
    }

    fn hash(&self) -> &str {
        &self.weights.hash
    }
}

/// The mid knots to apply, centred, gated and bounded to [`MAX_EQ_RMS_DB`], dB, and the share of the
/// proposal that they are.
pub fn gated_mid_db(raw: &RawOutputs, gates: &Gates) -> ([f64; MID_KNOTS], f64) {
    let knots_db = centred_knots(&raw.mean_db[..MID_KNOTS]);
    let proposed_db = rms(&knots_db);
    let dared = gates
        .mid
        .share(proposed_db, mean_sd(&raw.variance[..MID_KNOTS]));
    let share = if dared * proposed_db > MAX_EQ_RMS_DB {
        MAX_EQ_RMS_DB / proposed_db
    } else {
        dared
    };
    (knots_db.map(|gain_db| gain_db * share), share)
}

/// The side gain and tilt to apply, gated, dB, and the share of the proposal that they are.
pub fn gated_side_db(raw: &RawOutputs, gates: &Gates) -> ([f64; SIDE_OUTPUTS], f64) {
    let range = MID_KNOTS..MID_KNOTS + SIDE_OUTPUTS;
    let side_db = [raw.mean_db[MID_KNOTS], raw.mean_db[MID_KNOTS + 1]];
    let share = gates
        .side
        .share(rms(&side_db), mean_sd(&raw.variance[range]));
    (side_db.map(|move_db| move_db * share), share)
}

/// Turns the net's outputs into settings: gates first, then the deterministic solvers.
fn resolve(raw: &RawOutputs, gates: &Gates, analysis: &Analysis) -> Prediction {
    const SPREAD: usize = MID_KNOTS + SIDE_OUTPUTS;
    const PLR: usize = SPREAD + 1;
    let mut settings = Settings::default();
    let (mid_db, eq_share) = gated_mid_db(raw, gates);
    settings.eq.mid_db = mid_db;
    settings.eq.boost_limit_hz = analysis.bandwidth_hz;
    let mut confidence = Confidence {
        eq: eq_share,
        ..Confidence::default()
    };
    if analysis.channels == 2 {
        let ([gain_db, tilt_db], share) = gated_side_db(raw, gates);
        settings.stereo.low_db = gain_db.min(LOW_SIDE_MAX_DB);
        settings.stereo.mid_db = gain_db;
        settings.stereo.high_db = gain_db;
        settings.eq.side_db = side_knots_db(tilt_db);
        confidence.stereo = share;
    }

    settings.compressor.threshold_lu = THRESHOLD_LU;
    confidence.compressor = gates
        .spread
        .share(raw.mean_db[SPREAD], raw.variance[SPREAD].sqrt());
    let powers = &analysis.sequences.k_power_10ms;
    let ratio = dynamics::solve_ratio(
        powers,
        analysis.integrated_lufs,
        &settings.compressor,
        raw.mean_db[SPREAD] * confidence.compressor,
        MAX_RATIO,
    );
    settings.compressor.ratio = dynamics::bounded_ratio(
        powers,
        analysis.integrated_lufs,
        analysis.loudness_range_lu,
        &settings.compressor,
        ratio,
        MAX_RANGE_LOSS_LU,
    );

    confidence.saturation = gates.plr.share(raw.mean_db[PLR], raw.variance[PLR].sqrt());
    confidence.limiter = confidence.saturation;
    let plr_change_db = raw.mean_db[PLR] * confidence.saturation;
    settings.saturation.amount =
        (-plr_change_db / FULL_SATURATION_DB).clamp(0.0, 1.0) * MAX_SATURATION;
    settings.saturation.ceiling_lu = analysis.plr_db + plr_change_db + SATURATION_HEADROOM_DB;

    let dc_dbfs = analysis
        .dc_offset
        .iter()
        .map(|offset| db_from_gain(offset.abs()))
        .fold(f64::NEG_INFINITY, f64::max);
    if dc_dbfs > DC_LIMIT_DBFS {
        settings.cleanup.dc_highpass_hz = DC_HIGHPASS_HZ;
    }
    round_and_clamp(&mut settings);
    Prediction {
        settings,
        confidence,
        eq_sd_db: std::array::from_fn(|knot| raw.variance[knot].sqrt()),
    }
}

/// The knots less the level that the drive makes up anyway: the mean of the curve over the bands.
pub fn centred_knots(knots_db: &[f64]) -> [f64; MID_KNOTS] {
    let basis = mid_basis();
    let bands = basis[0].len() as f64;
    let mean_db: f64 = basis
        .iter()
        .zip(knots_db)
        .map(|(curve, gain)| gain * curve.iter().sum::<f64>() / bands)
        .sum();
    std::array::from_fn(|knot| knots_db[knot] - mean_db)
}

pub(crate) fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

fn mean_sd(variances: &[f64]) -> f64 {
    (variances.iter().sum::<f64>() / variances.len() as f64).sqrt()
}

pub(crate) fn round_and_clamp(settings: &mut Settings) {
    for param in PARAMS {
        let value = (param.get(settings) * STEPS_PER_UNIT).round() / STEPS_PER_UNIT;
        param.set(settings, value.clamp(param.min, param.max));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centring_leaves_no_level_in_the_curve() {
        let knots: Vec<f64> = (0..MID_KNOTS).map(|k| k as f64 * 0.3 - 1.0).collect();
        let centred = centred_knots(&knots);
        let again = centred_knots(&centred);
        for (a, b) in centred.iter().zip(again) {
            assert!((a - b).abs() < 1e-12);
        }
        let flat = centred_knots(&[2.0; MID_KNOTS]);
        assert!(flat.iter().all(|gain| gain.abs() < 1e-12));
    }

    #[test]
    fn however_sure_the_net_is_the_eq_stays_subtle() {
        let tilted = |step_db: f64| {
            let mut mean_db = [0.0; MEANS];
            for (knot, gain_db) in mean_db[..MID_KNOTS].iter_mut().enumerate() {
                *gain_db = knot as f64 * step_db;
            }
            let variance = [0.01; MEANS];
            gated_mid_db(&RawOutputs { mean_db, variance }, &Gates::OPEN)
        };
        let (gentle_db, share) = tilted(0.2);
        assert!(share == 1.0 && rms(&gentle_db) < MAX_EQ_RMS_DB);
        let (bold_db, share) = tilted(2.0);
        assert!((rms(&bold_db) - MAX_EQ_RMS_DB).abs() < 1e-9, "{bold_db:?}");
        assert!(share > 0.0 && share < 1.0);
    }

    #[test]
    fn the_mixture_adds_disagreement_to_the_variance() {
        let member = |mean: f64| ([mean; MEANS], [0.0; MEANS]);
        let raw = combine(&[member(1.0), member(-1.0)]);
        assert_eq!(raw.mean_db[0], 0.0);
        assert!((raw.variance[0] - 2.0).abs() < 1e-12);
    }
}
