//! [`Tags`] as the blocks of a FLAC header.

use std::borrow::Cow;
use std::num::NonZero;
use std::sync::Arc;

use flac_codec::metadata::{
    Application, Block, Cuesheet, Picture as FlacPicture, PictureType, read_blocks,
};
use lofty::picture::PictureInformation;

use crate::tags::note::{Outcome, limited};
use crate::tags::scale::Scale;
use crate::tags::{Picture, TagWarning, Tags, chapters, text};
use crate::write::flac::FlacTags;

/// Most bytes in a FLAC metadata block (24-bit size), less room for a picture's own header.
const MAX_BLOCK_BYTES: usize = (1 << 24) - 4096;
const NO_PLACE: &str = "a FLAC has no place for it";
const TOO_LARGE: &str = "a block of a FLAC header holds 16 MiB";
/// Frames of sound in a frame of a CD.
const CD_FRAME: u64 = 588;
/// Places in a cue sheet block (RFC 9639, 8.7): lead-in, whether it is a CD's, number of tracks.
const LEAD_IN_AT: usize = 128;
const IS_CD_AT: usize = 136;
const TRACKS_AT: usize = 395;
/// Number of the last track, which stands for the end: of a CD, and of anything else.
const CD_LEAD_OUT: u8 = 170;
const LEAD_OUT: u8 = 255;

/// The sound that the header goes before.
#[derive(Clone, Copy)]
pub(crate) struct Sound {
    pub sample_rate_hz: u32,
    pub channels: usize,
    pub bits: u32,
    pub frames: Option<u64>,
}

impl Tags {
    /// Comments, pictures and blocks for a FLAC of this sound.
    pub(crate) fn flac(&self, sound: Sound) -> (FlacTags, Vec<TagWarning>) {
        let mut warnings = Vec::new();
        let mut lost =
            |what: &str, why: &str| warnings.push(TagWarning::new(Outcome::Lost, what, why));
        let mut tags = FlacTags::default();
        let mut bytes = 0;
        let fields = self.fields.iter().map(|field| {
            let name = field.own_name.as_ref().unwrap_or(&field.name);
            (
                field.name.as_str(),
                format!("{}={}", comment_name(name), field.value),
            )
        });
        let chapters = self.chapters_or_cue_points();
        let chapters = chapters::comments(&chapters)
            .into_iter()
            .map(|field| ("chapters", field));
        for (name, field) in fields.chain(chapters) {
            bytes += field.len() + 4;
            if bytes > MAX_BLOCK_BYTES {
                lost(&format!("{name}, and what follows it"), TOO_LARGE);
                break;
            }
            tags.fields.push(field);
        }
        for frame in self.frames.iter().filter(|frame| !frame.is_told) {
            lost(&frame.name(), NO_PLACE);
        }
        for picture in &self.pictures {
            if picture.data.len() > MAX_BLOCK_BYTES {
                lost(
                    &format!("a picture of {} bytes", picture.data.len()),
                    TOO_LARGE,
                );
            } else if matches!(picture.kind, 1 | 2) && has_kind(&tags, picture.kind) {
                lost("a second icon", "a FLAC has one of each kind");
            } else {
                tags.pictures.push(flac_picture(picture));
            }
        }
        for application in &self.applications {
            tags.applications.push(Application {
                id: u32::from_be_bytes(application.id),
                data: application.data.to_vec(),
            });
        }
        if let Some(sheet) = &self.cue_sheet {
            match cue_sheet(sheet, self.scale(sound.sample_rate_hz), sound.frames) {
                Some(sheet) => tags.cue_sheet = Some(sheet),
                None => lost("the cue sheet", "it breaks the rules of FLAC for one"),
            }
        }
        self.foreign(sound, &mut tags, &mut warnings);
        (tags, limited(warnings, 0))
    }

    /// The chunks of a WAV, as `flac --keep-foreign-metadata` has them: in blocks named "riff", with the
    /// heads of a WAV of the same sound around them.
    fn foreign(&self, sound: Sound, tags: &mut FlacTags, warnings: &mut Vec<TagWarning>) {
        let mut chunks = self.scaled_chunks(sound.sample_rate_hz, sound.channels, warnings);
        chunks.retain(|(id, body)| {
            let fits = body.len() < MAX_BLOCK_BYTES;
            if !fits {
                let what = format!("{} chunk", text(id));
                warnings.push(TagWarning::new(Outcome::Lost, &what, TOO_LARGE));
            }
            fits
        });
        if chunks.is_empty() {
            return;
        }
        if let Some((_, body)) = chunks.iter_mut().find(|(id, _)| id == b"bext") {
            let line = crate::write::broadcast::history_line(
                sound.sample_rate_hz,
                sound.bits,
                sound.channels,
            );
            *body = Cow::Owned(crate::write::broadcast::continued(body, &line));
        }
        let block_align = sound.channels as u32 * sound.bits / 8;
        let data_bytes = sound
            .frames
            .unwrap_or(0)
            .saturating_mul(u64::from(block_align));
        let mut fmt = Vec::new();
        // At most two channels of 24 bits at 192 kHz.
        fmt.extend(1_u16.to_le_bytes());
        fmt.extend((sound.channels as u16).to_le_bytes());
        fmt.extend(sound.sample_rate_hz.to_le_bytes());
        fmt.extend((sound.sample_rate_hz * block_align).to_le_bytes());
        fmt.extend((block_align as u16).to_le_bytes());
        fmt.extend((sound.bits as u16).to_le_bytes());
        let chunk_bytes: u64 = chunks
            .iter()
            .map(|(_, body)| 8 + body.len() as u64 + body.len() as u64 % 2)
            .sum();
        let riff_bytes = 4 + 24 + 8 + data_bytes + data_bytes % 2 + chunk_bytes;
        let size = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let mut push = |parts: &[&[u8]]| {
            tags.applications.push(Application {
                id: Application::RIFF,
                data: parts.concat(),
            });
        };
        push(&[b"RIFF", &size(riff_bytes), b"WAVE"]);
        push(&[b"fmt ", &size(16), &fmt]);
        push(&[b"data", &size(data_bytes)]);
        for (id, body) in &chunks {
            let padding: &[u8] = if body.len() % 2 == 1 { &[0] } else { &[] };
            push(&[id, &size(body.len() as u64), body, padding]);
        }
        for chunk in self
            .chunks
            .iter()
            .filter(|chunk| chunks.iter().any(|(id, _)| *id == chunk.id))
        {
            let why =
                "into \"riff\" blocks of the FLAC, which flac --keep-foreign-metadata restores";
            warnings.push(TagWarning::new(Outcome::Moved, &chunk.name(), why));
        }
    }
}

