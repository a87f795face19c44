//! Mains hum: lines at 50 or 60 Hz and their multiples that never go away.
//!
//! Windows of about 16 s of the decimated mid signal. What counts of each bin is its level in the
//! quietest fifth of the windows: notes come and go, hum does not. A line's prominence is that
//! level over its neighbours' median. No note of the tempered scale at 440 Hz lies within 1 % of a
//! multiple of 50 or 60 Hz up to the tenth.

use std::sync::Arc;

use acetate_dsp::Audio;
use acetate_dsp::units::db_from_power;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Sample rate after the decimation, Hz, at least.
const RATE_HZ: f64 = 2_000.0;
/// Length of a window in decimated samples.
const WINDOW: usize = 32_768;
/// Multiples that are looked at.
const MULTIPLES: usize = 10;
/// Prominence is the mean over this many of the most prominent multiples.
const LINES: usize = 6;
/// Mains keep their frequency, and sound cards theirs, within this share.
const TOLERANCE: f64 = 0.002;
/// Neighbours of a line, Hz from it.
const NEIGHBOURS_HZ: (f64, f64) = (0.8, 5.0);
/// Share of the windows that are at least as quiet as what counts.
const QUIET_SHARE: f64 = 0.2;
/// Most windows kept; beyond, every second one is dropped.
const MAX_WINDOWS: usize = 256;
/// Fewest windows that tell a line from a note.
const MIN_WINDOWS: usize = 1;
/// Most that one line may count, dB.
const MAX_PROMINENCE_DB: f64 = 40.0;
/// Mains frequencies, Hz.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HumFigures {
    /// 50 or 60 Hz, whichever is more prominent.
    pub mains_hz: f64,
    /// Mean prominence of the six most prominent lines, dB.
    pub prominence_db: f64,
    /// Level of all lines together, dBFS.
    pub level_dbfs: f64,
}

/// Streaming meter.
pub(super) struct Hum {
    factor: usize,
    rate_hz: f64,
    /// Three moving sums in a row, and their integrators' worth of history.
    stages: [Boxcar; 3],
    phase: usize,
    samples: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    input: Vec<f32>,
    output: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    bins: Vec<usize>,
    windows: Vec<Vec<f32>>,
    stride: u64,
    seen: u64,
}

/// Running mean.
struct Boxcar {
    ring: Vec<f64>,
    at: usize,
    sum: f64,
}

impl Boxcar {
    fn new(length: usize) -> Self {
        Self {
            ring: vec![0.0; length],
            at: 0,
            sum: 0.0,
        }
    }

    #[inline]
    fn step(&mut self, x: f64) -> f64 {
        self.sum += x - self.ring[self.at];
        self.ring[self.at] = x;
        self.at += 1;
        if self.at == self.ring.len() {
            self.at = 0;
            // Rounding must not pile up over hours.
            self.sum = self.ring.iter().sum();
        }
        self.sum / self.ring.len() as f64
    }
}

impl Hum {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let factor = ((f64::from(sample_rate_hz) / RATE_HZ) as usize).max(1);
        let rate_hz = f64::from(sample_rate_hz) / factor as f64;
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
        let step = std::f64::consts::TAU / WINDOW as f64;
        let bin_hz = rate_hz / WINDOW as f64;
        let mut bins: Vec<usize> = MAINS_HZ
            .iter()
            .flat_map(|mains| (1..=MULTIPLES).map(move |k| mains * k as f64))
            .flat_map(|hz| {
                let reach_hz = NEIGHBOURS_HZ.1 + 1.0;
                ((hz - reach_hz) / bin_hz) as usize..=((hz + reach_hz) / bin_hz) as usize
            })
            .filter(|&bin| bin > 0 && bin < WINDOW / 2)
            .collect();
        bins.sort_unstable();
        bins.dedup();
        Self {
            factor,
            rate_hz,
            stages: [(); 3].map(|()| Boxcar::new(factor)),
            phase: 0,
            samples: Vec::with_capacity(WINDOW),
            window: (0..WINDOW)
                .map(|n| (0.5 - 0.5 * libm::cos(step * n as f64)) as f32)
                .collect(),
            input: fft.make_input_vec(),
            output: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            bins,
            windows: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }

