//! How far up a program reaches, from its fine long-term spectrum.
//!
//! Two ways to end below half the sample rate are known: a *cliff* (a lossy codec's low-pass, or
//! a sample-rate conversion from below), and a decay into the noise floor of 16 bits. A slope,
//! however dark, is no end. Levels are medians over about 400 Hz, so that neither a pilot tone
//! above a cliff nor a whistle in quiet treble is taken for program.

use crate::numeric::median;
use crate::units::db_from_power;

/// Width of the medians, Hz.
const SMOOTHING_HZ: f64 = 400.0;
/// Distance between levels, Hz.
const GRID_HZ: f64 = 50.0;
/// No cliff is looked for below this, Hz.
const LOWEST_CLIFF_HZ: f64 = 1_500.0;
/// A cliff falls by at least this much, dB …
const CLIFF_DB: f64 = 18.0;
/// … within this share of its frequency, and stays below up to half the sample rate.
const CLIFF_SPAN: f64 = 0.05;
/// Shortest span of a cliff, Hz: the medians' own width.
const SHORTEST_SPAN_HZ: f64 = 500.0;
/// Noise of a 16-bit program with TPDF dither (-96.3 dBFS over half the sample rate) and 3 dB.
const NOISE_DBFS: f64 = -93.3;
/// The floor counts only this far below the program's densest part, dB: a program that is
/// itself that faint is not ended by it.
const NOISE_BELOW_DB: f64 = 70.0;
/// Nothing this far below the densest part is program, dB.
const DEAD_BELOW_DB: f64 = 120.0;

/// Highest frequency with program in it, Hz, of mean powers per bin from 0 to half the sample
/// rate (full scale = 1); half the sample rate where the spectrum does not end before.
pub(super) fn bandwidth_hz(powers: &[f64], sample_rate_hz: f64) -> f64 {
    let nyquist_hz = 0.5 * sample_rate_hz;
    let mut levels = levels_db(powers, nyquist_hz);
    let densest_db = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !densest_db.is_finite() {
        return nyquist_hz;
    }
    let noise_db = NOISE_DBFS - db_from_power(powers.len() as f64);
    let floor_db = noise_db
        .min(densest_db - NOISE_BELOW_DB)
        .max(densest_db - DEAD_BELOW_DB);
    // What happens below the floor is no program, however it falls.
    for level in &mut levels {
        *level = level.max(floor_db);
    }
    let end = cliff(&levels).or_else(|| decay(&levels, floor_db));
    end.map_or(nyquist_hz, |index| (GRID_HZ * index as f64).min(nyquist_hz))
}

/// Median level of the bins around each grid frequency, dB per bin.
fn levels_db(powers: &[f64], nyquist_hz: f64) -> Vec<f64> {
    let bins_per_hz = (powers.len() - 1) as f64 / nyquist_hz;
    let half = 0.5 * SMOOTHING_HZ * bins_per_hz;
    let mut around = Vec::new();
    (0..=(nyquist_hz / GRID_HZ) as usize)
        .map(|index| {
            let center = index as f64 * GRID_HZ * bins_per_hz;
            // Bin 0 holds the offset, which is not program.
            let from = ((center - half).max(1.0)) as usize;
            let to = ((center + half) as usize).min(powers.len() - 1);
            around.clear();
            around.extend_from_slice(&powers[from.min(to)..=to]);
            db_from_power(median(&mut around).map_or(1e-30, |power| power.max(1e-30)))
        })
        .collect()
}

/// The deepest steep fall to below which the spectrum never returns, as a grid index.
fn cliff(levels: &[f64]) -> Option<usize> {
    let mut above = vec![f64::NEG_INFINITY; levels.len() + 1];
    for index in (0..levels.len()).rev() {
        above[index] = levels[index].max(above[index + 1]);
    }
    let fall = |index: usize| -> Option<f64> {
        let freq_hz = index as f64 * GRID_HZ;
        let span_hz = (CLIFF_SPAN * freq_hz).max(SHORTEST_SPAN_HZ);
        let beyond = index + (span_hz / GRID_HZ) as usize;
        (freq_hz >= LOWEST_CLIFF_HZ && beyond < levels.len()).then(|| levels[index] - above[beyond])
    };
    let falls = (0..levels.len()).filter_map(|index| fall(index).map(|db| (index, db)));
    let (_, deepest_db) = falls
        .clone()
        .filter(|&(_, db)| db >= CLIFF_DB)
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    // Just before the edge the fall is as deep as anywhere; 6 dB down is the corner.
    falls
        .filter(|&(_, db)| db >= (deepest_db - 6.0).max(CLIFF_DB))
        .map(|(index, _)| index)
        .next_back()
}

/// Where the spectrum sinks into the noise floor for good, as a grid index.
fn decay(levels: &[f64], floor_db: f64) -> Option<usize> {
    let last_alive = levels.iter().rposition(|&level| level > floor_db)?;
    (last_alive + 1 < levels.len()).then_some(last_alive)
}

#[cfg(test)]
mod tests {
    use crate::measure::spectrum::SpectrumMeter;
    use crate::{Audio, signal};

    fn white(frames: usize, seed: u64) -> Vec<f64> {
        let samples = signal::white(frames, seed);
        samples.into_iter().map(f64::from).collect()
    }

