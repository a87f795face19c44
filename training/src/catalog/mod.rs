//! Retraining on a user's catalog: finished masters in a folder, or mixes with their masters in a
//! list. From the shipped weights a few steps toward the catalog, as far as the albums set aside for
//! choices say, and an answer from albums that nothing was chosen on.
//!
//! ```text
//! folder or list ─gather─▶ songs ─split─▶ learn ─fit─▶ tuned ─blend─▶ chosen ─judge─▶ verdict
//! ```
//! From fewer pairs than that takes, only what their engineer usually does is learned.
//! Where the answer is not clearly *better*, no weights are written: the shipped ones under another name would only
//! look like a result.

pub mod blend;
pub mod card;
mod few_pairs;
pub mod gather;
pub mod interval;
pub mod judge;
pub mod split;
pub mod tune;
pub mod usual;

use std::ops::ControlFlow;
use std::path::PathBuf;

use acetate_dsp::plain;
use acetate_model::weights::DEFAULT_WEIGHTS;
use acetate_model::{Weights, WeightsError};
use serde::Serialize;
use thiserror::Error;

use crate::checkpoint::ValidationPoint;
use crate::corpus::CorpusError;
use crate::datasets::{Datasets, Split};
use crate::fit::{self, FitError, Job};
use crate::recipe::RecipeError;
use crate::run::{CHECKPOINTS_NAME, Observer, Paths, Step, TrainError, notify, write_file};
use crate::sampler::Material;
use acetate_io::WalkError;
use acetate_io::pairs_list::ListError;
use blend::{Blend, Choice, within_bounds};
use gather::Songs;
use judge::Comparison;
use split::Parts;
use tune::Tune;
use usual::UsualMove;

/// Name of the weights in the output folder.
pub const WEIGHTS_NAME: &str = "my.safetensors";
/// Fewer songs than this cannot be split in three.
const LEAST_SONGS: usize = 3;
/// Seeds of the faults on the albums set aside, on the held-out ones, on the public ones.
const CHOOSING_SEED: u64 = 0xACE7_0011;
const HELD_OUT_SEED: u64 = 0xACE7_0012;
const PUBLIC_SEED: u64 = 0xACE7_0013;

/// What to retrain on.
#[derive(Clone, Debug)]
pub enum Catalog {
    /// A folder of finished masters.
    Masters(PathBuf),
    /// A list of mixes with their masters.
    Pairs(PathBuf),
}

/// How to retrain.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Every number of the run.
    pub tune: &'a Tune,
    /// Cache and output folder.
    pub paths: Paths<'a>,
    /// The public music, where its list is known.
    pub datasets: Option<&'a Datasets>,
    /// Write the retrained weights whatever the answer is.
    pub force: bool,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Better on the held-out songs, the interval of the gain above zero, all else within bounds.
    Better,
    /// Not shown to be better.
    NotShown,
    /// Better in mid, but out of bounds elsewhere.
    OutOfBounds,
    /// No share of the way was better on the albums set aside for choices.
    NoUse,
    /// Too few songs; nothing was trained.
    TooFew,
}

/// What a retraining produced, as written beside the weights.
#[derive(Clone, Debug, Serialize)]
pub struct Retrained {
    /// The answer in one line.
    pub verdict: String,
    /// The answer.
    pub answer: Answer,
    /// True where the file holds retrained weights, false where it holds the shipped ones.
    pub retrained_written: bool,
    /// Share of the way from the shipped to the fine-tuned weights.
    pub lambda: f64,
    /// The engineer's usual move that the weights make, learned from pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_move: Option<UsualMove>,
    /// True where each album of pairs was left out in turn and judged by what the others taught.
    pub left_out_in_turn: bool,
    /// Name of the recipe.
    pub recipe: String,
    /// BLAKE3 of the weights file, hex.
    pub weights_hash: String,
    /// Songs learned from, chosen by, held out.
    pub songs: [usize; 3],
    /// True where the songs are pairs.
    pub pairs: bool,
    /// The held-out albums.
    pub held_out_albums: Vec<String>,
    /// True where the held-out songs are of albums that were also learned from.
    pub split_by_song: bool,
    /// Shipped against chosen weights on the held-out songs; `None` where nothing was trained.
    pub own: Option<Comparison>,
    /// The same on the public test albums; `None` where they are not in the cache.
    pub public: Option<Comparison>,
    /// Public masters that were mixed in.
    pub public_mixed_in: usize,
    /// Every share of the way that was tried, on the albums set aside.
    pub choices: Vec<Choice>,
    /// Step kept for each member.
    pub best_steps: Vec<usize>,
    /// Every look at the losses, per member.
    pub looks: Vec<Vec<ValidationPoint>>,
}

