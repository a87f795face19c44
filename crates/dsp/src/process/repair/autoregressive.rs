//! Least-squares interpolation of an autoregressive model: samples that are not known become those for which the
//! model's prediction error is smallest (Janssen, Veldhuis, Vries, "Adaptive interpolation of discrete-time signals
//! that can be modeled as autoregressive processes", IEEE Trans. ASSP 34(2), 1986).

use pulp::{Arch, Simd, WithSimd};

/// White noise under the model, as a share of its power: keeps it stable (-90 dB).
const NOISE_SHARE: f64 = 1e-9;
/// Products that are summed side by side.
const LANES: usize = 8;

/// Room for interpolations with a model of `order`; nothing is allocated after construction.
#[derive(Clone, Debug)]
pub(super) struct Interpolator {
    arch: Arch,
    order: usize,
    noise_share: f64,
    /// What is interpolated.
    pub(super) samples: Vec<f64>,
    /// Samples that are not known, by place, in order.
    pub(super) unknown: Vec<usize>,
    /// Sum of the windowed autocorrelations.
    correlation: Vec<f64>,
    /// Prediction error filter, 1 first, and the one of the order below.
    filter: Vec<f64>,
    before: Vec<f64>,
    /// Correlation of the filter with itself.
    of_filter: Vec<f64>,
    /// Hann's window of the last length.
    window: Vec<f64>,
    windowed: Vec<f64>,
    is_unknown: Vec<bool>,
    /// Lower band of the normal equations, row by row, the diagonal last.
    band: Vec<f64>,
    /// Right side of the equations, then the solution, an entry for each of `unknown`.
    pub(super) solution: Vec<f64>,
}

impl Interpolator {
    /// For at most so many samples, and so many of them unknown.
    pub(super) fn new(order: usize, longest: usize, most_unknown: usize) -> Self {
        Self {
            arch: Arch::new(),
            order,
            noise_share: NOISE_SHARE,
            samples: Vec::with_capacity(longest),
            unknown: Vec::with_capacity(most_unknown),
            correlation: vec![0.0; order + 1],
            filter: vec![0.0; order + 1],
            before: vec![0.0; order + 1],
            of_filter: vec![0.0; order + 1],
            window: Vec::with_capacity(longest),
            windowed: Vec::with_capacity(longest),
            is_unknown: Vec::with_capacity(longest),
            band: vec![0.0; (order + 1) * most_unknown],
            solution: vec![0.0; most_unknown],
        }
    }

    /// The same with so much white noise under the model, as a share of its power: the more, the less does a sample that
    /// is not what it was spoil those that are interpolated beside it.
    pub(super) fn with_noise(self, noise_share: f64) -> Self {
        Self {
            noise_share,
            ..self
        }
    }

    /// Forgets what the model was made of.
    pub(super) fn clear_model(&mut self) {
        self.correlation.fill(0.0);
    }

    /// Adds a stretch of the samples to what the model is made of, under a window of Hann's.
    pub(super) fn learn(&mut self, from: usize, to: usize) {
        let Some(side) = self.samples.get(from..to) else {
            return;
        };
        if self.window.len() != side.len() {
            let step = std::f64::consts::TAU / (side.len() + 1) as f64;
            let window = |n: usize| 0.5 - 0.5 * libm::cos(step * (n + 1) as f64);
            self.window.clear();
            self.window.extend((0..side.len()).map(window));
        }
        self.windowed.clear();
        let windowed = side.iter().zip(&self.window).map(|(x, gain)| x * gain);
        self.windowed.extend(windowed);
        self.arch.dispatch(Correlate {
            samples: &self.windowed,
            sums: &mut self.correlation,
        });
    }

    /// Prediction error filter of what was learned (Levinson-Durbin).
    fn fit(&mut self) {
        let Self {
            correlation,
            filter,
            before,
            noise_share,
            ..
        } = self;
        filter.fill(0.0);
        filter[0] = 1.0;
        let mut error = correlation[0] * (1.0 + *noise_share) + f64::MIN_POSITIVE;
        correlation[0] = error;
        for order in 1..=self.order {
            let sum: f64 = (0..order).map(|n| filter[n] * correlation[order - n]).sum();
            let reflection = -sum / error;
            before.copy_from_slice(filter);
            for n in 1..=order {
                filter[n] = before[n] + reflection * before[order - n];
            }
            error *= 1.0 - reflection * reflection;
            if error <= f64::MIN_POSITIVE {
                break;
            }
        }
    }

