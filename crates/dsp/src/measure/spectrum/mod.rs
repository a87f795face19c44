//! Short-time spectrum: third-octave frames over time, the long-term spectrum, the bandwidth.
//!
//! Hann windows of about 93 ms, a quarter apart, of mid (L+R)/2 and side (L-R)/2. Powers are
//! mean squares: a full-scale sine reads -3.01 dB in its band (0.5 dB less in the bass, where a
//! band is as narrow as the window's spread). The FFT picks the fastest
//! instructions at run time, so the last bits may differ between CPUs; nothing here reaches
//! samples directly.

mod bandwidth;
mod power_spectrum;

use pulp::Arch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::bandwidth::bandwidth_hz;
use self::power_spectrum::PowerSpectrum;
use super::bands::{THIRD_OCTAVES, center_hz, edges_hz};
use crate::Audio;

/// Most band frames kept. When the store is full every second one is dropped and the spacing
/// doubles, so a program of any length fits.
pub const MAX_BAND_FRAMES: usize = 4_096;
/// Level of what is not there, dB.
pub const FLOOR_DB: f64 = -200.0;
/// Length of a window, s; rounded to the nearest power of two in frames.
const WINDOW_S: f64 = 0.0929;
/// Windows that cover each sample.
const OVERLAP: usize = 4;
/// Windows' lengths that are kept before what lies behind is dropped.
const KEPT_WINDOWS: usize = 4;

/// Frames in an FFT at a sample rate: the power of two nearest to 93 ms (4096 at 44.1 and 48 kHz).
pub fn fft_frames(sample_rate_hz: u32) -> usize {
    let exponent = libm::round(libm::log2(WINDOW_S * f64::from(sample_rate_hz)));
    1 << (exponent.clamp(6.0, 20.0) as u32)
}

/// The bins of one third octave: all of `whole`, and a share of the bin on either side.
#[derive(Clone, Debug)]
struct Band {
    whole: std::ops::Range<usize>,
    edges: [(usize, f32); 2],
}

impl Band {
    /// Bin `k` covers `k - 1/2` to `k + 1/2` spacings. A band whose center lies above half the
    /// sample rate is empty.
    fn new(index: usize, spacing_hz: f64, bins: usize) -> Self {
        let (from_hz, to_hz) = edges_hz(index);
        let top = bins as f64 - 0.5;
        let place = |hz: f64| (hz / spacing_hz + 0.5).min(top);
        let (from, to) = (place(from_hz), place(to_hz));
        let (first, last) = (from as usize, to as usize);
        if center_hz(index) / spacing_hz > (bins - 1) as f64 {
            return Self {
                whole: 0..0,
                edges: [(0, 0.0); 2],
            };
        }
        if first == last {
            return Self {
                whole: 0..0,
                edges: [(first, (to - from) as f32), (first, 0.0)],
            };
        }
        Self {
            whole: first + 1..last,
            edges: [
                (first, (first as f64 + 1.0 - from) as f32),
                (last.min(bins - 1), (to - last as f64) as f32),
            ],
        }
    }

    fn power(&self, bins: &[f32]) -> f32 {
        let edges: f32 = self.edges.iter().map(|&(bin, w)| bins[bin] * w).sum();
        // Eight partial sums in a fixed order.
        let mut sums = [0.0f32; 8];
        let chunks = bins[self.whole.clone()].chunks_exact(8);
        let rest: f32 = chunks.remainder().iter().sum();
        for chunk in chunks {
            for (sum, bin) in sums.iter_mut().zip(chunk) {
                *sum += bin;
            }
        }
        edges + rest + sums.iter().sum::<f32>()
    }
}

/// One of mid and side.
struct Lane {
    /// Samples of the windows to come, and some before them.
    samples: Vec<f32>,
    /// Power per bin of the latest window.
    power: Vec<f32>,
    /// Sum of the powers of all windows.
    total: Vec<f64>,
}

impl Lane {
    fn new(fft_frames: usize) -> Self {
        Self {
            samples: Vec::with_capacity(KEPT_WINDOWS * fft_frames),
            power: vec![0.0; fft_frames / 2 + 1],
            total: vec![0.0; fft_frames / 2 + 1],
        }
    }
}

