//! [`Analysis`]: the measured facts of a program, and [`analyze`], which measures them in one
//! pass over a [`Source`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::clipping::Clipping;
pub use crate::measure::crest::BandCrest;
use crate::measure::crest::Crest;
pub use crate::measure::levels::MeterReading;
use crate::measure::levels::{Levels, Meters};
use crate::measure::lone_transients::{LoneTransient, LoneTransients};
use crate::measure::slow_offset::SlowOffset;
use crate::measure::spectrum::SpectrumMeter;
pub use crate::measure::spectrum::{BandFrame, Spectrum};
use crate::measure::stereo_image::StereoImage;
use crate::pipeline::Pipeline;
use crate::process::ProcessSpec;
use crate::process::processed::Processed;
use crate::process::repair::{Repair, repairs_of};
use crate::settings::Cleanup;
use crate::stream::OnFrames;
use crate::{Source, StreamError};

/// Measured facts of a whole program. A figure that does not exist (the loudness of silence)
/// is `-inf`, and becomes null in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Analysis {
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: usize,
    /// Length in frames.
    pub frames: u64,
    /// Length in seconds.
    pub duration_s: f64,
    /// Integrated loudness, LUFS (BS.1770-5, gated).
    #[schemars(with = "Option<f64>")]
    pub integrated_lufs: f64,
    /// Loudness range, LU (EBU Tech 3342).
    #[schemars(with = "Option<f64>")]
    pub loudness_range_lu: f64,
    /// Highest short-term loudness (3 s), LUFS.
    #[schemars(with = "Option<f64>")]
    pub short_term_max_lufs: f64,
    /// Highest momentary loudness (0.4 s), LUFS.
    #[schemars(with = "Option<f64>")]
    pub momentary_max_lufs: f64,
    /// True peak, dBTP: the worst of the meters that read it.
    #[schemars(with = "Option<f64>")]
    pub true_peak_dbtp: f64,
    /// True peak of each meter, dBTP.
    pub true_peak_by_meter: Vec<MeterReading>,
    /// Where the true peak is, seconds from the start.
    pub true_peak_at_s: f64,
    /// Integrated loudness of each meter, LUFS.
    pub integrated_by_meter: Vec<MeterReading>,
    /// Highest absolute sample, dBFS.
    #[schemars(with = "Option<f64>")]
    pub sample_peak_dbfs: f64,
    /// Peak to loudness ratio, dB: true peak minus integrated loudness.
    #[schemars(with = "Option<f64>")]
    pub plr_db: f64,
    /// Crest factor (peak to RMS) per broad band, dB.
    pub crest: Vec<BandCrest>,
    /// Correlation of left and right over the program, -1 to 1; 1 for mono.
    pub correlation: f64,
    /// Mean of each channel (DC offset), full scale = 1.
    pub dc_offset: Vec<f64>,
    /// Largest mean over 3 s of each channel, full scale = 1: shows a drifting offset as well.
    pub slow_offset: Vec<f64>,
    /// Single short events far above everything else, in order of time.
    pub lone_transients: Vec<LoneTransient>,
    /// Runs of clipped samples per channel.
    pub clipped_runs: Vec<u64>,
    /// Samples in those runs per channel.
    pub clipped_samples: Vec<u64>,
    /// Samples that were not finite, read as zero.
    pub non_finite_samples: u64,
    /// Highest frequency with program in it, Hz: below it the spectrum is alive.
    pub bandwidth_hz: f64,
    /// Long-term third-octave spectrum.
    pub spectrum: Spectrum,
    /// Sequences that the net and the solver read; not part of a report.
    #[serde(skip)]
    pub sequences: Sequences,
    /// The analysis once more with the lone transients repaired, where there are any and
    /// [`analyze_program`] measured; not part of a report.
    #[serde(skip)]
    pub repaired: Option<Box<Analysis>>,
}

impl Analysis {
    /// What decisions about the whole are made on: the program without its lone transients.
    pub fn program(&self) -> &Analysis {
        self.repaired.as_deref().unwrap_or(self)
    }
}

/// What changes over time, at fixed rates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequences {
    /// Band frames, evenly spaced over the program, at most
    /// [`MAX_BAND_FRAMES`](crate::measure::spectrum::MAX_BAND_FRAMES): when the store is full,
    /// every second one is dropped and the spacing doubles.
    pub band_frames: Vec<BandFrame>,
    /// Frames of audio from the start of one band frame to the start of the next.
    pub band_spacing_frames: u64,
    /// K-weighted power (BS.1770, channels summed) of each 10 ms, full scale = 1. Frame `k`
    /// covers samples `floor(k·rate/100)..floor((k+1)·rate/100)`.
    pub k_power_10ms: Vec<f32>,
    /// Highest sample magnitude of all channels in each 10 ms, full scale = 1; frames as in `k_power_10ms`.
    pub peak_10ms: Vec<f32>,
    /// Short-term loudness (3 s) ten times a second, LUFS.
    pub short_term_lufs: Vec<f32>,
}

