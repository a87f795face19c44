//! Any bytes as a list of pairs (CSV), a list of sources, a manifest and a training recipe (TOML).

#![no_main]

use acetate_fuzz::{as_file, only_uncaught_panics_count};
use acetate_io::pairs_list;
use acetate_training::catalog::tune::Tune;
use acetate_training::datasets::{Datasets, Split};
use acetate_training::manifest::Manifest;
use acetate_training::recipe::Recipe;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let path = as_file(bytes);
    if let Ok(pairs) = pairs_list::read(&path) {
        assert!(pairs.iter().all(|pair| !pair.album.is_empty()));
    }
    if let Ok(datasets) = Datasets::load(&path) {
        for split in Split::ALL {
            assert!(datasets.tracks_of(split).count() >= datasets.masters_of(split).count());
        }
    }
    let _ = Manifest::load(&path);
    let _ = Recipe::read(&path);
    let _ = Tune::read(&path);
});
