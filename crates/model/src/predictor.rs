//! [`Predictor`]: from measured facts to settings, with the confidence of each group.

use acetate_dsp::measure::loudness::range_from_k_power_10ms;
use acetate_dsp::settings::{Compressor, MID_KNOTS, Settings};
use acetate_dsp::{Analysis, PARAMS};
use candle_core::{Device, Tensor};
use schemars::JsonSchema;
use serde::Serialize;

use crate::body::Body;
use crate::features::{BANDS, Features, PLR_STATISTIC};
use crate::genre::{Genre, ToneGenre, narrow};
use crate::net::batch_of_one;
use crate::outputs::{
    MEANS, MODES, PLR, SPREAD, curve_of_modes, knots_of_curve, mid_basis, mode_curves,
    side_knots_db,
};
use crate::posterior::Priors;
use crate::weights::{Weights, WeightsError};
use crate::{dynamics, finished, interval, usual};

/// Highest ratio that is predicted: glue, not effect.
const MAX_RATIO: f64 = 2.0;
/// Threshold of the predicted compressor: loud passages stand above it, quiet ones below, LU.
pub(crate) const THRESHOLD_LU: f64 = -4.0;
/// Predicted settings have so many steps to a unit, so that the last bits of a fast transform do not
/// decide the sound, and a settings file has two digits.
const STEPS_PER_UNIT: f64 = 100.0;
/// Largest EQ move that is predicted, RMS over the bands, dB. Faults of real mixes end about there.
pub const MAX_EQ_RMS_DB: f64 = 6.0;
/// Largest move of any band, dB.
pub const MAX_EQ_BAND_DB: f64 = 9.0;
/// A curve that moves no band by this much is none: nobody hears it, and it is not worth a stage, dB.
const LEAST_EQ_BAND_DB: f64 = 0.2;
/// A band this far below the program's loudness has nothing that a boost could bring out but noise, dB.
const NOTHING_TO_BOOST_DB: f64 = -55.0;
/// A ratio below this is none: nobody hears it, and it is not worth a stage.
const LEAST_RATIO: f64 = 1.05;
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

/// How sure the predictor is of each group, as the fraction of its own move that is applied, 0 to 1.
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

/// What is known of a program's tone: the one judgment behind the settings and the check. Curves are
/// moves, in dB at the third octaves from 39 Hz to 16 kHz: where a move is up, the program lacks something.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tone {
    /// What the members propose: the whole of what seems to be off, before any doubt.
    pub open_db: [f64; BANDS],
    /// The posterior mean: what the evidence carries.
    pub mean_db: [f64; BANDS],
    /// Standard deviation of what is left when the posterior mean is done, as errors on audio have it.
    pub sd_db: [f64; BANDS],
    /// Standard deviation of the posterior itself.
    #[serde(skip)]
    pub posterior_sd_db: [f64; BANDS],
    /// Probability that the tone is right as it is.
    pub right_probability: f64,
    /// Probability that the program is a finished master.
    pub finished_probability: f64,
    /// Share of the program that is unlike its main body and was left out, 0 to 1.
    pub foreign_share: f64,
    /// The kind of music that it was judged as, or seems to be.
    pub genre: Option<ToneGenre>,
}

impl Tone {
    /// Whether it is told to be a finished master.
    pub fn is_finished(&self) -> bool {
        self.finished_probability >= finished::FINISHED_PROBABILITY
    }
}

/// Settings and what stands behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// What to render.
    pub settings: Settings,
    /// How sure the predictor is.
    pub confidence: Confidence,
    /// What is known of the tone; `None` where nothing was judged.
    pub tone: Option<Tone>,
    /// What a person should know of it beside its settings, a sentence each.
    pub notes: Vec<String>,
}

