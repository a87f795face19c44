//! Small dense least squares.

/// Solves A·x = b for a symmetric positive definite A by Gaussian elimination with pivots; `None`
/// where A is singular.
pub(crate) fn linear(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let size = b.len();
    for column in 0..size {
        let pivot =
            (column..size).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()))?;
        if a[pivot][column].abs() < 1e-14 {
            return None;
        }
        a.swap(column, pivot);
        b.swap(column, pivot);
        let (done, below) = a.split_at_mut(column + 1);
        let (known, rights) = b.split_at_mut(column + 1);
        for (line, right) in below.iter_mut().zip(rights) {
            let factor = line[column] / done[column][column];
            for (value, pivot) in line.iter_mut().zip(&done[column]) {
                *value -= factor * pivot;
            }
            *right -= factor * known[column];
        }
    }
    for row in (0..size).rev() {
        let line = &a[row];
        let known: f64 = line.iter().zip(&b).skip(row + 1).map(|(a, b)| a * b).sum();
        b[row] = (b[row] - known) / line[row];
    }
    Some(b)
}

/// Levenberg and Marquardt's method: moves `start` to where the sum of squared residuals is
/// least. Derivatives are taken by differences of `step`.
pub(crate) fn least_squares(
    start: Vec<f64>,
    step: f64,
    rounds: usize,
    residuals: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Vec<f64> {
    let cost = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
    let mut at = start;
    let mut found = residuals(&at);
    let mut damping = 1e-2;
    for _ in 0..rounds {
        let columns: Vec<Vec<f64>> = (0..at.len())
            .map(|index| {
                let mut moved = at.clone();
                moved[index] += step;
                let there = residuals(&moved);
                there
                    .iter()
                    .zip(&found)
                    .map(|(a, b)| (a - b) / step)
                    .collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let gradient: Vec<f64> = columns.iter().map(|column| -dot(column, &found)).collect();
        let mut matrix: Vec<Vec<f64>> = columns
            .iter()
            .map(|a| columns.iter().map(|b| dot(a, b)).collect())
            .collect();
        for (index, row) in matrix.iter_mut().enumerate() {
            row[index] += damping * (row[index] + 1e-6);
        }
        let Some(change) = linear(matrix, gradient) else {
            return at;
        };
        let moved: Vec<f64> = at.iter().zip(&change).map(|(a, b)| a + b).collect();
        let there = residuals(&moved);
        if cost(&there) < cost(&found) {
            (at, found) = (moved, there);
            damping = (damping * 0.4).max(1e-9);
        } else {
            damping *= 4.0;
            if damping > 1e6 {
                return at;
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_system_is_solved_and_a_curve_fitted() {
        let x = linear(vec![vec![4.0, 1.0], vec![1.0, 3.0]], vec![1.0, 2.0]).unwrap();
        assert!((x[0] - 1.0 / 11.0).abs() < 1e-12 && (x[1] - 7.0 / 11.0).abs() < 1e-12);
        let wanted = |p: &[f64], t: f64| p[0] * libm::exp(-p[1] * t);
        let fitted = least_squares(vec![1.0, 1.0], 1e-6, 100, &|p| {
            (0..20)
                .map(|k| {
                    let t = f64::from(k) * 0.1;
                    wanted(p, t) - wanted(&[2.5, 0.7], t)
                })
                .collect()
        });
        assert!(
            (fitted[0] - 2.5).abs() < 1e-5 && (fitted[1] - 0.7).abs() < 1e-5,
            "{fitted:?}"
        );
    }
}
