//! Least squares where the unknowns do not enter linearly.

use acetate_dsp::numeric::solve;

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
        let mut change: Vec<[f64; 1]> = columns
            .iter()
            .map(|column| [-dot(column, &found)])
            .collect();
        let mut matrix: Vec<Vec<f64>> = columns
            .iter()
            .map(|a| columns.iter().map(|b| dot(a, b)).collect())
            .collect();
        for (index, row) in matrix.iter_mut().enumerate() {
            row[index] += damping * (row[index] + 1e-6);
        }
        if !solve(&mut matrix, &mut change) {
            return at;
        }
        let moved: Vec<f64> = at.iter().zip(&change).map(|(a, [b])| a + b).collect();
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
    fn a_curve_is_fitted() {
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
