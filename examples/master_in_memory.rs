//! Masters samples that never touch a disk: `cargo run --release --example master_in_memory`
//!
//! The samples are what a 24-bit file would hold, dithered and on its grid.

use std::error::Error;

use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Audio, signal};
use acetate_master::{Brief, Mastered, MemoryDelivery, master};
use acetate_model::NetPredictor;

/// Masters `mix` for `lufs`, with the net's settings.
pub fn master_in_memory(mix: Audio, lufs: f64) -> Result<(Audio, Mastered), Box<dyn Error>> {
    let predictor = NetPredictor::embedded()?;
    let mut brief = Brief::default();
    brief.target.integrated_lufs = lufs;
    let mut delivery = MemoryDelivery::default();
    // `&mut ()` is a progress that says nothing; your own one may also stop the run.
    let mastered = master(
        &mut AudioSource::new(mix),
        &predictor,
        &brief,
        &mut delivery,
        &mut (),
    )?;
    let written = delivery.into_written().ok_or("nothing was written")?;
    Ok((written, mastered))
}

fn main() -> Result<(), Box<dyn Error>> {
    // Your own samples go here: `Audio::new(sample_rate_hz, vec![left, right])`.
    let mix = signal::mix(44_100, 10.0);
    let (written, mastered) = master_in_memory(mix, -16.0)?;
    println!("{} frames", written.frames());
    for check in &mastered.assessment.checks {
        println!("{}: {:.2} {}", check.name, check.measured, check.unit);
    }
    Ok(())
}
