//! 4× oversampling around a memoryless function: a cascade of two linear-phase half-band filters
//! each way (Kaiser windows), as polyphase branches, in f32.
//!
//! A half-band filter of length 4K-1 has its center at 2K-1 and, apart from it, only 2K taps that
//! are not zero, all at even positions: one branch is a symmetric FIR, the other a pure delay.

use crate::numeric::bessel_i0;

/// Half the taps of the outer filter's FIR branch (base rate to 2×): 143 taps, flat to 0.45 and
/// below -100 dB from 0.55 of the base rate.
const OUTER: usize = 36;
/// Half the taps of the inner filter's FIR branch (2× to 4×): 35 taps, the gap is wide.
const INNER: usize = 9;
/// Stop-band attenuation of both, dB, as a Kaiser design.
const ATTENUATION_DB: f64 = 103.0;

/// Frames that are processed at a time.
pub(super) const CHUNK: usize = 64;
/// Outputs that the FIR keeps in registers.
const LANES: usize = 16;

/// Delay through both directions, frames: one outer delay each way and one inner each way is
/// 2·(2·OUTER-1)/2 + 2·(2·INNER-1)/4 frames, less the half frame that the choice of the outer
/// decimator's phase takes back.
pub(super) const LATENCY_FRAMES: usize = 2 * OUTER + INNER - 2;

/// Taps of a half-band filter's FIR branch, the first half of the symmetric set, sum 1/2 over both
/// halves (so that with the center tap of 1/2 the gain at DC is 1).
#[derive(Clone, Debug)]
struct HalfBand<const K: usize> {
    taps: [f32; K],
}

impl<const K: usize> HalfBand<K> {
    fn new() -> Self {
        let beta = 0.1102 * (ATTENUATION_DB - 8.7);
        let mut taps = [0.0_f64; K];
        for (index, tap) in taps.iter_mut().enumerate() {
            // Odd distance from the center: the ideal half-band is ±1/(π·distance) there.
            let distance = (2 * K - 1 - 2 * index) as f64;
            let sign = if (K - 1 - index).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            };
            let x = distance / (2 * K) as f64;
            let window = bessel_i0(beta * libm::sqrt(1.0 - x * x)) / bessel_i0(beta);
            *tap = sign * window / (std::f64::consts::PI * distance);
        }
        let sum: f64 = taps.iter().sum();
        Self {
            taps: taps.map(|tap| (tap * 0.25 / sum) as f32),
        }
    }

    /// `out[j]` = gain·Σ taps\[i\]·(x\[j+i\] + x\[j+2K-1-i\]); `x` holds 2K-1 frames of history, then
    /// the new ones. Rounded up to whole groups of outputs, all of which must be addressable.
    fn filter(&self, gain: f32, x: &[f32], out: &mut [f32], count: usize) {
        let groups = count.div_ceil(LANES);
        for (group, out) in out.chunks_exact_mut(LANES).take(groups).enumerate() {
            let x = &x[group * LANES..][..LANES + 2 * K - 1];
            let mut sum = [0.0_f32; LANES];
            for (i, tap) in self.taps.iter().enumerate() {
                let (early, late) = (&x[i..i + LANES], &x[2 * K - 1 - i..][..LANES]);
                for lane in 0..LANES {
                    sum[lane] += tap * (early[lane] + late[lane]);
                }
            }
            for lane in 0..LANES {
                out[lane] = gain * sum[lane];
            }
        }
    }
}

/// One channel's way up and down.
#[derive(Clone, Debug)]
pub(super) struct Oversampler {
    outer: HalfBand<OUTER>,
    inner: HalfBand<INNER>,
    /// Input at the base rate, after 2·OUTER-1 frames of history.
    input: [f32; 2 * OUTER - 1 + CHUNK],
    /// At 2×, after 2·INNER-1 samples of history.
    double: [f32; 2 * INNER - 1 + 2 * CHUNK],
    /// Even samples at 4×, after 2·INNER-1 of history.
    quad_even: [f32; 2 * INNER - 1 + 2 * CHUNK],
    /// Odd samples at 4×, after INNER of history.
    quad_odd: [f32; INNER + 2 * CHUNK],
    /// Even samples at 2× on the way down, after OUTER-1 of history.
    double_even: [f32; OUTER - 1 + CHUNK],
    /// Odd samples at 2× on the way down, after 2·OUTER-1 of history.
    double_odd: [f32; 2 * OUTER - 1 + CHUNK],
    scratch: [f32; 2 * CHUNK],
}

impl Oversampler {
    pub(super) fn new() -> Self {
        Self {
            outer: HalfBand::new(),
            inner: HalfBand::new(),
            input: [0.0; 2 * OUTER - 1 + CHUNK],
            double: [0.0; 2 * INNER - 1 + 2 * CHUNK],
            quad_even: [0.0; 2 * INNER - 1 + 2 * CHUNK],
            quad_odd: [0.0; INNER + 2 * CHUNK],
            double_even: [0.0; OUTER - 1 + CHUNK],
            double_odd: [0.0; 2 * OUTER - 1 + CHUNK],
            scratch: [0.0; 2 * CHUNK],
        }
    }

