//! [`Tags`] as the chunks of a WAV or RF64.

use std::sync::Arc;

use super::info;
use crate::read::containers::rf64::push_chunk;
use crate::tags::chapters;
use crate::tags::note::{Outcome, limited};
use crate::tags::positions::{self, CuePoint, scaled};
use crate::tags::wave::Chunk;
use crate::tags::{TagWarning, Tags, id3, text, u64_be};

/// Number of the first cue point where there are chapters as well.
const FIRST_ID_BESIDE_CHAPTERS: u32 = 10_001;

/// What stands beside the sound of a WAV.
#[derive(Default)]
pub(crate) struct WaveTags {
    /// The body of the input's `bext` chunk, positions scaled.
    pub broadcast: Option<Vec<u8>>,
    /// Chunks behind the sound, in pieces; each chunk is padded.
    pub behind: Vec<Arc<Vec<u8>>>,
}

impl Tags {
    /// Chunks for a WAV of this rate, length and width.
    pub(crate) fn wave(
        &self,
        sample_rate_hz: u32,
        channels: usize,
        frames: Option<u64>,
    ) -> (WaveTags, Vec<TagWarning>) {
        let mut warnings = Vec::new();
        let mut out = WaveTags::default();
        let mut small = Vec::new();
        for (id, body) in self.scaled_chunks(sample_rate_hz, channels, &mut warnings) {
            if &id == b"bext" && out.broadcast.is_none() {
                out.broadcast = Some(body.to_vec());
            } else {
                push_chunk(&mut small, &id, &body);
            }
        }
        for chunk in self.cue_chunks(sample_rate_hz) {
            push_chunk(&mut small, &chunk.id, &chunk.body);
        }
        let list = info::written(self);
        if !list.is_empty() {
            push_chunk(&mut small, b"LIST", &list);
        }
        for application in &self.applications {
            let what = format!("FLAC application block {}", text(&application.id));
            warnings.push(TagWarning::new(
                Outcome::Lost,
                &what,
                "a WAV has no place for it",
            ));
        }
        let has_own_chapters = self.frames.iter().any(|frame| &frame.id == b"CHAP");
        let program_ms =
            frames.map(|frames| frames.saturating_mul(1000) / u64::from(sample_rate_hz.max(1)));
        let chapters = if has_own_chapters {
            Vec::new()
        } else {
            chapters::frames(&self.chapters, program_ms)
        };
        let sheet = self.cue_sheet_text();
        let with_sheet = sheet.map(|sheet| {
            let mut all = self.clone();
            all.fields.push(crate::tags::Field {
                name: "CUESHEET".to_owned(),
                value: sheet,
                own_name: None,
                frame: None,
                description: None,
                info: None,
                in_frame: false,
            });
            all
        });
        let pieces = id3::written(with_sheet.as_ref().unwrap_or(self), chapters);
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        if bytes > 0 {
            small.extend(b"id3 ");
            // At most what is carried over, and the heads of its parts.
            small.extend((bytes as u32).to_le_bytes());
        }
        out.behind.push(Arc::new(small));
        out.behind.extend(pieces);
        if bytes % 2 == 1 {
            out.behind.push(Arc::new(vec![0]));
        }
        (out, limited(warnings, 0))
    }

    /// The input's chunks for another rate and width; tells what is not right there.
    pub(in crate::tags) fn scaled_chunks(
        &self,
        sample_rate_hz: u32,
        channels: usize,
        warnings: &mut Vec<TagWarning>,
    ) -> Vec<([u8; 4], std::borrow::Cow<'_, [u8]>)> {
        let scale = self.scale(sample_rate_hz);
        let is_as_wide = self.channels.is_none_or(|own| usize::from(own) == channels);
        let mut out = Vec::new();
        for chunk in &self.chunks {
            if &chunk.id == b"chna" && !is_as_wide {
                let why = "the master has another number of channels";
                warnings.push(TagWarning::new(Outcome::Dropped, &chunk.name(), why));
                continue;
            }
            let (body, is_right) = scaled(chunk, &self.chunks, scale);
            if is_right {
                out.push((chunk.id, body));
            } else {
                let why = "it may hold positions, and the sample rate is another";
                warnings.push(TagWarning::new(Outcome::Lost, &chunk.name(), why));
            }
        }
        out
    }