    pub(super) fn process(&mut self, block: &Audio) {
        let left = block.channel(0);
        let right = block.channels().last().map_or(left, Vec::as_slice);
        for (&l, &r) in left.iter().zip(right) {
            let mut x = 0.5 * (f64::from(l) + f64::from(r));
            for stage in &mut self.stages {
                x = stage.step(x);
            }
            self.phase += 1;
            if self.phase == self.factor {
                self.phase = 0;
                self.samples.push(x as f32);
                if self.samples.len() == WINDOW {
                    self.transform();
                    self.samples.drain(..WINDOW / 2);
                }
            }
        }
    }

    fn transform(&mut self) {
        let keep = self.seen.is_multiple_of(self.stride);
        self.seen += 1;
        if !keep {
            return;
        }
        for ((slot, x), weight) in self.input.iter_mut().zip(&self.samples).zip(&self.window) {
            *slot = x * weight;
        }
        let done =
            self.fft
                .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers made by the transform itself");
        let powers = self.bins.iter().map(|&bin| self.output[bin].norm_sqr());
        self.windows.push(powers.collect());
        if self.windows.len() == MAX_WINDOWS {
            let mut index = 0;
            self.windows.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
        }
    }

    pub(super) fn finish(self) -> Option<HumFigures> {
        if self.windows.len() < MIN_WINDOWS {
            return None;
        }
        let quiet = (QUIET_SHARE * (self.windows.len() - 1) as f64) as usize;
        let mut column = Vec::with_capacity(self.windows.len());
        let floor: Vec<f64> = (0..self.bins.len())
            .map(|index| {
                column.clear();
                column.extend(self.windows.iter().map(|window| window[index]));
                column.sort_unstable_by(f32::total_cmp);
                f64::from(column[quiet])
            })
            .collect();
        let bin_hz = self.rate_hz / WINDOW as f64;
        let at = |from_hz: f64, to_hz: f64| -> Vec<f64> {
            let bins = self.bins.iter().zip(&floor);
            bins.filter(|&(&bin, _)| (from_hz..=to_hz).contains(&(bin as f64 * bin_hz)))
                .map(|(_, &power)| power)
                .collect()
        };
        let nearest = |hz: f64| -> f64 {
            let bin = libm::round(hz / bin_hz) as usize;
            let index = self.bins.partition_point(|&known| known < bin);
            floor.get(index).copied().unwrap_or(0.0)
        };
        let of_mains = |mains_hz: f64| -> HumFigures {
            let around: Vec<f64> = (1..=MULTIPLES)
                .map(|multiple| {
                    let hz = mains_hz * multiple as f64;
                    let (near, far) = NEIGHBOURS_HZ;
                    let mut around = at(hz - far, hz - near);
                    around.extend(at(hz + near, hz + far));
                    around.sort_unstable_by(f64::total_cmp);
                    around.get(around.len() / 2).copied().unwrap_or(0.0)
                })
                .collect();
            // All multiples are off by the same share, and so one share has to fit them all.
            let step = bin_hz / (mains_hz * MULTIPLES as f64);
            let steps = (TOLERANCE / step) as i32;
            let off_by = |number: i32| -> HumFigures {
                let true_hz = mains_hz * (1.0 + step * f64::from(number));
                let lines: Vec<f64> = (1..=MULTIPLES)
                    .map(|multiple| nearest(true_hz * multiple as f64))
                    .collect();
                let mut prominences: Vec<f64> = lines
                    .iter()
                    .zip(&around)
                    .map(|(line, around)| db_from_power(line.max(1e-12) / around.max(1e-12)))
                    .map(|db| db.clamp(-MAX_PROMINENCE_DB, MAX_PROMINENCE_DB))
                    .collect();
                prominences.sort_unstable_by(|a, b| b.total_cmp(a));
                // A Hann window of N samples turns a sine of amplitude a into a line of a·N/4.
                let amplitude_per_line = 4.0 / WINDOW as f64;
                let power =
                    0.5 * lines.iter().sum::<f64>() * amplitude_per_line * amplitude_per_line;
                HumFigures {
                    mains_hz,
                    prominence_db: prominences.iter().take(LINES).sum::<f64>() / LINES as f64,
                    level_dbfs: db_from_power(power + 1e-20),
                }
            };
            (-steps..=steps).map(off_by).fold(
                HumFigures {
                    mains_hz,
                    prominence_db: f64::NEG_INFINITY,
                    level_dbfs: f64::NEG_INFINITY,
                },
                |best, now| {
                    if now.prominence_db > best.prominence_db {
                        now
                    } else {
                        best
                    }
                },
            )
        };
        MAINS_HZ
            .map(of_mains)
            .into_iter()
            .max_by(|a, b| a.prominence_db.total_cmp(&b.prominence_db))
    }
}
