//! Any bytes as streams joined end to end: the first byte says where the pieces are cut, how often
//! the first one comes again, and how many zeros stand between them.

#![no_main]

use acetate_fuzz::{as_file, decode_twice, only_uncaught_panics_count};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let Some((&how, stream)) = bytes.split_first() else {
        return;
    };
    let (first, second) = stream.split_at(stream.len() * usize::from(how & 7) / 7);
    let zeros = vec![0; [0, 1, 417, 5000][usize::from(how >> 3 & 3)]];
    let mut joined = Vec::new();
    for _ in 0..=how >> 6 {
        joined.extend([first, &zeros].concat());
    }
    joined.extend(second);
    decode_twice(&as_file(&joined));
});
