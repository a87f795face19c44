//! The commands that make and prove weights: with the feature `training` alone.

pub mod dataset;
pub mod eval;
pub mod train;
