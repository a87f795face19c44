//! Predicted deviations against errors on audio of validation albums: what the constants of the interval in
//! `crates/model/src/interval.rs` were chosen by.
//!
//! ```text
//! cargo run --release --example intervals -p acetate-training -- CACHE [SONGS]
//! ```
//! Prints, for knots in order of their predicted deviation, how wide the interval would have to be to hold 80 % of
//! the errors, and the share that the interval in use holds.

use std::path::Path;

use acetate_dsp::Audio;
use acetate_dsp::analyze;
use acetate_dsp::stream::AudioSource;
use acetate_model::NetPredictor;
use acetate_training::datasets::{Datasets, Split};
use acetate_training::eval::calibration::{HALF_WIDTH_80, held_share, knots};
use acetate_training::eval::excerpt::loudest;
use acetate_training::eval::faults::smooth;
use acetate_training::eval::metric::Sound;
use acetate_training::eval::predicted_error::{PredictedError, predicted_error};
use acetate_training::eval::songs::{files_of_split, spread};
use acetate_training::rng::Rng;
use rayon::prelude::*;

const EXCERPT_S: f64 = 20.0;
/// Untouched songs are always held, and tell nothing.
const SEVERITIES_DB: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 6.0];
const BINS: usize = 12;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cache = arguments.first().ok_or("expected the cache folder")?;
    let songs = arguments.get(1).map_or(Ok(usize::MAX), |n| n.parse())?;
    let files = files_of_split(&Datasets::committed()?, Split::Valid, Path::new(cache));
    let files = spread(files, Some(songs));
    let net = NetPredictor::embedded()?;
    let errors: Vec<PredictedError> = files
        .par_iter()
        .enumerate()
        .map(|(seed, file)| errors_of(&loudest(&file.path, EXCERPT_S)?, seed as u64, &net))
        .collect::<Result<Vec<_>, Failure>>()?
        .into_iter()
        .flatten()
        .collect();
    let knots = knots(&errors);
    for bin in 0..BINS {
        let part = &knots[bin * knots.len() / BINS..(bin + 1) * knots.len() / BINS];
        let mut sizes: Vec<f64> = part.iter().map(|(_, error)| error.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        println!(
            "{} knots, deviation {:.2} dB: 80 % within {:.2} dB, a deviation of {:.2} dB; held {:.2}",
            part.len(),
            part[part.len() / 2].0,
            sizes[sizes.len() * 4 / 5],
            sizes[sizes.len() * 4 / 5] / HALF_WIDTH_80,
            held_share(part),
        );
    }
    println!("in all: held {:.3}", held_share(&knots));
    Ok(())
}

/// What the net predicts of its error for one fault of every severity and its mirror.
fn errors_of(audio: &Audio, seed: u64, net: &NetPredictor) -> Result<Vec<PredictedError>, Failure> {
    let master = Sound::of(&analyze(&mut AudioSource::new(audio.clone()))?);
    let mut rng = Rng::new(seed);
    let mut all = Vec::new();
    for severity_db in SEVERITIES_DB {
        let drawn = smooth(&mut rng, severity_db);
        for fault in [drawn.mirrored(), drawn] {
            let mix = fault.applied_to(audio);
            let analysis = analyze(&mut AudioSource::new(mix))?;
            all.extend(predicted_error(&fault, &master, &analysis, net)?);
        }
    }
    Ok(all)
}
