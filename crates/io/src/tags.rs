//! [`Tags`]: title, artist, cover and the like, carried from the input to the output.
//!
//! Read with lofty. Written by us: into the header of a FLAC before the audio, and as chunks
//! behind the audio of a WAV or RF64 (lofty rewrites whole files in memory, and knows no RF64).
//! Tags never fail a master: what cannot be carried over is a [`TagWarning`].

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use flac_codec::metadata::{Picture as FlacPicture, PictureType as FlacPictureType};
use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::{TaggedFile, TaggedFileExt};
use lofty::id3::v2::{Frame, Id3v2Tag};
use lofty::picture::{Picture, PictureInformation, PictureType};
use lofty::probe::Probe;
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};

use crate::flac::FlacTags;
use crate::flac_head;
use crate::guard::guarded;
use crate::rf64::{push_chunk, tags_as_wave};
use crate::sniff::{self, Kind};

/// Most bytes in a FLAC metadata block (24-bit size), less room for a picture's own header.
const MAX_FLAC_BLOCK_BYTES: usize = (1 << 24) - 4096;

/// What is wrong once the sound or its encoder is another: loudness hints of players, names of
/// encoders, the old length.
const DROPPED: [ItemKey; 10] = [
    ItemKey::ReplayGainAlbumGain,
    ItemKey::ReplayGainAlbumPeak,
    ItemKey::ReplayGainTrackGain,
    ItemKey::ReplayGainTrackPeak,
    ItemKey::R128TrackGain,
    ItemKey::R128AlbumGain,
    ItemKey::EncodedBy,
    ItemKey::EncoderSoftware,
    ItemKey::EncoderSettings,
    ItemKey::Length,
];

/// Something about the tags that did not come through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagWarning(String);

impl fmt::Display for TagWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tags of a file, without those that mastering makes wrong (ReplayGain, R128, encoder).
#[derive(Clone, Debug, Default)]
pub struct Tags {
    items: Vec<TagItem>,
    pictures: Vec<Picture>,
}

impl Tags {
    /// Reads all tags of a file: those of its main kind first, then what only others have. A file
    /// without tags gives empty ones.
    pub fn read(path: impl AsRef<Path>) -> (Self, Vec<TagWarning>) {
        let path = path.as_ref();
        // Like the decoder, lofty parses hostile bytes; a panic there costs the tags only.
        let read = guarded(|| read_file(path));
        let error = match read {
            Ok(Ok(file)) => return (Self::merge(&file), left_behind(path)),
            Ok(Err(error)) => error,
            Err(_) => "data that the tag reader cannot cope with".to_owned(),
        };
        let warning = format!("{}: the tags cannot be read: {error}", path.display());
        (Self::default(), vec![TagWarning(warning)])
    }

    fn merge(file: &TaggedFile) -> Self {
        let primary = file.primary_tag();
        let others = file
            .tags()
            .iter()
            .filter(|tag| primary.is_none_or(|primary| primary.tag_type() != tag.tag_type()));
        let mut merged = Self::default();
        for tag in primary.into_iter().chain(others) {
            let known: Vec<ItemKey> = merged.items.iter().map(TagItem::key).collect();
            let new = tag.items().filter(|item| {
                !known.contains(&item.key()) && !DROPPED.contains(&item.key()) && !is_itunes(item)
            });
            merged.items.extend(new.cloned());
            if merged.pictures.is_empty() {
                merged.pictures = tag.pictures().to_vec();
            }
        }
        merged
    }

