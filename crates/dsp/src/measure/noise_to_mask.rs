//! [`MaskedReference`]: how far what a process added to a signal stands above what the signal
//! masks.
//!
//! The FFT ear model and the noise-to-mask ratio of ITU-R BS.1387 (PEAQ, basic version), as
//! written out by Kabal, "An Examination and Interpretation of ITU-R BS.1387" (McGill, 2003): a
//! Hann window, the outer and middle ear's response, quarter-Bark bands, spreading over
//! frequency, forward masking, and the noise as the difference of magnitudes, so that a constant
//! phase shift is no noise. Two departures: any sample rate is taken as it is (the standard has
//! 48 kHz only), and the processed signal is first brought to the level of the reference, either
//! as a whole or slowly (see [`LevelMatch`]).
//!
//! It compares processes that do the same job. It does not say what a listener would hear.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::Audio;

/// Frames of a spectrum.
const FFT_FRAMES: usize = 2048;
/// Frames between two spectra.
const HOP_FRAMES: usize = FFT_FRAMES / 2;
/// Sound pressure level of a full-scale sine, dB (BS.1387, 2.1.3).
const FULL_SCALE_SPL_DB: f64 = 92.0;
/// Range of the bands, Hz.
const BAND_RANGE_HZ: [f64; 2] = [80.0, 18_000.0];
/// Width of a band, Bark.
const BAND_BARK: f64 = 0.25;
/// Time constants of forward masking at 100 Hz and at most, s.
const MASKING_S: [f64; 2] = [0.030, 0.008];
/// Sum of powers in the spreading: `(Σ xᵖ)^(1/p)`.
const SPREADING_POWER: f64 = 0.4;
/// Level of silence: frames whose masking pattern is below the threshold in quiet throughout are
/// left out of the mean, dB SPL.
const SILENCE_SPL_DB: f64 = 20.0;
/// A spectrum counts as disturbed when its noise stands 1.5 dB above the mask in any band
/// (BS.1387, relative disturbed frames).
const DISTURBED_RATIO: f64 = 1.412_537_5;
/// Powers are not read below this.
const LEAST_POWER: f64 = 1e-12;

/// How the processed signal is brought to the level of the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LevelMatch {
    /// This gain (linear): for excerpts of a longer signal.
    Gain(f64),
    /// One gain for the whole signal: all that a moving gain does is noise.
    Whole,
    /// A gain that follows within this many spectra on either side: level riding that is slower
    /// is not held against the process.
    Within(usize),
}

impl LevelMatch {
    /// Level riding over about this time is not held against a process: about 0.2 s at 44.1 kHz.
    pub const SLOW: Self = Self::Within(9);
}

/// What [`MaskedReference::compare`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseToMask {
    /// Noise-to-mask ratio of the whole, dB: the mean over time and bands of noise power by
    /// masking threshold (`Total NMR_B` of BS.1387). Below about -10 dB nothing is expected to be
    /// heard.
    pub total_db: f64,
    /// Share of the frames with noise 1.5 dB above the mask in any band, 0 to 1.
    pub disturbed_share: f64,
}

/// A reference signal and what it masks, to hold any number of processed versions against.
pub struct MaskedReference {
    ear: Ear,
    sample_rate_hz: u32,
    channels: Vec<MaskedChannel>,
    /// Spectra per channel.
    spectra: usize,
}

/// One channel of the reference.
struct MaskedChannel {
    /// Weighted magnitudes, `[spectra][bins]`, one after the other.
    magnitudes: Vec<f32>,
    /// One by the masking threshold per band, power, `[spectra][bands]`; empty rows of zeros
    /// where nothing is audible.
    sensitivities: Vec<f32>,
    powers: Vec<f64>,
    audible: Vec<bool>,
}

impl MaskedReference {
    /// Measures the reference, 1 or 2 channels.
    pub fn new(reference: &Audio) -> Self {
        let ear = Ear::new(f64::from(reference.sample_rate_hz()));
        let spectra = (reference.frames() / HOP_FRAMES).saturating_sub(1);
        let channels = reference
            .channels()
            .iter()
            .map(|channel| MaskedChannel::new(&ear, channel, spectra))
            .collect();
        Self {
            ear,
            sample_rate_hz: reference.sample_rate_hz(),
            channels,
            spectra,
        }
    }

