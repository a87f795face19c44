//! Any bytes as a file with tags: read; and one of eight carried to a WAV and a FLAC, and read from
//! those again.

#![no_main]

use acetate_fuzz::{as_file, carry_tags, is_eighth, only_uncaught_panics_count};
use acetate_io::Tags;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let path = as_file(bytes);
    if is_eighth(bytes) {
        carry_tags(&path);
    } else {
        let _ = Tags::read(&path);
    }
});
