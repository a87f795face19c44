//! Trains the members of an ensemble with AdamW, each from its own seed, and keeps the weights
//! that did best on the validation albums. Every look leaves a checkpoint to go on from.

pub mod adamw;
pub mod checkpoint;
pub mod degrade;
pub mod experiment;
pub mod sampler;
pub mod simulator;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use acetate_model::Net;
use acetate_model::net::TENSORS;
use acetate_model::outputs::{MEANS, OUTPUTS};
use candle_core::{Device, Result, Tensor, Var};
use rayon::prelude::*;
use thiserror::Error;

use crate::adamw::AdamW;
use crate::checkpoint::{Checkpoint, CheckpointError, ValidationPoint, run_key};
use crate::corpus::Track;
use crate::experiment::silence_units;
use crate::pair::Pair;
use crate::recipe::{Experiment, Recipe};
use crate::rng::Rng;
use crate::sampler::{Material, ShuffledDecks, training_batch, validation_batches};
use crate::simulator::{Batch, Curves, loss};

/// Share of the steps in which the learning rate rises.
const WARM_UP_SHARE: f64 = 0.03;
/// The learning rate ends at this share of its start.
const FINAL_SHARE: f64 = 0.02;

/// A trained member: its tensors in the order of [`TENSORS`], and how it went.
#[derive(Clone, Debug)]
pub struct Member {
    /// Values of each tensor, row-major.
    pub tensors: Vec<Vec<f32>>,
    /// Every look, in order.
    pub looks: Vec<ValidationPoint>,
    /// Step of the look that was kept.
    pub best_step: usize,
}

impl Member {
    /// Tensors that nobody looked at.
    pub fn of(tensors: Vec<Vec<f32>>) -> Self {
        Self {
            tensors,
            looks: Vec::new(),
            best_step: 0,
        }
    }
}

/// What to train, on what, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Every number of the run.
    pub recipe: &'a Recipe,
    /// The music to learn from.
    pub material: Material<'a>,
    /// Held-out masters: they decide which step is kept, and when to stop.
    pub valid: &'a [Track],
    /// Held-out pairs, for the same end.
    pub valid_pairs: &'a [Pair],
    /// Tensors of each member to start from; drawn where `None`.
    pub start: Option<&'a [Vec<Vec<f32>>]>,
    /// Folder that keeps the checkpoints of every run; none are kept where `None`.
    pub checkpoints: Option<&'a Path>,
}

impl Job<'_> {
    /// The folder of this run's checkpoints.
    fn folder(&self) -> Option<PathBuf> {
        self.checkpoints.map(|checkpoints| {
            let valid = (self.valid, self.valid_pairs);
            checkpoints.join(run_key(self.recipe, &self.material, valid, self.start))
        })
    }

    /// Removes this run's checkpoints: for when what came of it is safe.
    ///
    /// # Errors
    /// [`CheckpointError::File`].
    pub fn forget(&self) -> std::result::Result<(), CheckpointError> {
        let Some(path) = self.folder() else {
            return Ok(());
        };
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(CheckpointError::File {
                    path,
                    source: error,
                })
            }
            _ => Ok(()),
        }
    }
}

/// How training goes, told from any thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A member goes on from a checkpoint.
    Resumed {
        /// The member.
        member: usize,
        /// Steps that it had done.
        step: usize,
    },
    /// A member did a step.
    Step {
        /// The member.
        member: usize,
        /// Steps done.
        step: usize,
    },
}

/// Why training ended without weights.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FitError {
    /// A tensor operation failed.
    #[error("candle: {0}")]
    Candle(#[from] candle_core::Error),
    /// A checkpoint cannot be kept or used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// There are not as many starting members as the recipe has.
    #[error(
        "expected a recipe with members = {start}, as the weights to start from have, found {recipe}"
    )]
    Members {
        /// Members of the weights to start from.
        start: usize,
        /// Members of the recipe.
        recipe: usize,
    },
    /// The observer asked for an end.
    #[error("stopped")]
    Stopped,
}

/// Trains all members. `progress` is called after each step and may end the run, which goes on
/// from its last checkpoints when it is started again.
///
/// # Errors
/// [`FitError`].
pub fn fit(
    job: &Job<'_>,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> std::result::Result<Vec<Member>, FitError> {
    if let Some(start) = job.start
        && start.len() != job.recipe.members
    {
        return Err(FitError::Members {
            start: start.len(),
            recipe: job.recipe.members,
        });
    }
    let folder = job.folder();
    (0..job.recipe.members)
        .into_par_iter()
        .map(|member| {
            let path = folder
                .as_ref()
                .map(|folder| folder.join(format!("member{member}.safetensors")));
            fit_member(job, member, path.as_deref(), progress)
        })
        .collect()
}

/// A member in training.
struct Training {
    vars: Vec<Var>,
    net: Net,
    optimizer: AdamW,
    rng: Rng,
    decks: ShuffledDecks,
    step: usize,
    done: bool,
    looks: Vec<ValidationPoint>,
    best: Option<(f64, usize, Vec<Vec<f32>>)>,
}

impl Training {
    /// Starts a member from its seed, or from the tensors given.
    fn start(job: &Job<'_>, member: usize, device: &Device) -> Result<Self> {
        let mut rng = Rng::new(seed(job.recipe, member));
        let vars = match job.start.and_then(|start| start.get(member)) {
            Some(tensors) => variables(tensors, device)?,
            None => initial(&mut rng, &job.recipe.experiment, device)?,
        };
        Ok(Self {
            net: net_of(&vars, device)?,
            optimizer: AdamW::new(vars.clone(), job.recipe.weight_decay)?,
            vars,
            rng,
            decks: ShuffledDecks::default(),
            step: 0,
            done: false,
            looks: Vec::new(),
            best: None,
        })
    }

