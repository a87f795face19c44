//! A signal for the tests of this folder.

/// A fixed pseudo-random sequence in 0..1.
pub(super) fn noise(length: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64
        })
        .collect()
}
