//! Peaks of the samples and of the signal between them.

mod fine_peak;
pub(crate) mod interpolate;
pub mod peak_envelope;
pub mod peak_steps;
mod reach;
pub mod reference_peak;
pub(crate) mod simd;
pub mod true_peak;
