//! The chain on band frames: what a fault does to a master's features, and, differentiably in
//! candle, what the predicted EQ leaves of it.

use acetate_dsp::measure::bands;
use acetate_dsp::measure::bands::AUDIBLE_DB;
use acetate_dsp::units::{db_from_power, power_from_db};
use acetate_model::features::{
    BANDS, FIRST_BAND, FLOOR_DB, FRAME_WIDTH, PLR_STATISTIC, band_weights,
};
use acetate_model::net::{Outputs, POOLED_WIDTH};
use acetate_model::outputs::{
    DYNAMICS_OUTPUTS, MODES, SIDE_OUTPUTS, SPREAD, mode_curves, side_curve_db,
};
use candle_core::{Device, Result, Tensor};

use crate::corpus::{EXPANSIONS, Track};
use crate::degrade::{Fault, MAX_EXPANSION};
use crate::recipe::{Blur, LossWeights};
use crate::rng::Rng;

/// Bands of the master below this are not judged, dB relative to its loudness (FACTS: the
/// metric's floor).
const JUDGED_DB: f32 = AUDIBLE_DB as f32;
/// K-weighted loudness change of a program with long-term spectrum `pooled_db` when its mid
/// bands move by `mid_db` and its side bands by `side_db`, dB.
pub fn loudness_change_db(
    pooled_db: &[f32; FRAME_WIDTH],
    mid_db: impl Fn(usize) -> f64,
    side_db: impl Fn(usize) -> f64,
) -> f64 {
    let (mut before, mut after) = (0.0, 0.0);
    for band in 0..BANDS {
        let weight = band_weights()[band];
        let mid = weight * power_from_db(f64::from(pooled_db[band]));
        let side = weight * power_from_db(f64::from(pooled_db[BANDS + band]));
        before += mid + side;
        after += mid * power_from_db(mid_db(band)) + side * power_from_db(side_db(band));
    }
    db_from_power(after / before)
}

/// One degraded master: what the net reads.
#[derive(Clone, Debug)]
pub struct Mix {
    /// Frames, dB relative to the mix's own loudness.
    pub frames_db: Vec<[f32; FRAME_WIDTH]>,
    /// Pooled row.
    pub pooled: [f32; POOLED_WIDTH],
    /// Wanted change of level spread and of PLR, dB.
    pub dynamics_target_db: [f64; DYNAMICS_OUTPUTS],
}

/// Applies a fault to the given frames of a track. `jitter` blurs what the net reads: bands, and what EQ does to peaks, unknown
/// from frames, to the peak statistics.
pub fn degrade(
    track: &Track,
    fault: &Fault,
    frames: &[usize],
    mut jitter: Option<(&mut Rng, &Blur)>,
) -> Mix {
    let features = &track.features;
    let shift = loudness_change_db(
        &features.pooled_db,
        |band| fault.tone_db[band],
        |band| fault.side_db(band),
    );
    // What is added to what the net reads but not to what it must undo keeps it from knowing the
    // training masters by heart (input noise acts as a ridge penalty, Bishop 1995).
    let blur: [f64; FRAME_WIDTH] = std::array::from_fn(|_| {
        jitter
            .as_mut()
            .map_or(0.0, |(rng, blur)| blur.band_db * rng.normal())
    });
    let gains: [f32; FRAME_WIDTH] = std::array::from_fn(|index| {
        let gain = if index < BANDS {
            fault.tone_db[index]
        } else {
            fault.side_db(index - BANDS)
        };
        (gain - shift + blur[index]) as f32
    });
    let levels: Vec<f32> = frames
        .iter()
        .map(|&frame| track.frame_levels_db[frame])
        .collect();
    let mean_level = levels.iter().sum::<f32>() / levels.len().max(1) as f32;
    let frames_db = frames
        .iter()
        .zip(&levels)
        .map(|(&frame, level)| {
            let move_db = fault.expansion as f32 * (level - mean_level).clamp(-15.0, 15.0);
            let row = &features.frames_db[frame];
            std::array::from_fn(|index| floored(row[index], gains[index] + move_db))
        })
        .collect();

    let [spread, range] = tabulated(&track.dynamics, fault.expansion);
    let mut statistics = features.statistics;
    statistics[0] = spread;
    statistics[1] = range;
    let noise_db = jitter
        .as_mut()
        .map_or(0.0, |(rng, blur)| blur.peak_db * rng.normal());
    statistics[PLR_STATISTIC] += (fault.plr_excess_db + noise_db) as f32;
    let mut pooled = [0.0; POOLED_WIDTH];
    for (index, value) in pooled.iter_mut().enumerate() {
        *value = if index < FRAME_WIDTH {
            floored(features.pooled_db[index], gains[index])
        } else {
            statistics[index - FRAME_WIDTH]
        };
    }
    Mix {
        frames_db,
        pooled,
        dynamics_target_db: [
            f64::from(track.dynamics[0][0] - spread),
            -fault.plr_excess_db,
        ],
    }
}