/// How to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnalyzeOptions {
    /// A mono program counts as two equal channels: its loudness reads 3.01 LU more.
    pub dual_mono: bool,
    /// Which meters read loudness and peaks.
    pub meters: Meters,
}

/// Measures a whole program in one pass, from the source's start, in memory that does not
/// grow with its length but for the loudness powers (1.5 MB an hour).
///
/// # Errors
/// [`StreamError`] when the source fails, or with a
/// [`MeasureError`](crate::measure::MeasureError) inside when it cannot be measured.
pub fn analyze(source: &mut dyn Source) -> Result<Analysis, StreamError> {
    analyze_with(source, &AnalyzeOptions::default(), &mut |_| Ok(()))
}

/// As [`analyze_with`], and once more with the lone transients repaired where there are any: for decisions
/// about the whole, which are made on [`Analysis::program`]. Reads such a program a second time.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_program(
    source: &mut dyn Source,
    options: &AnalyzeOptions,
    progress: &mut OnFrames<'_>,
) -> Result<Analysis, StreamError> {
    let mut analysis = analyze_with(source, options, progress)?;
    let repairs = repairs_of(&analysis.lone_transients, analysis.sample_rate_hz);
    if !repairs.is_empty() {
        source.rewind()?;
        let cleanup = Cleanup {
            repairs,
            ..Cleanup::default()
        };
        let spec = ProcessSpec {
            sample_rate_hz: analysis.sample_rate_hz,
            channels: analysis.channels,
            program_lufs: analysis.integrated_lufs,
        };
        let mut repaired = Processed::new(source, Repair::new(&cleanup, &spec));
        let mut repaired = analyze_with(&mut repaired, options, progress)?;
        repaired.lone_transients.clear();
        analysis.repaired = Some(Box::new(repaired));
    }
    Ok(analysis)
}

/// As [`analyze`], with options; `progress` is told the frames read so far after every block.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_with(
    source: &mut dyn Source,
    options: &AnalyzeOptions,
    progress: &mut OnFrames<'_>,
) -> Result<Analysis, StreamError> {
    let spec = source.spec();
    let (rate, channels) = (spec.sample_rate_hz, spec.channels);
    let mut levels = Levels::new(spec, options.dual_mono, options.meters)?;
    let mut spectrum = SpectrumMeter::new(rate, channels);
    let mut crest = Crest::new(rate);
    let mut image = StereoImage::default();
    let mut clipping = Clipping::new(channels);
    let mut offset = SlowOffset::new(rate, channels);
    let mut transients = LoneTransients::new(rate, channels);
    let mut frames = 0;
    levels
        .add_to(Pipeline::from(source))
        .inspect(|block| spectrum.process(block))
        .inspect(|block| {
            crest.process(block);
            image.process(block);
            clipping.process(block);
            offset.process(block);
        })
        .inspect(|block| transients.process(block))
        .run(&mut |block| {
            frames += block.frames() as u64;
            progress(frames)
        })?;
    let measures = levels.finish()?;
    let spectrum = spectrum.finish();
    let (clipped_runs, clipped_samples) = clipping.finish();
    let (lone_transients, peak_10ms) = transients.finish();
    Ok(Analysis {
        sample_rate_hz: rate,
        channels,
        frames: measures.frames,
        duration_s: measures.frames as f64 / f64::from(rate),
        integrated_lufs: measures.integrated_lufs,
        loudness_range_lu: measures.loudness_range_lu,
        short_term_max_lufs: measures.short_term_max_lufs,
        momentary_max_lufs: measures.momentary_max_lufs,
        true_peak_dbtp: measures.true_peak_dbtp,
        true_peak_by_meter: measures.true_peak_by_meter,
        true_peak_at_s: measures.true_peak_frame as f64 / f64::from(rate),
        integrated_by_meter: measures.integrated_by_meter,
        sample_peak_dbfs: measures.sample_peak_dbfs,
        plr_db: if measures.integrated_lufs.is_finite() {
            measures.true_peak_dbtp - measures.integrated_lufs
        } else {
            f64::NEG_INFINITY
        },
        crest: crest.finish(),
        correlation: image.correlation(),
        dc_offset: image.dc_offset(channels),
        slow_offset: offset.finish(),
        lone_transients,
        clipped_runs,
        clipped_samples,
        non_finite_samples: measures.non_finite_samples,
        bandwidth_hz: spectrum.bandwidth_hz,
        spectrum: spectrum.spectrum,
        sequences: Sequences {
            band_frames: spectrum.band_frames,
            band_spacing_frames: spectrum.band_spacing_frames,
            k_power_10ms: measures.k_power_10ms,
            peak_10ms,
            short_term_lufs: measures.short_term_lufs,
        },
        repaired: None,
    })
}
