//! Any bytes as an audio file: tags, then every frame twice, mending and strict.

#![no_main]

use acetate_dsp::{Audio, Source};
use acetate_fuzz::{as_file, only_uncaught_panics_count};
use acetate_io::{Decoder, OpenOptions, Tags, open_without_helpers};
use libfuzzer_sys::fuzz_target;

const BLOCK_FRAMES: usize = 4096;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let path = as_file(bytes);
    let _ = Tags::read(&path);
    for strict in [false, true] {
        let Ok(mut decoder) = open_without_helpers(&path, &OpenOptions { strict }) else {
            continue;
        };
        let Some(first) = read_all(&mut decoder) else {
            continue;
        };
        assert!(first > 0);
        assert!(!strict || decoder.warnings().is_empty());
        if decoder.rewind_to_start().is_ok() {
            assert_eq!(read_all(&mut decoder), Some(first), "the same file, read again");
        }
    }
});

/// Frames of the file; `None` where it cannot be read to its end.
fn read_all(decoder: &mut Decoder) -> Option<u64> {
    let spec = decoder.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut frames = 0;
    loop {
        match decoder.read_block(&mut block, BLOCK_FRAMES) {
            Ok(0) => return Some(frames),
            Ok(read) => frames += read as u64,
            Err(_) => return None,
        }
    }
}