    /// Compares a processed version with the reference: same rate, channels, length and time.
    /// Channels count alike. `None` where they do not fit or nothing in the reference is audible.
    pub fn compare(&self, processed: &Audio, level_match: LevelMatch) -> Option<NoiseToMask> {
        let fits = processed.sample_rate_hz() == self.sample_rate_hz
            && processed.channel_count() == self.channels.len()
            && processed.frames() >= (self.spectra + 1) * HOP_FRAMES;
        if !fits {
            return None;
        }
        let mut sum = Sum::default();
        for (reference, processed) in self.channels.iter().zip(processed.channels()) {
            self.compare_channel(reference, processed, level_match, &mut sum);
        }
        sum.ratio()
    }

    fn compare_channel(
        &self,
        reference: &MaskedChannel,
        processed: &[f32],
        level_match: LevelMatch,
        sum: &mut Sum,
    ) {
        let bins = self.ear.weights.len();
        let bands = self.ear.bands.len();
        let mut magnitudes = Vec::with_capacity(self.spectra * bins);
        let mut powers = Vec::with_capacity(self.spectra);
        let mut work = self.ear.work();
        for index in 0..self.spectra {
            let start = index * HOP_FRAMES;
            self.ear
                .magnitudes(&processed[start..start + FFT_FRAMES], &mut work);
            powers.push(work.power());
            magnitudes.extend_from_slice(&work.magnitudes);
        }
        let gains = level_gains(&reference.powers, &powers, level_match);
        let mut noise = vec![0.0f32; bins];
        for (index, &gain) in gains.iter().enumerate() {
            if !reference.audible[index] {
                continue;
            }
            let at = index * bins..(index + 1) * bins;
            let pairs = reference.magnitudes[at.clone()].iter().zip(&magnitudes[at]);
            for (noise, (r, p)) in noise.iter_mut().zip(pairs) {
                let difference = r - gain as f32 * p;
                *noise = difference * difference;
            }
            let sensitivities = &reference.sensitivities[index * bands..(index + 1) * bands];
            let (mut worst, mut total) = (0.0f64, 0.0);
            for (band, &sensitivity) in self.ear.bands.iter().zip(sensitivities) {
                let ratio = band.power(&noise) * f64::from(sensitivity);
                worst = worst.max(ratio);
                total += ratio;
            }
            sum.ratios += total / bands as f64;
            sum.disturbed += usize::from(worst > DISTURBED_RATIO);
            sum.counted += 1;
        }
    }
}

/// Sums over spectra and channels.
#[derive(Default)]
struct Sum {
    ratios: f64,
    disturbed: usize,
    counted: usize,
}

impl Sum {
    fn ratio(&self) -> Option<NoiseToMask> {
        let counted = self.counted as f64;
        (self.counted > 0).then(|| NoiseToMask {
            total_db: 10.0 * (self.ratios / counted).max(LEAST_POWER).log10(),
            disturbed_share: self.disturbed as f64 / counted,
        })
    }
}

/// The gain that each spectrum of the processed signal is to have.
fn level_gains(reference: &[f64], processed: &[f64], level_match: LevelMatch) -> Vec<f64> {
    let spectra = reference.len();
    let ratio = |range: std::ops::Range<usize>| {
        let wanted: f64 = reference[range.clone()].iter().sum();
        let found: f64 = processed[range].iter().sum();
        if found > 0.0 {
            (wanted / found).sqrt()
        } else {
            1.0
        }
    };
    match level_match {
        LevelMatch::Gain(gain) => vec![gain; spectra],
        LevelMatch::Whole => vec![ratio(0..spectra); spectra],
        LevelMatch::Within(reach) => (0..spectra)
            .map(|index| ratio(index.saturating_sub(reach)..(index + reach + 1).min(spectra)))
            .collect(),
    }
}

impl MaskedChannel {
    fn new(ear: &Ear, channel: &[f32], spectra: usize) -> Self {
        let bands = ear.bands.len();
        let mut masked = Self {
            magnitudes: Vec::with_capacity(spectra * ear.weights.len()),
            sensitivities: Vec::with_capacity(spectra * bands),
            powers: Vec::with_capacity(spectra),
            audible: Vec::with_capacity(spectra),
        };
        let mut masking = Masking::new(ear);
        let mut work = ear.work();
        for index in 0..spectra {
            let start = index * HOP_FRAMES;
            ear.magnitudes(&channel[start..start + FFT_FRAMES], &mut work);
            let threshold = masking.threshold(ear, &work.magnitudes);
            masked.magnitudes.extend_from_slice(&work.magnitudes);
            masked
                .sensitivities
                .extend(threshold.iter().map(|power| (1.0 / power) as f32));
            masked.powers.push(work.power());
            masked.audible.push(masking.audible);
        }
        masked
    }
}

