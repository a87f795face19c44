//! What can be measured of a signal, each meter in a file of its own.
//!
//! Meters are fed blocks of any length and give the same figures however the signal was cut.
//! Where a figure does not exist (the loudness of silence) it is `-inf`.

pub mod bands;
pub mod biquad;
pub mod clipping;
pub mod crest;
pub mod levels;
pub mod lone_transients;
pub mod loudness;
pub mod noise_to_mask;
pub mod peaks;
pub mod sections;
pub mod sibilance;
pub mod slow_offset;
pub mod spectrum;
pub mod stereo_image;

pub use levels::{MeasureError, OutputMeasures, verify_pass};
pub use loudness::{reference_meter, weighting};
pub use peaks::{peak_envelope, peak_steps, reference_peak, true_peak};
