//! The whole of training: measure, fit, gate, evaluate, export.

pub mod export;
pub mod report;
pub mod trained;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use acetate_dsp::plain;
use acetate_model::posterior::Priors;
use acetate_model::weights::Weights;

use crate::calibrate::{calibrate, net_of};
use crate::corpus::{self, CorpusError, Track, TrackFile};
use crate::datasets::{Datasets, Split, Tier};
use crate::eval::songs::files_of_split;
use crate::experiment::assign_folds;
use crate::export::weights_file;
use crate::fit::{self, Job, Member, Progress};
use crate::groups::judge_groups;
use crate::priors::{self, Judged, fit_priors, harm};
use crate::recipe::Recipe;
use crate::sampler::Material;
pub use crate::trained::{CARD_HEAD, TrainError, Trained};
use crate::validation::{self, Case, Row};

/// Seed of the faults on validation albums.
const VALID_SEED: u64 = 0xACE7_0001;
/// The splits that training reads.
const SPLITS: [Split; 2] = [Split::Train, Split::Valid];
/// Shares of the mean curve tried for the best fixed percentage.
const SHARES: [f64; 7] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0];
/// Bandwidth below which an unlike track is not learned from, Hz.
const LEAST_LEARNED_BANDWIDTH_HZ: f64 = 12_000.0;
/// Folder in the cache that keeps the checkpoints of unfinished runs.
pub const CHECKPOINTS_NAME: &str = "checkpoints";
/// File names in the output folder.
const WEIGHTS_NAME: &str = "default.safetensors";
/// Name of the model card in the folder of the weights.
pub const CARD_NAME: &str = "README.md";
pub(crate) const METRICS_NAME: &str = "metrics.json";
pub(crate) const CURVE_NAME: &str = "loss.svg";

/// Where training reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Paths<'a> {
    /// Cache folder: audio from `fetch`, and the analysis of it.
    pub cache: &'a Path,
    /// Folder of the weights, the model card and the loss curve.
    pub out_dir: &'a Path,
}

/// What training is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Analysis of the corpus.
    Measure,
    /// Steps of the optimizer, all members.
    Fit,
    /// Held-out albums.
    Evaluate,
}

/// Told how far training is, from any thread.
pub trait Observer: Sync {
    /// A step begins, with its number of units.
    fn begin(&self, step: Step, total: u64);
    /// One unit is done.
    fn advance(&self, message: &str);
    /// Something worth knowing; unsaid by default.
    fn say(&self, _message: &str) {}
    /// Something went wrong that does not stop the run.
    fn warn(&self, message: &str);
}

impl Trained {
    /// The validation tables as text.
    pub fn table(&self) -> String {
        report::tables(self)
    }
}