impl Retrained {
    /// What a catalog is before anything was learned from it: too few songs, and the shipped weights.
    fn untrained(tune: &Tune, pairs: bool) -> Result<Self, WeightsError> {
        Ok(Self {
            verdict: String::new(),
            answer: Answer::TooFew,
            retrained_written: false,
            lambda: 0.0,
            usual_move: None,
            left_out_in_turn: false,
            recipe: tune.fit.name.clone(),
            weights_hash: Weights::embedded()?.hash,
            songs: [0; 3],
            pairs,
            held_out_albums: Vec::new(),
            split_by_song: false,
            own: None,
            public: None,
            public_mixed_in: 0,
            choices: Vec::new(),
            best_steps: Vec::new(),
            looks: Vec::new(),
        })
    }
}

/// Why retraining failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RetrainError {
    /// The folder of masters is refused.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// Not even enough to split.
    #[error("{path}: expected at least {LEAST_SONGS} usable songs, found {found}")]
    TooFewToSplit {
        /// The folder or list.
        path: PathBuf,
        /// Usable songs.
        found: usize,
    },
    /// The list of pairs is refused.
    #[error(transparent)]
    List(#[from] ListError),
    /// A file of a pair is refused.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// The recipe is refused.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The optimizer failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A result cannot be made or written.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Weights cannot be read back or run.
    #[error("weights: {0}")]
    Weights(#[from] WeightsError),
    /// Weights cannot be written.
    #[error("safetensors: {0}")]
    Export(#[from] safetensors::SafeTensorError),
}

/// Retrains on a catalog and writes weights, model card, metrics and loss curve.
///
/// # Errors
/// [`RetrainError`].
pub fn retrain(
    catalog: &Catalog,
    plan: &Plan<'_>,
    observer: &dyn Observer,
) -> Result<Retrained, RetrainError> {
    let cache = plan.paths.cache;
    let (path, songs) = match catalog {
        Catalog::Masters(path) => (path, gather::masters(path, cache, observer)?),
        Catalog::Pairs(path) => (path, gather::pairs(path, cache, observer)?),
    };
    let found = songs.masters.len();
    let has_pairs = !songs.pairs.is_empty();
    let least = match has_pairs {
        true => plan.tune.min_pairs.min(plan.tune.min_songs),
        false => plan.tune.min_songs,
    };
    if found < least && !plan.force {
        let retrained = card::too_few(plan.tune, (found, least), has_pairs)?;
        write_all(plan, None, &retrained, None)?;
        return Ok(retrained);
    }
    if found < LEAST_SONGS {
        let path = path.clone();
        return Err(RetrainError::TooFewToSplit { path, found });
    }
    if has_pairs && found < plan.tune.min_songs {
        return retrain_on_few_pairs(plan, &songs, observer);
    }
    let public = |split| gather::public(plan.datasets, split, &songs, cache, observer);
    let public_train = public(Split::Train)?;
    let public_test = public(Split::Test)?;

    let places: Vec<split::AlbumSong<'_>> = songs
        .masters
        .iter()
        .map(|track| (track.group.as_str(), track.name.as_str()))
        .collect();
    let parts = split::split(&places, plan.tune.held_out_share, plan.tune.choosing_share);
    let learned = part_of(&songs, &parts.fit);
    let choosing = part_of(&songs, &parts.choosing);
    let held_out = part_of(&songs, &parts.held_out);
    let shipped = blend::shipped_tensors()?;
    let checkpoints = cache.join(CHECKPOINTS_NAME);
    let job = Job {
        recipe: &plan.tune.fit,
        material: Material {
            masters: &learned.masters,
            pairs: &learned.pairs,
            pairs_share: plan.tune.pairs_share,
            public: &public_train,
            public_share: plan.tune.public_share,
        },
        valid: &choosing.masters,
        valid_pairs: &choosing.pairs,
        start: Some(&shipped),
        checkpoints: Some(&checkpoints),
    };
    let steps = plan.tune.fit.members * plan.tune.fit.steps;
    observer.begin(Step::Fit, steps as u64);
    let members = fit::fit(&job, &|progress| {
        notify(observer, progress);
        ControlFlow::Continue(())
    })?;

    observer.begin(Step::Evaluate, 3);
    let name = &plan.tune.fit.name;
    let blend = blend::choose(
        &shipped,
        &members,
        &plan.tune.fit,
        &learned.pairs,
        &judged(&choosing, CHOOSING_SEED),
    )?;
    observer.advance("");
    let own = compare(&blend, &judged(&held_out, HELD_OUT_SEED))?;
    observer.advance("");
    let public = if public_test.is_empty() {
        None
    } else {
        let songs = judge::Songs {
            masters: &public_test,
            pairs: &[],
            seed: PUBLIC_SEED,
        };
        Some(compare(&blend, &songs)?)
    };
    observer.advance("");

    let answer = answer(&blend, &own);
    let retrained_written = !blend.is_shipped && (answer == Answer::Better || plan.force);
    let written = retrained_written.then_some(&blend.bytes[..]);
    let mut retrained = Retrained {
        verdict: String::new(),
        answer,
        retrained_written,
        lambda: blend.lambda,
        usual_move: blend.usual,
        left_out_in_turn: false,
        recipe: name.clone(),
        weights_hash: Weights::from_bytes(written.unwrap_or(DEFAULT_WEIGHTS))?.hash,
        songs: [&parts.fit, &parts.choosing, &parts.held_out].map(Vec::len),
        pairs: has_pairs,
        held_out_albums: albums(&held_out, &parts),
        split_by_song: parts.by_song,
        own: Some(own),
        public,
        public_mixed_in: public_train.len(),
        choices: blend.choices,
        best_steps: members.iter().map(|member| member.best_step).collect(),
        looks: members.iter().map(|member| member.looks.clone()).collect(),
    };
    retrained.verdict = card::verdict(&retrained);
    let curve = crate::report::loss_curve(&members)?;
    write_all(plan, written, &retrained, Some(&curve))?;
    job.forget().map_err(TrainError::from)?;
    Ok(retrained)
}

/// Learns only the engineer's usual move.
fn retrain_on_few_pairs(
    plan: &Plan<'_>,
    songs: &Songs,
    observer: &dyn Observer,
) -> Result<Retrained, RetrainError> {
    observer.begin(Step::Evaluate, 1);
    let (blend, own) = few_pairs::learn_usual_move(songs, &plan.tune.fit.name)?;
    observer.advance("");
    let answer = answer(&blend, &own);
    let retrained_written = answer == Answer::Better || plan.force;
    let written = retrained_written.then_some(&blend.bytes[..]);
    let count = songs.pairs.len();
    let mut retrained = Retrained {
        answer,
        retrained_written,
        usual_move: blend.usual,
        left_out_in_turn: true,
        weights_hash: Weights::from_bytes(written.unwrap_or(DEFAULT_WEIGHTS))?.hash,
        songs: [count, 0, count],
        split_by_song: own.counts_songs(),
        own: Some(own),
        ..Retrained::untrained(plan.tune, true)?
    };
    retrained.verdict = card::verdict(&retrained);
    write_all(plan, written, &retrained, None)?;
    Ok(retrained)
}

fn part_of(songs: &Songs, part: &[usize]) -> Songs {
    Songs {
        masters: part.iter().map(|&at| songs.masters[at].clone()).collect(),
        pairs: part
            .iter()
            .filter_map(|&at| songs.pairs.get(at).cloned())
            .collect(),
    }
}

fn judged(songs: &Songs, seed: u64) -> judge::Songs<'_> {
    judge::Songs {
        masters: &songs.masters,
        pairs: &songs.pairs,
        seed,
    }
}

fn compare(blend: &Blend, songs: &judge::Songs<'_>) -> Result<Comparison, RetrainError> {
    let shipped = judge::judge(&Weights::embedded()?, songs)?;
    let chosen = judge::judge(&Weights::from_bytes(&blend.bytes)?, songs)?;
    Ok(judge::compare(&shipped, &chosen))
}

fn answer(blend: &Blend, own: &Comparison) -> Answer {
    let shown = own.gain_interval_db.is_some_and(|[low, _]| low > 0.0);
    if blend.is_shipped {
        Answer::NoUse
    } else if !shown {
        Answer::NotShown
    } else if !within_bounds(&own.shipped, &own.retrained, blend.usual_rms_db()) {
        Answer::OutOfBounds
    } else {
        Answer::Better
    }
}

fn albums(held_out: &Songs, parts: &Parts) -> Vec<String> {
    if parts.by_song {
        return Vec::new();
    }
    let mut albums: Vec<String> = held_out.masters.iter().map(|t| t.group.clone()).collect();
    albums.sort();
    albums.dedup();
    albums
}

fn write_all(
    plan: &Plan<'_>,
    weights: Option<&[u8]>,
    retrained: &Retrained,
    curve: Option<&str>,
) -> Result<(), TrainError> {
    let write = |name: &str, bytes: &[u8]| write_file(plan.paths.out_dir, name, bytes);
    let metrics = serde_json::to_string_pretty(retrained).map_err(|error| TrainError::Write {
        path: plan.paths.out_dir.join(crate::run::METRICS_NAME),
        source: error.into(),
    })?;
    if let Some(curve) = curve {
        write(crate::run::CURVE_NAME, curve.as_bytes())?;
    }
    write(
        crate::run::METRICS_NAME,
        plain::json(format!("{metrics}\n")).as_bytes(),
    )?;
    let card = card::model_card(retrained, plan.tune);
    write(crate::run::CARD_NAME, card.as_bytes())?;
    match weights {
        Some(weights) => write(WEIGHTS_NAME, weights),
        None => Ok(()),
    }
}