/// A name as Vorbis comments may have it: printable ASCII without `=`.
fn comment_name(name: &str) -> Cow<'_, str> {
    let is_allowed = |c: char| (' '..='}').contains(&c) && c != '=';
    if !name.is_empty() && name.chars().all(is_allowed) {
        return Cow::Borrowed(name);
    }
    let replaced: String = name
        .chars()
        .map(|c| match c {
            '\u{a9}' => 'C',
            c if is_allowed(c) => c,
            _ => '_',
        })
        .collect();
    Cow::Owned(if replaced.is_empty() {
        "UNNAMED".to_owned()
    } else {
        replaced
    })
}

fn has_kind(tags: &FlacTags, kind: u8) -> bool {
    tags.pictures
        .iter()
        .any(|picture| picture.picture_type == picture_type(kind))
}

fn flac_picture(picture: &Picture) -> FlacPicture {
    let data = picture.data.as_slice();
    let size = match data {
        [0x89, b'P', ..] => PictureInformation::from_png(data),
        _ => PictureInformation::from_jpeg(data),
    };
    let size = size.unwrap_or_default();
    FlacPicture {
        picture_type: picture_type(picture.kind),
        media_type: picture.mime.clone(),
        description: picture.description.clone(),
        width: size.width,
        height: size.height,
        color_depth: size.color_depth,
        colors_used: NonZero::new(size.num_colors),
        data: data.to_vec(),
    }
}

fn picture_type(kind: u8) -> PictureType {
    use PictureType as Flac;
    match kind {
        1 => Flac::Png32x32,
        2 => Flac::GeneralFileIcon,
        3 => Flac::FrontCover,
        4 => Flac::BackCover,
        5 => Flac::LinerNotes,
        6 => Flac::MediaLabel,
        7 => Flac::LeadArtist,
        8 => Flac::Artist,
        9 => Flac::Conductor,
        10 => Flac::Band,
        11 => Flac::Composer,
        12 => Flac::Lyricist,
        13 => Flac::RecordingLocation,
        14 => Flac::DuringRecording,
        15 => Flac::DuringPerformance,
        16 => Flac::ScreenCapture,
        17 => Flac::Fish,
        18 => Flac::Illustration,
        19 => Flac::BandLogo,
        20 => Flac::PublisherLogo,
        _ => Flac::Other,
    }
}

/// A cue sheet for the master's rate. One whose places are no longer those of a CD is no CD's.
fn cue_sheet(sheet: &Arc<Vec<u8>>, scale: Scale, frames: Option<u64>) -> Option<Cuesheet> {
    let mut body = sheet.to_vec();
    let mut places = Vec::new();
    let mut lead_out = None;
    let mut at = TRACKS_AT + 1;
    for _ in 0..*body.get(TRACKS_AT)? {
        places.push(at);
        let count = usize::from(*body.get(at + 35)?);
        places.extend((0..count).map(|index| at + 36 + 12 * index));
        lead_out = Some((at, at + 8));
        at += 36 + 12 * count;
    }
    let mut is_cd = body.get(IS_CD_AT)? & 0x80 != 0;
    for place in places {
        let field = body.get_mut(place..)?.first_chunk_mut::<8>()?;
        let scaled = scale.frames(u64::from_be_bytes(*field));
        is_cd &= scaled.is_multiple_of(CD_FRAME);
        *field = scaled.to_be_bytes();
    }
    let (end_at, number_at) = lead_out?;
    if let (Some(frames), false) = (frames, scale.is_one()) {
        // The end of the sound, which rounding may have moved by a frame.
        body[end_at..end_at + 8].copy_from_slice(&frames.to_be_bytes());
        is_cd &= frames.is_multiple_of(CD_FRAME);
    }
    body[IS_CD_AT] = if is_cd { 0x80 } else { 0 };
    body[number_at] = if is_cd { CD_LEAD_OUT } else { LEAD_OUT };
    if !is_cd {
        body[LEAD_IN_AT..LEAD_IN_AT + 8].fill(0);
    }
    // The encoder's own reader makes it of bytes, behind a header of a stream of its kind.
    let mut stream = b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0A\xC4\x42\xF0\0\0\0\0".to_vec();
    stream.resize(stream.len() + 16, 0);
    let bytes = u32::try_from(body.len()).ok()?.to_be_bytes();
    stream.extend([0x85, bytes[1], bytes[2], bytes[3]]);
    stream.extend(body);
    read_blocks(stream.as_slice()).find_map(|block| match block {
        Ok(Block::Cuesheet(sheet)) => Some(sheet),
        _ => None,
    })
}