    pub(super) fn reset(&mut self) {
        self.input.fill(0.0);
        self.double.fill(0.0);
        self.quad_even.fill(0.0);
        self.quad_odd.fill(0.0);
        self.double_even.fill(0.0);
        self.double_odd.fill(0.0);
    }

    /// Takes up to [`CHUNK`] frames through `function` at 4× the rate; the output is
    /// [`LATENCY_FRAMES`] late.
    pub(super) fn process(
        &mut self,
        input: &[f32],
        output: &mut [f32; CHUNK],
        function: impl Fn(f32) -> f32,
    ) {
        let n = input.len().min(CHUNK);
        self.up(&input[..n]);
        for sample in &mut self.quad_even[2 * INNER - 1..][..2 * n] {
            *sample = function(*sample);
        }
        for sample in &mut self.quad_odd[INNER..][..2 * n] {
            *sample = function(*sample);
        }
        self.down(n, output);
    }

    fn up(&mut self, input: &[f32]) {
        let n = input.len();
        self.input[2 * OUTER - 1..][..n].copy_from_slice(input);
        self.outer.filter(2.0, &self.input, &mut self.scratch, n);
        let pairs = self.double[2 * INNER - 1..].chunks_exact_mut(2);
        let delayed = &self.input[OUTER..];
        for ((pair, even), odd) in pairs.zip(&self.scratch[..n]).zip(delayed) {
            pair[0] = *even;
            pair[1] = *odd;
        }
        self.input.copy_within(n..n + 2 * OUTER - 1, 0);

        let even = &mut self.quad_even[2 * INNER - 1..];
        self.inner.filter(2.0, &self.double, even, 2 * n);
        self.quad_odd[INNER..][..2 * n].copy_from_slice(&self.double[INNER..][..2 * n]);
        self.double.copy_within(2 * n..2 * n + 2 * INNER - 1, 0);
    }

    fn down(&mut self, n: usize, output: &mut [f32; CHUNK]) {
        self.inner
            .filter(1.0, &self.quad_even, &mut self.scratch, 2 * n);
        for (sample, odd) in self.scratch[..2 * n].iter_mut().zip(&self.quad_odd) {
            *sample += 0.5 * odd;
        }
        self.quad_even.copy_within(2 * n..2 * n + 2 * INNER - 1, 0);
        self.quad_odd.copy_within(2 * n..2 * n + INNER, 0);

        let evens = self.double_even[OUTER - 1..].iter_mut();
        let odds = self.double_odd[2 * OUTER - 1..].iter_mut();
        for (pair, (even, odd)) in self.scratch[..2 * n].chunks_exact(2).zip(evens.zip(odds)) {
            *even = pair[0];
            *odd = pair[1];
        }
        self.outer.filter(1.0, &self.double_odd, output, n);
        for (sample, even) in output[..n].iter_mut().zip(&self.double_even) {
            *sample += 0.5 * even;
        }
        self.double_even.copy_within(n..n + OUTER - 1, 0);
        self.double_odd.copy_within(n..n + 2 * OUTER - 1, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gain of a half-band filter at `freq`, a share of its own (the higher) rate.
    fn gain_db<const K: usize>(freq: f64) -> f64 {
        let half_band = HalfBand::<K>::new();
        let sum: f64 = half_band
            .taps
            .iter()
            .enumerate()
            .map(|(i, tap)| {
                let distance = (2 * K - 1 - 2 * i) as f64;
                2.0 * f64::from(*tap) * (std::f64::consts::TAU * freq * distance).cos()
            })
            .sum();
        20.0 * (0.5 + sum).abs().log10()
    }

    #[test]
    fn the_filters_are_flat_to_20_khz_and_stop_below_minus_100_db() {
        for step in 0..=100 {
            let share = f64::from(step) / 100.0;
            let pass_hz = 20_000.0 * share;
            assert!(gain_db::<OUTER>(pass_hz / 88_200.0).abs() < 1e-3);
            assert!(gain_db::<INNER>(pass_hz / 176_400.0).abs() < 1e-3);
            let stop_hz = 24_100.0 + (44_100.0 - 24_100.0) * share;
            assert!(gain_db::<OUTER>(stop_hz / 88_200.0) < -100.0, "{stop_hz}");
            let stop_hz = 68_200.0 + (88_200.0 - 68_200.0) * share;
            assert!(gain_db::<INNER>(stop_hz / 176_400.0) < -100.0, "{stop_hz}");
        }
    }

    #[test]
    fn up_and_down_is_a_pure_delay_of_the_declared_latency() {
        let mut oversampler = Oversampler::new();
        let input: Vec<f32> = (0..1000)
            .map(|n| (std::f64::consts::TAU * 0.11 * f64::from(n)).sin() as f32)
            .collect();
        let mut output = Vec::new();
        for chunk in input.chunks(37) {
            let mut out = [0.0; CHUNK];
            oversampler.process(chunk, &mut out, |x| x);
            output.extend_from_slice(&out[..chunk.len()]);
        }
        for n in 300..1000 {
            let want = input[n - LATENCY_FRAMES];
            assert!((output[n] - want).abs() < 5e-5, "{n}: {} {want}", output[n]);
        }
    }
}
