//! Small symmetric linear systems, by Cholesky (Golub and Van Loan, *Matrix Computations*, 4th
//! ed., §4.2).

/// Solves A·X = B for a symmetric positive definite A, shape `[n][n]`, and B, shape `[n][m]`.
/// `None` where A is not positive definite.
pub fn solve(a: &[Vec<f64>], b: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let lower = cholesky(a)?;
    let count = a.len();
    let columns = b.first().map_or(0, Vec::len);
    let solved: Vec<Vec<f64>> = (0..columns)
        .map(|column| {
            let mut x: Vec<f64> = b.iter().map(|row| row[column]).collect();
            for row in 0..count {
                let below: f64 = (0..row).map(|k| lower[row][k] * x[k]).sum();
                x[row] = (x[row] - below) / lower[row][row];
            }
            for row in (0..count).rev() {
                let above: f64 = (row + 1..count).map(|k| lower[k][row] * x[k]).sum();
                x[row] = (x[row] - above) / lower[row][row];
            }
            x
        })
        .collect();
    let row_of = |row: usize| solved.iter().map(|column| column[row]).collect();
    Some((0..count).map(row_of).collect())
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

fn cholesky(a: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let count = a.len();
    let mut lower = vec![vec![0.0; count]; count];
    for row in 0..count {
        for column in 0..=row {
            let sum: f64 = lower[row][..column]
                .iter()
                .zip(&lower[column][..column])
                .map(|(a, b)| a * b)
                .sum();
            let rest = a[row][column] - sum;
            if row == column {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                lower[row][row] = rest.sqrt();
            } else {
                lower[row][column] = rest / lower[column][column];
            }
        }
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_solves() {
        let a = vec![
            vec![4.0, 1.0, 0.5],
            vec![1.0, 3.0, -0.2],
            vec![0.5, -0.2, 2.0],
        ];
        let b = vec![vec![1.0, 0.0], vec![2.0, -1.0], vec![3.0, 5.0]];
        let x = solve(&a, &b).unwrap();
        for row in 0..3 {
            for column in 0..2 {
                let got: f64 = (0..3).map(|k| a[row][k] * x[k][column]).sum();
                assert!((got - b[row][column]).abs() < 1e-12);
            }
        }
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

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert!(solve(&[vec![0.0]], &[vec![1.0]]).is_none());
        assert!(solve(&[vec![1.0, 2.0], vec![2.0, 1.0]], &[vec![1.0], vec![1.0]]).is_none());
        assert!(solve(&[vec![f64::NAN]], &[vec![1.0]]).is_none());
    }
}
