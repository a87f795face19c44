//! Fits the tonal estimate and its limits on the features of all released training tracks, which training keeps in
//! its cache.
//!
//! A static EQ applies exactly to band levels and their moments over time, so that faults of any strength cost
//! nothing. Each song is read whole and in parts, for it may be a short one that is checked. Limits come
//! from estimates of album groups that the model has not seen: those that it has seen look better than any new song.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acetate_check::Corpus;
use acetate_check::corpus::{Figure, Rows};
use acetate_check::detect::DETECTORS;
use acetate_check::fault_eq::{fault_eq_db, thin_db};
use acetate_check::tone::{HIDDEN, INPUTS, TONE_CODES, ToneModel, inputs_after, inputs_of};
use acetate_training::corpus::{TrackFile, load};
use acetate_training::datasets::{Datasets, Split};
use acetate_training::eval::linear::{mirror, solve};
use acetate_training::eval::songs::files_of_split;
use acetate_training::eval::statistics::quantile;
use acetate_training::rng::Rng;
use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::fit::{CORPUS_FILE, limited, rounded, write};
use crate::protocol;

/// Parts of each song that are read, beside the whole and its middle.
const PARTS: usize = 10;
/// Shortest and longest part, share of the song.
const PART_SHARES: [f64; 2] = [0.12, 0.5];
/// The middle: about 30 s, as the campaign takes them.
const MIDDLE: [f64; 2] = [0.42, 0.58];
/// Fewest frames of a part, and of a song.
const FEWEST_FRAMES: usize = 40;
/// Examples that are drawn.
const EXAMPLES: usize = 16_000;
/// Share of them without a fault.
const UNTOUCHED_SHARE: f64 = 0.35;
/// Weakest and strongest fault, dB.
const STRENGTHS_DB: [f64; 2] = [2.0, 15.0];
/// The strength at which the estimate is calibrated, dB.
const PLAIN_DB: f64 = 12.0;
/// Ridges that are tried, per example.
const RIDGES: [f64; 4] = [0.01, 0.03, 0.1, 0.3];
/// Folds of album groups.
const FOLDS: usize = 6;
const FAULTS: usize = TONE_CODES.len();

/// One song: its fold and the inputs of its parts; the whole comes first, then the middle.
struct Song {
    group: String,
    fold: usize,
    parts: Vec<Vec<f64>>,
}

/// Sums of one fold from which any regression on other folds is solved.
#[derive(Clone)]
struct Sums {
    square: Vec<Vec<f64>>,
    product: Vec<Vec<f64>>,
}

/// Writes the estimate, its quantiles and its limits into crates/check/corpus.json.
pub fn run(cache: &Path) -> Result<()> {
    let protocol = protocol::read()?;
    let songs = songs(cache, protocol.seed)?;
    let groups: BTreeSet<&str> = songs.iter().map(|song| song.group.as_str()).collect();
    println!("{} songs of {} groups", songs.len(), groups.len());
    let mut model = scaled(&songs)?;
    let examples = examples(&songs, protocol.seed);
    let sums: Vec<Sums> = (0..FOLDS)
        .into_par_iter()
        .map(|fold| {
            summed(
                &model,
                examples.iter().filter(|example| example.fold == fold),
            )
        })
        .collect();
    let share = examples.len() as f64;
    let (ridge, by_fold) = best(&model, &examples, &sums)?;
    let untouched = estimates(&by_fold, &songs, &|part| part.to_vec());
    solved(&mut model, &sums, None, ridge * share)?;
    let text = std::fs::read_to_string(CORPUS_FILE).context(CORPUS_FILE)?;
    let mut corpus = Corpus::parse(&text).map_err(anyhow::Error::msg)?;
    for (index, code) in TONE_CODES.iter().enumerate() {
        // The plain strength is a corner for the high-pass, and 12 dB for the others.
        let plain = protocol.fault.iter().find(|fault| fault.code == *code);
        let plain = plain
            .with_context(|| format!("no fault shows {code}"))?
            .plain;
        let plain_db = if *code == "thin" {
            thin_db(plain)
        } else {
            plain
        };
        let after = |db: f64| {
            let eq = move |freq_hz: f64| fault_eq_db(code, db, freq_hz);
            estimates(&by_fold, &songs, &|part| inputs_after(part, &eq))
        };
        let of = |rows: &[[f64; FAULTS]]| rows.iter().map(|row| row[index]).collect::<Vec<f64>>();
        let released = of(&untouched);
        let middle = |values: &[f64]| quantile(values, 0.5).context("no songs");
        let (low, high) = (middle(&released)?, middle(&of(&after(PLAIN_DB)))?);
        let scale = PLAIN_DB / (high - low).max(1e-6);
        let calibrated = |values: Vec<f64>| -> Vec<f64> {
            values.iter().map(|value| (value - low) * scale).collect()
        };
        model.weights[index]
            .iter_mut()
            .for_each(|w| *w = rounded(*w * scale));
        model.offset[index] = rounded((model.offset[index] - low) * scale);
        let detector = DETECTORS
            .iter()
            .find(|detector| detector.about().code == *code);
        let about = detector.context("every fault has a detector")?.about();
        let (released, plain) = (calibrated(released), calibrated(of(&after(plain_db))));
        let figure: Figure = limited(about, &released, &plain)?;
        let share_found = |limit: f64| {
            let found = plain.iter().filter(|&&value| value > limit).count();
            100.0 * found as f64 / plain.len() as f64
        };
        println!(
            "{code:<8} 95 % {:>6.2}  remark {:>6.2}  full {:>6.2}  found {:.0} %; where 7 % of untouched parts show it: {:.0} %",
            figure.quantiles[12],
            figure.remark,
            figure.full,
            share_found(figure.remark),
            share_found(quantile(&released, 0.93).context("no songs")?),
        );
        corpus.figures.insert((*code).to_owned(), figure);
        let rows = Rows {
            tracks: songs.len(),
            groups: groups.len(),
        };
        corpus.record.again.insert((*code).to_owned(), rows);
    }
    corpus.tone = model;
    write(&corpus)
}

