//! The injection protocol, `crates/check/protocol.toml`.

use anyhow::Result;
use serde::Deserialize;

/// The file's text; its hash stands in the corpus.
pub const TEXT: &str = include_str!("../protocol.toml");

/// The whole protocol.
#[derive(Clone, Debug, Deserialize)]
pub struct Protocol {
    /// Length of an excerpt, s.
    pub excerpt_s: f64,
    /// Fades at its edges, s.
    pub edge_fade_s: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// Share of plain faults to be found.
    pub detection_target: f64,
    /// Share of released tracks that may be "not ready".
    pub false_alarm_target: f64,
    /// The faults.
    pub fault: Vec<Fault>,
    /// The same mix in another dress.
    pub stability: Stability,
}

/// One fault.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// Its name.
    pub name: String,
    /// The finding that must appear.
    pub code: String,
    /// Unit of the strengths.
    pub unit: String,
    /// From faint to strong.
    pub strengths: Vec<f64>,
    /// The strength that a listener would call plain.
    pub plain: f64,
}

impl Fault {
    /// True for the plain strength and those beyond.
    pub fn is_plain(&self, strength: f64) -> bool {
        let place = |wanted: f64| self.strengths.iter().position(|&s| s == wanted);
        place(strength) >= place(self.plain)
    }
}

/// What may not change the score.
#[derive(Clone, Debug, Deserialize)]
pub struct Stability {
    /// Gains, dB.
    pub gains_db: Vec<f64>,
    /// Sample rates, Hz.
    pub rates_hz: Vec<u32>,
    /// Bit rate of the MP3, kbit/s.
    pub mp3_kbps: u32,
    /// Largest change allowed, points.
    pub max_change_points: f64,
}

/// Reads it.
pub fn read() -> Result<Protocol> {
    Ok(toml::from_str(TEXT)?)
}
