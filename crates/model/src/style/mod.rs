//! `--style`: words for a sound, compiled to constraints on measured features and solved on the
//! band simulator.
//!
//! [`Style::parse`] reads the words, a solver turns them into the smallest change of the settings
//! that moves each asked-for feature by what was asked and holds the protected ones,
//! [`StylePredictor`] applies it on top of another predictor.

mod predictor;
mod solve;
mod vocabulary;

pub use predictor::StylePredictor;
pub use solve::{Solved, region_levels_db};
pub use vocabulary::{Ask, Feature, Style, StyleError, VOCABULARY, Word};

/// Smallest change of each feature that listeners notice in a comparison, in its unit: about 1 dB
/// for the level of a broad region or of the side signal (after Zwicker and Fastl, *Psychoacoustics*,
/// ch. 7), 1 LU of loudness.
pub const JUST_NOTICEABLE: f64 = 1.0;
/// A protected feature moves by less than this, dB or LU.
pub const PROTECTED_WITHIN: f64 = 0.5;
