//! Loudness and peaks by two independent meters each: what a certificate is made of.
//!
//! `Levels` is the part that the analysis of an input and the verification of an output have
//! in common, so that both are measured by the very same code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::loudness::{Loudness, LoudnessFigures};
use super::reference_meter::ReferenceMeter;
use super::true_peak::TruePeak;
use crate::pipeline::Pipeline;
use crate::stream::{MIN_SAMPLE_RATE_HZ, OnFrames, Spec};
use crate::threads::join;
use crate::{Audio, Source, StreamError};

/// Highest sample rate that can be measured, Hz; the lowest is [`MIN_SAMPLE_RATE_HZ`].
pub const MAX_MEASURED_RATE_HZ: u32 = 768_000;
/// Name of this crate's meters in readings.
pub const OWN_METER: &str = "acetate";
/// Name of the reference meter in readings.
pub const REFERENCE_METER: &str = "ebur128";

/// Why a program cannot be measured.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeasureError {
    /// A sample rate beyond the meters' range.
    #[error(
        "expected a sample rate of {MIN_SAMPLE_RATE_HZ} to {MAX_MEASURED_RATE_HZ} Hz, got {got_hz} Hz"
    )]
    SampleRate {
        /// The rate found.
        got_hz: u32,
    },
    /// Neither mono nor stereo.
    #[error("expected 1 or 2 channels, got {got}")]
    Channels {
        /// Number of channels found.
        got: usize,
    },
    /// The reference meter refused.
    #[error("the reference meter failed")]
    Reference(#[from] ebur128::Error),
}

impl From<MeasureError> for StreamError {
    fn from(error: MeasureError) -> Self {
        Self::new(error)
    }
}

/// One meter's figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeterReading {
    /// The meter's name.
    pub meter: String,
    /// Its figure, in the unit of the field that holds it.
    #[schemars(with = "Option<f64>")]
    pub value: f64,
}

/// What was measured on the samples that were written.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputMeasures {
    /// Length in frames.
    pub frames: u64,
    /// Samples that were not finite, read as zero.
    pub non_finite_samples: u64,
    /// Integrated loudness by this crate's meter, LUFS.
    pub integrated_lufs: f64,
    /// Integrated loudness by each meter, LUFS.
    pub integrated_by_meter: Vec<MeterReading>,
    /// True peak: the worst of all meters, dBTP.
    pub true_peak_dbtp: f64,
    /// True peak by each meter, dBTP.
    pub true_peak_by_meter: Vec<MeterReading>,
    /// Frame nearest to the true peak.
    pub true_peak_frame: u64,
    /// Highest absolute sample, dBFS.
    pub sample_peak_dbfs: f64,
    /// Loudness range, LU.
    pub loudness_range_lu: f64,
    /// Highest short-term loudness, LUFS.
    pub short_term_max_lufs: f64,
    /// Highest momentary loudness, LUFS.
    pub momentary_max_lufs: f64,
    /// Short-term loudness ten times a second, LUFS.
    pub short_term_lufs: Vec<f32>,
    /// K-weighted power of each 10 ms, channels summed, full scale = 1.
    pub k_power_10ms: Vec<f32>,
}

/// Which meters read loudness and peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meters {
    /// This crate's and the reference meter: for what is to be certified or shown.
    #[default]
    Both,
    /// This crate's alone, in less than half the time: for what only guides the way.
    Own,
}

/// Streaming meters of loudness and peaks.
pub(crate) struct Levels {
    frames: u64,
    non_finite_samples: u64,
    loudness: Loudness,
    true_peak: TruePeak,
    reference: Option<ReferenceMeter>,
}

impl Levels {
    /// For a stream; with `dual_mono` a mono signal counts as two equal channels.
    ///
    /// # Errors
    /// [`MeasureError`] for a sample rate or a number of channels that cannot be measured.
    pub(crate) fn new(spec: Spec, dual_mono: bool, meters: Meters) -> Result<Self, MeasureError> {
        let rate = spec.sample_rate_hz;
        if !(MIN_SAMPLE_RATE_HZ..=MAX_MEASURED_RATE_HZ).contains(&rate) {
            return Err(MeasureError::SampleRate { got_hz: rate });
        }
        if !(1..=2).contains(&spec.channels) {
            return Err(MeasureError::Channels { got: spec.channels });
        }
        let reference = match meters {
            Meters::Both => Some(ReferenceMeter::new(rate, spec.channels, dual_mono)?),
            Meters::Own => None,
        };
        Ok(Self {
            frames: 0,
            non_finite_samples: 0,
            loudness: Loudness::new(rate, dual_mono),
            true_peak: TruePeak::new(spec.channels),
            reference,
        })
    }

