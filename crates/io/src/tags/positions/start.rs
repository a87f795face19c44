//! Places in a program that begins later than its input: each moves, and what lay before goes away.

use std::sync::Arc;

use super::super::wave::Chunk;
use super::{CUE_BYTES, LOOP_BYTES, SAMPLER_HEAD_BYTES, TIME_REFERENCE_AT, WITHOUT_PLACES};
use crate::tags::id3::Frame;
use crate::tags::note::{Outcome, TagWarning};
use crate::tags::{Tags, u32_be, u32_le};

/// Chunks whose places are not moved.
const NOT_MOVED: [&[u8; 4]; 3] = [b"plst", b"cart", b"iXML"];
/// Frames of ID3v2 whose times are not moved.
const TIMED: [&[u8; 4]; 3] = [b"SYLT", b"ETCO", b"SYTC"];
const WHY: &str = "its places count from the start of the mix, which is left out";

impl Tags {
    /// Moves every place for a program that begins `frames` frames of `sample_rate_hz` into the input: cue points,
    /// loops, chapters and the time reference. Gives what is lost because it cannot be moved.
    pub fn begin_later(&mut self, frames: u64, sample_rate_hz: u32) -> Vec<TagWarning> {
        if frames == 0 || sample_rate_hz == 0 {
            return Vec::new();
        }
        let mut lost = Vec::new();
        self.chunks.retain(|chunk| {
            let can_move = WITHOUT_PLACES.contains(&&chunk.id) || &chunk.id == b"LIST";
            let is_kept = can_move && !NOT_MOVED.contains(&&chunk.id);
            if !is_kept {
                lost.push(chunk.name());
            }
            is_kept
        });
        for chunk in &mut self.chunks {
            if let Some(moved) = moved(chunk, frames) {
                chunk.body = Arc::new(moved);
            }
        }
        let ms = frames.saturating_mul(1000) / u64::from(sample_rate_hz);
        for chapter in &mut self.chapters {
            chapter.start_ms = chapter.start_ms.saturating_sub(ms);
            chapter.end_ms = chapter.end_ms.map(|end_ms| end_ms.saturating_sub(ms));
        }
        // Of those that have begun already, the last goes on.
        let begun = self.chapters.iter().filter(|one| one.start_ms == 0).count();
        self.chapters.drain(..begun.saturating_sub(1));
        self.frames.retain(|frame| {
            let is_kept = !TIMED.contains(&&frame.id);
            if !is_kept {
                lost.push(frame.name());
            }
            is_kept
        });
        for frame in self.frames.iter_mut().filter(|one| &one.id == b"CHAP") {
            move_chapter(frame, ms);
        }
        self.fields.retain(|field| field.name != "SYNCEDLYRICS");
        lost.extend(self.cue_sheet.take().map(|_| "the cue sheet".to_owned()));
        let warnings = lost
            .iter()
            .map(|what| TagWarning::new(Outcome::Lost, what, WHY));
        warnings.collect()
    }
}

/// A chunk's body with its places moved; `None` for one without.
fn moved(chunk: &Chunk, frames: u64) -> Option<Vec<u8>> {
    let body = &chunk.body;
    match &chunk.id {
        b"cue " => Some(later(body, (0, 4), CUE_BYTES, frames, &[4, 20])),
        b"smpl" => Some(later(
            body,
            (28, SAMPLER_HEAD_BYTES),
            LOOP_BYTES,
            frames,
            &[8, 12],
        )),
        b"bext" => {
            let mut body = body.to_vec();
            let reference = body.get_mut(TIME_REFERENCE_AT..)?.first_chunk_mut::<8>()?;
            let at = u64::from_le_bytes(*reference);
            *reference = at.saturating_add(frames).to_le_bytes();
            Some(body)
        }
        _ => None,
    }
}

