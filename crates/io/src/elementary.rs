//! Elementary streams, MPEG audio and AAC in ADTS: frames one after the other, decoded to the end of
//! the data whatever a tag or an estimate says of their number.
//!
//! Their frames are found twice: once before decoding, to count them and to know what changes in the
//! stream, and once while they are decoded. A tag that states another number is told as damage.

use std::fs::File;
use std::io;
use std::ops::Range;

use symphonia::core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::DecodeWarning;
use crate::backend::{Facts, Fault, Raised, Step, guarded};
use crate::framing::mpeg::Tag;
use crate::framing::walk::{Frame, Header, Parse, Walker};
use crate::framing::{adts, mpeg, walker};

/// What the frames hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// Layer I to III.
    Mpeg(usize),
    Adts,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Mpeg(1) => "mp1",
            Self::Mpeg(2) => "mp2",
            Self::Mpeg(_) => "mp3",
            Self::Adts => "aac",
        }
    }
}

/// What was found on the way through all frames.
struct Survey {
    first: Header,
    coding: Coding,
    /// The tag in the first frame, which holds no sound then.
    tag: Option<Tag>,
    /// Coded frames behind the tag.
    coded_frames: u64,
    /// Frames of sound in them, with the encoder's delay and what it filled up.
    frames: u64,
    /// Bytes from the first frame to the last one's end.
    bytes: u64,
    /// Most channels of any frame.
    channels: usize,
    is_decodable: bool,
    /// First frame of sound with another number of channels than the first one has.
    other_channels_at: Option<u64>,
    /// First frame of sound at another rate, and the rate.
    other_rate: Option<(u64, u32)>,
    damage: Vec<DecodeWarning>,
    /// Bytes between the frames that belong to none.
    foreign_bytes: u64,
    /// Bytes of all frames.
    frame_bytes: u64,
}

/// Another kind of file may hold what looks like a frame: that is a stream of them only if they are at
/// least one part in so many.
const MIN_SHARE: u64 = 16;

/// Decodes frame after frame.
pub(crate) struct ElementaryReader {
    walker: Walker,
    coding: Coding,
    has_tag: bool,
    sample_rate_hz: u32,
    channels: usize,
    decoder: Option<(usize, Box<dyn AudioDecoder>)>,
    /// Frames of sound that were decoded.
    position: u64,
    /// What the encoder filled up at the end of its stream.
    padding: Range<u64>,
}

impl ElementaryReader {
    /// The stream between two places of a file; `None` where no frames follow each other there.
    pub(crate) fn open(file: &File, start: u64, end: u64) -> Result<Option<(Self, Facts)>, Fault> {
        let mut found: Option<(u64, Parse, bool)> = None;
        for (parse, is_adts) in [(mpeg::header as Parse, false), (adts::header, true)] {
            // What begins first is the stream; the rest of the other kind are chance.
            let mut walk = walker(file, parse, start, end)?;
            if let Some(frame) = walk.next_frame()?
                && found.is_none_or(|(at, ..)| frame.at < at)
            {
                found = Some((frame.at, parse, is_adts));
            }
        }
        let Some((_, parse, is_adts)) = found else {
            return Ok(None);
        };
        let survey = survey(walker(file, parse, start, end)?, is_adts)?;
        let Some(survey) = survey else {
            return Ok(None);
        };
        if survey.is_chance() {
            return Err(Fault::Unknown);
        }
        if !survey.is_decodable {
            return Err(Fault::unsupported("AAC of another profile than LC"));
        }
        if survey.channels == 0 {
            return Err(Fault::unsupported(
                "AAC whose header leaves the channels open",
            ));
        }
        if survey.channels > 2 {
            return Err(Fault::Channels(survey.channels as u64));
        }
        if let Some((at_frame, to_hz)) = survey.other_rate {
            return Err(Fault::RateChange {
                at_frame,
                from_hz: survey.first.sample_rate_hz,
                to_hz,
            });
        }
        let padding = survey.padding();
        let delay_frames = survey.delay_frames();
        let filled_up = padding.end - padding.start;
        let facts = Facts {
            container: survey.coding.name().to_owned(),
            codec: survey.coding.name().to_owned(),
            lossy: true,
            bits_per_sample: None,
            frames: Some(survey.frames.saturating_sub(delay_frames + filled_up)),
            delay_frames,
            states_trim: true,
            damage: survey.damage(),
        };
        let this = Self {
            walker: walker(file, parse, start, end)?,
            coding: survey.coding,
            has_tag: survey.tag.is_some(),
            sample_rate_hz: survey.first.sample_rate_hz,
            channels: survey.channels,
            decoder: None,
            position: 0,
            padding,
        };
        Ok(Some((this, facts)))
    }