    /// Puts the meters along a pipeline. First, every sample that is not finite is counted and set to zero.
    pub(crate) fn add_to<'a>(&'a mut self, pipeline: Pipeline<'a>) -> Pipeline<'a> {
        let Self {
            frames,
            non_finite_samples,
            loudness,
            true_peak,
            reference,
        } = self;
        let own = pipeline
            .then(|block| {
                *frames += block.frames() as u64;
                *non_finite_samples += silence_non_finite(block);
                loudness.process(block);
                Ok(())
            })
            .inspect(|block| true_peak.process(block));
        match reference {
            Some(ReferenceMeter { loudness, peak }) => own
                .then(|block| Ok(loudness.process(block).map_err(MeasureError::from)?))
                .then(|block| Ok(peak.process(block).map_err(MeasureError::from)?)),
            None => own,
        }
    }

    /// Ends the program and gives all figures.
    ///
    /// # Errors
    /// [`MeasureError`] when the reference meter fails.
    pub(crate) fn finish(self) -> Result<OutputMeasures, MeasureError> {
        let Self {
            frames,
            non_finite_samples,
            loudness,
            true_peak,
            reference,
        } = self;
        let k_power_10ms = loudness.into_k_power_10ms();
        let (figures, own) = join(
            || LoudnessFigures::from_k_power_10ms(&k_power_10ms),
            || true_peak.finish(),
        );
        let reference = reference.map(ReferenceMeter::finish).transpose()?;
        let own_dbtp = own.true_peak_dbtp;
        Ok(OutputMeasures {
            frames,
            non_finite_samples,
            integrated_lufs: figures.integrated_lufs,
            integrated_by_meter: readings(
                figures.integrated_lufs,
                reference.map(|reading| reading.integrated_lufs),
            ),
            true_peak_dbtp: reference
                .map_or(own_dbtp, |reading| reading.true_peak_dbtp.max(own_dbtp)),
            true_peak_by_meter: readings(own_dbtp, reference.map(|reading| reading.true_peak_dbtp)),
            true_peak_frame: own.frame,
            sample_peak_dbfs: own.sample_peak_dbfs,
            loudness_range_lu: figures.loudness_range_lu,
            short_term_max_lufs: figures.short_term_max_lufs,
            momentary_max_lufs: figures.momentary_max_lufs,
            short_term_lufs: figures.short_term_lufs,
            k_power_10ms,
        })
    }
}

fn readings(own: f64, reference: Option<f64>) -> Vec<MeterReading> {
    let reading = |(meter, value): (&str, f64)| MeterReading {
        meter: meter.to_owned(),
        value,
    };
    let reference = reference.map(|value| (REFERENCE_METER, value));
    std::iter::once((OWN_METER, own))
        .chain(reference)
        .map(reading)
        .collect()
}

/// Sets every sample that is not finite to zero; gives how many there were.
pub fn silence_non_finite(block: &mut Audio) -> u64 {
    let mut count = 0;
    for channel in block.channels_mut() {
        // Without a branch per sample; hardly any block has one.
        if channel
            .iter()
            .fold(true, |finite, x| finite & x.is_finite())
        {
            continue;
        }
        for sample in channel.iter_mut().filter(|sample| !sample.is_finite()) {
            *sample = 0.0;
            count += 1;
        }
    }
    count
}

/// Measures loudness and peaks of a whole source in one pass from its start, without spectrum
/// or sequences: the pass that re-reads what was written. `progress` is told the frames read so
/// far after every block.
///
/// # Errors
/// [`StreamError`] when the source fails, or with a [`MeasureError`] inside when it cannot be
/// measured.
pub fn verify_pass(
    source: &mut dyn Source,
    dual_mono: bool,
    progress: &mut OnFrames<'_>,
) -> Result<OutputMeasures, StreamError> {
    let mut levels = Levels::new(source.spec(), dual_mono, Meters::Both)?;
    let mut frames = 0;
    levels.add_to(Pipeline::from(source)).run(&mut |block| {
        frames += block.frames() as u64;
        progress(frames)
    })?;
    Ok(levels.finish()?)
}