/// Streaming spectrum meter of one or two channels.
pub struct SpectrumMeter {
    sample_rate_hz: f64,
    arch: Arch,
    transform: PowerSpectrum,
    window: Vec<f32>,
    bands: Vec<Band>,
    /// Mid, and side where there are two channels.
    lanes: Vec<Lane>,
    /// Where the window that is being filled starts in the lanes.
    start: usize,
    windows: u64,
    stride: u64,
    band_frames: Vec<BandFrame>,
}

/// Third-octave powers of one short frame, dBFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandFrame {
    /// Of the mid signal.
    pub mid_db: [f32; THIRD_OCTAVES],
    /// Of the side signal.
    pub side_db: [f32; THIRD_OCTAVES],
}

/// Long-term mean power per third octave, dBFS (a full-scale sine reads -3.01).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spectrum {
    /// Nominal center frequencies, Hz.
    #[serde(rename = "center_hz")]
    pub center_hz: Vec<f64>,
    /// Of the mid signal (L+R)/2, or of a mono program.
    pub mid_db: Vec<f64>,
    /// Of the side signal (L-R)/2.
    pub side_db: Vec<f64>,
}

/// What [`SpectrumMeter`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectrumFigures {
    /// Long-term third-octave spectrum.
    pub spectrum: Spectrum,
    /// Third-octave powers over time, evenly spaced.
    pub band_frames: Vec<BandFrame>,
    /// Frames of audio from one band frame to the next.
    pub band_spacing_frames: u64,
    /// Highest frequency with program in it, Hz.
    pub bandwidth_hz: f64,
}

impl SpectrumMeter {
    /// A meter over 1 or 2 channels.
    pub fn new(sample_rate_hz: u32, channels: usize) -> Self {
        let length = fft_frames(sample_rate_hz);
        let rate = f64::from(sample_rate_hz);
        let bins = length / 2 + 1;
        Self {
            arch: Arch::new(),
            sample_rate_hz: rate,
            window: hann(length),
            bands: (0..THIRD_OCTAVES)
                .map(|index| Band::new(index, rate / length as f64, bins))
                .collect(),
            lanes: (0..channels).map(|_| Lane::new(length)).collect(),
            start: 0,
            windows: 0,
            stride: 1,
            band_frames: Vec::new(),
            transform: PowerSpectrum::new(length),
        }
    }

