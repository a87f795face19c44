//! The Bessel function behind every Kaiser window.

/// Terms that are smaller than this share of the sum no longer change it.
const NEGLIGIBLE: f64 = 1e-18;

/// Modified Bessel function of the first kind, order zero, by its power series (Abramowitz and
/// Stegun, 9.6.12). A Kaiser window is `bessel_i0(beta·sqrt(1 - x²)) / bessel_i0(beta)`.
pub fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > NEGLIGIBLE * sum {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabulated_values_are_met() {
        // Abramowitz and Stegun, Table 9.8 (there as exp(-x)·I0(x)).
        for (x, expected) in [(0.0, 1.0), (1.0, 0.465_759_607_6), (5.0, 0.183_540_812_6)] {
            assert!(
                (libm::exp(-x) * bessel_i0(x) - expected).abs() < 1e-9,
                "{x}"
            );
        }
    }
}
