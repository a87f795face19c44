//! The readers behind [`Decoder`](crate::Decoder): symphonia's packets, and our own for RF64 and for
//! elementary streams.

use std::io;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_PCM_ALAW, CODEC_ID_PCM_MULAW};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

use crate::DecodeWarning;
use crate::chain::ChainReader;
use crate::elementary::ElementaryReader;
use crate::foreign::ForeignReader;
use crate::guard;
use crate::rf64::Rf64Reader;

/// Most silence that stands in for one broken packet; no packet of a real codec is longer.
const MAX_BROKEN_FRAMES: u64 = 65_536;

/// Most silence that stands in for packets that were dropped, in all: 10 minutes at 192 kHz. A
/// place in the header is easily forged, and silence costs time.
const MAX_MISSING_FRAMES: u64 = 600 * 192_000;

/// Codecs whose output is what went into the encoder.
const LOSSLESS_CODECS: [&str; 3] = ["pcm", "flac", "alac"];

/// Why a reader cannot go on; the decoder adds path and position.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    /// Broken structure.
    Malformed(String),
    /// Something that is not decoded here, in words, and whether it is audio to be converted.
    NotAudio(String, bool),
    /// Not recognised as audio.
    Unknown,
    Channels(u64),
    /// The sample rate changes in the middle.
    RateChange {
        at_frame: u64,
        from_hz: u32,
        to_hz: u32,
    },
}

impl Fault {
    /// Audio that is not decoded here.
    pub(crate) fn unsupported(found: impl Into<String>) -> Self {
        Self::NotAudio(found.into(), true)
    }

    pub(crate) fn malformed(found: impl Into<String>) -> Self {
        Self::Malformed(found.into())
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What one step of a reader gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The planes hold the next frames (perhaps none).
    Frames,
    /// A packet of so many frames could not be decoded.
    Broken(u64),
    End,
}

/// A reader of any kind.
pub(crate) enum Backend {
    Symphonia(Box<Packets>),
    Rf64(Rf64Reader),
    Elementary(Box<ElementaryReader>),
    Chain(Box<ChainReader>),
    Foreign(Box<ForeignReader>),
}

impl Backend {
    /// Sample rate and channels of the sound, as soon as they are sure.
    pub(crate) fn spec(&self) -> Option<(u32, usize)> {
        match self {
            Self::Symphonia(packets) => packets.spec,
            Self::Rf64(reader) => Some(reader.spec()),
            Self::Elementary(reader) => Some(reader.spec()),
            Self::Chain(reader) => Some(reader.spec()),
            Self::Foreign(reader) => Some(reader.spec()),
        }
    }

    /// Fills `planes`, which are empty, with the next frames, one plane per channel.
    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        match self {
            Self::Symphonia(packets) => packets.step(planes),
            Self::Rf64(reader) => reader.step(planes),
            Self::Elementary(reader) => reader.step(planes),
            Self::Chain(reader) => reader.step(planes),
            Self::Foreign(reader) => reader.step(planes),
        }
    }

    /// At the end: the encoder's checksum over the sound is another, and was looked at.
    pub(crate) fn is_not_what_was_encoded(&mut self) -> bool {
        match self {
            Self::Symphonia(packets) => packets.decoder.finalize().verify_ok == Some(false),
            Self::Rf64(_) | Self::Elementary(_) | Self::Chain(_) | Self::Foreign(_) => false,
        }
    }

    /// At the end: damage that only the whole shows.
    pub(crate) fn damage_at_end(&self) -> &[DecodeWarning] {
        match self {
            Self::Foreign(reader) => reader.damage(),
            _ => &[],
        }
    }
}

/// What the container says.
pub(crate) struct Facts {
    pub container: String,
    pub codec: String,
    pub lossy: bool,
    pub bits_per_sample: Option<u32>,
    /// Playable frames.
    pub frames: Option<u64>,
    pub delay_frames: u64,
    /// Whether the container states delay or padding.
    pub states_trim: bool,
    /// Damage that was found before a frame was decoded.
    pub damage: Vec<DecodeWarning>,
}

/// Symphonia's demuxer and decoder of one track.
pub(crate) struct Packets {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    time_base: Option<TimeBase>,
    /// Sample rate and channels by the header.
    declared: Option<(u32, usize)>,
    /// Sample rate and channels of the first packet; every other one has to agree.
    spec: Option<(u32, usize)>,
    bytes_per_frame: Option<usize>,
    /// FLAC, whose packets say where they belong: a gap between two is one that was dropped.
    gaps: Option<Gaps>,
}

/// Finds packets that the demuxer dropped on a bad checksum.
struct Gaps {
    /// Where the next packet belongs; `None` before the first one of a stream of unknown length,
    /// which may begin anywhere.
    next_frame: Option<u64>,
    /// Frames by the header: a packet beyond them lies about its place.
    stated_frames: u64,
    /// Frames that were missing so far.
    missing_frames: u64,
    /// The packet behind a gap, while silence fills it.
    held: Option<Packet>,
}

