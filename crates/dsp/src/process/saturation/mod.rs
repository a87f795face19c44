//! Saturation: a soft, odd, memoryless curve on what stands far above the program's loudness.
//!
//! With c the ceiling (`program_lufs + ceiling_lu` dB as amplitude) and u = x/c, the curve is
//! f(x) = c·T(u), T the ninth convergent of tanh's continued fraction (Lambert):
//!
//! T(u) = u·(34459425 + 4729725u² + 135135u⁴ + 990u⁶ + u⁸)
//!      / (34459425 + 16216200u² + 945945u⁴ + 13860u⁶ + 45u⁸)
//!
//! held beyond |u| = 6.25, where it has come within 2e-6 of 1; it differs from tanh by less than
//! 1e-5. Its slope at zero is 1 (small-signal gain 0 dB); a sample at the ceiling comes out
//! 2.4 dB lower, one 12 dB below it 0.2 dB lower.
//!
//! Only what the curve *takes away*, f(x) - x, is oversampled and filtered. The dry signal passes
//! as it is, delayed: quiet passages and the top octave are left alone whatever the amount.

mod oversample;

use crate::Audio;
use crate::process::{ProcessSpec, Processor};
use crate::settings;
use crate::units::{db_from_gain, gain_from_db};

use oversample::{CHUNK, LATENCY_FRAMES, Oversampler};

/// Where T is held.
const HOLD: f32 = 6.25;

/// T(u) - u. Written as a difference of the polynomials, so that a small u loses no precision.
fn taken(u: f32) -> f32 {
    let held = u.clamp(-HOLD, HOLD);
    let s = held * held;
    let numerator = s * (11_486_475.0 + s * (810_810.0 + s * (12_870.0 + s * 44.0)));
    let denominator =
        34_459_425.0 + s * (16_216_200.0 + s * (945_945.0 + s * (13_860.0 + s * 45.0)));
    (held - u) - held * (numerator / denominator)
}

/// Static output of the curve (amount 1, without oversampling) for a sample and a ceiling, both
/// as linear amplitude.
pub fn saturate(sample: f64, ceiling_gain: f64) -> f64 {
    sample + ceiling_gain * f64::from(taken((sample / ceiling_gain) as f32))
}

/// True where the settings do nothing.
pub fn is_neutral(settings: &settings::Saturation) -> bool {
    settings.amount <= 0.0
}

/// The saturation stage. An amount of 0 and a program without loudness are exact identity
/// without latency.
pub struct Saturation {
    active: bool,
    /// 1 / ceiling.
    to_curve: f32,
    /// amount · ceiling.
    from_curve: f32,
    channels: Vec<Channel>,
    most_taken_db: f64,
}

struct Channel {
    oversampler: Oversampler,
    /// The dry signal: `LATENCY_FRAMES` of history, then the new frames.
    dry: [f32; LATENCY_FRAMES + CHUNK],
}

impl Saturation {
    /// Resolves the ceiling and designs the filters.
    pub fn new(settings: &settings::Saturation, spec: &ProcessSpec) -> Self {
        let ceiling_gain = gain_from_db(spec.program_lufs + settings.ceiling_lu);
        let active = !is_neutral(settings) && (1e-12..1e12).contains(&ceiling_gain);
        let channels = if active { spec.channels } else { 0 };
        Self {
            active,
            to_curve: (1.0 / ceiling_gain) as f32,
            from_curve: (settings.amount * ceiling_gain) as f32,
            channels: (0..channels)
                .map(|_| Channel {
                    oversampler: Oversampler::new(),
                    dry: [0.0; LATENCY_FRAMES + CHUNK],
                })
                .collect(),
            most_taken_db: 0.0,
        }
    }
}

