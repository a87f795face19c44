//! DC filter: a first-order high-pass, for programmes whose mean is measurably off zero.

use crate::Audio;
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::settings;

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Cleanup) -> bool {
    settings.dc_highpass_hz <= 0.0
}

/// First-order high-pass (bilinear transform of s/(s + ω)), f64 inside. A corner of 0 Hz is exact
/// identity.
#[derive(Clone, Debug)]
pub struct DcFilter {
    sample_rate_hz: f64,
    /// tan(π·fc/fs); 0 is neutral.
    corner_tan: f64,
    /// Low-passed part of each channel, held back.
    state: [f64; 2],
}

impl DcFilter {
    /// Designs the filter.
    pub fn new(settings: &settings::Cleanup, spec: &ProcessSpec) -> Self {
        let sample_rate_hz = f64::from(spec.sample_rate_hz);
        let corner_hz = settings.dc_highpass_hz.clamp(0.0, 0.4 * sample_rate_hz);
        Self {
            sample_rate_hz,
            corner_tan: libm::tan(std::f64::consts::PI * corner_hz / sample_rate_hz),
            state: [0.0; 2],
        }
    }
}

impl Processor for DcFilter {
    fn name(&self) -> &'static str {
        "cleanup"
    }

    fn process(&mut self, block: &mut Audio) {
        if self.corner_tan == 0.0 {
            return;
        }
        let share = self.corner_tan / (1.0 + self.corner_tan);
        // Trapezoidal integrator (Zavalishin, The Art of VA Filter Design, §3.10), written so that
        // each state waits for one product and one sum of the last.
        let keep = 1.0 - 2.0 * share;
        let filter = |sample: &mut f32, state: &mut f64| {
            let input = f64::from(*sample);
            let low = (1.0 - share) * *state + share * input;
            *state = keep * *state + 2.0 * share * input;
            *sample = (input - low) as f32;
        };
        let [mut first, mut second] = self.state;
        match block.split_mut() {
            (left, Some(right)) => {
                for (left, right) in left.iter_mut().zip(right) {
                    filter(left, &mut first);
                    filter(right, &mut second);
                }
            }
            (mono, None) => mono
                .iter_mut()
                .for_each(|sample| filter(sample, &mut first)),
        }
        self.state = [first, second];
    }

    fn latency_frames(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.state = [0.0; 2];
    }

    fn response_db(&self, freq_hz: f64) -> Option<ResponseDb> {
        let gain_db = if self.corner_tan == 0.0 {
            0.0
        } else {
            let x =
                libm::tan(std::f64::consts::PI * freq_hz / self.sample_rate_hz) / self.corner_tan;
            crate::units::db_from_power(x * x / (1.0 + x * x))
        };
        Some(ResponseDb {
            mid_db: gain_db,
            side_db: gain_db,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_fades_and_the_programme_stays() {
        let spec = ProcessSpec {
            sample_rate_hz: 48_000,
            channels: 1,
            programme_lufs: -14.0,
        };
        let mut filter = DcFilter::new(
            &settings::Cleanup {
                dc_highpass_hz: 5.0,
            },
            &spec,
        );
        let mut block = Audio::silence(48_000, 1, 96_000);
        for (n, sample) in block.split_mut().0.iter_mut().enumerate() {
            *sample = 0.1 + if n % 48 < 24 { 0.5 } else { -0.5 };
        }
        filter.process(&mut block);
        let last = &block.channel(0)[48_000..];
        let mean = last.iter().map(|&s| f64::from(s)).sum::<f64>() / last.len() as f64;
        assert!(mean.abs() < 1e-4, "{mean}");
        assert!(last.iter().all(|s| (s.abs() - 0.5).abs() < 0.01));
    }
}
