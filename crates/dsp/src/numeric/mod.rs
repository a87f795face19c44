//! Small mathematics that several crates need, each piece once.

mod bessel;
mod linear;
mod order;
mod random;

pub use bessel::bessel_i0;
pub use linear::{NormalEquations, mirror, solve};
pub use order::{median, quantile, quantile_of_sorted};
pub use random::{mix_bits, split_mix_64};
