//! Any bytes as an audio file, mastered: finite samples, the ceiling kept, the length kept.

#![no_main]

use std::sync::LazyLock;

use acetate_fuzz::{as_file, only_uncaught_panics_count};
use acetate_io::{OpenOptions, open_without_helpers};
use acetate_master::{Brief, MemoryDelivery, master};
use acetate_model::{NetPredictor, Weights};
use libfuzzer_sys::fuzz_target;

static PREDICTOR: LazyLock<NetPredictor> = LazyLock::new(|| match Weights::embedded() {
    Ok(weights) => NetPredictor::new(weights),
    Err(error) => panic!("{error}"),
});

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let Ok(mut decoder) = open_without_helpers(as_file(bytes), &OpenOptions::default()) else {
        return;
    };
    let brief = Brief::default();
    let mut delivery = MemoryDelivery::default();
    let Ok(mastered) = master(&mut decoder, &*PREDICTOR, &brief, &mut delivery, &mut ()) else {
        return;
    };
    let written = delivery.into_written().unwrap_or_else(|| panic!("nothing was written"));
    assert_eq!(mastered.analysis.frames, written.frames() as u64, "the length is kept");
    assert!(written.channels().iter().flatten().all(|sample| sample.is_finite()));
    let peak = mastered.after.true_peak_dbtp;
    assert!(peak <= brief.target.true_peak_dbtp, "the ceiling is kept, found {peak} dBTP");
});
