//! [`Tags`]: what a file carries beside the sound, from the input to the output.
//!
//! Titles, covers, lyrics and chapters, broadcast data, cue points and sampler loops, and what programs
//! put there for themselves. `docs/METADATA.md` has the whole table: each kind is kept, moved to the
//! place that the other container has for it, or told as lost. Nothing goes without a [`TagWarning`], and
//! nothing here fails a master.
//!
//! The readers are our own (lofty keeps no unknown item in its general tag, and gives up all tags for one
//! broken frame): they walk over a file's structure in place, trust no stated size or count, and hold
//! [`MAX_CARRIED_BYTES`] at most. Positions count in frames of the input and are scaled when written.

mod aiff;
mod ape;
mod caf;
mod chapters;
mod flac;
mod id3;
mod mp4;
mod names;
mod note;
mod ogg;
mod positions;
mod scale;
mod vorbis;
mod wave;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::guard::guarded;
use crate::platform::Positioned;
use crate::read::sniff::{self, Kind};

use chapters::Chapter;
use id3::Frame;
use wave::Chunk;

pub(crate) use flac::Sound;
pub use note::{Outcome, TagWarning};
pub(crate) use wave::WaveTags;

/// Most bytes that are carried from one file to another.
pub const MAX_CARRIED_BYTES: u64 = 48 << 20;
/// Most entries of all kinds together.
const MAX_ENTRIES: usize = 10_000;
/// Most warnings that are held; a hostile file has millions of reasons.
const MAX_WARNINGS: usize = 1000;

/// A text under a name. Names are those of Vorbis comments where a table has them, else the file's own.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    value: String,
    /// The name in the comments that it was read from.
    own_name: Option<String>,
    /// The frame that holds it in ID3v2, where the name alone does not say so.
    frame: Option<[u8; 4]>,
    /// The description of a `TXXX` frame that it was read from.
    description: Option<String>,
    /// As `frame`, in a list of INFO.
    info: Option<[u8; 4]>,
    /// One of [`Tags::frames`] says it already, with more.
    in_frame: bool,
}

/// A picture with its kind (the numbers of ID3v2 and FLAC are the same).
#[derive(Clone, Debug)]
struct Picture {
    kind: u8,
    mime: String,
    description: String,
    data: Arc<Vec<u8>>,
}

/// A block of a FLAC header that means something to other programs.
#[derive(Clone, Debug)]
struct Application {
    id: [u8; 4],
    data: Arc<Vec<u8>>,
}

/// What a file carries beside the sound, without what mastering makes untrue.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    fields: Vec<Field>,
    pictures: Vec<Picture>,
    chapters: Vec<Chapter>,
    /// Frames of ID3v2 that are more than a text under a name.
    frames: Vec<Frame>,
    /// Chunks of a WAV, with positions in frames of the input.
    chunks: Vec<Chunk>,
    applications: Vec<Application>,
    /// The body of a FLAC's cue sheet block.
    cue_sheet: Option<Arc<Vec<u8>>>,
    /// What positions count in; unknown where nothing has any.
    sample_rate_hz: Option<u32>,
    channels: Option<u16>,
}

impl Tags {
    /// Reads all that a file carries. A file without tags gives empty ones.
    pub fn read(path: impl AsRef<Path>) -> (Self, Vec<TagWarning>) {
        let path = path.as_ref();
        let mut collected = Collected::default();
        // Like the decoder, this parses hostile bytes; a panic there costs the tags only.
        let read = guarded(|| {
            let mut collected = Collected::default();
            let read = File::open(path).and_then(|file| collected.collect(&file));
            (collected, read.err())
        });
        let error = match read {
            Ok((found, error)) => {
                collected = found;
                error.map(|error| error.to_string())
            }
            Err(_) => Some("the tag reader cannot cope with the data".to_owned()),
        };
        if let Some(error) = error {
            let why = format!("the tags cannot be read whole: {}", note::shown(&error));
            collected
                .warnings
                .push(TagWarning::new(Outcome::Lost, "tags", why));
        }
        let warnings = note::limited(collected.warnings, collected.unsaid);
        (collected.tags, warnings)
    }

    /// True when there is nothing to carry over.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.pictures.is_empty()
            && self.chapters.is_empty()
            && self.frames.is_empty()
            && self.chunks.is_empty()
            && self.applications.is_empty()
            && self.cue_sheet.is_none()
    }

    /// Number of pictures.
    pub fn picture_count(&self) -> usize {
        self.pictures.len()
    }

    /// The data of a picture as it is in the file (JPEG, PNG).
    pub fn picture_data(&self, index: usize) -> Option<&[u8]> {
        self.pictures
            .get(index)
            .map(|picture| picture.data.as_slice())
    }

    /// The first text under a Vorbis comment name (`TITLE`, `ARTIST`, `ALBUM`, `TRACKNUMBER`,
    /// `DATE`, `GENRE`, `ISRC`, `COMMENT`, …), whatever the file's own name for it.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut named = self
            .fields
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name));
        named.next().map(|field| field.value.as_str())
    }
}