/// A level after a gain, dB. What lay on the floor stays there: moved with the gain, the floor
/// itself would tell the net the fault, which no audio does.
fn floored(level_db: f32, gain_db: f32) -> f32 {
    if level_db <= FLOOR_DB {
        FLOOR_DB
    } else {
        (level_db + gain_db).max(FLOOR_DB)
    }
}

fn tabulated(table: &[[f32; 2]; EXPANSIONS], strength: f64) -> [f32; 2] {
    let at = (strength / MAX_EXPANSION).clamp(0.0, 1.0) * (EXPANSIONS - 1) as f64;
    let low = (at as usize).min(EXPANSIONS - 2);
    let share = (at - low as f64) as f32;
    std::array::from_fn(|i| table[low][i] * (1.0 - share) + table[low + 1][i] * share)
}

/// A batch of degraded masters as tensors.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[B][T][FRAME_WIDTH]`, dB relative to the mix's loudness.
    pub frames_db: Tensor,
    /// `[B][POOLED_WIDTH]`.
    pub pooled: Tensor,
    /// The fault at each band: `[B][FRAME_WIDTH]`, dB.
    fault_db: Tensor,
    /// K-weighted power of the master at each band, summing to 1: `[B][FRAME_WIDTH]`.
    power: Tensor,
    /// 1 where the band is judged: `[B][FRAME_WIDTH]`.
    judged: Tensor,
    /// Side gain and tilt to undo: `[B][SIDE_OUTPUTS]`, dB.
    side_target_db: Tensor,
    /// Wanted dynamics changes: `[B][DYNAMICS_OUTPUTS]`, dB.
    dynamics_target_db: Tensor,
    /// 1 for stereo tracks: `[B][1]`.
    stereo: Tensor,
}