impl From<Settings> for Prediction {
    /// Settings that nobody has an opinion on.
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            confidence: Confidence::default(),
            tone: None,
            notes: Vec::new(),
        }
    }
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
        Ok(Prediction::from(Settings::default()))
    }

    fn hash(&self) -> &str {
        ""
    }
}

/// The trained net.
#[derive(Debug)]
pub struct NetPredictor {
    weights: Weights,
    genre: Option<Genre>,
    hash: String,
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
        let hash = weights.hash.clone();
        Self {
            weights,
            genre: None,
            hash,
        }
    }

    /// The same where a person named the genre: what released records of it are like counts too.
    pub fn with_genre(self, genre: Option<Genre>) -> Self {
        let hash = genre.map_or_else(
            || self.weights.hash.clone(),
            |genre| {
                let text = format!("{} {}", self.weights.hash, genre.name());
                blake3::hash(text.as_bytes()).to_hex().to_string()
            },
        );
        Self {
            genre,
            hash,
            ..self
        }
    }

    /// The weights embedded in the binary.
    ///
    /// # Errors
    /// [`WeightsError`] when they do not fit this version.
    pub fn embedded() -> Result<Self, WeightsError> {
        Ok(Self::new(Weights::embedded()?))
    }

    /// What the ensemble says of a program, before any prior.
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
        let body = Body::of(analysis);
        let features =
            Features::of_body(analysis, &body).filter(|features| !features.frames_db.is_empty());
        let Some(features) = features else {
            return NeutralPredictor.predict(analysis);
        };
        let mut raw = self.raw(&features)?;
        if let Some(genre) = self.genre {
            let RawOutputs { mean_db, variance } = &mut raw;
            narrow(mean_db, variance, &features.pooled_db, genre);
        }
        let heard = Heard {
            raw,
            genre: ToneGenre::of(self.genre, &features.pooled_db),
            features: &features,
            body: &body,
            finished_probability: finished::of_body(
                analysis,
                &body,
                f64::from(features.statistics[PLR_STATISTIC]),
            ),
        };
        Ok(resolve(&heard, &self.weights.header.priors, analysis))
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

/// What the settings are resolved from.
struct Heard<'a> {
    raw: RawOutputs,
    genre: Option<ToneGenre>,
    features: &'a Features,
    body: &'a Body,
    finished_probability: f64,
}

/// The judgment of a program's tone, and the EQ curve that follows from it within the bounds, dB at the
/// net's bands. `mid_db` are the program's bands relative to its loudness.
pub fn judge_tone(
    raw: &RawOutputs,
    priors: &Priors,
    mid_db: &[f32],
    finished_probability: f64,
) -> (Tone, [f64; BANDS]) {
    let posterior = priors.tone.posterior(
        &raw.mean_db[..MODES],
        &raw.variance[..MODES],
        finished_probability,
    );
    let posterior_sd_db: [f64; BANDS] = std::array::from_fn(|band| {
        let modes = mode_curves().iter().zip(&posterior.variance);
        modes
            .map(|(curve, variance)| curve[band] * curve[band] * variance)
            .sum::<f64>()
            .sqrt()
    });
    let mean_db = curve_of_modes(&posterior.mean_db);
    let tone = Tone {
        open_db: curve_of_modes(&raw.mean_db[..MODES]),
        mean_db,
        sd_db: posterior_sd_db.map(interval::told_db),
        posterior_sd_db,
        right_probability: posterior.smallest_probability,
        finished_probability,
        foreign_share: 0.0,
        genre: None,
    };
    (tone, bounded(mean_db, mid_db))
}

/// The side gain and tilt to apply, dB.
pub fn judge_side(raw: &RawOutputs, priors: &Priors, finished_probability: f64) -> [f64; 2] {
    let range = MODES..SPREAD;
    let posterior = priors.side.posterior(
        &raw.mean_db[range.clone()],
        &raw.variance[range],
        finished_probability,
    );
    [posterior.mean_db[0], posterior.mean_db[1]]
}

