//! Any bytes as an audio file, measured: the report has to be JSON.

#![no_main]

use acetate_dsp::analyze;
use acetate_fuzz::{as_file, only_uncaught_panics_count};
use acetate_io::{OpenOptions, open_without_helpers};
use acetate_master::Report;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let Ok(mut decoder) = open_without_helpers(as_file(bytes), &OpenOptions::default()) else {
        return;
    };
    let Ok(analysis) = analyze(&mut decoder) else {
        return;
    };
    let report = Report::of_analysis(analysis, None).map(|report| serde_json::to_string(&report));
    assert!(matches!(report, Ok(Ok(_))), "{report:?}");
});