/// Trains by a recipe and writes weights, model card, metrics and loss curve.
///
/// # Errors
/// [`TrainError`].
pub fn train(
    recipe: &Recipe,
    datasets: &Datasets,
    paths: &Paths<'_>,
    observer: &dyn Observer,
) -> Result<Trained, TrainError> {
    let files = public_files(datasets, paths.cache, &SPLITS);
    let mut tracks = measure(&files, paths.cache, observer)?;
    let unlike = measure(&unlike_files(datasets, paths.cache), paths.cache, observer)?;
    let (train, unlike): (Vec<Track>, _) = unlike
        .into_iter()
        .partition(|track| track.split == Split::Train);
    tracks.extend(train.into_iter().filter(is_learned_from));
    let [train, valid] = split(assign_folds(tracks, &recipe.experiment))?;
    observer.begin(Step::Fit, (recipe.members * recipe.steps) as u64);
    let checkpoints = paths.cache.join(CHECKPOINTS_NAME);
    let job = Job {
        recipe,
        material: Material {
            masters: &train,
            ..Material::default()
        },
        valid: &valid,
        valid_pairs: &[],
        start: None,
        checkpoints: Some(&checkpoints),
    };
    let mut members = fit::fit(&job, &|progress| {
        notify(observer, progress);
        ControlFlow::Continue(())
    })?;

    observer.begin(Step::Evaluate, 1);
    let start = priors::of_recipe(&recipe.severity, &recipe.prior);
    let valid_cases = calibrate(&mut members, &start, &recipe.name, &valid, |predictor| {
        let hidden = &recipe.experiment.hidden;
        Ok(validation::cases(&valid, predictor, hidden, VALID_SEED)?)
    })?;
    observer.advance("");
    let judged = Judged {
        tracks: &valid,
        cases: &valid_cases,
    };
    let open = net_of(&members, &start, &recipe.name)?;
    let unlike_judged = Judged {
        tracks: &unlike,
        cases: &validation::untouched(&unlike, &open, &recipe.experiment.hidden)?,
    };
    let priors = fit_priors(start, &recipe.prior, &judged, &unlike_judged);
    let mean = validation::mean_spectrum(&train);
    let best_share = best_share(&valid, &valid_cases, &mean);

    let bytes = weights_file(&members, &priors, &recipe.name)?;
    let trained = Trained {
        recipe: recipe.name.clone(),
        weights_hash: Weights::from_bytes(&bytes)?.hash,
        tracks: [train.len(), valid.len()],
        harm: harm(&judged, &priors),
        unlike: harm(&unlike_judged, &priors),
        best_share,
        valid: [
            judge_all(&valid, &valid_cases, &mean, best_share, &priors),
            validation::judge("net, no prior", &valid, &valid_cases, &|_, case| {
                validation::open_curves(&case.raw)
            }),
        ]
        .concat(),
        dynamics: validation::judge_dynamics(&valid_cases, &priors),
        groups: judge_groups(&valid, &valid_cases, &priors),
        priors,
        best_steps: members.iter().map(|member| member.best_step).collect(),
        looks: members.iter().map(|member| member.looks.clone()).collect(),
    };
    write_all(paths.out_dir, &bytes, &trained, recipe, &members)?;
    job.forget()?;
    Ok(trained)
}

/// Tells an observer of the optimizer's progress.
pub fn notify(observer: &dyn Observer, progress: Progress) {
    match progress {
        Progress::Step { .. } => observer.advance(""),
        Progress::Resumed { member, step } => {
            observer.say(&format!("member {member} goes on from step {step}"));
            (0..step).for_each(|_| observer.advance(""));
        }
    }
}

/// Features of files, with one warning for those that have none.
fn measure(
    files: &[TrackFile],
    cache: &Path,
    observer: &dyn Observer,
) -> Result<Vec<Track>, TrainError> {
    let (tracks, errors) = measure_files(files, cache, observer)?;
    if let Some(first) = errors.first() {
        observer.warn(&format!(
            "{} of {} tracks are left out; the first: {first}",
            errors.len(),
            files.len()
        ));
    }
    Ok(tracks)
}

/// What is unlike the finished masters and finished in its own way: unmastered mixes, and masters
/// that are mono, quiet, unbalanced or narrow-band.
fn unlike_files(datasets: &Datasets, cache: &Path) -> Vec<TrackFile> {
    let odd = |split| {
        let masters = datasets.masters_of(split);
        masters.filter(|track| matches!(track.tier, Tier::C | Tier::D))
    };
    SPLITS
        .iter()
        .flat_map(|&split| {
            let tracks = odd(split).chain(datasets.mixes_of(split));
            tracks.map(move |track| (split, track))
        })
        .map(|(split, track)| TrackFile::of(&track, split, cache))
        .filter(|file| file.path.exists())
        .collect()
}

/// Tracks unlike the rest that are learned from all the same: variety helps at every severity
/// (`training/README.md`). Mono and narrow-band ones teach nothing of width and treble.
fn is_learned_from(track: &Track) -> bool {
    track.channels == 2 && track.bandwidth_hz >= LEAST_LEARNED_BANDWIDTH_HZ
}

/// The finished masters of tiers A and B of some splits that are in the cache.
pub(crate) fn public_files(datasets: &Datasets, cache: &Path, splits: &[Split]) -> Vec<TrackFile> {
    splits
        .iter()
        .flat_map(|&split| files_of_split(datasets, split, cache))
        .filter(|file| file.path.exists())
        .collect()
}

