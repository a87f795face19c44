//! Masters that survive lossy encoding: they are encoded and decoded by real codecs, and the ceiling
//! is lowered just enough that no decoded peak passes full scale.
//!
//! Where a codec is not to be had, the ceiling is lowered by the most that it was ever measured to
//! add to a peak at this bit rate (12 songs of several kinds limited to -1 dBTP, encoders of ffmpeg).

mod outline;

use std::fmt;

use acetate_dsp::measure::true_peak::TruePeak;
use acetate_dsp::{Audio, Source, Spec, StreamError};

use crate::codec::outline::Outline;
use crate::delivery::{Delivery, Progress};
use crate::error::MasterError;
use crate::pipeline::{Mastered, Rendered};
use crate::report::check_name::CheckName;
use crate::report::{CodecPass, CodecReading, CodecSafety, MissingCodec, TargetCheck};

/// Highest decoded true peak that is safe, dBTP.
pub const DECODED_CEILING_DBTP: f64 = 0.0;
/// Renders at most.
const MAX_PASSES: usize = 5;
/// Most that the ceiling is lowered for codecs, dB: more than twice what any was measured to add. A codec
/// that asks for more is not met, and nobody gets a master that was turned down without end.
const MAX_LOWERED_DB: f64 = 6.0;
/// What a correction takes beyond the measured excess, dB.
const CORRECTION_MARGIN_DB: f64 = 0.02;
/// Louder masters than this need the larger margin, LUFS.
const LOUD_LUFS: f64 = -14.0;

/// How a lossy codec works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Advanced Audio Coding, low complexity.
    Aac,
    /// Vorbis in Ogg.
    Vorbis,
    /// Opus in Ogg.
    Opus,
    /// MPEG-1 Audio Layer III.
    Mp3,
}

/// A lossy codec at the bit rate that a platform uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Codec {
    /// How it works.
    pub coding: Coding,
    /// Its name.
    pub name: &'static str,
    /// Bit rate of a stereo program, kbit/s.
    pub bit_rate_kbps: u32,
    /// What it may add to a peak of a master up to -14 LUFS, dB.
    pub margin_db: f64,
    /// What it may add to a peak of a louder one, dB.
    pub loud_margin_db: f64,
}

/// Every codec that is tried.
pub const CODECS: [Codec; 4] = [
    Codec {
        coding: Coding::Aac,
        name: "AAC",
        bit_rate_kbps: 256,
        margin_db: 0.9,
        loud_margin_db: 1.4,
    },
    Codec {
        coding: Coding::Vorbis,
        name: "Ogg Vorbis",
        bit_rate_kbps: 320,
        margin_db: 0.9,
        loud_margin_db: 0.9,
    },
    Codec {
        coding: Coding::Opus,
        name: "Opus",
        bit_rate_kbps: 160,
        margin_db: 0.9,
        loud_margin_db: 2.6,
    },
    Codec {
        coding: Coding::Mp3,
        name: "MP3",
        bit_rate_kbps: 320,
        margin_db: 0.9,
        loud_margin_db: 0.9,
    },
];

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} kbit/s", self.name, self.bit_rate_kbps)
    }
}

/// Encoders and decoders, as far as they are installed.
pub trait Codecs {
    /// The program and version behind a codec; the reason where it cannot be used.
    ///
    /// # Errors
    /// One sentence that says what is missing.
    fn encoder(&mut self, codec: &Codec) -> Result<String, String>;

    /// Encodes a whole program, decodes it again and hands the decoded blocks to `take`.
    ///
    /// # Errors
    /// [`StreamError`] when the program cannot be read or the codec fails.
    fn round_trip(
        &mut self,
        codec: &Codec,
        program: &mut dyn Source,
        take: &mut dyn FnMut(&Audio),
    ) -> Result<Spec, StreamError>;
}

