//! [`Upsampled`]: a low-rate signal at a whole multiple of its rate, for a meter whose filter is right at
//! usual rates only. It keeps the power at every frequency, half the rate included, not the samples.
//!
//! The kernel is a root-raised cosine: its power and that of its mirror image add up to one
//! around half the old rate, so that nothing is lost or counted twice there.

use std::f64::consts::{PI, SQRT_2};

/// Width of the transition, share of half the rate.
const ROLL_OFF: f64 = 0.2;
/// Old samples on either side of a new one.
const REACH: usize = 64;
/// Old samples that a new one is made of.
const TAPS: usize = 2 * REACH + 1;
/// The lowest rate that needs no change, Hz.
const ENOUGH_HZ: u32 = 44_100;

/// How often the rate of a signal goes into one that is high enough.
pub(super) fn factor(sample_rate_hz: u32) -> u32 {
    ENOUGH_HZ.div_ceil(sample_rate_hz.max(1))
}

/// One channel.
#[derive(Debug)]
pub(super) struct Upsampled {
    /// Taps of each new sample between two old ones, the oldest old one first.
    phases: Vec<[f64; TAPS]>,
    /// The last old samples; the middle one is where the next new ones stand.
    history: Vec<f64>,
    /// Old samples still to come before the first new one.
    warming_up: usize,
}

impl Upsampled {
    pub(super) fn new(factor: u32) -> Self {
        let window = |t: f64| {
            let cosine = libm::cos(0.5 * PI * t / (REACH as f64 + 1.0));
            cosine * cosine
        };
        let phases = (0..factor).map(|phase| {
            let between = f64::from(phase) / f64::from(factor);
            std::array::from_fn(|tap| {
                let t = REACH as f64 - tap as f64 + between;
                root_raised_cosine(t) * window(t)
            })
        });
        Self {
            phases: phases.collect(),
            history: vec![0.0; TAPS],
            warming_up: REACH,
        }
    }

    /// Appends to `out` what the next old samples make.
    pub(super) fn process(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        for &sample in samples {
            self.history.rotate_left(1);
            self.history[TAPS - 1] = f64::from(sample);
            if self.warming_up > 0 {
                self.warming_up -= 1;
                continue;
            }
            for taps in &self.phases {
                let sum: f64 = taps.iter().zip(&self.history).map(|(a, b)| a * b).sum();
                out.push(sum as f32);
            }
        }
    }

    /// Appends what is still on its way at the end.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) {
        self.process(&[0.0; REACH], out);
    }
}

/// Gain 1 in the passband; `t` in old samples.
fn root_raised_cosine(t: f64) -> f64 {
    let edge = 0.25 / ROLL_OFF;
    if t.abs() < 1e-9 {
        1.0 + ROLL_OFF * (4.0 / PI - 1.0)
    } else if (t.abs() - edge).abs() < 1e-9 {
        let angle = PI * edge;
        ROLL_OFF / SQRT_2
            * ((1.0 + 2.0 / PI) * libm::sin(angle) + (1.0 - 2.0 / PI) * libm::cos(angle))
    } else {
        let x = 4.0 * ROLL_OFF * t;
        let top = libm::sin(PI * t * (1.0 - ROLL_OFF)) + x * libm::cos(PI * t * (1.0 + ROLL_OFF));
        top / (PI * t * (1.0 - x * x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::db_from_power;

    #[test]
    fn power_is_kept_at_every_frequency() {
        for factor in [2, 4, 6] {
            for share in [0.001, 0.01, 0.3, 0.8, 0.9, 0.95, 0.97, 0.99, 0.999] {
                let tone: Vec<f32> = (0..20_000)
                    .map(|n| libm::sin(PI * share * n as f64) as f32)
                    .collect();
                let mut upsampled = Upsampled::new(factor);
                let mut out = Vec::new();
                for piece in tone.chunks(333) {
                    upsampled.process(piece, &mut out);
                }
                upsampled.finish(&mut out);
                assert_eq!(out.len(), tone.len() * factor as usize);
                let mean = |samples: &[f32], edge: usize| {
                    let middle = &samples[edge..samples.len() - edge];
                    let sum: f64 = middle.iter().map(|x| f64::from(*x).powi(2)).sum();
                    sum / middle.len() as f64
                };
                let off_db = db_from_power(mean(&out, 1000 * factor as usize) / mean(&tone, 1000));
                assert!(off_db.abs() < 0.01, "{factor} {share}: {off_db}");
            }
        }
    }

    #[test]
    fn rates_become_high_enough() {
        let cases = [
            (8_000, 6),
            (11_025, 4),
            (16_000, 3),
            (22_050, 2),
            (32_000, 2),
            (44_100, 1),
            (96_000, 1),
        ];
        for (rate_hz, expected) in cases {
            assert_eq!(factor(rate_hz), expected, "{rate_hz}");
        }
    }
}
