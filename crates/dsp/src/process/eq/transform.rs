//! The FFT whose output reaches samples.
//!
//! RustFFT's own choice takes AVX with fused multiply-add where a processor has them, and other bytes
//! come out. Registers of four without it are in every x86-64 processor that has SSE4.1 (from 2008 on)
//! and take about half of the scalar transform's time; elsewhere the scalar one stands.

use std::sync::Arc;

use rustfft::{Fft, FftPlannerScalar, FftPlannerSse};

/// Forward and inverse transform of `size` points, neither of them scaled.
pub(super) fn plan(size: usize) -> (Arc<dyn Fft<f32>>, Arc<dyn Fft<f32>>) {
    match FftPlannerSse::new() {
        Ok(mut planner) => (
            planner.plan_fft_forward(size),
            planner.plan_fft_inverse(size),
        ),
        Err(()) => {
            let mut planner = FftPlannerScalar::new();
            (
                planner.plan_fft_forward(size),
                planner.plan_fft_inverse(size),
            )
        }
    }
}
