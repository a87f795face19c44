//! Stereo: gain of the side signal in three bands. Mid is never touched, mono passes.
//!
//! The bands are first-order and complementary: a low gain, then a shelf that goes from the low to
//! the mid gain at the low crossover, then one from the mid to the high gain at the high crossover.
//! Equal gains are a plain gain; 0 dB is exact identity. The shelves are matched to the analog
//! prototype up to half the sample rate, so that the stage sounds the same at every rate.

use crate::Audio;
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::settings;
use crate::units::{db_from_power, gain_from_db};

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Stereo) -> bool {
    settings.low_db == 0.0 && settings.mid_db == 0.0 && settings.high_db == 0.0
}

/// The stereo stage.
#[derive(Clone, Debug)]
pub struct Stereo {
    active: bool,
    low_gain: f64,
    low_to_mid: Shelf,
    mid_to_high: Shelf,
    sample_rate_hz: f64,
}

impl Stereo {
    /// Resolves gains and shelves.
    pub fn new(settings: &settings::Stereo, spec: &ProcessSpec) -> Self {
        let rate_hz = f64::from(spec.sample_rate_hz);
        let rise = |from_db: f64, to_db: f64| gain_from_db(to_db - from_db);
        Self {
            active: spec.channels == 2 && !is_neutral(settings),
            low_gain: gain_from_db(settings.low_db),
            low_to_mid: Shelf::new(
                settings.low_crossover_hz,
                rise(settings.low_db, settings.mid_db),
                rate_hz,
            ),
            mid_to_high: Shelf::new(
                settings.high_crossover_hz,
                rise(settings.mid_db, settings.high_db),
                rate_hz,
            ),
            sample_rate_hz: rate_hz,
        }
    }
}

impl Processor for Stereo {
    fn name(&self) -> &'static str {
        "stereo"
    }

    fn process(&mut self, block: &mut Audio) {
        let (left, Some(right)) = block.split_mut() else {
            return;
        };
        if !self.active {
            return;
        }
        let low_gain = self.low_gain;
        let (low, high) = (&mut self.low_to_mid, &mut self.mid_to_high);
        match (low.is_neutral(), high.is_neutral()) {
            (true, true) => change_side(left, right, |side| low_gain * side),
            (false, true) => change_side(left, right, |side| low.process(low_gain * side)),
            (true, false) => change_side(left, right, |side| high.process(low_gain * side)),
            (false, false) => change_side(left, right, |side| {
                high.process(low.process(low_gain * side))
            }),
        }
    }

    fn latency_frames(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.low_to_mid.state = 0.0;
        self.mid_to_high.state = 0.0;
    }

    fn response_db(&self, freq_hz: f64) -> Option<ResponseDb> {
        let side_power = if self.active {
            self.low_gain
                * self.low_gain
                * self.low_to_mid.power(freq_hz, self.sample_rate_hz)
                * self.mid_to_high.power(freq_hz, self.sample_rate_hz)
        } else {
            1.0
        };
        Some(ResponseDb {
            mid_db: 0.0,
            side_db: db_from_power(side_power),
        })
    }
}

/// Puts what `wider` makes of it in the side signal's place.
#[inline(always)]
fn change_side(left: &mut [f32], right: &mut [f32], mut wider: impl FnMut(f64) -> f64) {
    for (l, r) in left.iter_mut().zip(right) {
        let side = 0.5 * (f64::from(*l) - f64::from(*r));
        // Only the change of the side signal is added: what is mono stays bit for bit.
        let change = wider(side) - side;
        *l = (f64::from(*l) + change) as f32;
        *r = (f64::from(*r) - change) as f32;
    }
}

/// First-order shelf, (g·s + ω)/(s + ω) of the analog world: 0 dB at DC, `gain` far above.
#[derive(Clone, Debug)]
struct Shelf {
    b0: f64,
    b1: f64,
    a1: f64,
    /// b1 - a1·b0: what the state gets of the input. With the output written out in its sum, the next frame
    /// waits for a product and a sum.
    fed: f64,
    state: f64,
}