    /// Pink noise that the filters of these tests do not clip.
    fn quiet_pink(frames: usize, seed: u64) -> Vec<f64> {
        let samples = signal::pink(frames, seed);
        samples.iter().map(|&x| 0.25 * f64::from(x)).collect()
    }

    /// One pole: 6 dB per octave from the corner on.
    fn darken(signal: &[f64], corner_hz: f64, rate: u32) -> Vec<f64> {
        let share = 1.0 - libm::exp(-std::f64::consts::TAU * corner_hz / f64::from(rate));
        let mut state = 0.0;
        let pole = |x: &f64| {
            state += share * (x - state);
            state
        };
        signal.iter().map(pole).collect()
    }

    /// Windowed-sinc low-pass with a transition of about 700 Hz, 100 dB deep.
    fn low_pass(signal: &[f64], corner_hz: f64, rate: u32) -> Vec<f64> {
        let half = (4.5 * f64::from(rate) / 700.0) as isize;
        let omega = std::f64::consts::TAU * corner_hz / f64::from(rate);
        let taps: Vec<f64> = (-half..=half)
            .map(|n| {
                let t = n as f64;
                let phase = std::f64::consts::PI * t / (half + 1) as f64;
                let window = 0.42 + 0.5 * libm::cos(phase) + 0.08 * libm::cos(2.0 * phase);
                let sinc = if n == 0 {
                    omega
                } else {
                    libm::sin(omega * t) / t
                };
                window * sinc / std::f64::consts::PI
            })
            .collect();
        signal
            .windows(taps.len())
            .map(|around| around.iter().zip(&taps).map(|(x, tap)| x * tap).sum())
            .collect()
    }

    fn measured(rate: u32, signal: &[f64]) -> f64 {
        let samples = signal.iter().map(|&x| x as f32).collect();
        let mut meter = SpectrumMeter::new(rate, 1);
        meter.process(&Audio::new(rate, vec![samples]).unwrap());
        meter.finish().bandwidth_hz
    }

    fn to_16_bits(signal: &[f64]) -> Vec<f64> {
        let dither = white(2 * signal.len(), 99);
        signal
            .iter()
            .zip(dither.chunks_exact(2))
            .map(|(x, d)| (x * 32_768.0 + 0.5 * (d[0] + d[1])).round() / 32_768.0)
            .collect()
    }

    #[test]
    fn a_full_band_program_reaches_half_the_sample_rate() {
        for rate in [22_050, 44_100, 48_000, 96_000] {
            let (white, pink) = (
                white(3 * rate as usize, 1),
                quiet_pink(3 * rate as usize, 1),
            );
            let nyquist_hz = f64::from(rate) / 2.0;
            for (name, signal) in [
                ("white", white.clone()),
                ("pink", pink.clone()),
                ("dark", darken(&pink, 1_000.0, rate)),
                ("faint", pink.iter().map(|x| x * 1e-3).collect()),
                ("16 bits", to_16_bits(&pink)),
            ] {
                assert_eq!(measured(rate, &signal), nyquist_hz, "{name} at {rate}");
            }
        }
    }

    #[test]
    fn the_low_pass_of_a_codec_is_found() {
        let source = quiet_pink(150_000, 2);
        for corner_hz in [11_000.0, 15_000.0, 16_000.0, 19_000.0, 20_000.0] {
            let signal = low_pass(&source, corner_hz, 44_100);
            for (name, signal) in [("float", signal.clone()), ("16 bits", to_16_bits(&signal))] {
                let got = measured(44_100, &signal);
                assert!((got - corner_hz).abs() < 400.0, "{corner_hz} {name}: {got}");
            }
        }
    }

    #[test]
    fn material_from_a_lower_rate_is_found_with_a_pilot_tone_above_it() {
        let source = darken(&quiet_pink(200_000, 3), 3_000.0, 48_000);
        let mut signal = low_pass(&source, 10_500.0, 48_000);
        for (n, x) in signal.iter_mut().enumerate() {
            let turns = 19_000.0 * n as f64 / 48_000.0;
            *x += 1e-3 * libm::sin(std::f64::consts::TAU * turns);
        }
        let got = measured(48_000, &signal);
        assert!((got - 10_500.0).abs() < 400.0, "{got}");
    }

    #[test]
    fn a_whistle_in_quiet_treble_is_no_end() {
        let mut signal = darken(&quiet_pink(150_000, 4), 2_000.0, 44_100);
        for (n, x) in signal.iter_mut().enumerate() {
            let turns = 15_734.0 * n as f64 / 44_100.0;
            *x += 0.01 * libm::sin(std::f64::consts::TAU * turns);
        }
        assert_eq!(measured(44_100, &signal), 22_050.0);
    }

    #[test]
    fn a_decay_into_the_noise_of_16_bits_ends_there() {
        // Four poles at 1.2 kHz under pink noise: 27 dB per octave.
        let mut signal = quiet_pink(200_000, 5);
        for _ in 0..4 {
            signal = darken(&signal, 1_200.0, 44_100);
        }
        let got = measured(44_100, &to_16_bits(&signal));
        assert!((5_000.0..14_000.0).contains(&got), "{got}");
    }

    #[test]
    fn silence_and_nothing_have_no_end() {
        assert_eq!(measured(44_100, &[0.0; 20_000]), 22_050.0);
        assert_eq!(measured(44_100, &[]), 22_050.0);
    }
}