impl Rendered {
    /// As [`deliver`](Self::deliver), with the ceiling lowered until no codec drives the master over full scale.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver), or if a codec fails half-way.
    pub fn deliver_codec_safe(
        &mut self,
        delivery: &mut dyn Delivery,
        codecs: &mut dyn Codecs,
        progress: &mut dyn Progress,
    ) -> Result<Mastered, MasterError> {
        let target = self.planned.plan().settings.target;
        let asked_ceiling_dbtp = target.true_peak_dbtp;
        let (present, missing) = split(codecs, target.integrated_lufs);
        let allowed = missing.iter().map(|codec| codec.allowed_dbtp);
        let mut ceiling_dbtp = allowed.fold(asked_ceiling_dbtp, f64::min);
        let lowest_ceiling_dbtp = ceiling_dbtp - MAX_LOWERED_DB;
        let mut passes = Vec::new();
        loop {
            let mut plan = self.planned.plan().clone();
            plan.settings.target.true_peak_dbtp = ceiling_dbtp;
            let mut mastered = self.deliver_plan(plan, delivery, progress)?;
            let pass = CodecPass {
                ceiling_dbtp,
                readings: present
                    .iter()
                    .map(|(codec, encoder)| read(codec, encoder, codecs, delivery))
                    .collect::<Result<_, _>>()?,
            };
            let peaks = pass.readings.iter().map(|reading| reading.true_peak_dbtp);
            let worst_dbtp = peaks.fold(f64::NEG_INFINITY, f64::max);
            passes.push(pass);
            let over_db = worst_dbtp - DECODED_CEILING_DBTP;
            let is_lowest = ceiling_dbtp <= lowest_ceiling_dbtp;
            if over_db <= 0.0 || is_lowest || passes.len() == MAX_PASSES {
                if !present.is_empty() {
                    mastered.assessment.checks.push(check(worst_dbtp));
                }
                mastered.codecs = Some(CodecSafety {
                    asked_ceiling_dbtp,
                    ceiling_dbtp,
                    passes,
                    missing,
                    held: over_db <= 0.0,
                });
                return Ok(mastered);
            }
            ceiling_dbtp = (ceiling_dbtp - over_db - CORRECTION_MARGIN_DB).max(lowest_ceiling_dbtp);
        }
    }
}

/// The codecs that can be tried, each with its encoder, and those that cannot.
fn split(codecs: &mut dyn Codecs, loudness_lufs: f64) -> (Vec<(Codec, String)>, Vec<MissingCodec>) {
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for codec in CODECS {
        match codecs.encoder(&codec) {
            Ok(encoder) => present.push((codec, encoder)),
            Err(reason) => missing.push(MissingCodec {
                codec: codec.to_string(),
                reason,
                allowed_dbtp: DECODED_CEILING_DBTP
                    - if loudness_lufs > LOUD_LUFS {
                        codec.loud_margin_db
                    } else {
                        codec.margin_db
                    },
            }),
        }
    }
    (present, missing)
}

/// The decoded true peak of what the delivery holds.
fn read(
    codec: &Codec,
    encoder: &str,
    codecs: &mut dyn Codecs,
    delivery: &mut dyn Delivery,
) -> Result<CodecReading, MasterError> {
    let written = delivery.reread()?;
    let mut program = Outlined {
        outline: Outline::new(written.spec()),
        source: written,
    };
    let mut meter = TruePeak::new(program.spec().channels);
    let mut decoded: Option<Outline> = None;
    codecs.round_trip(codec, &mut program, &mut |block| {
        meter.process(block);
        let spec = Spec {
            sample_rate_hz: block.sample_rate_hz(),
            channels: block.channel_count(),
        };
        let outline = decoded.get_or_insert_with(|| Outline::new(spec));
        outline.process(block);
    })?;
    let Some(decoded) = decoded else {
        return Err(implausible(codec, encoder, "no sound".to_owned()));
    };
    if let Some(found) = program.outline.differs_from(&decoded) {
        return Err(implausible(codec, encoder, found));
    }
    Ok(CodecReading {
        codec: codec.to_string(),
        encoder: encoder.to_owned(),
        true_peak_dbtp: meter.finish().true_peak_dbtp,
    })
}

fn implausible(codec: &Codec, encoder: &str, found: String) -> MasterError {
    MasterError::Codec {
        codec: codec.to_string(),
        encoder: encoder.to_owned(),
        found,
    }
}

/// A program whose outline is taken while it is read.
struct Outlined {
    source: Box<dyn Source>,
    outline: Outline,
}

impl Source for Outlined {
    fn spec(&self) -> Spec {
        self.source.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.source.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.source.read(block, max_frames)?;
        self.outline.process(block);
        Ok(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.outline = Outline::new(self.source.spec());
        self.source.rewind()
    }
}

fn check(worst_dbtp: f64) -> TargetCheck {
    TargetCheck {
        name: CheckName::DecodedTruePeak,
        unit: "dBTP".to_owned(),
        measured: worst_dbtp,
        target: DECODED_CEILING_DBTP,
        tolerance: 0.0,
        pass: worst_dbtp <= DECODED_CEILING_DBTP,
    }
}
