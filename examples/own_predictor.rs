//! Masters with a predictor of your own: `cargo run --release --example own_predictor`
//!
//! A predictor decides what to do; rendering, limiting and verifying stay the same. This one eases the
//! treble of bright programs and leaves everything else alone.

use std::error::Error;

use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, Settings, signal};
use acetate_master::{Brief, Mastered, MemoryDelivery, master};
use acetate_model::{Confidence, Prediction, Predictor, WeightsError};

/// A program whose treble stands this far above its midrange is bright, dB.
const BRIGHT_DB: f64 = 0.0;
/// What a bright program loses above the last knot but one, dB.
const EASED_DB: f64 = -1.5;

/// Eases the treble of bright programs.
pub struct TrebleEaser;

impl TrebleEaser {
    /// Level of the treble against the midrange, dB.
    fn brightness_db(analysis: &Analysis) -> f64 {
        let level_db = |from_hz: f64, to_hz: f64| {
            let spectrum = &analysis.spectrum;
            let bands = spectrum.center_hz.iter().zip(&spectrum.mid_db);
            let inside = bands.filter(|(hz, _)| (from_hz..to_hz).contains(*hz));
            let levels: Vec<f64> = inside.map(|(_, level_db)| *level_db).collect();
            levels.iter().sum::<f64>() / levels.len() as f64
        };
        level_db(6_000.0, 12_000.0) - level_db(500.0, 2_000.0)
    }
}

impl Predictor for TrebleEaser {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        // The default settings change nothing, and the target is the brief's.
        let mut settings = Settings::default();
        if Self::brightness_db(analysis) > BRIGHT_DB {
            for knot_db in settings.eq.mid_db.iter_mut().rev().take(2) {
                *knot_db = EASED_DB;
            }
        }
        Ok(Prediction {
            settings,
            confidence: Confidence::default(),
            tone: None,
        })
    }

    fn hash(&self) -> &str {
        // Nothing was learned.
        ""
    }
}

/// Masters `mix` in memory with the predictor above.
pub fn master_with(mix: Audio) -> Result<Mastered, Box<dyn Error>> {
    let mut delivery = MemoryDelivery::default();
    let mut mix = AudioSource::new(mix);
    let brief = Brief::default();
    Ok(master(
        &mut mix,
        &TrebleEaser,
        &brief,
        &mut delivery,
        &mut (),
    )?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let treatment = master_with(signal::mix(44_100, 10.0))?.treatment;
    println!("EQ, dB: {:?}", treatment.settings.eq.mid_db);
    println!("{}", treatment.done.join("\n"));
    Ok(())
}
