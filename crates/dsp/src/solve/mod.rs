//! Solving the limiter, and how stems add up to a mix ([`stems`]).
//!
//! Of the limiter: on arrays instead of audio the drive that reaches a loudness, on a few
//! short passages the character that does it with the least audible damage.
//!
//! [`DriveCurveBuilder`] reads the signal that goes into the limiter once, at the delivery rate,
//! and keeps a few numbers per millisecond: how far the interpolated signal and its bass reach
//! ([`PeakEnvelope`](crate::measure::true_peak::PeakEnvelope), which scales with the drive) and
//! the K-weighted energy. On the [`DriveCurve`] a trial drive costs one pass of the limiter's own
//! gain law at 4 kHz, so the target is found by bracketed root finding without touching the
//! audio again. Its figures are predictions; the proof is a measurement of the render.

mod character;
mod drive_curve;
mod drive_curve_builder;
mod drive_solver;
pub mod stems;

pub use character::{CharacterChoice, LimitedPassages, Ratios, choose_character};
pub use drive_curve::DriveCurve;
pub use drive_curve_builder::DriveCurveBuilder;
pub use drive_solver::{LimitedBy, Solution};
