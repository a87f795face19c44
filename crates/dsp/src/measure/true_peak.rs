//! True peak: the [`PeakEnvelope`] that limiters follow.

pub use super::peak_envelope::PeakEnvelope;