impl Gaps {
    /// Frames missing before `packet`.
    fn before(&mut self, packet: &Packet) -> u64 {
        let start = u64::try_from(packet.pts.get()).unwrap_or(0);
        let next_frame = self.next_frame.unwrap_or(start);
        let missing = start.saturating_sub(next_frame);
        let end = start.saturating_add(packet.dur.get());
        let missing_frames = self.missing_frames.saturating_add(missing);
        if end > self.stated_frames || missing_frames > MAX_MISSING_FRAMES {
            // Out of range: taken as if it followed directly.
            self.next_frame = Some(next_frame.saturating_add(packet.dur.get()));
            return 0;
        }
        self.next_frame = Some(end);
        self.missing_frames = missing_frames;
        missing
    }
}

impl Packets {
    /// Finds the container and the first sound track.
    pub(crate) fn open(
        source: Box<dyn MediaSource>,
        extension: Option<&str>,
        verify: bool,
    ) -> Result<(Self, Facts), Fault> {
        let stream = MediaSourceStream::new(source, Default::default());
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let format = guarded(|| {
            symphonia::default::get_probe().probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
        })
        .map_err(|error| match error {
            Raised::Error(SymphoniaError::Unsupported(what)) if what.starts_with("core") => {
                Fault::Unknown
            }
            Raised::Error(SymphoniaError::IoError(error))
                if error.kind() == io::ErrorKind::UnexpectedEof =>
            {
                Fault::Unknown
            }
            other => other.into(),
        })?;
        Self::select(format, verify)
    }

    fn select(format: Box<dyn FormatReader>, verify: bool) -> Result<(Self, Facts), Fault> {
        let container = format.format_info().short_name.to_owned();
        let track = format.default_track(TrackType::Audio).ok_or_else(|| {
            let kind = match format.tracks() {
                [] => "no tracks",
                _ => "only video or text",
            };
            Fault::unsupported(format!("{container} with {kind}"))
        })?;
        let params = track
            .codec_params
            .as_ref()
            .and_then(|params| params.audio());
        let params = params
            .ok_or_else(|| Fault::unsupported(format!("{container} with an unknown codec")))?;
        let mut params = params.clone();
        if let CODEC_ID_PCM_ALAW | CODEC_ID_PCM_MULAW = params.codec {
            // The demuxers of CAF and MP4 state the bits in the file, where the decoder expects those of
            // what comes out.
            (params.bits_per_sample, params.bits_per_coded_sample) = (None, None);
        }
        let params = &params;
        let decoder = guarded(|| {
            symphonia::default::get_codecs()
                .make_audio_decoder(params, &AudioDecoderOptions::default().verify(verify))
        })
        .map_err(|error| match error {
            Raised::Error(SymphoniaError::Unsupported(_)) => {
                Fault::unsupported(format!("{container} with a codec that is not decoded here"))
            }
            other => other.into(),
        })?;
        let codec = decoder.codec_info().short_name.to_owned();
        let is_pcm = codec.starts_with("pcm_") && !codec.ends_with("law");
        let channels = params.channels.as_ref().map(|channels| channels.count());
        let bits = params
            .bits_per_sample
            .or(params.bits_per_coded_sample)
            .or(decoder.codec_params().bits_per_sample)
            .filter(|bits| *bits > 0)
            .or_else(|| pcm_bits(&codec));
        let bytes_per_frame = (pcm_bits(&codec).zip(channels))
            .filter(|_| is_pcm)
            // By the codec: fewer bits may be valid than lie in the file.
            .map(|(bits, channels)| bits.div_ceil(8) as usize * channels);
        let facts = Facts {
            lossy: codec.ends_with("law")
                || !LOSSLESS_CODECS.iter().any(|name| codec.starts_with(name)),
            container,
            bits_per_sample: bits,
            frames: track.num_frames,
            delay_frames: u64::from(track.delay.unwrap_or(0)),
            states_trim: track.delay.is_some() || track.padding.is_some(),
            damage: Vec::new(),
            codec,
        };
        let has_gaps =
            facts.codec == "flac" && (facts.container == "flac" || track.num_frames.is_some());
        let packets = Self {
            gaps: has_gaps.then(|| Gaps {
                next_frame: track.num_frames.map(|_| 0),
                stated_frames: track.num_frames.unwrap_or(u64::MAX),
                missing_frames: 0,
                held: None,
            }),
            track_id: track.id,
            time_base: track.time_base,
            bytes_per_frame,
            declared: params.sample_rate.zip(channels),
            spec: None,
            decoder,
            format,
        };
        Ok((packets, facts))
    }

