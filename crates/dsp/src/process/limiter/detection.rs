//! [`Detection`]: a whole short signal as the limiter sees it, to try limiters on without
//! detecting again.

use super::SAFETY_DB;
use super::gain::GainLaw;
use super::stages::{GainStages, LowBand};
use crate::Audio;
use crate::measure::peak_envelope::PeakEnvelope;
use crate::settings;
use crate::units::gain_from_db;

/// Peaks of a signal and of its low band, frame by frame and in time with it, linear.
pub(crate) struct Detection {
    sample_rate_hz: f64,
    peaks: Vec<f32>,
    low_peaks: Vec<f32>,
}

impl Detection {
    /// Reads a signal as if silence lay before and after it.
    pub(crate) fn new(signal: &Audio) -> Self {
        let sample_rate_hz = f64::from(signal.sample_rate_hz());
        let mut envelope = PeakEnvelope::new(signal.channel_count());
        let mut low_band = LowBand::new(sample_rate_hz);
        let late = envelope.latency_frames();
        let low_late = low_band.delay_frames();
        let mut longer = signal.clone();
        longer.set_frames(signal.frames() + late.max(low_late));
        let mut values = vec![0.0; longer.frames()];
        envelope.process(&longer, &mut values);
        let in_time = |values: &[f32], late: usize| values[late..late + signal.frames()].to_vec();
        let peaks = in_time(&values, late);
        low_band.process(&longer, &mut values);
        Self {
            sample_rate_hz,
            peaks,
            low_peaks: in_time(&values, low_late),
        }
    }

    /// What a limiter multiplies each frame by: drive and gain, linear.
    pub(crate) fn gains(&self, limiter: &settings::Limiter, ceiling_dbtp: f64) -> Vec<f32> {
        let law = GainLaw::from_settings(limiter);
        let ceiling = gain_from_db(ceiling_dbtp - SAFETY_DB);
        let mut stages = GainStages::new(&law, ceiling, self.sample_rate_hz, 0.0);
        let delay = stages.delay_frames();
        let drive = gain_from_db(limiter.drive_db);
        let driven = |values: &[f32]| -> Vec<f64> {
            let values = values.iter().map(|&value| f64::from(value) * drive);
            values.chain(std::iter::repeat_n(0.0, delay)).collect()
        };
        let mut gains = driven(&self.peaks);
        stages.process(&mut gains, &mut driven(&self.low_peaks));
        gains[delay..]
            .iter()
            .map(|gain| (gain * drive) as f32)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limiter;
    use super::*;
    use crate::process::{ProcessSpec, processed};
    use crate::signal::shares;

    #[test]
    fn the_gains_are_those_of_the_limiter() {
        let samples: Vec<f32> = shares(20_000, 1)
            .iter()
            .map(|x| 2.0 * (*x as f32) - 1.0)
            .collect();
        let signal = Audio::new(44_100, vec![samples]).unwrap();
        let limiter = settings::Limiter {
            drive_db: 4.0,
            ..settings::Settings::default().limiter
        };
        let spec = ProcessSpec {
            sample_rate_hz: 44_100,
            channels: 1,
            program_lufs: -14.0,
        };
        let limited = processed(&mut Limiter::new(&limiter, -1.0, &spec), &signal);
        let gains = Detection::new(&signal).gains(&limiter, -1.0);
        assert_eq!(gains.len(), signal.frames());
        for ((gain, x), y) in gains.iter().zip(signal.channel(0)).zip(limited.channel(0)) {
            assert!((gain * x - y).abs() < 1e-6, "{gain} {x} {y}");
        }
    }
}