    /// Goes on from a checkpoint.
    fn resume(
        job: &Job<'_>,
        member: usize,
        checkpoint: Checkpoint,
        device: &Device,
    ) -> Result<Self> {
        let vars = variables(&checkpoint.tensors, device)?;
        let [first, second] = &checkpoint.moments;
        Ok(Self {
            net: net_of(&vars, device)?,
            optimizer: AdamW::resume(
                vars.clone(),
                job.recipe.weight_decay,
                checkpoint.step,
                first,
                second,
            )?,
            vars,
            rng: Rng::at(seed(job.recipe, member), checkpoint.rng_position),
            decks: checkpoint.decks,
            step: checkpoint.step,
            done: checkpoint.done,
            looks: checkpoint.looks,
            best: Some(checkpoint.best),
        })
    }

    fn checkpoint(&self) -> Result<Checkpoint> {
        let tensors = values(&self.vars)?;
        Ok(Checkpoint {
            step: self.step,
            done: self.done,
            rng_position: self.rng.position(),
            decks: self.decks.clone(),
            looks: self.looks.clone(),
            best: match &self.best {
                Some(best) => best.clone(),
                None => (f64::INFINITY, 0, tensors.clone()),
            },
            tensors,
            moments: self.optimizer.moments()?,
        })
    }

    /// Keeps the tensors where they did better on the validation music than any before.
    fn keep_if_best(&mut self, valid_loss: f64) -> Result<()> {
        if self
            .best
            .as_ref()
            .is_none_or(|(least, _, _)| valid_loss < *least)
        {
            self.best = Some((valid_loss, self.step, values(&self.vars)?));
        }
        Ok(())
    }

    fn best_step(&self) -> usize {
        self.best.as_ref().map_or(0, |(_, step, _)| *step)
    }
}

fn fit_member(
    job: &Job<'_>,
    member: usize,
    path: Option<&Path>,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> std::result::Result<Member, FitError> {
    let recipe = job.recipe;
    let device = Device::Cpu;
    let curves = Curves::new(&device)?;
    let validation = validation_batches(recipe, job.valid, job.valid_pairs, &device)?;
    let tell = |event| match progress(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(FitError::Stopped),
    };
    let found = path.map(Checkpoint::read).transpose()?.flatten();
    let mut training = match found {
        Some(checkpoint) => {
            let step = checkpoint.step;
            tell(Progress::Resumed { member, step })?;
            Training::resume(job, member, checkpoint, &device)?
        }
        None => Training::start(job, member, &device)?,
    };
    if training.step == 0 && job.start.is_some() {
        // What it starts from counts as a step of its own: it may be the best.
        let (valid_loss, _) = validate(&training.net, &validation, &curves, recipe)?;
        training.keep_if_best(valid_loss)?;
    }

    let (mut loss_sum, mut loss_count) = (0.0, 0);
    while !training.done && training.step < recipe.steps {
        let batch = training_batch(
            recipe,
            &job.material,
            &mut training.decks,
            &mut training.rng,
            &device,
        )?;
        let outputs = training.net.forward(&batch.frames_db, &batch.pooled)?;
        let loss = loss(&batch, &outputs, &curves, &recipe.loss)?;
        training.step += 1;
        let step = training.step;
        training
            .optimizer
            .step(&loss.total.backward()?, learning_rate(recipe, step))?;
        loss_sum += f64::from(loss.total.to_scalar::<f32>()?);
        loss_count += 1;

        if step % recipe.validate_every == 0 || step == recipe.steps {
            let (valid_loss, valid_mid_error_db) =
                validate(&training.net, &validation, &curves, recipe)?;
            training.looks.push(ValidationPoint {
                step,
                train_loss: loss_sum / f64::from(loss_count),
                valid_loss,
                valid_mid_error_db,
            });
            (loss_sum, loss_count) = (0.0, 0);
            training.keep_if_best(valid_loss)?;
            training.done = step - training.best_step() >= recipe.patience * recipe.validate_every;
            if let Some(path) = path {
                training.checkpoint()?.write(path)?;
            }
        }
        tell(Progress::Step { member, step })?;
    }
    let best_step = training.best_step();
    Ok(Member {
        tensors: match training.best {
            Some((_, _, tensors)) => tensors,
            None => values(&training.vars)?,
        },
        looks: training.looks,
        best_step,
    })
}

fn seed(recipe: &Recipe, member: usize) -> u64 {
    recipe.seed.wrapping_add(member as u64)
}

fn net_of(vars: &[Var], device: &Device) -> Result<Net> {
    Net::new(
        vars.iter().map(|var| var.as_tensor().clone()).collect(),
        device,
    )
}

fn variables(tensors: &[Vec<f32>], device: &Device) -> Result<Vec<Var>> {
    TENSORS
        .iter()
        .zip(tensors)
        .map(|((_, shape), values)| Var::from_tensor(&Tensor::from_slice(values, *shape, device)?))
        .collect()
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

/// He initialization (He et al. 2015) from our own generator; the last layer starts near zero, so
/// that an untrained net proposes nothing.
fn initial(rng: &mut Rng, experiment: &Experiment, device: &Device) -> Result<Vec<Var>> {
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
                    let mut values: Vec<f32> =
                        (0..count).map(|_| (scale * rng.normal()) as f32).collect();
                    if let Some(share) = experiment.units_share {
                        silence_units(name, shape[1], &mut values, share);
                    }
                    values
                }
            };
            Var::from_tensor(&Tensor::from_vec(values, *shape, device)?)
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

#[cfg(test)]
mod tests;