    /// Sample rate and channels.
    pub(crate) fn spec(&self) -> (u32, usize) {
        (self.sample_rate_hz, self.channels)
    }

    /// Fills `planes`, which are empty, with the next frames.
    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        let Some(frame) = self.walker.next_frame()? else {
            return Ok(Step::End);
        };
        if std::mem::take(&mut self.has_tag) {
            return Ok(Step::Frames);
        }
        let start = self.position;
        self.position += frame.header.frames;
        let cut = self.padding.start.clamp(start, self.position)
            ..self.padding.end.clamp(start, self.position);
        if self.decode(&frame, planes)? {
            planes.truncate(self.channels);
            while planes.len() < self.channels {
                planes.push(planes[0].clone());
            }
            for plane in &mut *planes {
                // A frame's worth; shorter ones are found by the count at the end.
                let end = ((cut.end - start) as usize).min(plane.len());
                plane.drain(((cut.start - start) as usize).min(end)..end);
            }
            Ok(Step::Frames)
        } else {
            planes.iter_mut().for_each(Vec::clear);
            Ok(Step::Broken(frame.header.frames - (cut.end - cut.start)))
        }
    }

    /// False where the frame cannot be decoded.
    fn decode(&mut self, frame: &Frame, planes: &mut Vec<Vec<f32>>) -> Result<bool, Fault> {
        let channels = frame.header.channels;
        let mut decoder = match self.decoder.take() {
            Some((of_channels, decoder)) if of_channels == channels => decoder,
            _ => make_decoder(self.coding, self.sample_rate_hz, channels)?,
        };
        let bytes = self.walker.bytes_of(frame)?;
        let coded = bytes.get(frame.header.skip_bytes..).unwrap_or_default();
        let is_tag = mpeg::tag(coded).is_some();
        let packet = Packet::new(
            0,
            Timestamp::new(0),
            Duration::new(frame.header.frames),
            coded,
        );
        let decoded = guarded(|| {
            let buffer = decoder.decode(&packet)?;
            buffer.copy_to_vecs_planar::<f32>(planes);
            Ok(buffer.num_planes() > 0 && buffer.frames() > 0)
        });
        let is_decoded = match decoded {
            Ok(is_decoded) => is_decoded,
            Err(Raised::Panic) => {
                // What it left behind is not used again.
                return Ok(false);
            }
            Err(Raised::Error(_)) => false,
        };
        self.decoder = Some((channels, decoder));
        if !is_decoded && is_tag {
            // The tag of a stream that was joined: a frame of silence by itself.
            planes.clear();
            planes.push(vec![0.0; frame.header.frames as usize]);
            return Ok(true);
        }
        Ok(is_decoded)
    }
}

fn make_decoder(
    coding: Coding,
    sample_rate_hz: u32,
    channels: usize,
) -> Result<Box<dyn AudioDecoder>, Fault> {
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(match coding {
            Coding::Mpeg(1) => CODEC_ID_MP1,
            Coding::Mpeg(2) => CODEC_ID_MP2,
            Coding::Mpeg(_) => CODEC_ID_MP3,
            Coding::Adts => CODEC_ID_AAC,
        })
        .with_sample_rate(sample_rate_hz)
        .with_channels(match channels {
            1 => CHANNEL_LAYOUT_MONO,
            _ => CHANNEL_LAYOUT_STEREO,
        });
    let options = AudioDecoderOptions::default();
    Ok(guarded(|| {
        symphonia::default::get_codecs().make_audio_decoder(&params, &options)
    })?)
}

