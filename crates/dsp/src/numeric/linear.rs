//! Least squares over a few unknowns, by the normal equations.

/// Solves A·X = B in place for a symmetric positive definite A, shape `[n][n]`, and B, shape
/// `[n][m]`: `b` becomes X, and what was in `a` is lost. Gaussian elimination without pivots,
/// which such a system does not need (Golub and Van Loan, *Matrix Computations*, 4th ed., §4.2).
///
/// Returns false if A was not positive definite; then `b` is of no use.
#[must_use]
pub fn solve<A: AsMut<[f64]>, B: AsMut<[f64]>>(a: &mut [A], b: &mut [B]) -> bool {
    let count = a.len().min(b.len());
    let mut is_definite = true;
    for column in 0..count {
        let (done, below) = a.split_at_mut(column + 1);
        let (known, rights) = b.split_at_mut(column + 1);
        let (done, known) = (done[column].as_mut(), known[column].as_mut());
        is_definite &= done[column] > 0.0;
        for (line, right) in below.iter_mut().zip(rights) {
            let (line, right) = (line.as_mut(), right.as_mut());
            let factor = line[column] / done[column];
            for (value, pivot) in line.iter_mut().zip(&*done) {
                *value -= factor * pivot;
            }
            for (value, known) in right.iter_mut().zip(&*known) {
                *value -= factor * known;
            }
        }
    }
    for row in (0..count).rev() {
        let line = a[row].as_mut();
        let (head, solved) = b.split_at_mut(row + 1);
        for (at, value) in head[row].as_mut().iter_mut().enumerate() {
            let rest = line.iter().skip(row + 1).zip(solved.iter_mut());
            let known: f64 = rest.map(|(a, x)| a * x.as_mut()[at]).sum();
            *value = (*value - known) / line[row];
        }
    }
    is_definite
}

/// Copies what is below the diagonal of a square matrix to above it.
pub fn mirror(matrix: &mut [Vec<f64>]) {
    for i in 0..matrix.len() {
        let (above, below) = matrix.split_at_mut(i + 1);
        for (cell, row) in above[i][i + 1..].iter_mut().zip(below) {
            *cell = row[i];
        }
    }
}

/// The normal equations of a least-squares problem with `N` unknowns, added row by row.
#[derive(Clone, Debug)]
pub struct NormalEquations<const N: usize> {
    matrix: [[f64; N]; N],
    right: [[f64; 1]; N],
}

impl<const N: usize> Default for NormalEquations<N> {
    fn default() -> Self {
        Self {
            matrix: [[0.0; N]; N],
            right: [[0.0]; N],
        }
    }
}

impl<const N: usize> NormalEquations<N> {
    /// Adds one weighted equation, `row` · x = `target`.
    pub fn add(&mut self, row: &[f64; N], target: f64, weight: f64) {
        for ((line, [right]), a) in self.matrix.iter_mut().zip(&mut self.right).zip(row) {
            *right += weight * a * target;
            for (sum, b) in line.iter_mut().zip(row) {
                *sum += weight * a * b;
            }
        }
    }

    /// Adds a penalty on the second differences of the unknowns.
    pub fn add_bends(&mut self, weight: f64) {
        for middle in 1..N.saturating_sub(1) {
            let mut row = [0.0; N];
            (row[middle - 1], row[middle], row[middle + 1]) = (1.0, -2.0, 1.0);
            self.add(&row, 0.0, weight);
        }
    }

    /// Adds a penalty on the squares of the unknowns (ridge), which keeps the system positive
    /// definite.
    pub fn add_ridge(&mut self, weight: f64) {
        for (index, line) in self.matrix.iter_mut().enumerate() {
            line[index] += weight;
        }
    }

    /// The unknowns; not finite unless there were enough equations or a ridge.
    #[must_use]
    pub fn solve(mut self) -> [f64; N] {
        // Whether it was positive definite shows in what comes out.
        let _ = solve(&mut self.matrix, &mut self.right);
        self.right.map(|[x]| x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_solves() {
        let a = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let b = [[1.0, 0.0], [2.0, -1.0], [3.0, 5.0]];
        let (mut left, mut x) = (a, b);
        assert!(solve(&mut left, &mut x));
        for row in 0..3 {
            for column in 0..2 {
                let got: f64 = (0..3).map(|k| a[row][k] * x[k][column]).sum();
                assert!((got - b[row][column]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert!(!solve(&mut [[0.0]], &mut [[1.0]]));
        assert!(!solve(&mut [[1.0, 2.0], [2.0, 1.0]], &mut [[1.0], [1.0]]));
        assert!(!solve(&mut [[f64::NAN]], &mut [[1.0]]));
    }

    #[test]
    fn a_line_is_found_through_points() {
        let mut line = NormalEquations::default();
        for x in [-1.0, 0.5, 2.0, 7.0] {
            line.add(&[1.0, x], 3.0 - 0.25 * x, 0.5 + x * x);
        }
        let [offset, slope] = line.solve();
        assert!((offset - 3.0).abs() < 1e-12 && (slope + 0.25).abs() < 1e-12);
    }

    #[test]
    fn a_ridge_leaves_unknowns_without_equations_at_zero() {
        let mut equations = NormalEquations::default();
        equations.add(&[1.0, 0.0, 0.0], 2.0, 1.0);
        equations.add_ridge(1e-9);
        let found = equations.solve();
        assert!((found[0] - 2.0).abs() < 1e-6 && found[1..] == [0.0, 0.0]);
    }

    #[test]
    fn a_mirrored_matrix_is_symmetric() {
        let mut matrix = vec![
            vec![1.0, 0.0, 0.0],
            vec![2.0, 3.0, 0.0],
            vec![4.0, 5.0, 6.0],
        ];
        mirror(&mut matrix);
        assert_eq!(matrix, [[1.0, 2.0, 4.0], [2.0, 3.0, 5.0], [4.0, 5.0, 6.0]]);
    }
}
