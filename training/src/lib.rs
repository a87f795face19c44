//! Training: datasets, degradation, simulator, fit, evaluation.

pub mod datasets;
pub mod fetch;