/// The ear model at one sample rate.
struct Ear {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// Outer and middle ear, and full scale, amplitude per bin.
    weights: Vec<f32>,
    bands: Vec<Band>,
    spectra_per_s: f64,
}

/// A quarter-Bark band.
struct Band {
    center_hz: f64,
    /// First bin and the share of each bin from there.
    first_bin: usize,
    shares: Vec<f32>,
    /// Internal noise, power.
    quiet: f64,
    /// Masking threshold below the excitation, power ratio.
    offset: f64,
}

fn bark(freq_hz: f64) -> f64 {
    7.0 * (freq_hz / 650.0).asinh()
}

fn hz(bark: f64) -> f64 {
    650.0 * (bark / 7.0).sinh()
}

impl Ear {
    fn new(rate_hz: f64) -> Self {
        let bin_hz = rate_hz / FFT_FRAMES as f64;
        let bins = FFT_FRAMES / 2 + 1;
        let angle = |n: usize| std::f64::consts::TAU * n as f64 / FFT_FRAMES as f64;
        let window: Vec<f32> = (0..FFT_FRAMES)
            .map(|n| (0.5 - 0.5 * angle(n).cos()) as f32)
            .collect();
        // The window's sum is half its length, a full-scale sine's peak half of that.
        let full_scale = FFT_FRAMES as f64 / 4.0;
        let scale = 10f64.powf(FULL_SCALE_SPL_DB / 20.0) / full_scale;
        let weights = (0..bins)
            .map(|bin| {
                let khz = (bin as f64 * bin_hz / 1000.0).max(1e-3);
                let db = -2.184 * khz.powf(-0.8) + 6.5 * (-0.6 * (khz - 3.3).powi(2)).exp()
                    - 0.001 * khz.powf(3.6);
                (scale * 10f64.powf(db / 20.0)) as f32
            })
            .collect();
        let top_hz = BAND_RANGE_HZ[1].min(0.5 * rate_hz);
        let (low, high) = (bark(BAND_RANGE_HZ[0]), bark(top_hz));
        let count = ((high - low) / BAND_BARK).ceil() as usize;
        let bands = (0..count)
            .map(|index| {
                let from = low + index as f64 * BAND_BARK;
                let to = (from + BAND_BARK).min(high);
                Band::new(index, hz(from), hz(0.5 * (from + to)), hz(to), bin_hz, bins)
            })
            .collect();
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FFT_FRAMES),
            window,
            weights,
            bands,
            spectra_per_s: rate_hz / HOP_FRAMES as f64,
        }
    }

    fn work(&self) -> Work {
        Work {
            input: self.fft.make_input_vec(),
            spectrum: self.fft.make_output_vec(),
            scratch: self.fft.make_scratch_vec(),
            magnitudes: vec![0.0; self.weights.len()],
        }
    }

    /// Weighted magnitudes of one window into `work.magnitudes`, `[FFT_FRAMES / 2 + 1]`.
    fn magnitudes(&self, samples: &[f32], work: &mut Work) {
        for ((to, &from), window) in work.input.iter_mut().zip(samples).zip(&self.window) {
            *to = from * window;
        }
        let done =
            self.fft
                .process_with_scratch(&mut work.input, &mut work.spectrum, &mut work.scratch);
        // The lengths are the plan's own, so it cannot fail; an empty spectrum is silence.
        if done.is_err() {
            work.spectrum.fill_with(Default::default);
        }
        for ((to, bin), weight) in work
            .magnitudes
            .iter_mut()
            .zip(&work.spectrum)
            .zip(&self.weights)
        {
            *to = (bin.re * bin.re + bin.im * bin.im).sqrt() * weight;
        }
    }

    /// Spreads powers over the bands (BS.1387, 2.1.7): 27 dB a Bark downwards, upwards less
    /// steep the louder and the higher.
    fn spread(&self, powers: &[f64]) -> Vec<f64> {
        let count = powers.len();
        let down = 10f64.powf(-2.7 * BAND_BARK);
        let mut sums = vec![0.0; count];
        for (index, (&power, band)) in powers.iter().zip(&self.bands).enumerate() {
            let level_db = 10.0 * power.log10();
            let slope_db = -24.0 - 230.0 / band.center_hz + 0.2 * level_db;
            let up = 10f64.powf(slope_db.min(-1.0) * BAND_BARK / 10.0);
            let below = (1.0 - down.powi(index as i32 + 1)) / (1.0 - down);
            let above = (1.0 - up.powi((count - index) as i32)) / (1.0 - up);
            let own = (power / (below + above - 1.0)).powf(SPREADING_POWER);
            let (down, up) = (down.powf(SPREADING_POWER), up.powf(SPREADING_POWER));
            let mut share = own;
            for sum in sums[..index].iter_mut().rev() {
                share *= down;
                *sum += share;
            }
            share = own;
            for sum in &mut sums[index..] {
                *sum += share;
                share *= up;
            }
        }
        sums.iter()
            .map(|sum| sum.powf(1.0 / SPREADING_POWER))
            .collect()
    }
}