    /// Cue points for the tracks of a FLAC's cue sheet. Chapters are frames of ID3v2 in a WAV: as cue points
    /// too, programs that read both would show each twice.
    fn cue_chunks(&self, sample_rate_hz: u32) -> Vec<Chunk> {
        if self.chunks.iter().any(|chunk| &chunk.id == b"cue ") {
            return Vec::new();
        }
        let scale = self.scale(sample_rate_hz);
        let sheet = self.cue_sheet.as_deref();
        let tracks = sheet.map(|sheet| tracks(sheet)).unwrap_or_default();
        let tracks = tracks.into_iter().filter(|track| track.number < 100);
        let points: Vec<CuePoint> = tracks
            .map(|track| CuePoint {
                at: scale.frames(track.at),
                label: Some(format!("Track {:02}", track.number)),
            })
            .collect();
        // ffmpeg takes a chapter and a cue point of one number for the same.
        let first_id = if self.chapters.is_empty() {
            1
        } else {
            FIRST_ID_BESIDE_CHAPTERS
        };
        positions::chunks_of(&points, first_id)
    }

    /// A FLAC's cue sheet as the text of one, whose places are in frames of a CD.
    fn cue_sheet_text(&self) -> Option<String> {
        let sheet = self.cue_sheet.as_deref()?;
        if self.text("CUESHEET").is_some() {
            return None;
        }
        let rate = u64::from(self.sample_rate_hz.filter(|rate| *rate > 0)?);
        let mut out = String::new();
        let catalog = text(sheet.get(..128)?);
        if !catalog.trim().is_empty() {
            out += &format!("CATALOG {}\n", catalog.trim());
        }
        out += "FILE \"\" WAVE\n";
        for track in tracks(sheet).into_iter().filter(|track| track.number < 100) {
            out += &format!("  TRACK {:02} AUDIO\n", track.number);
            if track.pre_emphasis {
                out += "    FLAGS PRE\n";
            }
            if !track.isrc.trim().is_empty() {
                out += &format!("    ISRC {}\n", track.isrc.trim());
            }
            for (number, at) in track.indices {
                let cd = (u128::from(track.start.saturating_add(at)) * 75 + u128::from(rate) / 2)
                    / u128::from(rate);
                out += &format!(
                    "    INDEX {number:02} {:02}:{:02}:{:02}\n",
                    cd / 75 / 60,
                    cd / 75 % 60,
                    cd % 75
                );
            }
        }
        Some(out)
    }
}

/// A track of a FLAC's cue sheet.
struct Track {
    number: u8,
    /// What the indices count from.
    start: u64,
    /// Where its first sound is: index 1.
    at: u64,
    isrc: String,
    pre_emphasis: bool,
    indices: Vec<(u8, u64)>,
}

/// The tracks of a cue sheet block (RFC 9639, 8.7), those that are there.
fn tracks(sheet: &[u8]) -> Vec<Track> {
    let mut rest = sheet.get(396..).unwrap_or_default();
    let mut tracks = Vec::new();
    for _ in 0..sheet.get(395).copied().unwrap_or(0) {
        let (Some(start), Some(&number), Some(isrc), Some(&flags), Some(&count)) = (
            u64_be(rest, 0),
            rest.get(8),
            rest.get(9..21),
            rest.get(21),
            rest.get(35),
        ) else {
            break;
        };
        let indices: Vec<(u8, u64)> = rest[36..]
            .chunks_exact(12)
            .take(usize::from(count))
            .filter_map(|index| Some((*index.get(8)?, u64_be(index, 0)?)))
            .collect();
        let first = indices
            .iter()
            .find(|(number, _)| *number == 1)
            .map_or(0, |(_, at)| *at);
        tracks.push(Track {
            number,
            start,
            at: start.saturating_add(first),
            isrc: text(isrc),
            pre_emphasis: flags & 0x40 != 0,
            indices,
        });
        rest = rest.get(36 + 12 * usize::from(count)..).unwrap_or_default();
    }
    tracks
}
