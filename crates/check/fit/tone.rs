//! Where tonal findings begin: what the shipped net says of released songs, whole and in parts, and of the same
//! songs with each fault put on their band frames.

use std::collections::BTreeSet;
use std::path::Path;

use acetate_check::Corpus;
use acetate_check::FindingCode;
use acetate_check::corpus::{Figure, Rows};
use acetate_check::detect::{DETECTORS, tone_contrast_db};
use acetate_check::fault_eq::{fault_eq_db, thin_db};
use acetate_check::tone::{BANDS, FIRST_BAND, TONE_CODES};
use acetate_dsp::measure::bands::center_hz;
use acetate_dsp::numeric::quantile;
use acetate_model::predictor::judge_tone;
use acetate_model::{Features, NetPredictor, Weights};
use acetate_training::corpus::{Track, load};
use acetate_training::datasets::{Datasets, Split};
use acetate_training::degrade::Fault;
use acetate_training::eval::songs::files_of_split;
use acetate_training::simulator::degrade;
use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::fit::{CORPUS_FILE, rounded, write};
use crate::protocol;

/// Frames that a part of a song has, as the excerpts of the campaign do.
const PART_FRAMES: usize = 96;
/// Parts of each song.
const PARTS: usize = 4;
/// Share of untouched parts that may show a finding of tone, any of them.
const FALSE_ALARMS: f64 = 0.15;
/// The share at which single findings are compared with other estimates.
const SINGLE_FALSE_ALARMS: f64 = 0.07;
/// Halvings that find the share of each single finding.
const HALVINGS: usize = 30;
/// Strengths of the tables, dB.
const STRENGTHS_DB: [f64; 3] = [4.0, 8.0, 12.0];
/// What the evidence carries of a fault at which a finding costs all of its points, dB.
const FULL_DB: f64 = 4.0;

/// One part of a song: the frames that are read.
struct Part<'a> {
    track: &'a Track,
    frames: Vec<usize>,
}

/// Fits the limits on songs that the net did not learn from, and prints what is found of each fault.
pub fn run(cache: &Path) -> Result<()> {
    let datasets = Datasets::committed()?;
    let files: Vec<_> = files_of_split(&datasets, Split::Valid, cache)
        .into_iter()
        .filter(|file| file.path.exists())
        .collect();
    let (tracks, errors) = load(&files, &cache.join("analysis"), &|_| {});
    errors.iter().for_each(|error| eprintln!("{error}"));
    let parts: Vec<Part<'_>> = tracks.iter().flat_map(parts_of).collect();
    let groups: BTreeSet<&str> = tracks.iter().map(|track| track.group.as_str()).collect();
    println!(
        "{} parts of {} songs of {} groups",
        parts.len(),
        tracks.len(),
        groups.len()
    );
    let weights = Weights::embedded()?;
    let net = NetPredictor::new(weights.clone());
    let values = |fault: &Fault| -> Result<Vec<[f64; 6]>> {
        parts
            .par_iter()
            .map(|part| contrasts(part, fault, &net, &weights))
            .collect()
    };
    let untouched = values(&Fault::NONE)?;
    let limits = limits(&untouched)?;
    let text = std::fs::read_to_string(CORPUS_FILE).context(CORPUS_FILE)?;
    let mut corpus = Corpus::parse(&text).map_err(anyhow::Error::msg)?;
    let protocol = protocol::read()?;
    for (index, code) in TONE_CODES.iter().enumerate() {
        let plain = protocol
            .fault
            .iter()
            .find(|fault| fault.code == code.as_str());
        let plain = plain
            .with_context(|| format!("no fault shows {code}"))?
            .plain;
        let plain_db = if *code == FindingCode::Thin {
            thin_db(plain)
        } else {
            plain
        };
        let found = |db: f64| -> Result<f64> {
            let after = values(&fault_of(*code, db))?;
            let found = after
                .iter()
                .filter(|row| row[index] >= limits[index])
                .count();
            Ok(100.0 * found as f64 / after.len() as f64)
        };
        let released: Vec<f64> = untouched.iter().map(|row| row[index]).collect();
        let shares = acetate_check::corpus::SHARES_PERCENT;
        let quantiles = shares
            .iter()
            .map(|share| {
                quantile(&released, 0.01 * share)
                    .map(rounded)
                    .context("no songs")
            })
            .collect::<Result<_>>()?;
        let single = quantile(
            &untouched.iter().map(|row| row[index]).collect::<Vec<_>>(),
            1.0 - SINGLE_FALSE_ALARMS,
        )
        .context("no songs")?;
        let after = values(&fault_of(*code, plain_db))?;
        let at_single = after.iter().filter(|row| row[index] >= single).count();
        println!(
            "{code:<8} where 7 % of untouched parts show this one: {:.0} % of the plain fault",
            100.0 * at_single as f64 / after.len() as f64
        );
        println!(
            "{code:<8} begins at {:.2} dB carried; found at {STRENGTHS_DB:?} dB: {:.0} / {:.0} / {:.0} %, plain ({plain_db:.1} dB) {:.0} %",
            limits[index],
            found(STRENGTHS_DB[0])?,
            found(STRENGTHS_DB[1])?,
            found(STRENGTHS_DB[2])?,
            found(plain_db)?,
        );
        let figure = Figure {
            quantiles,
            remark: rounded(limits[index]),
            full: FULL_DB,
        };
        corpus.figures.insert(code.to_string(), figure);
        let rows = Rows {
            tracks: tracks.len(),
            groups: groups.len(),
        };
        corpus.record.again.insert(code.to_string(), rows);
    }
    write(&corpus)
}