/// Tags while they are read, and what of them cannot be.
#[derive(Default)]
struct Collected {
    tags: Tags,
    warnings: Vec<TagWarning>,
    carried_bytes: u64,
    entries: usize,
    /// Fields of the tags that were read before the present one.
    known_fields: usize,
    known_pictures: usize,
    /// What came out of packed frames.
    unpacked_bytes: u64,
    /// Warnings beyond the first of very many.
    unsaid: usize,
}

impl Collected {
    fn collect(&mut self, file: &File) -> io::Result<()> {
        let mut sniffed = file.try_clone()?;
        let kind = sniff::sniff(&mut sniffed)?;
        let bytes = file.metadata()?.len();
        if !matches!(kind, Kind::Wave | Kind::Rf64 | Kind::StreamedWave) {
            self.leading_id3(file, bytes)?;
        }
        match kind {
            Kind::Wave | Kind::Rf64 | Kind::StreamedWave => wave::read(file, self)?,
            Kind::Flac { start } => flac::read(file, start, self)?,
            Kind::Aiff => aiff::read(file, self)?,
            Kind::Caf => caf::read(file, self)?,
            Kind::Ogg => ogg::read(file, self)?,
            Kind::Candidate => self.by_mark(file)?,
            Kind::Other("Opus" | "Speex", _) => ogg::read(file, self)?,
            Kind::Other("WavPack" | "Monkey's Audio" | "Musepack" | "True Audio", _)
            | Kind::Elementary { .. } => {}
            Kind::Other(name, true) => self.lost("tags", format!("those of {name} are not read")),
            Kind::Other(..) => {}
        }
        if !matches!(kind, Kind::Wave | Kind::Rf64 | Kind::StreamedWave) {
            self.next_tag();
            ape::read(file, self)?;
            self.next_tag();
            id3::read_v1(file, self)?;
        }
        Ok(())
    }

    fn by_mark(&mut self, file: &File) -> io::Result<()> {
        let mut head = [0; 8];
        match file.read_exact_at(&mut head, 0) {
            Ok(()) if &head[..4] == b"RIFF" => wave::read(file, self),
            Ok(()) if head[4..].iter().all(u8::is_ascii) => mp4::read(file, self),
            _ => Ok(()),
        }
    }

    /// The ID3v2 tags that a file begins with.
    fn leading_id3(&mut self, file: &File, file_bytes: u64) -> io::Result<()> {
        let mut at = 0;
        for _ in 0..16 {
            let mut head = [0; 10];
            if at + 10 > file_bytes {
                break;
            }
            file.read_exact_at(&mut head, at)?;
            let Some(bytes) = id3::tag_bytes(&head) else {
                break;
            };
            self.next_tag();
            if let Some(tag) = self.block(file, at, bytes.min(file_bytes - at), "the ID3v2 tag")? {
                id3::read(&tag, self);
            }
            at += bytes;
        }
        Ok(())
    }

    /// What has been read so far comes first: another tag adds only what it alone has.
    fn next_tag(&mut self) {
        self.known_fields = self.tags.fields.len();
        self.known_pictures = self.tags.pictures.len();
    }

    /// Bytes of the file that are to be looked into; `None`, and told, where they are too many.
    fn block(
        &mut self,
        file: &File,
        at: u64,
        bytes: u64,
        what: &str,
    ) -> io::Result<Option<Vec<u8>>> {
        if bytes > MAX_CARRIED_BYTES {
            self.too_much(what, bytes);
            return Ok(None);
        }
        let left = file.metadata()?.len().saturating_sub(at);
        let mut block = vec![0; bytes.min(left) as usize];
        file.read_exact_at(&mut block, at)?;
        Ok(Some(block))
    }

    /// As [`block`](Self::block), of bytes that will be carried as they are.
    fn carried(
        &mut self,
        file: &File,
        at: u64,
        bytes: u64,
        what: &str,
    ) -> io::Result<Option<Vec<u8>>> {
        if !self.has_room(bytes, what) {
            return Ok(None);
        }
        self.block(file, at, bytes, what)
    }

    /// Counts bytes as carried; tells what there is no room for.
    fn has_room(&mut self, bytes: u64, what: &str) -> bool {
        let after = self.carried_bytes.saturating_add(bytes);
        let fits = after <= MAX_CARRIED_BYTES && self.entries < MAX_ENTRIES;
        if fits {
            self.carried_bytes = after;
            self.entries += 1;
        } else {
            self.too_much(what, bytes);
        }
        fits
    }

