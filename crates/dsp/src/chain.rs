//! [`Chain`]: the stages in signal order.
//!
//! Declip → repair → hum → DC filter → EQ → compressor → de-esser → saturation → stereo → sections. The limiter and the
//! dither are not in it: they run after it, at the delivery rate.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::measure::levels::silence_non_finite;
use crate::pipeline::Pipeline;
use crate::process::compressor::{self, Compressor};
use crate::process::dc_filter::{self, DcFilter};
use crate::process::deesser::{self, Deesser};
use crate::process::eq::{self, Eq};
use crate::process::processed::trimmed;
use crate::process::repair::{Declip, HumCancel, Repair};
use crate::process::saturation::{self, Saturation};
use crate::process::sections::{self, Sections};
use crate::process::stereo::{self, Stereo};
use crate::process::{ProcessSpec, Processor, ResponseDb};
use crate::{Audio, Settings};

/// A stage that can be left out, in signal order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Repair of flat tops, clicks, bumps and hum, and DC filter.
    Cleanup,
    /// Tone.
    Eq,
    /// Glue compression.
    Compressor,
    /// De-esser.
    Deesser,
    /// Saturation.
    Saturation,
    /// Width.
    Stereo,
    /// Level and side gain by part of the song.
    Sections,
    /// Limiter; not part of the [`Chain`], the caller that runs it asks [`Bypass::contains`].
    Limiter,
}

impl Stage {
    /// Every stage, in signal order.
    pub const ALL: [Self; 8] = [
        Self::Cleanup,
        Self::Eq,
        Self::Compressor,
        Self::Deesser,
        Self::Saturation,
        Self::Stereo,
        Self::Sections,
        Self::Limiter,
    ];

    /// The stage's name, as in settings and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cleanup => "cleanup",
            Self::Eq => "eq",
            Self::Compressor => "compressor",
            Self::Deesser => "deesser",
            Self::Saturation => "saturation",
            Self::Stereo => "stereo",
            Self::Sections => "sections",
            Self::Limiter => "limiter",
        }
    }
}

/// A name that is no stage.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected stages out of {}, got \"{got}\"", Stage::ALL.map(Stage::name).join(", "))]
pub struct UnknownStage {
    /// The name found.
    pub got: String,
}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Self, UnknownStage> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.name() == name)
            .ok_or_else(|| UnknownStage {
                got: name.to_owned(),
            })
    }
}

/// The stages to leave out. Parses from a list with commas, `eq,stereo`; empty is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bypass(BTreeSet<Stage>);

impl Bypass {
    /// Leaves out these stages.
    pub fn new(stages: impl IntoIterator<Item = Stage>) -> Self {
        Self(stages.into_iter().collect())
    }

    /// True where the stage is left out.
    pub fn contains(&self, stage: Stage) -> bool {
        self.0.contains(&stage)
    }

    /// The stages that are left out, in signal order.
    pub fn stages(&self) -> impl Iterator<Item = Stage> {
        self.0.iter().copied()
    }
}

impl FromStr for Bypass {
    type Err = UnknownStage;

    fn from_str(list: &str) -> Result<Self, UnknownStage> {
        list.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.stages().map(Stage::name).collect();
        f.write_str(&names.join(","))
    }
}

/// What one stage did.
#[derive(Clone, Debug, PartialEq)]
pub struct StageReport {
    /// The stage's name.
    pub name: &'static str,
    /// Its delay in frames.
    pub latency_frames: usize,
    /// Largest gain reduction so far, dB, positive.
    pub gain_reduction_db: f64,
}

/// The stages that do something, in signal order.
pub struct Chain {
    stages: Vec<Box<dyn Processor>>,
    non_finite_samples: u64,
}