/// Memory for one spectrum.
struct Work {
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    magnitudes: Vec<f32>,
}

impl Work {
    fn power(&self) -> f64 {
        let squares = self.magnitudes.iter().map(|&m| f64::from(m) * f64::from(m));
        squares.sum()
    }
}

impl Band {
    fn new(
        index: usize,
        from_hz: f64,
        center_hz: f64,
        to_hz: f64,
        bin_hz: f64,
        bins: usize,
    ) -> Self {
        let first_bin = ((from_hz / bin_hz + 0.5).floor() as usize).min(bins - 1);
        let last_bin = ((to_hz / bin_hz + 0.5).floor() as usize).min(bins - 1);
        let shares = (first_bin..=last_bin)
            .map(|bin| {
                let bin = bin as f64;
                let from = from_hz.max((bin - 0.5) * bin_hz);
                let to = to_hz.min((bin + 0.5) * bin_hz);
                ((to - from) / bin_hz).max(0.0) as f32
            })
            .collect();
        let position = index as f64 * BAND_BARK;
        let offset_db = if position <= 12.0 {
            3.0
        } else {
            0.25 * position
        };
        Self {
            center_hz,
            first_bin,
            shares,
            quiet: 10f64.powf(0.1456 * (center_hz / 1000.0).powf(-0.8)),
            offset: 10f64.powf(-offset_db / 10.0),
        }
    }

    /// Power in this band of powers per bin.
    fn power(&self, powers: &[f32]) -> f64 {
        let bins = &powers[self.first_bin..self.first_bin + self.shares.len()];
        let sum: f32 = bins.iter().zip(&self.shares).map(|(p, s)| p * s).sum();
        f64::from(sum)
    }
}

/// Masking over time in one channel.
struct Masking {
    keep: Vec<f64>,
    state: Vec<f64>,
    /// What a uniform pattern of unit powers is spread to.
    unit: Vec<f64>,
    audible: bool,
}

impl Masking {
    fn new(ear: &Ear) -> Self {
        let keep = ear
            .bands
            .iter()
            .map(|band| {
                let tau = MASKING_S[1] + 100.0 / band.center_hz * (MASKING_S[0] - MASKING_S[1]);
                (-1.0 / (ear.spectra_per_s * tau)).exp()
            })
            .collect();
        Self {
            keep,
            state: vec![0.0; ear.bands.len()],
            unit: ear.spread(&vec![1.0; ear.bands.len()]),
            audible: false,
        }
    }