/// Features of files, from the cache where it has them.
pub(crate) fn measure_files(
    files: &[TrackFile],
    cache: &Path,
    observer: &dyn Observer,
) -> Result<(Vec<Track>, Vec<CorpusError>), TrainError> {
    let analysis_dir = cache.join("analysis");
    fs::create_dir_all(&analysis_dir).map_err(|source| TrainError::Write {
        path: analysis_dir.clone(),
        source,
    })?;
    observer.begin(Step::Measure, files.len() as u64);
    Ok(corpus::load(files, &analysis_dir, &|path| {
        observer.advance(&path.file_name().unwrap_or_default().to_string_lossy());
    }))
}

fn split(tracks: Vec<Track>) -> Result<[Vec<Track>; 2], TrainError> {
    let mut parts: [Vec<Track>; 2] = Default::default();
    for track in tracks {
        let index = SPLITS.iter().position(|&split| split == track.split);
        if let Some(part) = index.and_then(|index| parts.get_mut(index)) {
            part.push(track);
        }
    }
    for (part, split) in parts.iter().zip(SPLITS) {
        if part.is_empty() {
            return Err(TrainError::NoTracks { split });
        }
    }
    Ok(parts)
}

/// The share of the mean curve with the least error on validation albums, severities as equals.
fn best_share(
    tracks: &[Track],
    cases: &[Case],
    mean: &[f64; acetate_model::features::BANDS],
) -> f64 {
    let flat = [0.0; acetate_model::features::BANDS];
    let error = |share: f64| -> f64 {
        cases
            .iter()
            .map(|case| {
                let track = &tracks[case.track];
                let curve = validation::toward_mean(track, case, mean, share);
                validation::tonal_error(track, &case.fault, &curve, &flat).0
            })
            .sum()
    };
    SHARES
        .into_iter()
        .map(|share| (error(share), share))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(0.0, |(_, share)| share)
}

fn judge_all(
    tracks: &[Track],
    cases: &[Case],
    mean: &[f64; acetate_model::features::BANDS],
    best_share: f64,
    priors: &Priors,
) -> Vec<Row> {
    let flat = [0.0; acetate_model::features::BANDS];
    let toward = |share: f64| {
        move |track: &Track, case: &Case| (validation::toward_mean(track, case, mean, share), flat)
    };
    let mut rows = validation::judge("do nothing", tracks, cases, &|_, _| (flat, flat));
    rows.extend(validation::judge(
        "mean curve, 100 %",
        tracks,
        cases,
        &toward(1.0),
    ));
    let name = format!("mean curve, {:.0} % (best fixed)", 100.0 * best_share);
    rows.extend(validation::judge(&name, tracks, cases, &toward(best_share)));
    rows.extend(validation::judge("net", tracks, cases, &|track, case| {
        validation::net_curves(track, case, priors)
    }));
    rows
}

fn write_all(
    out_dir: &Path,
    weights: &[u8],
    trained: &Trained,
    recipe: &Recipe,
    members: &[Member],
) -> Result<(), TrainError> {
    let write = |name: &str, bytes: &[u8]| write_file(out_dir, name, bytes);
    let metrics = serde_json::to_string_pretty(trained).map_err(|error| TrainError::Write {
        path: out_dir.join(METRICS_NAME),
        source: error.into(),
    })?;
    write(CURVE_NAME, report::loss_curve(members)?.as_bytes())?;
    write(METRICS_NAME, plain::json(format!("{metrics}\n")).as_bytes())?;
    write(CARD_NAME, report::model_card(trained, recipe).as_bytes())?;
    write(WEIGHTS_NAME, weights)
}

/// Writes a file of the output folder under a temporary name first.
pub(crate) fn write_file(out_dir: &Path, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
    let path = out_dir.join(name);
    acetate_io::write_bytes(&path, bytes).map_err(|source| TrainError::Write { path, source })
}