    /// True when there is nothing to carry over.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.pictures.is_empty()
    }

    /// Number of pictures.
    pub fn picture_count(&self) -> usize {
        self.pictures.len()
    }

    /// The data of a picture as it is in the file (JPEG, PNG).
    pub fn picture_data(&self, index: usize) -> Option<&[u8]> {
        self.pictures.get(index).map(Picture::data)
    }

    /// The first text under a Vorbis comment name (`TITLE`, `ARTIST`, `ALBUM`, `TRACKNUMBER`,
    /// `DATE`, `GENRE`, `ISRC`, `COMMENT`, …), whatever the file's own name for it.
    pub fn text(&self, name: &str) -> Option<&str> {
        let named = |item: &&TagItem| {
            let key = item.key().map_key(TagType::VorbisComments);
            key.is_some_and(|key| key.eq_ignore_ascii_case(name))
        };
        self.items.iter().find(named).and_then(text_of)
    }

    /// `LIST INFO` and `id3 ` chunks: ID3v2 holds everything, INFO is what old programs read.
    pub(crate) fn wav_chunks(&self, chunks: &mut Vec<u8>) -> Vec<TagWarning> {
        let mut warnings = Vec::new();
        let (info, _) = self.as_tag(TagType::RiffInfo);
        if let Some(list) = dump(&info, &mut warnings) {
            // A whole chunk already; its values are padded, so it is even.
            chunks.extend(list);
        }
        let (id3, lost) = self.as_tag(TagType::Id3v2);
        warnings.extend(lost);
        if let Some(id3) = dump(&in_order(id3), &mut warnings) {
            push_chunk(chunks, b"id3 ", &id3);
        }
        warnings
    }

    /// Vorbis comments and pictures.
    pub(crate) fn flac_tags(&self) -> (FlacTags, Vec<TagWarning>) {
        let mut tags = FlacTags::default();
        let mut warnings = Vec::new();
        let mut bytes = 0;
        for item in &self.items {
            let key = item.key().map_key(TagType::VorbisComments);
            let (Some(key), Some(text)) = (key, text_of(item)) else {
                warnings.push(lost(item, "Vorbis comments"));
                continue;
            };
            let field = format!("{key}={text}");
            bytes += field.len() + 4;
            if bytes > MAX_FLAC_BLOCK_BYTES {
                warnings.push(lost(item, "a FLAC header of 16 MiB"));
                break;
            }
            tags.fields.push(field);
        }
        for picture in &self.pictures {
            // FLAC allows one of each kind of icon; they are of no use twice.
            let is_second_icon = matches!(
                picture.pic_type(),
                PictureType::Icon | PictureType::OtherIcon
            ) && tags
                .pictures
                .iter()
                .any(|other| other.picture_type == flac_type(picture.pic_type()));
            if picture.data().len() > MAX_FLAC_BLOCK_BYTES || is_second_icon {
                let bytes = picture.data().len();
                let warning = format!("a picture of {bytes} bytes has no place in a FLAC header");
                warnings.push(TagWarning(warning));
                continue;
            }
            let size = PictureInformation::from_picture(picture).unwrap_or_default();
            tags.pictures.push(FlacPicture {
                picture_type: flac_type(picture.pic_type()),
                media_type: picture
                    .mime_type()
                    .map_or("", |mime| mime.as_str())
                    .to_owned(),
                description: picture.description().unwrap_or_default().to_owned(),
                width: size.width,
                height: size.height,
                color_depth: size.color_depth,
                colors_used: std::num::NonZero::new(size.num_colors),
                data: picture.data().to_vec(),
            });
        }
        (tags, warnings)
    }

    fn as_tag(&self, kind: TagType) -> (Tag, Vec<TagWarning>) {
        let mut tag = Tag::new(kind);
        let mut warnings = Vec::new();
        for item in &self.items {
            if !tag.push(item.clone()) {
                warnings.push(lost(item, "ID3v2"));
            }
        }
        for picture in &self.pictures {
            tag.push_picture(picture.clone());
        }
        (tag, warnings)
    }
}

/// What no output has a place for.
fn left_behind(path: &Path) -> Vec<TagWarning> {
    let has_cue_sheet = || -> std::io::Result<bool> {
        let mut file = File::open(path)?;
        match sniff::sniff(&mut file)? {
            Kind::Flac { start } => flac_head::has_cue_sheet(&file, start),
            _ => Ok(false),
        }
    };
    let warning = || TagWarning(format!("{}: the cue sheet is left behind", path.display()));
    // A file that can no longer be read is the decoder's to tell.
    let is_left = has_cue_sheet().unwrap_or(false);
    is_left.then(warning).into_iter().collect()
}

