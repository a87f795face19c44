//! Trains the members of an ensemble with AdamW, each from its own seed, and keeps the weights
//! that did best on the validation albums.

use std::borrow::Cow;

use acetate_model::Net;
use acetate_model::net::TENSORS;
use acetate_model::outputs::{MEANS, OUTPUTS};
use candle_core::{Device, Result, Tensor, Var};
use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW};
use rayon::prelude::*;
use serde::Serialize;

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::recipe::{Blur, Recipe};
use crate::rng::Rng;
use crate::simulator::{Batch, Curves, degrade, draw_frames, loss};

/// Share of the steps in which the learning rate rises.
const WARM_UP_SHARE: f64 = 0.03;
/// The learning rate ends at this share of its start.
const FINAL_SHARE: f64 = 0.02;
/// Faults tried on each validation track.
const VALIDATION_FAULTS: usize = 3;
/// Seed of the validation faults: the same for every member and look.
const VALIDATION_SEED: u64 = 0x5eed_0001;

/// What validation is read with.
const NO_BLUR: Blur = Blur {
    band_db: 0.0,
    peak_db: 0.0,
};

/// One look at the losses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Look {
    /// Steps done.
    pub step: usize,
    /// Mean training loss since the last look.
    pub train_loss: f64,
    /// Loss on the validation albums.
    pub valid_loss: f64,
    /// Mean absolute mid residual on the validation albums, dB.
    pub valid_mid_error_db: f64,
}

/// A trained member: its tensors in the order of [`TENSORS`], and how it went.
#[derive(Clone, Debug)]
pub struct Member {
    /// Values of each tensor, row-major.
    pub tensors: Vec<Vec<f32>>,
    /// Every look, in order.
    pub looks: Vec<Look>,
    /// Step of the look that was kept.
    pub best_step: usize,
}

/// Trains all members. `progress` is called after each step with the member and the step.
///
/// # Errors
/// candle's, when a tensor operation fails.
pub fn fit(
    recipe: &Recipe,
    train: &[Track],
    valid: &[Track],
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<Member>> {
    (0..recipe.members)
        .into_par_iter()
        .map(|member| fit_member(recipe, member, train, valid, &|step| progress(member, step)))
        .collect()
}

fn fit_member(
    recipe: &Recipe,
    member: usize,
    train: &[Track],
    valid: &[Track],
    progress: &dyn Fn(usize),
) -> Result<Member> {
    let device = Device::Cpu;
    let mut rng = Rng::new(recipe.seed + member as u64);
    let curves = Curves::new(&device)?;
    let validation = validation_batches(recipe, valid, &device)?;
    let vars = initial(&mut rng, &device)?;
    let net = Net::new(
        vars.iter().map(|var| var.as_tensor().clone()).collect(),
        &device,
    )?;
    let mut optimiser = AdamW::new(
        vars.clone(),
        ParamsAdamW {
            lr: recipe.learning_rate,
            weight_decay: recipe.weight_decay,
            ..ParamsAdamW::default()
        },
    )?;

    let mut order: Vec<usize> = Vec::new();
    let mut looks: Vec<Look> = Vec::new();
    let mut best: Option<(f64, usize, Vec<Vec<f32>>)> = None;
    let (mut loss_sum, mut loss_count) = (0.0, 0);
    for step in 1..=recipe.steps {
        optimiser.set_learning_rate(learning_rate(recipe, step));
        let batch = draw_batch(recipe, train, &mut order, &mut rng, &device)?;
        let outputs = net.forward(&batch.frames_db, &batch.pooled)?;
        let loss = loss(&batch, &outputs, &curves, &recipe.loss)?;
        optimiser.backward_step(&loss.total)?;
        loss_sum += f64::from(loss.total.to_scalar::<f32>()?);
        loss_count += 1;
        progress(step);

        if step % recipe.validate_every == 0 || step == recipe.steps {
            let (valid_loss, valid_mid_error_db) = validate(&net, &validation, &curves, recipe)?;
            looks.push(Look {
                step,
                train_loss: loss_sum / f64::from(loss_count),
                valid_loss,
                valid_mid_error_db,
            });
            (loss_sum, loss_count) = (0.0, 0);
            if best
                .as_ref()
                .is_none_or(|(least, _, _)| valid_loss < *least)
            {
                best = Some((valid_loss, step, values(&vars)?));
            }
            let best_step = best.as_ref().map_or(0, |(_, step, _)| *step);
            if step - best_step >= recipe.patience * recipe.validate_every {
                break;
            }
        }
    }
    let (best_step, tensors) = match best {
        Some((_, step, tensors)) => (step, tensors),
        None => (0, values(&vars)?),
    };
    Ok(Member {
        tensors,
        looks,
        best_step,
    })
}

/// Linear warm-up, then half a cosine down to [`FINAL_SHARE`].
fn learning_rate(recipe: &Recipe, step: usize) -> f64 {
    let at = step as f64 / recipe.steps as f64;
    let shape = if at < WARM_UP_SHARE {
        at / WARM_UP_SHARE
    } else {
        let phase = (at - WARM_UP_SHARE) / (1.0 - WARM_UP_SHARE);
        FINAL_SHARE + (1.0 - FINAL_SHARE) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * phase))
    };
    recipe.learning_rate * shape
}