    /// Where the first packet belongs, if that is sure: one cut out of a longer stream keeps its place
    /// there, and nothing is missing before it.
    pub(crate) fn begin_at(&mut self, frame: Option<u64>) {
        if let (Some(gaps), Some(frame)) = (&mut self.gaps, frame) {
            gaps.next_frame = Some(frame);
        }
    }

    /// Sample rate and channels by the header, where it says both.
    pub(crate) fn declared(&self) -> Option<(u32, usize)> {
        self.declared
    }

    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        if let Some(held) = self.gaps.as_mut().and_then(|gaps| gaps.held.take()) {
            return self.decode(held, planes);
        }
        let packet = match guarded(|| self.format.next_packet()) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(Step::End),
            // How symphonia says that the file ended: always after a WAV of unknown length.
            Err(Raised::Error(SymphoniaError::IoError(error)))
                if error.kind() == io::ErrorKind::UnexpectedEof =>
            {
                return Ok(Step::End);
            }
            Err(Raised::Error(SymphoniaError::ResetRequired)) => {
                return Err(Fault::malformed("a second stream chained to the first"));
            }
            Err(error) => return Err(error.into()),
        };
        if packet.track_id != self.track_id {
            return Ok(Step::Frames);
        }
        if let Some(gaps) = &mut self.gaps {
            let missing = gaps.before(&packet);
            if missing > 0 {
                gaps.held = Some(packet);
                return Ok(Step::Broken(missing));
            }
        }
        self.decode(packet, planes)
    }

    fn decode(&mut self, mut packet: Packet, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        // A file cut in the middle of a frame: the whole frames before the cut are sound.
        if let Some(bytes) = self.bytes_per_frame.filter(|bytes| *bytes > 0) {
            let whole = packet.data.len() - packet.data.len() % bytes;
            if whole == 0 {
                return Ok(Step::End);
            }
            if whole < packet.data.len() {
                packet.data = packet.data[..whole].into();
            }
        }
        let decoder = &mut self.decoder;
        let decoded = guarded(|| {
            let buffer = decoder.decode(&packet)?;
            let spec = (buffer.spec().rate(), buffer.num_planes());
            // Formats with more channels are refused; their samples are not needed.
            if (1..=2).contains(&spec.1) {
                buffer.copy_to_vecs_planar::<f32>(planes);
            }
            Ok((spec, buffer.frames()))
        });
        match decoded {
            // An empty buffer (a decoder that is still filling) says nothing about the sound.
            Ok((_, 0)) => Ok(Step::Frames),
            Ok((spec, _)) => match self.spec.get_or_insert(spec) {
                first if *first == spec => Ok(Step::Frames),
                (rate, channels) => Err(Fault::malformed(format!(
                    "{} channels at {} Hz after {channels} channels at {rate} Hz",
                    spec.1, spec.0
                ))),
            },
            Err(
                Raised::Panic
                | Raised::Error(SymphoniaError::DecodeError(_) | SymphoniaError::IoError(_)),
            ) => {
                planes.iter_mut().for_each(Vec::clear);
                Ok(Step::Broken(self.frames_of(packet.dur.get())))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Length of a packet in frames, from the track's time base.
    fn frames_of(&self, ticks: u64) -> u64 {
        let frames = match (self.time_base, self.spec) {
            (Some(base), Some((rate, _))) => {
                let seconds = u128::from(base.numer.get()) * u128::from(rate);
                u128::from(ticks) * seconds / u128::from(base.denom.get())
            }
            _ => u128::from(ticks),
        };
        u64::try_from(frames).map_or(MAX_BROKEN_FRAMES, |frames| frames.min(MAX_BROKEN_FRAMES))
    }
}

/// The word length in a PCM codec's name, `pcm_f32le`.
fn pcm_bits(codec: &str) -> Option<u32> {
    let name = codec.strip_prefix("pcm_")?.get(1..)?;
    let digits = name.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.parse().ok()
}

/// An error of symphonia, or a panic.
pub(crate) enum Raised {
    Error(SymphoniaError),
    Panic,
}

impl From<Raised> for Fault {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Error(SymphoniaError::IoError(error)) => Self::Io(error),
            Raised::Error(SymphoniaError::Unsupported(what)) if what.contains("missing") => {
                Self::malformed(what)
            }
            Raised::Error(SymphoniaError::Unsupported(what)) => Self::unsupported(what),
            Raised::Error(error) => Self::Malformed(error.to_string()),
            Raised::Panic => Self::malformed("data that the decoder cannot cope with"),
        }
    }
}

/// Calls symphonia; its panics are errors.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, SymphoniaError>) -> Result<T, Raised> {
    match guard::guarded(call) {
        Ok(result) => result.map_err(Raised::Error),
        Err(guard::Panicked) => Err(Raised::Panic),
    }
}
