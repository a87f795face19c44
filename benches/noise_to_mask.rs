//! How audible the difference of two programs is:
//! `cargo run --release --example noise_to_mask -- REFERENCE PROCESSED`.
//!
//! Prints one JSON object: `whole_db`, the noise-to-mask ratio of BS.1387 when one gain brings
//! both to the same level, and `slow_db`, when a gain slower than about 0.2 s may follow. Both
//! files need the same rate and channels, and are held against each other sample by sample.

use std::path::Path;

use acetate_dsp::Audio;
use acetate_dsp::measure::noise_to_mask::{LevelMatch, MaskedReference};
use acetate_dsp::read_all;
use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reference, processed] = arguments.as_slice() else {
        bail!("expected: noise_to_mask REFERENCE PROCESSED");
    };
    let (reference, processed) = (read(reference)?, read(processed)?);
    let frames = reference.frames().min(processed.frames());
    let (reference, processed) = (reference.slice(0, frames), processed.slice(0, frames));
    let masked = MaskedReference::new(&reference);
    let ratio = |level_match| {
        let ratio = masked.compare(&processed, level_match);
        ratio.context("expected two programs of the same rate and channels, one of them audible")
    };
    let (whole, slow) = (ratio(LevelMatch::Whole)?, ratio(LevelMatch::SLOW)?);
    println!(
        r#"{{"whole_db": {:.2}, "slow_db": {:.2}}}"#,
        whole.total_db, slow.total_db
    );
    Ok(())
}

fn read(path: &str) -> Result<Audio> {
    let mut source = acetate_io::open(Path::new(path), &acetate_io::OpenOptions::default())?;
    read_all(&mut source).with_context(|| path.to_owned())
}
