//! The same mix in another dress: gain, sample rate, MP3.

use std::path::Path;

use acetate_dsp::process::resample::Resampled;
use acetate_dsp::read_all;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::units::gain_from_db;
use acetate_training::datasets::Split;
use anyhow::Result;
use rayon::prelude::*;

use crate::lossy::mp3;
use crate::protocol;
use crate::rows::{Rows, row_of_audio};
use crate::tracks::{faded, middle, pieces, spread};

/// Excerpts of mixes and of released tracks as they are, and dressed.
pub fn run(cache: &Path, splits: Vec<Split>, path: &Path, count: usize) -> Result<()> {
    let protocol = protocol::read()?;
    let rows = Rows::open(path)?;
    let mut chosen = spread(pieces(cache, &splits, false)?, count, protocol.seed);
    let mut mixes = pieces(cache, &splits, true)?;
    mixes.iter_mut().for_each(|piece| piece.is_finished = true);
    chosen.extend(spread(mixes, count, protocol.seed));
    let wanted = protocol.stability;
    chosen.par_iter().try_for_each(|piece| {
        let raw = middle(&piece.file, protocol.excerpt_s)?;
        let clean = faded(raw, protocol.edge_fade_s);
        let add = |name: &str, strength: f64, audio| -> Result<()> {
            if rows.has(&piece.name, name, strength) {
                return Ok(());
            }
            match row_of_audio(piece, name, strength, audio) {
                Ok(row) => rows.add(&row),
                Err(error) => {
                    eprintln!("{}: {error:#}", piece.name);
                    Ok(())
                }
            }
        };
        add("none", 0.0, clean.clone())?;
        for &gain_db in &wanted.gains_db {
            let mut louder = clean.clone();
            louder.scale(gain_from_db(gain_db) as f32);
            add("gain", gain_db, louder)?;
        }
        for &rate_hz in &wanted.rates_hz {
            if rate_hz != clean.sample_rate_hz() {
                let mut other = Resampled::new(AudioSource::new(clean.clone()), rate_hz)?;
                add("rate", f64::from(rate_hz), read_all(&mut other)?)?;
            }
        }
        if clean.sample_rate_hz() <= 48_000 {
            let coded = mp3(&clean, wanted.mp3_kbps)?;
            add("mp3", f64::from(wanted.mp3_kbps), coded)?;
        }
        Ok(())
    })
}