/// The change to apply of one of the dynamics outputs ([`SPREAD`] or [`PLR`]), dB; only lowered, since
/// neither a compressor nor a saturation can raise it.
pub fn judge_dynamics(
    raw: &RawOutputs,
    priors: &Priors,
    output: usize,
    finished_probability: f64,
) -> f64 {
    let prior = if output == SPREAD {
        &priors.spread
    } else {
        &priors.plr
    };
    let posterior = prior.posterior(
        &raw.mean_db[output..=output],
        &raw.variance[output..=output],
        finished_probability,
    );
    posterior.mean_db[0].min(0.0)
}

/// A curve within the bounds: no boost where there is nothing, and no larger than it may be.
fn bounded(curve_db: [f64; BANDS], mid_db: &[f32]) -> [f64; BANDS] {
    let there: [f64; BANDS] = std::array::from_fn(|band| {
        if f64::from(mid_db[band]) < NOTHING_TO_BOOST_DB {
            curve_db[band].min(0.0)
        } else {
            curve_db[band]
        }
    });
    let share = bounding_share(&there);
    there.map(|gain_db| gain_db * share)
}

/// The largest share of a curve, at most 1, that keeps within the bounds of the EQ.
pub fn bounding_share(curve_db: &[f64]) -> f64 {
    let most_db = curve_db.iter().fold(0.0_f64, |most, db| most.max(db.abs()));
    let rms_db = rms(curve_db);
    let within = |bound_db: f64, got_db: f64| {
        if got_db > bound_db {
            bound_db / got_db
        } else {
            1.0
        }
    };
    within(MAX_EQ_RMS_DB, rms_db).min(within(MAX_EQ_BAND_DB, most_db))
}