/// Features of all released training tracks, read from training's cache or measured.
fn songs(cache: &Path, seed: u64) -> Result<Vec<Song>> {
    let datasets = Datasets::committed()?;
    let files: Vec<TrackFile> = files_of_split(&datasets, Split::Train, cache)
        .into_iter()
        .filter(|file| file.path.exists() && file.path.extension().is_none_or(|end| end != "opus"))
        .collect();
    let (mut tracks, errors) = load(&files, &cache.join("analysis"), &|_| {});
    errors.iter().for_each(|error| eprintln!("{error}"));
    tracks.retain(|track| track.features.frames_db.len() >= FEWEST_FRAMES);
    let mut groups: Vec<&str> = tracks.iter().map(|track| track.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    Rng::new(seed).shuffle(&mut groups);
    let places = groups.iter().enumerate();
    let folds: BTreeMap<&str, usize> = places.map(|(at, group)| (*group, at % FOLDS)).collect();
    Ok(tracks
        .par_iter()
        .enumerate()
        .map(|(index, track)| {
            let mut rng = Rng::new(seed + index as u64);
            let frames = &track.features.frames_db;
            let count = frames.len();
            let at = |share: f64| (share * count as f64) as usize;
            let mut parts = vec![
                inputs_of(frames),
                inputs_of(&frames[at(MIDDLE[0])..at(MIDDLE[1])]),
            ];
            for _ in 0..PARTS {
                let length = at(rng.uniform(PART_SHARES[0], PART_SHARES[1]));
                let length = length.clamp(FEWEST_FRAMES.min(count), count);
                let from = rng.below(count - length + 1);
                parts.push(inputs_of(&frames[from..from + length]));
            }
            Song {
                group: track.group.clone(),
                fold: folds.get(track.group.as_str()).copied().unwrap_or_default(),
                parts,
            }
        })
        .collect())
}

/// A model without weights: the scale of its inputs over untouched songs.
fn scaled(songs: &[Song]) -> Result<ToneModel> {
    let count = songs.iter().map(|song| song.parts.len()).sum::<usize>() as f64;
    let all = || songs.iter().flat_map(|song| &song.parts);
    let mean: Vec<f64> = (0..INPUTS)
        .map(|index| rounded(all().map(|part| part[index]).sum::<f64>() / count))
        .collect();
    let deviation = (0..INPUTS)
        .map(|index| {
            let squares = all().map(|part| (part[index] - mean[index]).powi(2));
            // An input that never moves, on the floor, must not be blown up.
            rounded((squares.sum::<f64>() / count).sqrt().max(1.0))
        })
        .collect();
    Ok(ToneModel {
        mean,
        deviation,
        weights: vec![vec![0.0; INPUTS + HIDDEN]; FAULTS],
        offset: vec![0.0; FAULTS],
    })
}

/// One row of the regression.
struct Example {
    fold: usize,
    inputs: Vec<f64>,
    targets: [f64; FAULTS],
}

fn examples(songs: &[Song], seed: u64) -> Vec<Example> {
    let mut rng = Rng::new(seed);
    (0..EXAMPLES)
        .map(|_| {
            let song = &songs[rng.below(songs.len())];
            let part = &song.parts[rng.below(song.parts.len())];
            let mut targets = [0.0; FAULTS];
            if rng.unit() < UNTOUCHED_SHARE {
                return Example {
                    fold: song.fold,
                    inputs: part.clone(),
                    targets,
                };
            }
            let index = rng.below(FAULTS);
            let strength_db = rng.uniform(STRENGTHS_DB[0], STRENGTHS_DB[1]);
            targets[index] = strength_db;
            let eq = |freq_hz: f64| fault_eq_db(TONE_CODES[index], strength_db, freq_hz);
            Example {
                fold: song.fold,
                inputs: inputs_after(part, &eq),
                targets,
            }
        })
        .collect()
}

/// The values that weights are multiplied with, and one for the offset.
fn row_of(model: &ToneModel, inputs: &[f64]) -> Vec<f64> {
    let mut row = model.expanded(inputs);
    row.push(1.0);
    row
}

fn summed<'a>(model: &ToneModel, examples: impl Iterator<Item = &'a Example>) -> Sums {
    let width = INPUTS + HIDDEN + 1;
    let mut sums = Sums {
        square: vec![vec![0.0; width]; width],
        product: vec![vec![0.0; FAULTS]; width],
    };
    for example in examples {
        let row = row_of(model, &example.inputs);
        for i in 0..width {
            for (cell, x) in sums.square[i][..=i].iter_mut().zip(&row) {
                *cell += row[i] * x;
            }
            for (cell, target) in sums.product[i].iter_mut().zip(example.targets) {
                *cell += row[i] * target;
            }
        }
    }
    sums
}

