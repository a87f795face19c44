//! Expansion of the levels, in audio: the same definition as the simulator's, as a smooth gain.

use acetate_dsp::Audio;
use acetate_dsp::units::{db_from_power, gain_from_db};

/// Strengths of the dynamics cases.
pub const STRENGTHS: [f64; 4] = [0.15, 0.3, 0.45, 0.6];
/// Half of the window of the level that is followed, in steps of 10 ms.
const HALF_WINDOW: usize = 10;
/// Levels this far below the mean are moved no further, as a power ratio.
const LOWEST: f64 = 1e-3;
/// Largest boost, dB.
const MAX_GAIN_DB: f64 = 9.0;

/// Gain of each 10 ms that moves the levels `strength` further from their mean, dB. The levels
/// are the K-weighted powers over 200 ms, as in the simulator.
pub fn gains_db(k_power_10ms: &[f32], strength: f64) -> Vec<f64> {
    let count = k_power_10ms.len();
    let mean = k_power_10ms.iter().map(|&p| f64::from(p)).sum::<f64>() / count.max(1) as f64;
    if mean <= 0.0 {
        return vec![0.0; count];
    }
    (0..count)
        .map(|k| {
            let window = &k_power_10ms[k.saturating_sub(HALF_WINDOW)..(k + HALF_WINDOW).min(count)];
            let level = window.iter().map(|&p| f64::from(p)).sum::<f64>() / window.len() as f64;
            (strength * db_from_power((level / mean).max(LOWEST))).min(MAX_GAIN_DB)
        })
        .collect()
}

/// The signal with [`gains_db`] applied, interpolated between the middles of the steps.
/// `k_power_10ms` is the signal's own.
pub fn expand(audio: &Audio, k_power_10ms: &[f32], strength: f64) -> Audio {
    let gains_db = gains_db(k_power_10ms, strength);
    let mut out = audio.clone();
    let (Some(&first), Some(&last)) = (gains_db.first(), gains_db.last()) else {
        return out;
    };
    let step_frames = f64::from(audio.sample_rate_hz()) / 100.0;
    let gains: Vec<f32> = (0..audio.frames())
        .map(|frame| {
            let at = frame as f64 / step_frames - 0.5;
            let low = at.max(0.0) as usize;
            let share = (at - low as f64).clamp(0.0, 1.0);
            let before = gains_db.get(low).copied().unwrap_or(last);
            let after = gains_db.get(low + 1).copied().unwrap_or(last);
            let gain_db = if at < 0.0 {
                first
            } else {
                before + share * (after - before)
            };
            gain_from_db(gain_db) as f32
        })
        .collect();
    for channel in out.channels_mut() {
        for (sample, gain) in channel.iter_mut().zip(&gains) {
            *sample *= gain;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::analyze;
    use acetate_dsp::stream::AudioSource;
    use acetate_model::dynamics::level_spread_db;

    /// Noise in 1 s steps of 8 dB.
    fn steps() -> Audio {
        let mut rng = crate::rng::Rng::new(2);
        let samples = (0..44_100 * 12)
            .map(|n| {
                let gain = if (n / 44_100) % 2 == 0 { 0.2 } else { 0.08 };
                gain * rng.normal() as f32 * 0.5
            })
            .collect();
        Audio::new(44_100, vec![samples]).unwrap()
    }

    #[test]
    fn expansion_in_audio_is_what_the_simulator_foretells() {
        let audio = steps();
        let measure = |audio: &Audio| analyze(&mut AudioSource::new(audio.clone())).unwrap();
        let before = measure(&audio);
        for strength in STRENGTHS {
            let after = measure(&expand(&audio, &before.sequences.k_power_10ms, strength));
            let predicted =
                crate::corpus::expanded_dynamics(&before.sequences.k_power_10ms, strength);
            let got = level_spread_db(&after.sequences.k_power_10ms);
            assert!(
                (got - f64::from(predicted[0])).abs() < 0.15,
                "{strength}: {got} {predicted:?}"
            );
        }
    }
}