/// He initialisation (He et al. 2015) from our own generator; the last layer starts near zero, so
/// that an untrained net proposes nothing.
fn initial(rng: &mut Rng, device: &Device) -> Result<Vec<Var>> {
    TENSORS
        .iter()
        .map(|(name, shape)| {
            let count: usize = shape.iter().product();
            let values: Vec<f32> = match (shape, *name) {
                ([_], "head2.bias") => (0..OUTPUTS)
                    .map(|index| if index < MEANS { 0.0 } else { -2.0 })
                    .collect(),
                ([_], _) => vec![0.0; count],
                (_, name) => {
                    let gain = if name == "head2.weight" { 0.05 } else { 1.0 };
                    let scale = gain * (2.0 / shape[1] as f64).sqrt();
                    (0..count).map(|_| (scale * rng.normal()) as f32).collect()
                }
            };
            Var::from_tensor(&Tensor::from_vec(values, *shape, device)?)
        })
        .collect()
}

fn draw_batch(
    recipe: &Recipe,
    tracks: &[Track],
    order: &mut Vec<usize>,
    rng: &mut Rng,
    device: &Device,
) -> Result<Batch> {
    let mut next = |rng: &mut Rng| {
        if order.is_empty() {
            order.extend(0..tracks.len());
            rng.shuffle(order);
        }
        &tracks[order.pop().unwrap_or(0)]
    };
    let drawn: Vec<(Cow<'_, Track>, Fault)> = (0..recipe.batch)
        .map(|_| {
            let track = next(rng);
            let track = if rng.unit() < recipe.medleys {
                let other = &tracks[rng.below(tracks.len())];
                Cow::Owned(Track::medley(track, other, recipe.frames / 2, rng))
            } else {
                Cow::Borrowed(track)
            };
            (track, Fault::draw(rng, &recipe.severity))
        })
        .collect();
    let faults: Vec<(&Track, &Fault)> = drawn
        .iter()
        .map(|(track, fault)| (track.as_ref(), fault))
        .collect();
    batch_of(&faults, recipe.frames, &recipe.blur, rng, device)
}

fn batch_of(
    faults: &[(&Track, &Fault)],
    frames: usize,
    blur: &Blur,
    rng: &mut Rng,
    device: &Device,
) -> Result<Batch> {
    let mixes: Vec<_> = faults
        .iter()
        .map(|&(track, fault)| {
            let drawn = draw_frames(track, frames, rng);
            let mix = degrade(track, fault, &drawn, Some((rng, blur)));
            (track, fault, mix)
        })
        .collect();
    Batch::new(&mixes, device)
}

fn validation_batches(recipe: &Recipe, valid: &[Track], device: &Device) -> Result<Vec<Batch>> {
    let mut rng = Rng::new(VALIDATION_SEED);
    let faults: Vec<(usize, Fault)> = (0..valid.len() * VALIDATION_FAULTS)
        .map(|index| (index % valid.len(), Fault::draw(&mut rng, &recipe.severity)))
        .collect();
    faults
        .chunks(recipe.batch)
        .map(|chunk| {
            let faults: Vec<(&Track, &Fault)> = chunk
                .iter()
                .map(|(track, fault)| (&valid[*track], fault))
                .collect();
            batch_of(&faults, 2 * recipe.frames, &NO_BLUR, &mut rng, device)
        })
        .collect()
}

fn validate(net: &Net, batches: &[Batch], curves: &Curves, recipe: &Recipe) -> Result<(f64, f64)> {
    let (mut total, mut error) = (0.0, 0.0);
    for batch in batches {
        let outputs = net.forward(&batch.frames_db, &batch.pooled)?;
        let loss = loss(batch, &outputs, curves, &recipe.loss)?;
        total += f64::from(loss.total.to_scalar::<f32>()?);
        error += f64::from(loss.mid_error_db);
    }
    let count = batches.len().max(1) as f64;
    Ok((total / count, error / count))
}

fn values(vars: &[Var]) -> Result<Vec<Vec<f32>>> {
    vars.iter()
        .map(|var| var.as_tensor().flatten_all()?.to_vec1::<f32>())
        .collect()
}