impl Shelf {
    /// Matches the prototype's power at DC, at the corner and near half the sample rate (after
    /// Vicanek, "Matched One-Pole Digital Shelving Filters", 2019): with t = tan²(ω/2) a digital
    /// first-order power response is (1 + βt)/(1 + αt), the prototype's (1 + g²x²)/(1 + x²) with
    /// x = f/fc. Within 0.1 dB up to 20 kHz at 44.1 kHz for shelves of 6 dB, 0.2 dB for 12 dB.
    fn new(corner_hz: f64, gain: f64, rate_hz: f64) -> Self {
        if (gain - 1.0).abs() < 1e-9 {
            return Self {
                b0: 1.0,
                b1: 0.0,
                a1: 0.0,
                fed: 0.0,
                state: 0.0,
            };
        }
        let (low_t, low_power) =
            Self::point(corner_hz.min(0.2 * rate_hz), corner_hz, gain, rate_hz);
        let (high_t, high_power) = Self::point(0.43 * rate_hz, corner_hz, gain, rate_hz);
        let low_slope = (low_power - 1.0) / low_t;
        let high_slope = (high_power - 1.0) / high_t;
        let alpha = (high_slope - low_slope) / (low_power - high_power);
        let beta = low_slope + alpha * low_power;
        let (root_alpha, root_beta) = (libm::sqrt(alpha.max(0.0)), libm::sqrt(beta.max(0.0)));
        let a1 = (1.0 - root_alpha) / (1.0 + root_alpha);
        let b0 = 0.5 * (1.0 + a1) * (1.0 + root_beta);
        let b1 = 0.5 * (1.0 + a1) * (1.0 - root_beta);
        Self {
            b0,
            b1,
            a1,
            fed: b1 - a1 * b0,
            state: 0.0,
        }
    }

    /// t = tan²(ω/2) and the prototype's power at one frequency.
    fn point(freq_hz: f64, corner_hz: f64, gain: f64, rate_hz: f64) -> (f64, f64) {
        let tan = libm::tan(std::f64::consts::PI * freq_hz / rate_hz);
        let x2 = (freq_hz / corner_hz) * (freq_hz / corner_hz);
        (tan * tan, (1.0 + gain * gain * x2) / (1.0 + x2))
    }

    /// True where it gives back what it gets.
    fn is_neutral(&self) -> bool {
        self.b0 == 1.0 && self.b1 == 0.0 && self.a1 == 0.0
    }

    #[inline(always)]
    fn process(&mut self, input: f64) -> f64 {
        let output = self.b0 * input + self.state;
        self.state = self.fed * input - self.a1 * self.state;
        output
    }

    fn power(&self, freq_hz: f64, rate_hz: f64) -> f64 {
        let cos = libm::cos(std::f64::consts::TAU * freq_hz / rate_hz);
        (self.b0 * self.b0 + self.b1 * self.b1 + 2.0 * self.b0 * self.b1 * cos)
            / (1.0 + self.a1 * self.a1 + 2.0 * self.a1 * cos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(sample_rate_hz: u32) -> ProcessSpec {
        ProcessSpec {
            sample_rate_hz,
            channels: 2,
            program_lufs: -14.0,
        }
    }

    #[test]
    fn shelves_follow_the_analog_prototype() {
        for (rate_hz, corner_hz) in [
            (44_100.0, 10_000.0),
            (44_100.0, 4_000.0),
            (96_000.0, 1500.0),
        ] {
            for (gain_db, tolerance_db) in [(-12.0, 0.2), (-6.0, 0.1), (6.0, 0.1), (12.0, 0.2)] {
                let gain = gain_from_db(gain_db);
                let shelf = Shelf::new(corner_hz, gain, rate_hz);
                for hz in [30.0, 300.0, 1e3, 3e3, 6e3, 10e3, 14e3, 18e3, 20e3] {
                    let x2 = f64::powi(hz / corner_hz, 2);
                    let want_db = db_from_power((1.0 + gain * gain * x2) / (1.0 + x2));
                    let got_db = db_from_power(shelf.power(hz, rate_hz));
                    assert!(
                        (got_db - want_db).abs() < tolerance_db,
                        "{corner_hz} Hz, {gain_db} dB, at {hz}: {got_db} against {want_db}"
                    );
                }
            }
        }
    }

    #[test]
    fn equal_gains_are_a_plain_gain_and_mono_content_stays() {
        let mut settings = settings::Stereo::default();
        (settings.low_db, settings.mid_db, settings.high_db) = (3.0, 3.0, 3.0);
        let mut stereo = Stereo::new(&settings, &spec(44_100));
        let ramp: Vec<f32> = (0..512).map(|n| (n % 37) as f32 / 40.0 - 0.4).collect();
        let zero = vec![0.0; 512];
        let mut block = Audio::new(44_100, vec![ramp.clone(), zero]).unwrap();
        stereo.process(&mut block);
        let gain = gain_from_db(3.0) as f32;
        for (n, &input) in ramp.iter().enumerate() {
            let side = 0.5 * (block.channel(0)[n] - block.channel(1)[n]);
            assert!((side - 0.5 * input * gain).abs() < 1e-6);
            let mid = 0.5 * (block.channel(0)[n] + block.channel(1)[n]);
            assert!((mid - 0.5 * input).abs() < 1e-7);
        }
        settings.low_db = -24.0;
        let mut stereo = Stereo::new(&settings, &spec(44_100));
        let mut mono = Audio::new(44_100, vec![ramp.clone(), ramp.clone()]).unwrap();
        stereo.process(&mut mono);
        assert_eq!(mono.channel(0), ramp);
        assert_eq!(mono.channel(1), ramp);
    }
}
