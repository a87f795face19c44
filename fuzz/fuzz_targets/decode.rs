//! Any bytes as an audio file: tags, then every frame twice, mending and strict.

#![no_main]

use acetate_fuzz::{as_file, decode_twice, only_uncaught_panics_count};
use acetate_io::Tags;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let path = as_file(bytes);
    let _ = Tags::read(&path);
    decode_twice(&path);
});