/// Records of `bytes` each behind a head, with their count in it: those that begin behind the start, moved.
fn later(
    body: &[u8],
    (count_at, head): (usize, usize),
    bytes: usize,
    frames: u64,
    fields: &[usize],
) -> Vec<u8> {
    let mut out = body.get(..head).unwrap_or(body).to_vec();
    let stated = u32_le(body, count_at).unwrap_or(0) as usize;
    let records = body.get(head..).unwrap_or_default().chunks_exact(bytes);
    let mut count = 0_u32;
    for record in records.take(stated) {
        let places = fields.iter().map(|at| u32_le(record, *at).map(u64::from));
        let places: Option<Vec<u64>> = places.map(|at| at?.checked_sub(frames)).collect();
        let Some(places) = places else {
            continue;
        };
        let mut record = record.to_vec();
        for (at, place) in fields.iter().zip(places) {
            // What was taken from 32 bits fits.
            record[*at..*at + 4].copy_from_slice(&(place as u32).to_le_bytes());
        }
        out.extend(record);
        count += 1;
    }
    if let Some(field) = out.get_mut(count_at..count_at + 4) {
        field.copy_from_slice(&count.to_le_bytes());
    }
    out
}

/// Start and end of a chapter, milliseconds (ID3v2 Chapter Frame Addendum, 3.1).
fn move_chapter(frame: &mut Frame, ms: u64) {
    let mut body = frame.body.to_vec();
    let Some(name_end) = body.iter().position(|byte| *byte == 0) else {
        return;
    };
    for at in [name_end + 1, name_end + 5] {
        if let Some(old_ms) = u32_be(&body, at) {
            let new_ms = u64::from(old_ms).saturating_sub(ms) as u32;
            body[at..at + 4].copy_from_slice(&new_ms.to_be_bytes());
        }
    }
    frame.body = Arc::new(body);
}

#[cfg(test)]
mod tests {
    use super::super::{CuePoint, chunks_of, cue_points, sampler_of};
    use super::*;
    use crate::tags::chapters::Chapter;

    #[test]
    fn places_move_with_the_start_and_those_before_it_go_away() {
        let point = |at, label: &str| CuePoint {
            at,
            label: Some(label.to_owned()),
        };
        let mut tags = Tags {
            chunks: chunks_of(&[point(10, "gone"), point(1_000, "kept")], 1),
            ..Tags::default()
        };
        let loops = [(0, 5, 900), (0, 300, 1_300)];
        tags.chunks.push(sampler_of(1_000, 60, &loops));
        tags.chunks.push(Chunk {
            id: *b"bext",
            body: Arc::new(vec![0; 602]),
        });
        tags.chunks.push(Chunk {
            id: *b"plst",
            body: Arc::new(vec![0; 4]),
        });
        let chapter = |start_ms| Chapter {
            start_ms,
            end_ms: None,
            title: start_ms.to_string(),
        };
        tags.chapters = vec![chapter(0), chapter(100), chapter(700)];
        let lost = tags.begin_later(250, 1_000);
        let points = cue_points(&tags.chunks);
        assert_eq!((points.len(), points[0].at), (1, 750));
        assert_eq!(points[0].label.as_deref(), Some("kept"));
        let body = |id: &[u8; 4]| {
            let mut all = tags.chunks.iter().filter(|chunk| &chunk.id == id);
            all.next().unwrap().body.clone()
        };
        let sampler = body(b"smpl");
        let read = [28, 44, 48].map(|at| u32_le(&sampler, at).unwrap());
        assert_eq!(read, [1, 50, 1_050], "one loop, moved");
        assert_eq!(u32_le(&body(b"bext"), TIME_REFERENCE_AT), Some(250));
        let chapters: Vec<_> = tags.chapters.iter().map(|one| one.start_ms).collect();
        assert_eq!(chapters, [0, 450]);
        assert_eq!(tags.chapters[0].title, "100", "the one that goes on");
        assert_eq!(lost.len(), 1, "{lost:?}");
    }
}