    fn too_much(&mut self, what: &str, bytes: u64) {
        let why = format!(
            "at most {} MiB and {MAX_ENTRIES} entries are carried over",
            MAX_CARRIED_BYTES >> 20
        );
        self.lost(format!("{what} of {bytes} bytes"), why);
    }

    fn lost(&mut self, what: impl AsRef<str>, why: impl Into<String>) {
        self.warn(TagWarning::new(Outcome::Lost, what.as_ref(), why));
    }

    fn dropped(&mut self, what: impl AsRef<str>) {
        let why = "it says nothing true of the master";
        self.warn(TagWarning::new(Outcome::Dropped, what.as_ref(), why));
    }

    fn warn(&mut self, warning: TagWarning) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(warning);
        } else {
            self.unsaid += 1;
        }
    }

    fn rate(&mut self, sample_rate_hz: u32) {
        if sample_rate_hz > 0 {
            self.tags.sample_rate_hz.get_or_insert(sample_rate_hz);
        }
    }

    /// A text under a name that stands for itself in every container.
    fn field(&mut self, name: &str, value: &str) {
        self.push(Field {
            name: name.to_owned(),
            value: value.to_owned(),
            own_name: None,
            frame: None,
            description: None,
            info: None,
            in_frame: false,
        });
    }

    /// A comment of Vorbis or APEv2.
    fn comment(&mut self, own_name: &str, value: &str) {
        self.push(Field {
            name: names::of_vorbis(own_name),
            value: value.to_owned(),
            own_name: Some(own_name.to_owned()),
            frame: None,
            description: None,
            info: None,
            in_frame: false,
        });
    }

    /// Adds a field; one for each text between zero bytes.
    fn push(&mut self, field: Field) {
        for value in field.value.split('\0') {
            let value = value.trim_end_matches('\0');
            if value.trim().is_empty() {
                continue;
            }
            self.push_one(Field {
                value: value.to_owned(),
                ..field.clone()
            });
        }
    }

    fn push_one(&mut self, field: Field) {
        // Vorbis comments have the total apart; so it is here, and ID3v2 is written with both.
        if field.own_name.is_none()
            && let Some(total) = names::total_of(&field.name)
            && let Some((number, all)) = field.value.split_once('/')
        {
            let (number, all) = (number.trim().to_owned(), all.trim().to_owned());
            if !number.is_empty() && !all.is_empty() {
                self.field(&field.name, &number);
                self.field(total, &all);
                return;
            }
        }
        if names::is_untrue(&field.name) {
            self.dropped(&field.name);
            return;
        }
        let known = &self.tags.fields[..self.known_fields];
        let mut same = known
            .iter()
            .filter(|known| known.name.eq_ignore_ascii_case(&field.name));
        if let Some(first) = same.next() {
            let agrees = |known: &Field| agree(&known.value, &field.value);
            if !agrees(first) && !same.any(agrees) {
                let what = format!("{} {}", field.name, note::quoted(&field.value));
                self.lost(
                    what,
                    "another tag of the file has another text under this name",
                );
            }
            return;
        }
        let bytes = field.name.len() + field.value.len();
        if self.has_room(bytes as u64, &field.name) {
            self.tags.fields.push(field);
        }
    }

    fn picture(&mut self, kind: u8, mime: &str, description: &str, data: &[u8]) {
        if !data.is_empty() && self.has_room(data.len() as u64, "a picture") {
            self.picture_with_room(kind, mime, description, data.to_vec());
        }
    }

    /// A picture that is counted already.
    fn picture_with_room(&mut self, kind: u8, mime: &str, description: &str, data: Vec<u8>) {
        let known = self.tags.pictures[..self.known_pictures].iter();
        if known.into_iter().any(|known| *known.data == data) {
            return;
        }
        self.tags.pictures.push(Picture {
            kind,
            mime: mime.to_owned(),
            description: description.to_owned(),
            data: Arc::new(data),
        });
    }

    fn chapter(&mut self, chapter: Chapter) {
        if self.has_room(chapter.title.len() as u64, "a chapter") {
            self.tags.chapters.push(chapter);
        }
    }
}

/// Whether two texts say the same, one perhaps cut short (ID3v1 has 30 characters, a year for a date).
fn agree(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    a.starts_with(b) || b.starts_with(a)
}

fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_be(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// UTF-8 where it is that, else Latin-1, up to the first zero byte.
fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().map(|byte| char::from(*byte)).collect(),
        str::to_owned,
    )
}
