//! Any bytes as a weights file: refused, or weights with finite values.

#![no_main]

use acetate_fuzz::only_uncaught_panics_count;
use acetate_model::Weights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    if let Ok(weights) = Weights::from_bytes(bytes) {
        assert_eq!(weights.header.members, weights.members.len());
    }
});
