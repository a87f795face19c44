//! The excerpts of tests/audio, in memory.

use std::path::Path;

use acetate_dsp::Audio;
use acetate_dsp::read_all;

/// All stereo excerpts, and the mono one.
pub const EXCERPTS: [&str; 6] = [
    "dense_electronic_excerpt.flac",
    "mono_rock_excerpt.flac",
    "orchestral_excerpt.flac",
    "rock_excerpt.flac",
    "sparse_quiet_excerpt.flac",
    "wide_excerpt.flac",
];

/// One excerpt.
pub fn excerpt(name: &str) -> Audio {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/audio")
        .join(name);
    let mut source =
        acetate_io::open(&path, &acetate_io::OpenOptions::default()).expect("the excerpt opens");
    read_all(&mut source).expect("the excerpt decodes")
}
