//! Peaks of the samples and of the signal between them.

mod fine_peak;
pub(crate) mod interpolate;
mod overshoot_bound;
pub mod peak_envelope;
pub mod peak_steps;
pub mod reference_peak;
pub(crate) mod simd;
pub mod true_peak;