impl Chain {
    /// Builds the stages that are neither neutral nor bypassed.
    pub fn new(settings: &Settings, spec: &ProcessSpec, bypass: &Bypass) -> Self {
        let mut stages: Vec<Box<dyn Processor>> = Vec::new();
        let wanted = |stage, neutral: bool| !neutral && !bypass.contains(stage);
        if wanted(Stage::Cleanup, Declip::is_neutral(&settings.cleanup)) {
            stages.push(Box::new(Declip::new(&settings.cleanup, spec)));
        }
        if wanted(Stage::Cleanup, Repair::is_neutral(&settings.cleanup)) {
            let late_frames = latency_frames(&stages);
            stages.push(Box::new(Repair::behind(
                &settings.cleanup,
                spec,
                late_frames,
            )));
        }
        if wanted(Stage::Cleanup, HumCancel::is_neutral(&settings.cleanup)) {
            stages.push(Box::new(HumCancel::new(&settings.cleanup, spec)));
        }
        if wanted(Stage::Cleanup, dc_filter::is_neutral(&settings.cleanup)) {
            stages.push(Box::new(DcFilter::new(&settings.cleanup, spec)));
        }
        if wanted(Stage::Eq, eq::is_neutral(&settings.eq)) {
            stages.push(Box::new(Eq::new(&settings.eq, spec)));
        }
        if wanted(
            Stage::Compressor,
            compressor::is_neutral(&settings.compressor),
        ) {
            stages.push(Box::new(Compressor::new(&settings.compressor, spec)));
        }
        if wanted(Stage::Deesser, deesser::is_neutral(&settings.deesser)) {
            stages.push(Box::new(Deesser::new(&settings.deesser, spec)));
        }
        if wanted(
            Stage::Saturation,
            saturation::is_neutral(&settings.saturation),
        ) {
            stages.push(Box::new(Saturation::new(&settings.saturation, spec)));
        }
        if wanted(Stage::Stereo, stereo::is_neutral(&settings.stereo)) {
            stages.push(Box::new(Stereo::new(&settings.stereo, spec)));
        }
        if wanted(Stage::Sections, sections::is_neutral(&settings.sections)) {
            let late_frames = latency_frames(&stages);
            stages.push(Box::new(Sections::new(
                &settings.sections,
                spec,
                late_frames,
            )));
        }
        Self {
            stages,
            non_finite_samples: 0,
        }
    }

    /// Puts the stages along a pipeline, one station each, and takes their latency off; the source should
    /// go on for as long ([`WithTail`](crate::process::processed::WithTail)).
    pub fn add_to<'a>(&'a mut self, pipeline: Pipeline<'a>) -> Pipeline<'a> {
        let latency_frames = self.latency_frames();
        let non_finite_samples = &mut self.non_finite_samples;
        let pipeline = pipeline.then(|block| {
            *non_finite_samples += silence_non_finite(block);
            Ok(())
        });
        let pipeline = self.stages.iter_mut().fold(pipeline, |pipeline, stage| {
            pipeline.then(|block| {
                stage.process(block);
                Ok(())
            })
        });
        pipeline.then(trimmed(latency_frames))
    }

    /// What each stage has done since construction or reset, in signal order.
    pub fn report(&self) -> Vec<StageReport> {
        self.stages
            .iter()
            .map(|stage| StageReport {
                name: stage.name(),
                latency_frames: stage.latency_frames(),
                gain_reduction_db: stage.gain_reduction_db(),
            })
            .collect()
    }

    /// Most gain reduction of the compressor since construction or reset, dB.
    pub fn compression_db(&self) -> f64 {
        let compressor = Stage::Compressor.name();
        let mut stages = self.stages.iter();
        let compressor = stages.find(|stage| stage.name() == compressor);
        compressor.map_or(0.0, |stage| stage.gain_reduction_db())
    }

    /// Input samples that were not finite and were read as zero.
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite_samples
    }
}

/// How much later than at the input the frames come behind these stages: a stage with places in time starts there.
fn latency_frames(stages: &[Box<dyn Processor>]) -> usize {
    stages.iter().map(|stage| stage.latency_frames()).sum()
}