    /// The masking threshold per band of the next spectrum, power.
    fn threshold(&mut self, ear: &Ear, magnitudes: &[f32]) -> Vec<f64> {
        let powers: Vec<f32> = magnitudes.iter().map(|m| m * m).collect();
        let bands = ear.bands.iter();
        let mut pattern: Vec<f64> = bands
            .map(|band| band.power(&powers).max(LEAST_POWER))
            .collect();
        let loudest = pattern.iter().copied().fold(0.0, f64::max);
        self.audible = loudest > 10f64.powf(SILENCE_SPL_DB / 10.0);
        for (power, band) in pattern.iter_mut().zip(&ear.bands) {
            *power += band.quiet;
        }
        let spread = ear.spread(&pattern);
        spread
            .iter()
            .zip(&self.unit)
            .zip(self.state.iter_mut().zip(&self.keep))
            .zip(&ear.bands)
            .map(|(((spread, unit), (state, keep)), band)| {
                let excitation = spread / unit;
                *state = keep * *state + (1.0 - keep) * excitation;
                state.max(excitation) * band.offset
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::gain_from_db;

    const RATE_HZ: u32 = 48_000;

    fn noise_to_mask(
        reference: &Audio,
        processed: &Audio,
        level_match: LevelMatch,
    ) -> Option<NoiseToMask> {
        MaskedReference::new(reference).compare(processed, level_match)
    }

    fn tone(freq_hz: f64, level_dbfs: f64) -> Vec<f64> {
        (0..RATE_HZ)
            .map(|n| {
                let angle = std::f64::consts::TAU * freq_hz * f64::from(n) / f64::from(RATE_HZ);
                gain_from_db(level_dbfs) * libm::sin(angle)
            })
            .collect()
    }

    fn mono(parts: &[Vec<f64>]) -> Audio {
        let samples = (0..RATE_HZ as usize)
            .map(|n| parts.iter().map(|part| part[n]).sum::<f64>() as f32)
            .collect();
        Audio::new(RATE_HZ, vec![samples]).unwrap()
    }

    fn ratio_db(reference: &Audio, processed: &Audio, level_match: LevelMatch) -> f64 {
        noise_to_mask(reference, processed, level_match)
            .unwrap()
            .total_db
    }

    #[test]
    fn a_gain_alone_is_no_noise() {
        let reference = mono(&[tone(1000.0, -20.0)]);
        let mut processed = reference.clone();
        processed.scale(0.5);
        assert!(ratio_db(&reference, &processed, LevelMatch::Whole) < -60.0);
    }

    #[test]
    fn noise_near_a_tone_is_masked_and_far_from_it_is_not() {
        let masker = tone(1000.0, -20.0);
        let reference = mono(std::slice::from_ref(&masker));
        let with = |freq_hz| {
            let processed = mono(&[masker.clone(), tone(freq_hz, -60.0)]);
            ratio_db(&reference, &processed, LevelMatch::Whole)
        };
        let (near, above, below) = (with(1100.0), with(5000.0), with(200.0));
        assert!(near < above - 6.0, "{near} {above}");
        assert!(near < below - 6.0, "{near} {below}");
    }

    #[test]
    fn rises_with_the_noise_and_counts_disturbed_frames() {
        let reference = mono(&[tone(1000.0, -20.0)]);
        let with = |level_dbfs| {
            let processed = mono(&[tone(1000.0, -20.0), tone(4000.0, level_dbfs)]);
            noise_to_mask(&reference, &processed, LevelMatch::Whole).unwrap()
        };
        let (faint, plain) = (with(-110.0), with(-40.0));
        assert!(
            (plain.total_db - faint.total_db - 70.0).abs() < 3.0,
            "{faint:?} {plain:?}"
        );
        assert_eq!(plain.disturbed_share, 1.0);
        assert_eq!(faint.disturbed_share, 0.0);
    }

    #[test]
    fn slow_level_riding_is_forgiven_where_asked() {
        let steady = tone(1000.0, -20.0);
        let riding = steady
            .iter()
            .enumerate()
            .map(|(n, x)| x * (1.0 - 0.3 * n as f64 / f64::from(RATE_HZ)))
            .collect();
        let (reference, processed) = (mono(&[steady]), mono(&[riding]));
        let whole = ratio_db(&reference, &processed, LevelMatch::Whole);
        let slow = ratio_db(&reference, &processed, LevelMatch::Within(4));
        assert!(slow < whole - 10.0, "{slow} {whole}");
    }

    #[test]
    fn signals_that_do_not_fit_or_are_silent_have_no_ratio() {
        let silence = Audio::silence(RATE_HZ, 1, RATE_HZ as usize);
        assert_eq!(noise_to_mask(&silence, &silence, LevelMatch::Whole), None);
        let stereo = Audio::silence(RATE_HZ, 2, 100);
        assert_eq!(noise_to_mask(&silence, &stereo, LevelMatch::Whole), None);
        assert_eq!(noise_to_mask(&stereo, &stereo, LevelMatch::Whole), None);
    }
}
