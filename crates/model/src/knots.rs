//! Knots that draw a curve as well as they can, with a weight on their bends.

use acetate_dsp::numeric::NormalEquations;

/// One equation: the basis of the knots at a band, and the value wanted there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<const N: usize> {
    pub(crate) basis: [f64; N],
    pub(crate) wanted: f64,
}

/// Keeps knots that no band tells anything about where their neighbors are.
const REST_WEIGHT: f64 = 1e-6;

/// The knots that come closest to all rows; `bend_weight` times the mean number of rows a knot weighs
/// its second differences.
pub(crate) fn fit<const N: usize>(rows: &[Row<N>], bend_weight: f64) -> [f64; N] {
    let mut equations = NormalEquations::default();
    for row in rows {
        equations.add(&row.basis, row.wanted, 1.0);
    }
    equations.add_bends(bend_weight * rows.len() as f64 / N as f64);
    equations.add_ridge(REST_WEIGHT);
    equations.solve()
}
