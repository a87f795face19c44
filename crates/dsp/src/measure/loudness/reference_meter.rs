//! The independent second meter: the `ebur128` crate.
//!
//! Its high-pass has the numerator 1, -2, 1 at every rate, which lifts the whole passband by 0.04 dB
//! at 48 kHz, as BS.1770's table does, but by 0.24 dB at 8 kHz; what goes beyond the table's lift is
//! taken off the reading. Below 44.1 kHz its shelf is bent, by 0.2 LU at 8 kHz: such a signal is given to it at
//! a multiple of its rate, a way of its own to the figure that our meter has from a fitted filter. Its true peak oversamples 4× below 96 kHz, 2× below 192 kHz and not at
//! all from there on, so it may read up to 2 dB low on bursts near half the sample rate; the
//! verdict takes the worst of all meters.

use ebur128::{Channel, EbuR128, Mode};

use super::upsampled::{self, Upsampled};
use super::weighting::HIGH_PASS;
use crate::Audio;
use crate::measure::reference_peak::{ReferencePeak, rounded};
use crate::units::db_from_gain;

/// By how much the crate's high-pass lifts its passband at a sample rate, dB: its numerator over
/// that of the bilinear transform (corner and quality of BS.1770-5, Annex 1, Table 2).
fn passband_lift_db(sample_rate_hz: f64) -> f64 {
    let (corner_hz, q) = HIGH_PASS;
    let k = libm::tan(std::f64::consts::PI * corner_hz / sample_rate_hz);
    db_from_gain(1.0 + k / q + k * k)
}

/// Integrated loudness and true peak by `ebur128`.
pub struct ReferenceMeter {
    pub(in crate::measure) loudness: ReferenceLoudness,
    pub(in crate::measure) peak: ReferencePeak,
}

/// What [`ReferenceMeter`] found; `-inf` where a figure does not exist.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferenceReading {
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// True peak over all channels, dBTP.
    pub true_peak_dbtp: f64,
}

impl ReferenceMeter {
    /// A meter over 1 or 2 channels; with `dual_mono` a mono signal counts as two equal ones.
    ///
    /// # Errors
    /// The crate's own, for a sample rate below 16 Hz or above 2.8 MHz or no channel.
    pub fn new(
        sample_rate_hz: u32,
        channels: usize,
        dual_mono: bool,
    ) -> Result<Self, ebur128::Error> {
        Ok(Self {
            loudness: ReferenceLoudness::new(sample_rate_hz, channels, dual_mono)?,
            peak: ReferencePeak::new(sample_rate_hz, channels)?,
        })
    }

    /// Takes a block; samples must be finite.
    ///
    /// # Errors
    /// The crate's own, for a block with other channels than this was built for.
    pub fn process(&mut self, block: &Audio) -> Result<(), ebur128::Error> {
        self.loudness.process(block)?;
        self.peak.process(block)
    }

    /// Flushes the interpolator and gives the figures.
    ///
    /// # Errors
    /// The crate's own; none is expected.
    pub fn finish(self) -> Result<ReferenceReading, ebur128::Error> {
        Ok(ReferenceReading {
            integrated_lufs: self.loudness.finish()?,
            true_peak_dbtp: self.peak.finish()?,
        })
    }
}

/// Integrated loudness by `ebur128`.
pub struct ReferenceLoudness {
    meter: EbuR128,
    /// The rate that the meter is given, Hz.
    sample_rate_hz: u32,
    /// One per channel, where the rate is too low.
    upsampled: Vec<Upsampled>,
    /// What they make of a block.
    planes: Vec<Vec<f32>>,
}

impl ReferenceLoudness {
    /// As [`ReferenceMeter::new`].
    ///
    /// # Errors
    /// As [`ReferenceMeter::new`].
    pub fn new(
        sample_rate_hz: u32,
        channels: usize,
        dual_mono: bool,
    ) -> Result<Self, ebur128::Error> {
        let factor = upsampled::factor(sample_rate_hz);
        let sample_rate_hz = factor * sample_rate_hz;
        let mut meter = EbuR128::new(channels as u32, sample_rate_hz, Mode::I)?;
        if channels == 1 && dual_mono {
            meter.set_channel(0, Channel::DualMono)?;
        }
        let changed = if factor > 1 { channels } else { 0 };
        Ok(Self {
            meter,
            sample_rate_hz,
            upsampled: (0..changed).map(|_| Upsampled::new(factor)).collect(),
            planes: vec![Vec::new(); changed],
        })
    }

    /// Takes a block; samples must be finite.
    ///
    /// # Errors
    /// The crate's own, for a block with other channels than this was built for.
    pub fn process(&mut self, block: &Audio) -> Result<(), ebur128::Error> {
        if !self.upsampled.is_empty() {
            let channels = self.upsampled.iter_mut().zip(block.channels());
            for ((upsampled, channel), plane) in channels.zip(&mut self.planes) {
                plane.clear();
                upsampled.process(channel, plane);
            }
            return self.measure_planes();
        }
        match block.channels() {
            [left, right, ..] => self.meter.add_frames_planar_f32(&[left, right]),
            [mono] => self.meter.add_frames_f32(mono),
            [] => Ok(()),
        }
    }

    fn measure_planes(&mut self) -> Result<(), ebur128::Error> {
        match &self.planes[..] {
            [left, right, ..] => self.meter.add_frames_planar_f32(&[left, right]),
            [mono] => self.meter.add_frames_f32(mono),
            [] => Ok(()),
        }
    }

    /// Integrated loudness, LUFS; `-inf` where there is none.
    ///
    /// # Errors
    /// The crate's own; none is expected.
    pub fn finish(mut self) -> Result<f64, ebur128::Error> {
        for (upsampled, plane) in self.upsampled.iter_mut().zip(&mut self.planes) {
            plane.clear();
            upsampled.finish(plane);
        }
        self.measure_planes()?;
        let lift_db = passband_lift_db(f64::from(self.sample_rate_hz)) - passband_lift_db(48_000.0);
        let integrated_lufs = self.meter.loudness_global()? - lift_db;
        Ok(if integrated_lufs.is_nan() {
            f64::NEG_INFINITY
        } else {
            rounded(integrated_lufs)
        })
    }
}
