//! Least squares for a few knots, with a weight on their bends.

/// One equation: the basis of the knots at a band, and the value wanted there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<const N: usize> {
    pub(crate) basis: [f64; N],
    pub(crate) wanted: f64,
}

/// Keeps knots that no band tells anything about where their neighbours are.
const REST_WEIGHT: f64 = 1e-6;

/// The knots that come closest to all rows; `bend_weight` times the mean number of rows a knot weighs
/// its second differences.
pub(crate) fn fit<const N: usize>(rows: &[Row<N>], bend_weight: f64) -> [f64; N] {
    let mut system = System::default();
    for row in rows {
        system.add(&row.basis, row.wanted, 1.0);
    }
    system.add_bends(bend_weight * rows.len() as f64 / N as f64);
    system.add_size(REST_WEIGHT);
    system.solve()
}

/// Normal equations in the making.
pub(crate) struct System<const N: usize> {
    matrix: [[f64; N]; N],
    right: [f64; N],
}

impl<const N: usize> Default for System<N> {
    fn default() -> Self {
        Self {
            matrix: [[0.0; N]; N],
            right: [0.0; N],
        }
    }
}

impl<const N: usize> System<N> {
    /// One weighted equation, `row` · x = `wanted`.
    pub(crate) fn add(&mut self, row: &[f64; N], wanted: f64, weight: f64) {
        for ((line, right), a) in self.matrix.iter_mut().zip(&mut self.right).zip(row) {
            *right += weight * a * wanted;
            for (sum, b) in line.iter_mut().zip(row) {
                *sum += weight * a * b;
            }
        }
    }

    /// Second differences are wanted to be nothing.
    pub(crate) fn add_bends(&mut self, weight: f64) {
        for middle in 1..N.saturating_sub(1) {
            let mut row = [0.0; N];
            (row[middle - 1], row[middle], row[middle + 1]) = (1.0, -2.0, 1.0);
            self.add(&row, 0.0, weight);
        }
    }

    /// Every unknown is wanted to be nothing.
    pub(crate) fn add_size(&mut self, weight: f64) {
        for (index, line) in self.matrix.iter_mut().enumerate() {
            line[index] += weight;
        }
    }

    /// Gaussian elimination; a symmetric positive definite system needs no pivots.
    pub(crate) fn solve(mut self) -> [f64; N] {
        for column in 0..N {
            let (done, below) = self.matrix.split_at_mut(column + 1);
            let (known, rights) = self.right.split_at_mut(column + 1);
            for (line, right) in below.iter_mut().zip(rights) {
                let factor = line[column] / done[column][column];
                for (value, pivot) in line.iter_mut().zip(&done[column]) {
                    *value -= factor * pivot;
                }
                *right -= factor * known[column];
            }
        }
        let mut x = [0.0; N];
        for row in (0..N).rev() {
            let line = &self.matrix[row];
            let known: f64 = line.iter().zip(&x).skip(row + 1).map(|(a, b)| a * b).sum();
            x[row] = (self.right[row] - known) / line[row];
        }
        x
    }
}