    /// Takes a block with the channels that this was built for; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        let length = self.window.len();
        let mut start = 0;
        while start < block.frames() {
            let room = self.start + length - self.lanes[0].samples.len();
            let end = (start + room).min(block.frames());
            match (block.channels(), self.lanes.as_mut_slice()) {
                ([left, right], [mid, side]) => {
                    let pairs = || left[start..end].iter().zip(&right[start..end]);
                    mid.samples.extend(pairs().map(|(l, r)| 0.5 * l + 0.5 * r));
                    side.samples.extend(pairs().map(|(l, r)| 0.5 * l - 0.5 * r));
                }
                ([mono, ..], [mid, ..]) => mid.samples.extend_from_slice(&mono[start..end]),
                _ => return,
            }
            if end - start == room {
                self.transform();
            }
            start = end;
        }
    }

    /// Transforms the window that is full, and moves on by one hop.
    fn transform(&mut self) {
        let length = self.window.len();
        for lane in &mut self.lanes {
            let Lane {
                samples,
                power,
                total,
            } = lane;
            let samples = &samples[self.start..self.start + length];
            self.transform.of(samples, &self.window, power);
            self.arch.dispatch(|| {
                for power in power.iter_mut() {
                    *power *= 2.0;
                }
                // Only these two stand for one frequency instead of a pair.
                if let [first, .., last] = power.as_mut_slice() {
                    *first *= 0.5;
                    *last *= 0.5;
                }
                for (total, &power) in total.iter_mut().zip(power.iter()) {
                    *total += f64::from(power);
                }
            });
        }
        self.start += length / OVERLAP;
        if self.start + length > KEPT_WINDOWS * length {
            for lane in &mut self.lanes {
                lane.samples.drain(..self.start);
            }
            self.start = 0;
        }
        if self.windows.is_multiple_of(self.stride) {
            self.keep();
        }
        self.windows += 1;
    }

    fn keep(&mut self) {
        if self.band_frames.len() == MAX_BAND_FRAMES {
            let mut index = 0;
            self.band_frames.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
            if !self.windows.is_multiple_of(self.stride) {
                return;
            }
        }
        let mut frame = BandFrame {
            mid_db: [FLOOR_DB as f32; THIRD_OCTAVES],
            side_db: [FLOOR_DB as f32; THIRD_OCTAVES],
        };
        let targets = [&mut frame.mid_db, &mut frame.side_db];
        for (lane, target) in self.lanes.iter().zip(targets) {
            for (band, level_db) in self.bands.iter().zip(target) {
                let power = band.power(&lane.power);
                *level_db = (10.0 * libm::log10f(power)).max(FLOOR_DB as f32);
            }
        }
        self.band_frames.push(frame);
    }

    /// Ends the program: one shorter than a window is filled up with silence, otherwise what
    /// follows the last whole window is left out.
    pub fn finish(mut self) -> SpectrumFigures {
        let length = self.window.len();
        let started = self.lanes.first().is_some_and(|l| !l.samples.is_empty());
        if self.windows == 0 && started {
            for lane in &mut self.lanes {
                lane.samples.resize(length, 0.0);
            }
            self.transform();
        }
        let scale = 1.0 / self.windows.max(1) as f64;
        let mean: Vec<Vec<f64>> = self
            .lanes
            .iter()
            .map(|lane| lane.total.iter().map(|total| total * scale).collect())
            .collect();
        let levels_db = |lane: usize| -> Vec<f64> {
            let Some(powers) = mean.get(lane) else {
                return vec![FLOOR_DB; THIRD_OCTAVES];
            };
            let powers: Vec<f32> = powers.iter().map(|&power| power as f32).collect();
            let level = |band: &Band| 10.0 * libm::log10(f64::from(band.power(&powers)));
            let levels = self.bands.iter().map(level);
            levels.map(|db| db.max(FLOOR_DB)).collect()
        };
        let fine: Vec<f64> = (0..length / 2 + 1)
            .map(|bin| mean.iter().map(|lane| lane[bin]).sum())
            .collect();
        SpectrumFigures {
            spectrum: Spectrum {
                center_hz: (0..THIRD_OCTAVES).map(center_hz).collect(),
                mid_db: levels_db(0),
                side_db: levels_db(1),
            },
            band_frames: self.band_frames,
            band_spacing_frames: self.stride * (length / OVERLAP) as u64,
            bandwidth_hz: bandwidth_hz(&fine, self.sample_rate_hz),
        }
    }
}

