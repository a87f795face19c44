//! What can be measured of a signal, each meter in a file of its own.
//!
//! Meters are fed blocks of any length and give the same figures however the signal was cut.

pub mod bands;
pub mod clipping;
pub mod crest;
mod interpolate;
pub mod loudness;
mod peak_envelope;
pub mod reference_meter;
pub mod spectrum;
pub mod stereo_image;
pub mod true_peak;