impl Batch {
    /// Degrades each track with its fault and stacks the results; every mix must have the same
    /// number of frames.
    ///
    /// # Errors
    /// candle's, when the tensors cannot be made.
    pub fn new(mixes: &[(&Track, &Fault, Mix)], device: &Device) -> Result<Self> {
        let count = mixes.len();
        let frames = mixes.first().map_or(0, |(_, _, mix)| mix.frames_db.len());
        let mut columns: [Vec<f32>; 6] = std::array::from_fn(|_| Vec::new());
        let mut frame_values: Vec<f32> = Vec::with_capacity(count * frames * FRAME_WIDTH);
        let [pooled, fault_db, power, judged, targets, stereo] = &mut columns;
        let mut side_targets = Vec::new();
        for (track, fault, mix) in mixes {
            frame_values.extend(mix.frames_db.iter().flatten());
            pooled.extend(mix.pooled);
            let master = &track.features.pooled_db;
            let weight = |index: usize| {
                band_weights()[index % BANDS] * power_from_db(f64::from(master[index]))
            };
            let total: f64 = (0..FRAME_WIDTH).map(weight).sum();
            for (index, &level) in master.iter().enumerate() {
                let gain = if index < BANDS {
                    fault.tone_db[index]
                } else {
                    fault.side_db(index - BANDS)
                };
                fault_db.push(gain as f32);
                power.push((weight(index) / total) as f32);
                let is_judged = level > JUDGED_DB && (index < BANDS || track.channels == 2);
                judged.push(f32::from(u8::from(is_judged)));
            }
            side_targets.push(-fault.side_gain_db as f32);
            side_targets.push(-fault.side_tilt_db as f32);
            targets.extend(mix.dynamics_target_db.map(|target| target as f32));
            stereo.push(f32::from(u8::from(track.channels == 2)));
        }
        let [pooled, fault_db, power, judged, targets, stereo] = columns;
        let make =
            |values: Vec<f32>, width: usize| Tensor::from_vec(values, (count, width), device);
        Ok(Self {
            frames_db: Tensor::from_vec(frame_values, (count, frames, FRAME_WIDTH), device)?,
            pooled: make(pooled, POOLED_WIDTH)?,
            fault_db: make(fault_db, FRAME_WIDTH)?,
            power: make(power, FRAME_WIDTH)?,
            judged: make(judged, FRAME_WIDTH)?,
            side_target_db: make(side_targets, SIDE_OUTPUTS)?,
            dynamics_target_db: make(targets, DYNAMICS_OUTPUTS)?,
            stereo: make(stereo, 1)?,
        })
    }
}

/// The constant matrices that turn outputs into band curves.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Modes to both halves of a row: `[MODES][FRAME_WIDTH]`.
    mid: Tensor,
    /// Bands to modes: `[BANDS][MODES]`.
    modes: Tensor,
    /// Side gain and tilt to the side half: `[SIDE_OUTPUTS][FRAME_WIDTH]`.
    side: Tensor,
}

impl Curves {
    /// Builds the matrices.
    ///
    /// # Errors
    /// candle's, when the tensors cannot be made.
    pub fn new(device: &Device) -> Result<Self> {
        let mid: Vec<f32> = mode_curves()
            .iter()
            .flat_map(|curve| curve.iter().chain(curve).map(|&gain| gain as f32))
            .collect();
        let modes: Vec<f32> = (0..BANDS)
            .flat_map(|band| mode_curves().iter().map(move |curve| curve[band]))
            .map(|gain| (gain / BANDS as f64) as f32)
            .collect();
        let side: Vec<f32> = [(1.0, 0.0), (0.0, 1.0)]
            .iter()
            .flat_map(|&(gain, tilt)| {
                (0..FRAME_WIDTH).map(move |index| {
                    if index < BANDS {
                        return 0.0;
                    }
                    let freq_hz = bands::center_hz(FIRST_BAND + index - BANDS);
                    side_curve_db(gain, tilt, freq_hz) as f32
                })
            })
            .collect();
        Ok(Self {
            mid: Tensor::from_vec(mid, (MODES, FRAME_WIDTH), device)?,
            modes: Tensor::from_vec(modes, (BANDS, MODES), device)?,
            side: Tensor::from_vec(side, (SIDE_OUTPUTS, FRAME_WIDTH), device)?,
        })
    }
}

/// The terms of the training loss, each a scalar.
#[derive(Clone, Debug)]
pub struct Loss {
    /// What is minimized.
    pub total: Tensor,
    /// Mean absolute mid residual, dB: for the log.
    pub mid_error_db: f32,
}