/// Share of a proposal that is done, in its direction, 0 to 1.
fn share_done(done_db: &[f64], proposed_db: &[f64]) -> f64 {
    let product: f64 = done_db.iter().zip(proposed_db).map(|(a, b)| a * b).sum();
    let square: f64 = proposed_db.iter().map(|db| db * db).sum();
    if square > 0.0 {
        (product / square).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Turns the net's outputs into settings: posteriors first, then the deterministic solvers.
fn resolve(heard: &Heard<'_>, priors: &Priors, analysis: &Analysis) -> Prediction {
    let Heard {
        raw,
        genre,
        features,
        body,
        finished_probability,
    } = heard;
    let finished_probability = *finished_probability;
    let mut settings = Settings::default();
    let (tone, curve_db) = judge_tone(raw, priors, &features.pooled_db, finished_probability);
    let is_heard = |db: &f64| db.abs() >= LEAST_EQ_BAND_DB;
    let has_curve = curve_db.iter().any(is_heard);
    let curve_db = if has_curve { curve_db } else { [0.0; BANDS] };
    settings.eq.mid_db = knots_of_curve(&curve_db);
    settings.eq.boost_limit_hz = analysis.bandwidth_hz;
    let mut confidence = Confidence {
        eq: share_done(&curve_db, &tone.open_db),
        ..Confidence::default()
    };
    if analysis.channels == 2 {
        let [gain_db, tilt_db] = judge_side(raw, priors, finished_probability);
        settings.stereo.low_db = gain_db.min(LOW_SIDE_MAX_DB);
        settings.stereo.mid_db = gain_db;
        settings.stereo.high_db = gain_db;
        let side_db = side_knots_db(tilt_db);
        if has_curve || side_db.iter().any(is_heard) {
            settings.eq.side_db = side_db;
        }
        confidence.stereo = share_done(&[gain_db, tilt_db], &raw.mean_db[MODES..SPREAD]);
    }

    let spread_db = judge_dynamics(raw, priors, SPREAD, finished_probability);
    settings.compressor.threshold_lu = THRESHOLD_LU;
    settings.compressor.ratio = ratio(&settings.compressor, spread_db, body, analysis);
    confidence.compressor = share_done(&[spread_db], &raw.mean_db[SPREAD..=SPREAD]);

    let plr_db = judge_dynamics(raw, priors, PLR, finished_probability);
    confidence.saturation = share_done(&[plr_db], &raw.mean_db[PLR..=PLR]);
    confidence.limiter = confidence.saturation;
    settings.saturation.amount = (-plr_db / FULL_SATURATION_DB).clamp(0.0, 1.0) * MAX_SATURATION;
    settings.saturation.ceiling_lu =
        f64::from(features.statistics[PLR_STATISTIC]) + plr_db + SATURATION_HEADROOM_DB;

    round_and_clamp(&mut settings);
    Prediction {
        settings,
        confidence,
        tone: Some(Tone {
            foreign_share: body.foreign_share(),
            genre: genre.clone(),
            ..tone
        }),
        notes: genre
            .iter()
            .filter_map(ToneGenre::note)
            .chain(usual::note(priors, finished_probability))
            .collect(),
    }
}

/// The ratio that lowers the level spread of the main body by as much as is wanted, within the bounds.
fn ratio(compressor: &Compressor, spread_db: f64, body: &Body, analysis: &Analysis) -> f64 {
    let powers: Vec<f32> = body.steps_of(&analysis.sequences.k_power_10ms).collect();
    let loudness_lufs = analysis.integrated_lufs;
    let solved = dynamics::solve_ratio(&powers, loudness_lufs, compressor, spread_db, MAX_RATIO);
    let bounded = dynamics::bounded_ratio(
        &powers,
        loudness_lufs,
        range_from_k_power_10ms(&powers),
        &Compressor {
            ratio: solved,
            ..*compressor
        },
        MAX_RANGE_LOSS_LU,
    );
    if bounded < LEAST_RATIO { 1.0 } else { bounded }
}

/// The knots less the level that the drive makes up anyway: the mean of the curve over the bands.
pub fn centered_knots(knots_db: &[f64]) -> [f64; MID_KNOTS] {
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
        let centered = centered_knots(&knots);
        let again = centered_knots(&centered);
        for (a, b) in centered.iter().zip(again) {
            assert!((a - b).abs() < 1e-12);
        }
        let flat = centered_knots(&[2.0; MID_KNOTS]);
        assert!(flat.iter().all(|gain| gain.abs() < 1e-12));
    }

    #[test]
    fn however_sure_the_net_is_the_eq_keeps_within_its_bounds() {
        let steep: [f64; BANDS] = std::array::from_fn(|band| (band as f64 - 13.0) * 1.5);
        let curve_db = bounded(steep, &[-20.0; BANDS]);
        assert!(rms(&curve_db) <= MAX_EQ_RMS_DB + 1e-9);
        assert!(curve_db.iter().all(|db| db.abs() <= MAX_EQ_BAND_DB + 1e-9));
        let gentle = steep.map(|db| 0.1 * db);
        assert_eq!(bounded(gentle, &[-20.0; BANDS]), gentle);
    }

    #[test]
    fn nothing_is_boosted_where_there_is_nothing() {
        let mut mid_db = [-20.0; BANDS];
        mid_db[..4].fill(-70.0);
        let curve_db = bounded([3.0; BANDS], &mid_db);
        assert!(curve_db[..4].iter().all(|&db| db == 0.0));
        assert!(curve_db[4..].iter().all(|&db| db == 3.0));
        assert!(bounded([-3.0; BANDS], &mid_db).iter().all(|&db| db == -3.0));
    }

    #[test]
    fn the_mixture_adds_disagreement_to_the_variance() {
        let member = |mean: f64| ([mean; MEANS], [0.0; MEANS]);
        let raw = combine(&[member(1.0), member(-1.0)]);
        assert_eq!(raw.mean_db[0], 0.0);
        assert!((raw.variance[0] - 2.0).abs() < 1e-12);
    }
}