/// A song as a whole and in parts.
fn parts_of(track: &Track) -> Vec<Part<'_>> {
    let count = track.features.frames_db.len();
    let whole = Part {
        track,
        frames: (0..count)
            .step_by(count.div_ceil(4 * PART_FRAMES).max(1))
            .collect(),
    };
    let parts = (0..PARTS).map(|part| {
        let from = part * count / PARTS;
        let to = ((part + 1) * count / PARTS).max(from + 1);
        Part {
            track,
            frames: (from..to).collect(),
        }
    });
    std::iter::once(whole).chain(parts).collect()
}

fn fault_of(code: FindingCode, db: f64) -> Fault {
    Fault {
        tone_db: std::array::from_fn(|band| fault_eq_db(code, db, center_hz(FIRST_BAND + band))),
        ..Fault::NONE
    }
}

/// What the evidence carries of each fault of tone in a part, dB.
fn contrasts(
    part: &Part<'_>,
    fault: &Fault,
    net: &NetPredictor,
    weights: &Weights,
) -> Result<[f64; 6]> {
    let mix = degrade(part.track, fault, &part.frames, None);
    let (pooled, statistics) = mix.pooled.split_at(acetate_model::features::FRAME_WIDTH);
    let features = Features {
        frames_db: mix.frames_db,
        pooled_db: std::array::from_fn(|index| pooled[index]),
        statistics: std::array::from_fn(|index| statistics[index]),
    };
    let raw = net.raw(&features)?;
    let is_untouched = *fault == Fault::NONE;
    let finished = if is_untouched {
        part.track.finished_probability
    } else {
        0.0
    };
    let (tone, _) = judge_tone(&raw, &weights.header.priors, &features.pooled_db, finished);
    let carried_db = tone.mean_db.map(|db| -db);
    Ok(std::array::from_fn(|index| {
        tone_contrast_db(TONE_CODES[index], &carried_db).unwrap_or(f64::NAN)
    }))
}

/// The same quantile of every contrast, so that the share of untouched parts which show any is the one allowed.
fn limits(untouched: &[[f64; 6]]) -> Result<[f64; 6]> {
    let at = |share: f64| -> Result<[f64; 6]> {
        let mut limits = [0.0; 6];
        for (index, limit) in limits.iter_mut().enumerate() {
            let values: Vec<f64> = untouched.iter().map(|row| row[index]).collect();
            *limit = quantile(&values, share).context("no songs")?;
        }
        Ok(limits)
    };
    let (mut low, mut high) = (0.5, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let limits = at(middle)?;
        let shown = untouched
            .iter()
            .filter(|row| row.iter().zip(limits).any(|(value, limit)| *value >= limit))
            .count();
        if shown as f64 > FALSE_ALARMS * untouched.len() as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(high)
}

const _: () = assert!(BANDS == acetate_model::features::BANDS);
const _: () = assert!(DETECTORS.len() > TONE_CODES.len());