/// Puts the weights of a ridge regression on all folds but one into a model.
fn solved(model: &mut ToneModel, sums: &[Sums], without: Option<usize>, ridge: f64) -> Result<()> {
    let inside = sums
        .iter()
        .enumerate()
        .filter(|(fold, _)| Some(*fold) != without);
    let mut inside = inside.map(|(_, sums)| sums);
    let mut total = inside.next().context("no folds")?.clone();
    for fold in inside {
        let pairs = total.square.iter_mut().zip(&fold.square);
        let pairs = pairs.chain(total.product.iter_mut().zip(&fold.product));
        for (row, more) in pairs {
            row.iter_mut()
                .zip(more)
                .for_each(|(cell, more)| *cell += more);
        }
    }
    mirror(&mut total.square);
    let width = INPUTS + HIDDEN;
    for index in 0..width {
        total.square[index][index] += ridge;
    }
    let answer = solve(&total.square, &total.product).context("singular")?;
    for fault in 0..FAULTS {
        model.weights[fault] = answer[..width].iter().map(|row| row[fault]).collect();
        model.offset[fault] = answer[width][fault];
    }
    Ok(())
}

/// The ridge with the smallest error on held-out groups, and its models of all folds.
fn best(model: &ToneModel, examples: &[Example], sums: &[Sums]) -> Result<(f64, Vec<ToneModel>)> {
    let mut best: Option<(f64, f64, Vec<ToneModel>)> = None;
    for ridge in RIDGES {
        let models: Vec<ToneModel> = (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let mut model = model.clone();
                solved(&mut model, sums, Some(fold), ridge * examples.len() as f64)?;
                Ok(model)
            })
            .collect::<Result<_>>()?;
        let squares: f64 = examples
            .par_iter()
            .map(|example| {
                let estimate = models[example.fold].estimate(&example.inputs);
                let errors = estimate.iter().zip(example.targets);
                errors.map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
            })
            .collect::<Vec<f64>>()
            .iter()
            .sum();
        let error_db = (squares / (examples.len() * FAULTS) as f64).sqrt();
        println!("ridge {ridge}: {error_db:.3} dB RMS on held-out groups");
        if best.as_ref().is_none_or(|(_, least, _)| error_db < *least) {
            best = Some((ridge, error_db, models));
        }
    }
    let (ridge, _, models) = best.context("no ridge")?;
    Ok((ridge, models))
}

/// Estimates of every part of every song, by the model that has not seen its group.
fn estimates(
    models: &[ToneModel],
    songs: &[Song],
    change: &(dyn Fn(&[f64]) -> Vec<f64> + Sync),
) -> Vec<[f64; FAULTS]> {
    let by_song = songs.par_iter().map(|song| {
        let estimate = |part: &Vec<f64>| {
            let estimate = models[song.fold].estimate(&change(part));
            std::array::from_fn(|index| estimate[index])
        };
        song.parts.iter().map(estimate).collect::<Vec<_>>()
    });
    by_song.collect::<Vec<_>>().into_iter().flatten().collect()
}
