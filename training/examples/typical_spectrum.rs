//! The typical spectrum of released music, as `crates/handover/data/typical_spectrum.csv` holds it:
//! `cargo run --release --example typical_spectrum -p acetate-training -- CACHE > typical_spectrum.csv`
//!
//! Long-term third-octave levels relative to the integrated loudness, of the finished masters of the
//! training albums in a cache filled by `acetate dataset fetch`. Each album counts as much as
//! any other, however many tracks it has.

use std::collections::BTreeMap;
use std::path::Path;

use acetate_dsp::measure::bands;
use acetate_model::features::{BANDS, FIRST_BAND};
use acetate_training::corpus::{self, TrackFile};
use acetate_training::datasets::{Datasets, Split};
use acetate_training::eval::songs::files_of_split;

/// Shares of the music below which the columns' levels lie, percent.
const PERCENTILES: [f64; 5] = [5.0, 25.0, 50.0, 75.0, 95.0];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = std::env::args().nth(1).ok_or("expected the cache folder")?;
    let cache = Path::new(&cache);
    let datasets = Datasets::committed()?;
    let files: Vec<TrackFile> = files_of_split(&datasets, Split::Train, cache)
        .into_iter()
        .filter(|file| file.path.exists())
        .collect();
    let (tracks, errors) = corpus::load(&files, &cache.join("analysis"), &|_| {});
    for error in &errors {
        eprintln!("left out: {error}");
    }
    let mut albums: BTreeMap<&str, usize> = BTreeMap::new();
    for track in &tracks {
        *albums.entry(&track.group).or_default() += 1;
    }
    let column = |offset: usize| -> Vec<(f64, f64)> {
        let mut values: Vec<(f64, f64)> = tracks
            .iter()
            .map(|track| {
                let weight = 1.0 / albums[track.group.as_str()] as f64;
                (f64::from(track.features.pooled_db[offset]), weight)
            })
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values
    };
    println!(
        "# {} tracks from {} albums of openly licensed, released game music",
        tracks.len(),
        albums.len()
    );
    println!(
        "center_hz,mid_5_db,mid_25_db,mid_50_db,mid_75_db,mid_95_db,side_5_db,side_25_db,side_50_db,side_75_db,side_95_db"
    );
    for band in 0..BANDS {
        let (mid, side) = (column(band), column(BANDS + band));
        let levels = [&mid, &side]
            .into_iter()
            .flat_map(|values| PERCENTILES.map(|share| percentile(values, share)))
            .map(|level_db| format!("{level_db:.1}"));
        let levels: Vec<String> = levels.collect();
        println!(
            "{:.2},{}",
            bands::center_hz(FIRST_BAND + band),
            levels.join(",")
        );
    }
    Ok(())
}

/// The value below which a share of the weight lies.
fn percentile(sorted: &[(f64, f64)], share: f64) -> f64 {
    let total: f64 = sorted.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    for (value, weight) in sorted {
        below += weight;
        if below >= share / 100.0 * total {
            return *value;
        }
    }
    f64::NAN
}