/// A periodic Hann window scaled so that the powers of all bins sum to the mean square.
fn hann(length: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / length as f64;
    // Parseval: Σ|X|² = N·Σ(w·x)², and Σw² = 3N/8.
    let norm = 1.0 / (length as f64 * 0.375f64.sqrt());
    (0..length)
        .map(|n| ((0.5 - 0.5 * libm::cos(step * n as f64)) * norm) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{sine, white};

    fn figures(rate: u32, channels: Vec<Vec<f32>>) -> SpectrumFigures {
        let audio = Audio::new(rate, channels).unwrap();
        let mut meter = SpectrumMeter::new(rate, audio.channel_count());
        meter.process(&audio);
        meter.finish()
    }

    #[test]
    fn windows_last_about_93_ms_at_any_rate() {
        for (rate, frames) in [
            (8_000, 1_024),
            (22_050, 2_048),
            (44_100, 4_096),
            (48_000, 4_096),
            (88_200, 8_192),
            (96_000, 8_192),
            (176_400, 16_384),
            (192_000, 16_384),
        ] {
            assert_eq!(fft_frames(rate), frames);
        }
    }

    #[test]
    fn a_full_scale_sine_reads_3_db_below_zero_in_its_band_and_nothing_far_away() {
        for rate in [44_100, 48_000, 96_000, 192_000] {
            // The band at 100 Hz is two bins wide: the window spills into its neighbors.
            for (band, freq_hz, tolerance_db) in
                [(7, 99.2, 0.6), (17, 1_000.0, 0.05), (27, 10_079.4, 0.05)]
            {
                let tone = sine(rate, freq_hz, 1.0, rate as usize);
                let got = figures(rate, vec![tone.clone(), tone]);
                let level_db = got.spectrum.mid_db[band];
                assert!(
                    (level_db + 3.01).abs() < tolerance_db,
                    "{rate} {freq_hz}: {level_db}"
                );
                assert!((f64::from(got.band_frames[3].mid_db[band]) + 3.01).abs() < tolerance_db);
                for (other, &level_db) in got.spectrum.mid_db.iter().enumerate() {
                    if other.abs_diff(band) > 5 && other > 5 {
                        assert!(
                            level_db < -80.0,
                            "{rate} {freq_hz} band {other}: {level_db}"
                        );
                    }
                }
                assert!(got.spectrum.side_db.iter().all(|&db| db < -180.0));
            }
        }
    }

    #[test]
    fn mid_and_side_are_the_half_sum_and_the_half_difference() {
        let tone = sine(48_000, 1_000.0, 0.5, 48_000);
        let inverted = tone.iter().map(|x| -x).collect();
        let got = figures(48_000, vec![tone.clone(), inverted]);
        assert!((got.spectrum.side_db[17] + 9.03).abs() < 0.05);
        assert_eq!(got.spectrum.mid_db[17], FLOOR_DB);
        let left_only = figures(48_000, vec![tone.clone(), vec![0.0; 48_000]]);
        assert!((left_only.spectrum.mid_db[17] + 15.05).abs() < 0.05);
        assert!((left_only.spectrum.side_db[17] + 15.05).abs() < 0.05);
        let mono = figures(48_000, vec![tone]);
        assert!((mono.spectrum.mid_db[17] + 9.03).abs() < 0.05);
        assert_eq!(mono.spectrum.side_db, vec![FLOOR_DB; THIRD_OCTAVES]);
    }

    #[test]
    fn bands_tile_the_spectrum_without_gap_or_overlap() {
        let meter = SpectrumMeter::new(44_100, 1);
        let flat = vec![1.0f32; 2_049];
        let spacing_hz = 44_100.0 / 4_096.0;
        for (index, band) in meter.bands.iter().enumerate() {
            let (from_hz, to_hz) = edges_hz(index);
            let expected = (to_hz.min(22_055.0) - from_hz) / spacing_hz;
            let got = f64::from(band.power(&flat));
            assert!(
                (got / expected - 1.0).abs() < 2e-3,
                "{index}: {got} {expected}"
            );
        }
    }

    #[test]
    fn bands_above_half_the_sample_rate_are_at_the_floor() {
        let got = figures(22_050, vec![white(22_050, 1)]);
        for (band, &level_db) in got.spectrum.mid_db.iter().enumerate() {
            let dead = center_hz(band) > 11_025.0;
            assert_eq!(level_db == FLOOR_DB, dead, "band {band}: {level_db}");
        }
    }

    #[test]
    fn a_long_program_keeps_evenly_spaced_frames_in_a_bounded_store() {
        // A level that falls steadily shows which windows were kept.
        let rate = 8_000;
        let mut meter = SpectrumMeter::new(rate, 1);
        let hop = 256;
        let windows = 3 * MAX_BAND_FRAMES;
        for index in 0..windows + 3 {
            let gain = libm::pow(10.0, -(index as f64) / 4_000.0);
            let tone = sine(rate, 1_000.0, gain, hop);
            meter.process(&Audio::new(rate, vec![tone]).unwrap());
        }
        let got = meter.finish();
        assert_eq!(got.band_spacing_frames, 4 * hop as u64);
        assert_eq!(got.band_frames.len(), windows.div_ceil(4));
        for (k, pair) in got.band_frames.windows(2).enumerate() {
            let fall_db = pair[0].mid_db[17] - pair[1].mid_db[17];
            // Four hops of 0.005 dB.
            assert!((fall_db - 0.02).abs() < 0.002, "{k}: {fall_db}");
        }
    }

    #[test]
    fn cutting_into_blocks_changes_nothing() {
        let tone = sine(44_100, 333.0, 0.7, 20_000);
        let expected = figures(44_100, vec![tone.clone(), tone.clone()]);
        for size in [1, 7, 1_000] {
            let mut meter = SpectrumMeter::new(44_100, 2);
            for piece in tone.chunks(size) {
                meter.process(&Audio::new(44_100, vec![piece.to_vec(); 2]).unwrap());
            }
            assert_eq!(meter.finish(), expected);
        }
    }

    #[test]
    fn a_program_shorter_than_a_window_still_has_a_spectrum() {
        let got = figures(44_100, vec![sine(44_100, 1_000.0, 1.0, 2_000)]);
        assert_eq!(got.band_frames.len(), 1);
        assert!(got.spectrum.mid_db[17] > -12.0);
        assert!(figures(44_100, vec![vec![]]).band_frames.is_empty());
    }
}