impl Processor for Saturation {
    fn name(&self) -> &'static str {
        "saturation"
    }

    fn process(&mut self, block: &mut Audio) {
        let (mut loudest, amount) = (0.0_f32, self.from_curve * self.to_curve);
        for (samples, channel) in block.channels_mut().zip(&mut self.channels) {
            for chunk in samples.chunks_mut(CHUNK) {
                loudest = chunk.iter().fold(loudest, |most, s| most.max(s.abs()));
                channel.process(chunk, self.to_curve, self.from_curve);
            }
        }
        if loudest > 0.0 && self.active {
            let u = loudest * self.to_curve;
            let kept = 1.0 + amount * taken(u) / u;
            let taken_db = -db_from_gain(f64::from(kept.max(f32::MIN_POSITIVE)));
            self.most_taken_db = self.most_taken_db.max(taken_db);
        }
    }

    fn latency_frames(&self) -> usize {
        if self.active { LATENCY_FRAMES } else { 0 }
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.oversampler.reset();
            channel.dry.fill(0.0);
        }
        self.most_taken_db = 0.0;
    }

    /// What the curve took from the highest sample.
    fn gain_reduction_db(&self) -> f64 {
        self.most_taken_db
    }
}

impl Channel {
    fn process(&mut self, chunk: &mut [f32], to_curve: f32, from_curve: f32) {
        let count = chunk.len();
        self.dry[LATENCY_FRAMES..][..count].copy_from_slice(chunk);
        for sample in chunk.iter_mut() {
            *sample *= to_curve;
        }
        let mut wet = [0.0; CHUNK];
        self.oversampler.process(chunk, &mut wet, taken);
        for ((sample, dry), wet) in chunk.iter_mut().zip(&self.dry).zip(&wet) {
            *sample = dry + from_curve * wet;
        }
        self.dry.copy_within(count..count + LATENCY_FRAMES, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_tanh_odd_bounded_and_monotonic() {
        let mut before = -1.1;
        for step in -4000..=4000 {
            let u = f64::from(step) / 400.0;
            let got = saturate(u, 1.0);
            assert!((got - u.tanh()).abs() < 1e-5, "{u}: {got}");
            assert!((got + saturate(-u, 1.0)).abs() < 1e-12);
            assert!(got.abs() <= 1.0 + 1e-6 && got >= before - 2e-6, "{u}");
            before = got;
        }
        assert!((saturate(1e-4, 1.0) / 1e-4 - 1.0).abs() < 1e-7);
    }

    /// A 15 kHz sine whose peaks stand at the ceiling: every line that is not a harmonic below
    /// half the rate is alias.
    #[test]
    fn alias_stays_below_minus_90_db() {
        let spec = ProcessSpec {
            sample_rate_hz: 44_100,
            channels: 1,
            program_lufs: -16.0,
        };
        let settings = settings::Saturation {
            amount: 1.0,
            ceiling_lu: 16.0,
        };
        for cycles in [2000_usize, 10_000, 15_001] {
            let mut saturation = Saturation::new(&settings, &spec);
            let rate = 44_100;
            let wave = (0..2 * rate)
                .map(|n| {
                    let turn = (cycles * n % rate) as f64 / rate as f64;
                    (std::f64::consts::TAU * turn).sin() as f32
                })
                .collect();
            let mut block = Audio::new(44_100, vec![wave]).unwrap();
            saturation.process(&mut block);
            let mut planner = realfft::RealFftPlanner::<f64>::new();
            let fft = planner.plan_fft_forward(rate);
            let mut input: Vec<f64> = block.channel(0)[rate..]
                .iter()
                .map(|&s| f64::from(s))
                .collect();
            let mut spectrum = fft.make_output_vec();
            fft.process(&mut input, &mut spectrum).unwrap();
            let fundamental = spectrum[cycles].norm();
            let worst = spectrum
                .iter()
                .enumerate()
                .filter(|(bin, _)| bin % cycles != 0 && *bin < 20_000)
                .map(|(_, line)| line.norm())
                .fold(0.0, f64::max);
            let alias_db = 20.0 * (worst / fundamental).log10();
            println!("{cycles} Hz: alias {alias_db:.1} dB");
            assert!(alias_db < -90.0, "{cycles} Hz: {alias_db}");
        }
    }
}
