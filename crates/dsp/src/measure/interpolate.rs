//! The 8× polyphase interpolator that [`PeakEnvelope`](super::true_peak::PeakEnvelope) and the
//! coarse pass of [`TruePeak`](super::true_peak::TruePeak) share.
//!
//! It is a Kaiser-windowed sinc with its cut-off at half the sample rate, so the samples
//! themselves are points of the oversampled grid and only the seven points between two samples
//! are computed. The phases come in mirrored pairs, which halves the multiplications: with
//! `e = x[j] + x[-j]` and `o = x[j] - x[-j]` one pair is `Σ a·e ± Σ b·o`.

/// Oversampling factor of the coarse grid.
pub const OVERSAMPLING: usize = 8;

/// Input samples that one interpolated point reads.
pub const TAPS: usize = 48;

/// Frames from a sample to the last one that the interval after it reads.
pub const LATENCY_FRAMES: usize = TAPS / 2;

/// Shape of the Kaiser window: with 48 taps, tones up to 20 kHz at 44.1 kHz stay within 0.04 dB of
/// what the grid allows.
pub const KAISER_BETA: f64 = 5.0;

/// Independent intervals computed side by side; one SSE or NEON register of `f32`.
pub const LANES: usize = 4;

/// Sums per interval: three mirrored pairs (even and odd part each) and the centre phase.
const SUMS: usize = 7;

type Lanes = [f32; LANES];

/// Modified Bessel function of the first kind, order zero (power series).
pub fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-18 * sum {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

/// Taps of a Kaiser-windowed sinc that reads the signal at `fraction` (0 to 1) after the centre
/// sample, for `x[n - taps/2 + 1] ..= x[n + taps/2]`, with unity gain at DC.
pub fn sinc_taps(taps: usize, beta: f64, fraction: f64) -> Vec<f64> {
    let half = (taps / 2) as f64;
    let scale = 1.0 / bessel_i0(beta);
    let mut row: Vec<f64> = (0..taps)
        .map(|index| {
            let t = index as f64 - (half - 1.0) - fraction;
            let position = t / half;
            if position.abs() >= 1.0 {
                return 0.0;
            }
            let window = bessel_i0(beta * (1.0 - position * position).sqrt()) * scale;
            let angle = std::f64::consts::PI * t;
            let sinc = if t == 0.0 {
                1.0
            } else {
                libm::sin(angle) / angle
            };
            sinc * window
        })
        .collect();
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|tap| *tap /= sum);
    row
}

/// Computes the peaks between samples.
#[derive(Clone, Debug)]
pub struct Interpolator {
    /// Per pair of mirrored samples, nearest last; each coefficient repeated for every lane.
    taps: Vec<[Lanes; SUMS]>,
    l1_bound: f32,
}

impl Default for Interpolator {
    fn default() -> Self {
        Self::new()
    }
}

impl Interpolator {
    /// Builds the taps.
    pub fn new() -> Self {
        let phase = |p: usize| sinc_taps(TAPS, KAISER_BETA, p as f64 / OVERSAMPLING as f64);
        let rows: Vec<Vec<f64>> = (1..=OVERSAMPLING / 2).map(phase).collect();
        let taps = (0..TAPS / 2)
            .map(|j| {
                let mut sums = [[0.0; LANES]; SUMS];
                for (pair, row) in rows[..3].iter().enumerate() {
                    let (near, far) = (row[j], row[TAPS - 1 - j]);
                    sums[2 * pair] = [(0.5 * (near + far)) as f32; LANES];
                    sums[2 * pair + 1] = [(0.5 * (near - far)) as f32; LANES];
                }
                sums[SUMS - 1] = [rows[3][j] as f32; LANES];
                sums
            })
            .collect();
        let l1 = |row: &Vec<f64>| row.iter().map(|tap| tap.abs()).sum::<f64>();
        Self {
            taps,
            l1_bound: (1.0001 * rows.iter().map(l1).fold(1.0, f64::max)) as f32,
        }
    }

    /// No interpolated point exceeds the largest sample it reads by more than this factor.
    pub fn l1_bound(&self) -> f32 {
        self.l1_bound
    }

    /// For [`LANES`] successive intervals, the largest absolute value at the grid points of the
    /// first half (1/8 to 4/8) and of the second half (4/8 to 7/8). `window` holds
    /// `TAPS - 1 + LANES` samples; lane `i` is the interval after sample `i + TAPS / 2 - 1`.
    #[inline]
    fn group(&self, window: &[f32; TAPS - 1 + LANES]) -> (Lanes, Lanes) {
        let mut sums = [[0.0f32; LANES]; SUMS];
        for (j, taps) in self.taps.iter().enumerate() {
            let mut even = [0.0; LANES];
            let mut odd = [0.0; LANES];
            for lane in 0..LANES {
                let (near, far) = (window[j + lane], window[TAPS - 1 - j + lane]);
                even[lane] = near + far;
                odd[lane] = near - far;
            }
            for lane in 0..LANES {
                sums[0][lane] += taps[0][lane] * even[lane];
                sums[1][lane] += taps[1][lane] * odd[lane];
                sums[2][lane] += taps[2][lane] * even[lane];
                sums[3][lane] += taps[3][lane] * odd[lane];
                sums[4][lane] += taps[4][lane] * even[lane];
                sums[5][lane] += taps[5][lane] * odd[lane];
                sums[6][lane] += taps[6][lane] * even[lane];
            }
        }
        let mut first = [0.0; LANES];
        let mut second = [0.0; LANES];
        for lane in 0..LANES {
            let middle = sums[6][lane].abs();
            let mut a = larger(middle, 0.0);
            let mut b = a;
            for pair in 0..3 {
                let (even, odd) = (sums[2 * pair][lane], sums[2 * pair + 1][lane]);
                a = larger((even + odd).abs(), a);
                b = larger((even - odd).abs(), b);
            }
            first[lane] = a;
            second[lane] = b;
        }
        (first, second)
    }

    /// For every interval whose `TAPS` samples lie in `samples`, the largest absolute value at
    /// the grid points of its first and of its second half (both hold the middle one).
    /// `samples` is `TAPS - 1` longer than `first` and `second`.
    pub fn half_peaks(&self, samples: &[f32], first: &mut [f32], second: &mut [f32]) {
        let frames = first.len();
        debug_assert_eq!(second.len(), frames);
        debug_assert_eq!(samples.len(), frames + TAPS - 1);
        let whole = frames - frames % LANES;
        for start in (0..whole).step_by(LANES) {
            if let Some(window) = samples[start..].first_chunk() {
                let (a, b) = self.group(window);
                first[start..start + LANES].copy_from_slice(&a);
                second[start..start + LANES].copy_from_slice(&b);
            }
        }
        if whole < frames {
            let mut window = [0.0; TAPS - 1 + LANES];
            let rest = &samples[whole..];
            window[..rest.len()].copy_from_slice(rest);
            let (a, b) = self.group(&window);
            first[whole..].copy_from_slice(&a[..frames - whole]);
            second[whole..].copy_from_slice(&b[..frames - whole]);
        }
    }
}

/// The larger of two values, and `floor` where `value` is not a number. One instruction, unlike
/// `f32::max`.
#[inline]
pub fn larger(value: f32, floor: f32) -> f32 {
    if value > floor { value } else { floor }
}
