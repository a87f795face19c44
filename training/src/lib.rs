//! Training: datasets, degradation, simulator, fit, evaluation.

pub mod datasets;