/// The loss of a batch: pseudo-Huber on what the predicted curves leave of the fault after a
/// loudness match, on the dynamics targets, and the likelihood of the errors (detached) under the
/// predicted variances.
///
/// # Errors
/// candle's, when the shapes do not fit.
pub fn loss(
    batch: &Batch,
    outputs: &Outputs,
    curves: &Curves,
    weights: &LossWeights,
) -> Result<Loss> {
    let modes = outputs.mean_db.narrow(1, 0, MODES)?;
    let side = outputs.mean_db.narrow(1, MODES, SIDE_OUTPUTS)?;
    let dynamics = outputs.mean_db.narrow(1, SPREAD, DYNAMICS_OUTPUTS)?;
    let residual =
        ((&batch.fault_db + modes.matmul(&curves.mid)?)? + side.matmul(&curves.side)?)?;
    let residual = loudness_matched(&residual, &batch.power)?;

    let mid_residual = residual.narrow(1, 0, BANDS)?;
    let mid_judged = batch.judged.narrow(1, 0, BANDS)?;
    let side_residual = residual.narrow(1, BANDS, BANDS)?;
    let side_judged = batch.judged.narrow(1, BANDS, BANDS)?;
    let mid_loss = masked_mean(&pseudo_huber(&mid_residual)?, &mid_judged)?;
    let side_loss = masked_mean(&pseudo_huber(&side_residual)?, &side_judged)?;
    let dynamics_error = (&dynamics - &batch.dynamics_target_db)?;
    let dynamics_loss = pseudo_huber(&dynamics_error)?.mean_all()?;

    let log_variance = outputs.log_variance.narrow(1, 0, MODES)?;
    let fault_modes = batch.fault_db.narrow(1, 0, BANDS)?.matmul(&curves.modes)?;
    let mode_error = (fault_modes + &modes)?.detach();
    let mid_likelihood = gaussian(&mode_error, &log_variance)?.mean_all()?;
    let side_error = (&side - &batch.side_target_db)?.detach();
    let side_variance = outputs.log_variance.narrow(1, MODES, SIDE_OUTPUTS)?;
    let stereo = batch
        .stereo
        .broadcast_as(side_error.shape())?
        .contiguous()?;
    let side_likelihood = masked_mean(&gaussian(&side_error, &side_variance)?, &stereo)?;
    let dynamics_variance = outputs.log_variance.narrow(1, SPREAD, DYNAMICS_OUTPUTS)?;
    let dynamics_likelihood = gaussian(&dynamics_error.detach(), &dynamics_variance)?.mean_all()?;
    let likelihood = ((mid_likelihood + side_likelihood)? + dynamics_likelihood)?;

    let total = (((mid_loss + (side_loss * weights.side)?)?
        + (dynamics_loss * weights.dynamics)?)?
        + (likelihood * weights.likelihood)?)?;
    let mid_error_db = masked_mean(&mid_residual.abs()?, &mid_judged)?.to_scalar::<f32>()?;
    Ok(Loss {
        total,
        mid_error_db,
    })
}

/// Takes the K-weighted level that a curve adds away from it, row by row.
fn loudness_matched(curve_db: &Tensor, power: &Tensor) -> Result<Tensor> {
    let gain = (curve_db * (std::f64::consts::LN_10 / 10.0))?.exp()?;
    let level = (gain * power)?.sum_keepdim(1)?.log()?;
    curve_db.broadcast_sub(&(level * (10.0 / std::f64::consts::LN_10))?)
}

/// √(1 + x²) - 1 with x in dB: quadratic below 1 dB, linear above.
fn pseudo_huber(error_db: &Tensor) -> Result<Tensor> {
    error_db.sqr()?.affine(1.0, 1.0)?.sqrt()?.affine(1.0, -1.0)
}

/// Negative log-likelihood of a Gaussian, without its constant.
fn gaussian(error: &Tensor, log_variance: &Tensor) -> Result<Tensor> {
    let scaled = (error.sqr()? * log_variance.neg()?.exp()?)?;
    (scaled + log_variance)? * 0.5
}

fn masked_mean(values: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let sum = (values * mask)?.sum_all()?;
    let count = mask.sum_all()?.affine(1.0, 1e-6)?;
    sum.div(&count)
}