/// Goes through all frames; `None` where there is none.
fn survey(mut walker: Walker, is_adts: bool) -> io::Result<Option<Survey>> {
    let Some(first) = walker.next_frame()? else {
        return Ok(None);
    };
    let bytes = walker.bytes_of(&first)?;
    let coding = match bytes.get(1).and_then(|second| mpeg::layer(*second)) {
        Some(layer) if !is_adts => Coding::Mpeg(layer),
        _ => Coding::Adts,
    };
    let tag = if is_adts { None } else { mpeg::tag(bytes) };
    let mut survey = Survey {
        first: first.header,
        coding,
        tag,
        coded_frames: 0,
        frames: 0,
        bytes: first.header.bytes as u64,
        channels: first.header.channels,
        is_decodable: first.header.is_decodable,
        other_channels_at: None,
        other_rate: None,
        damage: Vec::new(),
        foreign_bytes: 0,
        frame_bytes: first.header.bytes as u64,
    };
    if tag.is_none() {
        survey.add(&first.header);
    }
    while let Some(frame) = walker.next_frame()? {
        survey.add(&frame.header);
        survey.bytes = frame.at + frame.header.bytes as u64 - first.at;
        survey.frame_bytes += frame.header.bytes as u64;
    }
    survey.damage = walker.damage().warnings();
    survey.foreign_bytes = walker.damage().bytes();
    Ok(Some(survey))
}

impl Survey {
    fn add(&mut self, header: &Header) {
        if header.sample_rate_hz != self.first.sample_rate_hz {
            self.other_rate
                .get_or_insert((self.frames, header.sample_rate_hz));
        }
        if header.channels != self.first.channels {
            self.other_channels_at.get_or_insert(self.frames);
            self.channels = self.channels.max(header.channels);
        }
        self.is_decodable &= header.is_decodable;
        self.coded_frames += 1;
        self.frames += header.frames;
    }

    fn is_chance(&self) -> bool {
        self.foreign_bytes > MIN_SHARE * self.frame_bytes
    }

    /// Coded frames by the tag.
    fn stated_frames(&self) -> Option<u64> {
        self.tag?.coded_frames
    }

    /// Whether the tag counts what is there; some encoders count the tag's own frame, which the length
    /// in bytes tells from a frame that is missing.
    fn is_count_right(&self) -> bool {
        let Some(stated) = self.stated_frames() else {
            return true;
        };
        let is_whole = self.tag.and_then(|tag| tag.bytes) == Some(self.bytes);
        stated == self.coded_frames || (is_whole && stated == self.coded_frames + 1)
    }

    fn delay_frames(&self) -> u64 {
        let delay = self
            .tag
            .and_then(|tag| tag.trim)
            .map_or(0, |(delay, _)| delay);
        delay.min(self.frames)
    }

    /// What the encoder filled up, where the end of its stream is known.
    fn padding(&self) -> Range<u64> {
        let padding = self
            .tag
            .and_then(|tag| tag.trim)
            .map_or(0, |(_, padding)| padding);
        // Who counts wrongly, or was joined with another stream, says nothing of this end: nothing is
        // cut.
        let padding = if self.is_count_right() { padding } else { 0 };
        let start = self.frames.saturating_sub(padding).max(self.delay_frames());
        start..self.frames
    }

    fn damage(&self) -> Vec<DecodeWarning> {
        let mut damage = self.damage.clone();
        if let Some(stated) = self.stated_frames().filter(|_| !self.is_count_right()) {
            let stated_frames = stated.saturating_mul(self.first.frames);
            damage.extend(DecodeWarning::of_lengths(stated_frames, self.frames));
        }
        if let Some(at_frame) = self.other_channels_at {
            damage.push(DecodeWarning::ChannelsChange { at_frame });
        }
        damage
    }
}