fn read_file(path: &Path) -> Result<TaggedFile, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let kind = sniff::sniff(&mut file).map_err(|error| error.to_string())?;
    if kind == Kind::Rf64 {
        let wave = tags_as_wave(file).map_err(|error| error.to_string())?;
        parse(Cursor::new(wave))
    } else {
        parse(BufReader::new(file))
    }
}

fn parse(source: impl Read + Seek) -> Result<TaggedFile, String> {
    let mut options = ParseOptions::new();
    options.read_properties(false);
    Probe::new(source)
        .options(options)
        .guess_file_type()
        .map_err(|error| error.to_string())?
        .read()
        .map_err(|error| error.to_string())
}

/// iTunes keeps its Sound Check gain and gapless data in comments (`iTunNORM`, `iTunSMPB`).
fn is_itunes(item: &TagItem) -> bool {
    item.description().starts_with("iTun")
}

fn text_of(item: &TagItem) -> Option<&str> {
    match item.value() {
        ItemValue::Text(text) | ItemValue::Locator(text) => Some(text),
        ItemValue::Binary(_) => None,
    }
}

fn lost(item: &TagItem, place: &str) -> TagWarning {
    TagWarning(format!("the tag {:?} has no place in {place}", item.key()))
}

/// An ID3v2 tag with its frames in one order: lofty collects them in hash maps, which gives the
/// same tags other bytes in every run. Pictures stay in their order, behind the rest.
fn in_order(tag: Tag) -> Id3v2Tag {
    let frames: Vec<Frame<'_>> = Id3v2Tag::from(tag).into_iter().collect();
    let (pictures, mut others): (Vec<_>, Vec<_>) = frames
        .into_iter()
        .partition(|frame| matches!(frame, Frame::Picture(_)));
    others.sort_by_cached_key(|frame| (frame.id_str().to_owned(), format!("{frame:?}")));
    let mut ordered = Id3v2Tag::new();
    for frame in others.into_iter().chain(pictures) {
        let _ = ordered.insert(frame);
    }
    ordered
}

/// The bytes of a tag without padding; nothing for an empty one.
fn dump(tag: &impl TagExt, warnings: &mut Vec<TagWarning>) -> Option<Vec<u8>> {
    if tag.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    match tag.dump_to(&mut bytes, WriteOptions::new().preferred_padding(0)) {
        Ok(()) => Some(bytes).filter(|bytes| !bytes.is_empty()),
        Err(error) => {
            let kind = tag.tag_type();
            warnings.push(TagWarning(format!(
                "the {kind:?} tags cannot be written: {error}"
            )));
            None
        }
    }
}

fn flac_type(kind: PictureType) -> FlacPictureType {
    use FlacPictureType as Flac;
    match kind {
        PictureType::Icon => Flac::Png32x32,
        PictureType::OtherIcon => Flac::GeneralFileIcon,
        PictureType::CoverFront => Flac::FrontCover,
        PictureType::CoverBack => Flac::BackCover,
        PictureType::Leaflet => Flac::LinerNotes,
        PictureType::Media => Flac::MediaLabel,
        PictureType::LeadArtist => Flac::LeadArtist,
        PictureType::Artist => Flac::Artist,
        PictureType::Conductor => Flac::Conductor,
        PictureType::Band => Flac::Band,
        PictureType::Composer => Flac::Composer,
        PictureType::Lyricist => Flac::Lyricist,
        PictureType::RecordingLocation => Flac::RecordingLocation,
        PictureType::DuringRecording => Flac::DuringRecording,
        PictureType::DuringPerformance => Flac::DuringPerformance,
        PictureType::ScreenCapture => Flac::ScreenCapture,
        PictureType::BrightFish => Flac::Fish,
        PictureType::Illustration => Flac::Illustration,
        PictureType::BandLogo => Flac::BandLogo,
        PictureType::PublisherLogo => Flac::PublisherLogo,
        _ => Flac::Other,
    }
}
