//! What can be measured of a signal, each meter in a file of its own.
//!
//! Meters are fed blocks of any length and give the same figures however the signal was cut.
//! Where a figure does not exist (the loudness of silence) it is `-inf`.

pub mod bands;
mod bandwidth;
pub(crate) mod biquad;
pub mod clipping;
pub mod crest;
mod fine_peak;
pub(crate) mod interpolate;
pub mod levels;
pub mod lone_transients;
pub mod loudness;
pub mod noise_to_mask;
pub mod peak_envelope;
pub mod peak_steps;
mod reach;
mod real_power;
pub mod reference_meter;
pub mod reference_peak;
mod simd;
pub mod slow_offset;
pub mod spectrum;
pub mod stereo_image;
pub mod true_peak;
pub mod weighting;

pub use levels::{MeasureError, OutputMeasures, verify_pass};
