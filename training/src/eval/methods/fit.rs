//! Fits the [`Baselines`] from a cached corpus.

use std::path::Path;

use rayon::prelude::*;

use crate::corpus::{self, Track};
use crate::datasets::{Datasets, Split};
use crate::eval::EvalError;
use crate::eval::baselines::{Baselines, Levels, fit};
use crate::eval::case::measured;
use crate::eval::excerpt::loudest;
use crate::eval::run::Observer;
use crate::eval::songs::{Song, files_of_split, songs_of_split, spread};
use crate::recipe::Recipe;

/// Validation songs on whose levels the fixed compressor is chosen, evenly spread.
const LEVEL_SONGS: usize = 32;
/// Length of their excerpts, seconds.
const LEVEL_EXCERPT_S: f64 = 30.0;

/// Fits the baselines on the training and validation splits of a corpus in a cache.
///
/// # Errors
/// [`EvalError`] when a split is empty or the cache cannot be written to.
pub fn fit_baselines(
    datasets: &Datasets,
    cache: &Path,
    recipe: &Recipe,
    observer: &dyn Observer,
) -> Result<Baselines, EvalError> {
    let analysis_dir = cache.join("analysis");
    std::fs::create_dir_all(&analysis_dir).map_err(|source| EvalError::Write {
        path: analysis_dir.clone(),
        source,
    })?;
    let tracks = |split: Split| -> Vec<Track> {
        let mut files = files_of_split(datasets, split, cache);
        files.retain(|file| file.path.exists());
        observer.begin(files.len() as u64);
        let (tracks, errors) = corpus::load(&files, &analysis_dir, &|path| {
            observer.advance(&path.file_name().unwrap_or_default().to_string_lossy());
        });
        if let Some(first) = errors.first() {
            observer.warn(&format!(
                "{} of {} {split} tracks are left out; the first: {first}",
                errors.len(),
                files.len()
            ));
        }
        tracks
    };
    let (train, valid) = (tracks(Split::Train), tracks(Split::Valid));
    let (songs, _) = songs_of_split(datasets, Split::Valid, cache);
    let songs = spread(songs, Some(LEVEL_SONGS));
    observer.begin(songs.len() as u64);
    let levels: Vec<Levels> = songs
        .par_iter()
        .filter_map(|song| {
            let levels = levels_of(song);
            observer.advance(&song.name);
            match levels {
                Ok(levels) => Some(levels),
                Err(error) => {
                    observer.warn(&format!("left out: {}: {error}", song.name));
                    None
                }
            }
        })
        .collect();
    fit(&train, &valid, &levels, &recipe.severity, &recipe.name)
}

fn levels_of(song: &Song) -> Result<Levels, EvalError> {
    let analysis = measured(&loudest(&song.path, LEVEL_EXCERPT_S)?)?;
    Ok(Levels {
        integrated_lufs: analysis.integrated_lufs,
        k_power_10ms: analysis.sequences.k_power_10ms,
    })
}