impl Processor for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    /// As the trait says; samples that are not finite are read as zero, since one of them would
    /// spread over whole blocks.
    fn process(&mut self, block: &mut Audio) {
        self.non_finite_samples += silence_non_finite(block);
        for stage in &mut self.stages {
            stage.process(block);
        }
    }

    fn latency_frames(&self) -> usize {
        latency_frames(&self.stages)
    }

    fn reset(&mut self) {
        for stage in &mut self.stages {
            stage.reset();
        }
        self.non_finite_samples = 0;
    }

    /// The sum of the linear stages; `None` when a stage is not linear.
    fn response_db(&self, freq_hz: f64) -> Option<ResponseDb> {
        let flat = ResponseDb {
            mid_db: 0.0,
            side_db: 0.0,
        };
        self.stages.iter().try_fold(flat, |sum, stage| {
            let stage = stage.response_db(freq_hz)?;
            Some(ResponseDb {
                mid_db: sum.mid_db + stage.mid_db,
                side_db: sum.side_db + stage.side_db,
            })
        })
    }

    /// The largest of the stages, not their sum: they need not have acted at the same time.
    fn gain_reduction_db(&self) -> f64 {
        self.stages
            .iter()
            .map(|stage| stage.gain_reduction_db())
            .fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::read_all;
    use crate::process::processed::Processed;
    use crate::stream::AudioSource;

    const SPEC: ProcessSpec = ProcessSpec {
        sample_rate_hz: 44_100,
        channels: 2,
        program_lufs: -14.0,
    };

    fn active() -> Settings {
        let mut settings = Settings::default();
        settings.cleanup.dc_highpass_hz = 5.0;
        settings.eq.mid_db[8] = 2.0;
        settings.eq.side_db[2] = 1.0;
        settings.compressor.ratio = 1.8;
        settings.saturation.amount = 0.5;
        settings.stereo.high_db = 2.0;
        settings
    }

    fn wave(frames: usize) -> Audio {
        let channel = |freq: f64| {
            (0..frames)
                .map(|n| (0.4 * (n as f64 * freq).sin()) as f32)
                .collect()
        };
        Audio::new(44_100, vec![channel(0.05), channel(0.31)]).unwrap()
    }

    #[test]
    fn neutral_and_bypassed_stages_are_left_out() {
        let names = |settings: &Settings, bypass: &str| -> Vec<_> {
            let chain = Chain::new(settings, &SPEC, &bypass.parse().unwrap());
            chain.report().into_iter().map(|stage| stage.name).collect()
        };
        assert!(names(&Settings::default(), "").is_empty());
        let all = ["cleanup", "eq", "compressor", "saturation", "stereo"];
        assert_eq!(names(&active(), ""), all);
        assert_eq!(
            names(&active(), "eq, stereo,limiter"),
            [all[0], all[2], all[3]]
        );
    }

    #[test]
    fn an_unknown_stage_lists_the_valid_ones() {
        let error = "eq,revreb".parse::<Bypass>().unwrap_err().to_string();
        assert_eq!(
            error,
            "expected stages out of cleanup, eq, compressor, deesser, saturation, stereo, sections, limiter, \
             got \"revreb\""
        );
        let bypass: Bypass = "stereo,eq".parse().unwrap();
        assert_eq!(bypass.to_string(), "eq,stereo");
    }

    #[test]
    fn as_many_frames_come_out_as_go_in_and_in_place() {
        let mut settings = Settings::default();
        settings.eq.mid_db = [6.0; 12];
        settings.saturation.amount = 1e-9;
        for frames in [0, 1, 5_000, 40_000] {
            let input = wave(frames);
            let chain = Chain::new(&settings, &SPEC, &Bypass::default());
            let mut rendered = Processed::new(AudioSource::new(input.clone()), chain);
            let output = read_all(&mut rendered).unwrap();
            assert_eq!(output.frames(), frames);
            for (got, want) in output.channel(1).iter().zip(input.channel(1)) {
                assert!((got - want * 1.995_262).abs() < 1e-5, "{got} {want}");
            }
            assert_eq!(read_all(&mut rendered).unwrap(), output);
        }
    }

    #[test]
    fn samples_that_are_no_numbers_are_read_as_zero_and_counted() {
        let mut broken = wave(30_000);
        let mut mended = broken.clone();
        for (n, value) in [(100, f32::NAN), (5_000, f32::INFINITY)] {
            broken.split_mut().0[n] = value;
            mended.split_mut().0[n] = 0.0;
        }
        let render = |audio: Audio| {
            let chain = Chain::new(&active(), &SPEC, &Bypass::default());
            let mut rendered = Processed::new(AudioSource::new(audio), chain);
            let output = read_all(&mut rendered).unwrap();
            (output, rendered.stage().non_finite_samples())
        };
        let (output, count) = render(broken);
        assert_eq!((&output, count), (&render(mended).0, 2));
    }
}