    /// The prediction error filter of what was learned, 1 first.
    pub(super) fn filter(&mut self) -> &[f64] {
        self.fit();
        &self.filter
    }

    /// Fits the model, and leaves what it says of the unknown samples in `solution`.
    pub(super) fn interpolate(&mut self) {
        self.fit();
        let order = self.order;
        // Correlation of the filter with itself: the normal equations are Toeplitz.
        for lag in 0..=order {
            self.of_filter[lag] = (0..=order - lag)
                .map(|n| self.filter[n] * self.filter[n + lag])
                .sum();
        }
        self.solve_again();
    }

    /// Solves for the unknown samples with the model that is there, after their list has changed.
    pub(super) fn solve_again(&mut self) {
        self.is_unknown.clear();
        self.is_unknown.resize(self.samples.len(), false);
        for &at in &self.unknown {
            self.is_unknown[at] = true;
        }
        self.normal_equations();
        self.substitute();
    }

    fn normal_equations(&mut self) {
        let (order, correlation) = (self.order, &self.of_filter);
        for (row, &at) in self.unknown.iter().enumerate() {
            // What is beyond the samples that are there counts as silence.
            let known = |n: Option<usize>| {
                n.filter(|&n| self.is_unknown.get(n) == Some(&false))
                    .map_or(0.0, |n| self.samples[n])
            };
            self.solution[row] = -(1..=order)
                .map(|lag| correlation[lag] * (known(at.checked_sub(lag)) + known(Some(at + lag))))
                .sum::<f64>();
            for lag in 0..=order {
                let apart = row
                    .checked_sub(lag)
                    .map_or(order + 1, |column| at - self.unknown[column]);
                let entry = correlation.get(apart).copied().unwrap_or(0.0);
                self.band[row * (order + 1) + order - lag] = entry;
            }
        }
    }

    /// Cholesky decomposition of the band, in place, then both substitutions.
    fn substitute(&mut self) {
        let (order, count) = (self.order, self.unknown.len());
        let (band, solution) = (&mut self.band, &mut self.solution);
        // The first column of a row whose entry can be other than 0.
        let first_of = |row: usize| {
            let nearest = self.unknown[row].saturating_sub(order);
            let first = row.saturating_sub(order);
            first + self.unknown[first..row].partition_point(|&at| at < nearest)
        };
        let at = |row: usize, column: usize| row * (order + 1) + order + column - row;
        for row in 0..count {
            let first = first_of(row);
            for column in first..=row {
                let mut sum = band[at(row, column)];
                for n in first.max(column.saturating_sub(order))..column {
                    sum -= band[at(row, n)] * band[at(column, n)];
                }
                band[at(row, column)] = if column == row {
                    sum.max(f64::MIN_POSITIVE).sqrt()
                } else {
                    sum / band[at(column, column)]
                };
            }
        }
        for row in 0..count {
            let mut sum = solution[row];
            for n in first_of(row)..row {
                sum -= band[at(row, n)] * solution[n];
            }
            solution[row] = sum / band[at(row, row)];
        }
        for row in (0..count).rev() {
            let mut sum = solution[row];
            for n in row + 1..(row + order + 1).min(count) {
                sum -= band[at(n, row)] * solution[n];
            }
            solution[row] = sum / band[at(row, row)];
        }
    }
}

/// Adds the autocorrelation of some samples to the sums of the lags.
struct Correlate<'a> {
    samples: &'a [f64],
    sums: &'a mut [f64],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (lag, sum) in self.sums.iter_mut().enumerate() {
            let later = self.samples.get(lag..).unwrap_or_default();
            let mut lanes = [0.0; LANES];
            let (eights, rest) = later.as_chunks::<LANES>();
            let (earlier, _) = self.samples.as_chunks::<LANES>();
            for (a, b) in eights.iter().zip(earlier) {
                for lane in 0..LANES {
                    lanes[lane] += a[lane] * b[lane];
                }
            }
            let from = LANES * eights.len();
            let last = rest.iter().zip(&self.samples[from..]).map(|(a, b)| a * b);
            *sum += lanes.iter().sum::<f64>() + last.sum::<f64>();
        }
    }
}
