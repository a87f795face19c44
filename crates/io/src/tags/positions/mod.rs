//! Places in a WAV's chunks: cue points and what is attached to them, sampler loops, time references.
//! They count in frames, and are scaled where the master has another sample rate.

mod start;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::scale::Scale;
use super::wave::Chunk;
use super::wave::ixml;
use super::{Tags, text, u32_le};
use crate::read::containers::rf64::push_chunk;

/// Most cue points, and entries attached to them, that are looked at.
const MAX_POINTS: usize = 20_000;
/// Longest iXML whose places are looked for; one of a film set has 20 kB.
const MAX_IXML_BYTES: usize = 1 << 20;
const CUE_BYTES: usize = 24;
const SAMPLER_HEAD_BYTES: usize = 36;
const LOOP_BYTES: usize = 24;
const SEGMENT_BYTES: usize = 12;
/// Place of the time reference in a `bext` chunk (EBU Tech 3285).
const TIME_REFERENCE_AT: usize = 338;
/// Place and number of the post timers of a `cart` chunk (AES46): a usage and a place each.
const POST_TIMERS_AT: usize = 684;
const POST_TIMERS: usize = 8;
/// Chunks that certainly hold no place in frames.
const WITHOUT_PLACES: &[&[u8; 4]] = &[
    b"bext", b"iXML", b"axml", b"chna", b"acid", b"afsp", b"_PMX", b"inst", b"cue ", b"smpl",
    b"plst", b"cart", b"DISP", b"umid", b"cset", b"LGWV", b"ubxt", b"dbmd", b"aXML", b"bxml",
    b"sxml",
];

/// A named place.
#[derive(Clone, Debug)]
pub(super) struct CuePoint {
    /// In frames.
    pub at: u64,
    pub label: Option<String>,
}

impl Tags {
    pub(super) fn scale(&self, to_hz: u32) -> Scale {
        Scale {
            from_hz: self.sample_rate_hz.unwrap_or(to_hz),
            to_hz,
        }
    }
}

/// A chunk's body for the master's sample rate; whether all that it holds is known to be right there.
pub(super) fn scaled<'a>(chunk: &'a Chunk, all: &[Chunk], scale: Scale) -> (Cow<'a, [u8]>, bool) {
    if &chunk.id == b"iXML" && chunk.body.len() > MAX_IXML_BYTES && !scale.is_one() {
        return (Cow::Borrowed(&chunk.body), false);
    }
    if &chunk.id == b"iXML" {
        return (Cow::Owned(ixml::scaled(&chunk.body, scale)), true);
    }
    if scale.is_one() {
        return (Cow::Borrowed(&chunk.body), true);
    }
    let mut body = chunk.body.to_vec();
    match &chunk.id {
        b"cue " => records(&mut body, 4, CUE_BYTES, &mut |point| {
            for at in [4, 20] {
                scale_at(point, at, scale);
            }
        }),
        b"plst" => records(&mut body, 4, SEGMENT_BYTES, &mut |segment| {
            scale_at(segment, 4, scale)
        }),
        b"smpl" => sampler(&mut body, scale),
        b"LIST" if body.starts_with(b"adtl") => regions(&mut body, &points(all), scale),
        b"bext" => {
            if let Some(reference) = body.get_mut(TIME_REFERENCE_AT..TIME_REFERENCE_AT + 8) {
                let at = u64::from_le_bytes(*reference.first_chunk().unwrap_or(&[0; 8]));
                reference.copy_from_slice(&scale.frames(at).to_le_bytes());
            }
        }
        b"cart" => {
            for timer in 0..POST_TIMERS {
                scale_at(&mut body, POST_TIMERS_AT + 8 * timer + 4, scale);
            }
        }
        id if WITHOUT_PLACES.contains(&id) => {}
        _ => return (Cow::Borrowed(&chunk.body), false),
    }
    (Cow::Owned(body), true)
}

fn scale_at(body: &mut [u8], at: usize, scale: Scale) {
    if let Some(field) = body
        .get_mut(at..)
        .and_then(|rest| rest.first_chunk_mut::<4>())
    {
        *field = scale.frames_32(u32::from_le_bytes(*field)).to_le_bytes();
    }
}

/// Visits the records behind a count, those that are there.
fn records(body: &mut [u8], from: usize, bytes: usize, visit: &mut dyn FnMut(&mut [u8])) {
    let count = u32_le(body, from - 4).unwrap_or(0) as usize;
    let there = body.get_mut(from..).unwrap_or_default();
    there
        .chunks_exact_mut(bytes)
        .take(count.min(MAX_POINTS))
        .for_each(visit);
}

/// Sample period and loops; a loop's end is the last frame that is played.
fn sampler(body: &mut [u8], scale: Scale) {
    if let Some(period) = body.get_mut(8..12) {
        let ns = (1_000_000_000 + scale.to_hz / 2) / scale.to_hz;
        period.copy_from_slice(&ns.to_le_bytes());
    }
    let count = u32_le(body, 28).unwrap_or(0) as usize;
    let there = body.get_mut(SAMPLER_HEAD_BYTES..).unwrap_or_default();
    for one in there.chunks_exact_mut(LOOP_BYTES).take(count) {
        scale_at(one, 8, scale);
        if let Some(end) = one[12..].first_chunk_mut::<4>() {
            let behind = u64::from(u32::from_le_bytes(*end)) + 1;
            let last = scale.frames(behind).saturating_sub(1);
            *end = u32::try_from(last).unwrap_or(u32::MAX).to_le_bytes();
        }
    }
}

/// Lengths of regions, so that they end where they ended.
fn regions(body: &mut [u8], points: &BTreeMap<u32, u64>, scale: Scale) {
    let mut at = 4;
    while let (Some(id), Some(bytes)) = (
        body.get(at..)
            .and_then(|rest| rest.first_chunk::<4>().copied()),
        u32_le(body, at + 4),
    ) {
        if &id == b"ltxt"
            && let (Some(cue), Some(length)) = (u32_le(body, at + 8), u32_le(body, at + 12))
        {
            let start = points.get(&cue).copied().unwrap_or(0);
            let length = scale.frames(start + u64::from(length)) - scale.frames(start);
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            body[at + 12..at + 16].copy_from_slice(&length.to_le_bytes());
        }
        at = at.saturating_add(8 + bytes as usize + bytes as usize % 2);
    }
}

/// Cue points by their number.
fn points(chunks: &[Chunk]) -> BTreeMap<u32, u64> {
    let mut points = BTreeMap::new();
    for cue in chunks.iter().filter(|chunk| &chunk.id == b"cue ") {
        let count = u32_le(&cue.body, 0).unwrap_or(0) as usize;
        let there = cue.body.get(4..).unwrap_or_default();
        for point in there.chunks_exact(CUE_BYTES).take(count.min(MAX_POINTS)) {
            if let (Some(id), Some(at)) = (u32_le(point, 0), u32_le(point, 20)) {
                points.entry(id).or_insert(u64::from(at));
            }
        }
    }
    points
}

/// Cue points with their labels.
pub(super) fn cue_points(chunks: &[Chunk]) -> Vec<CuePoint> {
    let points = points(chunks);
    let mut labels = BTreeMap::new();
    let lists = chunks
        .iter()
        .filter(|chunk| &chunk.id == b"LIST" && chunk.body.starts_with(b"adtl"));
    for list in lists {
        let mut rest = list.body.get(4..).unwrap_or_default();
        while let (Some(id), Some(bytes)) = (rest.first_chunk::<4>(), u32_le(rest, 4)) {
            let value = rest.get(8..).and_then(|rest| rest.get(..bytes as usize));
            if let (b"labl", Some(value)) = (id, value)
                && let Some(cue) = u32_le(value, 0)
            {
                labels.entry(cue).or_insert_with(|| text(&value[4..]));
            }
            rest = rest
                .get(8 + bytes as usize + bytes as usize % 2..)
                .unwrap_or_default();
        }
    }
    let named = points.into_iter().map(|(id, at)| CuePoint {
        at,
        label: labels.remove(&id).filter(|label| !label.trim().is_empty()),
    });
    named.collect()
}

/// `cue ` and `LIST adtl` chunks of named places, numbered from `first_id` on.
pub(super) fn chunks_of(points: &[CuePoint], first_id: u32) -> Vec<Chunk> {
    if points.is_empty() {
        return Vec::new();
    }
    let mut cue = (points.len() as u32).to_le_bytes().to_vec();
    let mut labels = b"adtl".to_vec();
    for (index, point) in points.iter().enumerate() {
        let id = first_id.saturating_add(index as u32);
        let at = u32::try_from(point.at).unwrap_or(u32::MAX);
        cue.extend(id.to_le_bytes());
        cue.extend(at.to_le_bytes());
        cue.extend(b"data\0\0\0\0\0\0\0\0");
        cue.extend(at.to_le_bytes());
        if let Some(label) = &point.label {
            let mut body = id.to_le_bytes().to_vec();
            body.extend(label.replace('\0', " ").bytes());
            body.push(0);
            push_chunk(&mut labels, b"labl", &body);
        }
    }
    let chunk = |id: &[u8; 4], body: Vec<u8>| Chunk {
        id: *id,
        body: std::sync::Arc::new(body),
    };
    let mut chunks = vec![chunk(b"cue ", cue)];
    if labels.len() > 4 {
        chunks.push(chunk(b"LIST", labels));
    }
    chunks
}

/// A `smpl` chunk of loops (first and last frame each) for a sound of this rate and note.
pub(super) fn sampler_of(sample_rate_hz: u32, note: u32, loops: &[(u32, u32, u32)]) -> Chunk {
    let period = 1_000_000_000_u32.checked_div(sample_rate_hz).unwrap_or(0);
    let mut body = Vec::new();
    for word in [0, 0, period, note, 0, 0, 0, loops.len() as u32, 0] {
        body.extend(u32::to_le_bytes(word));
    }
    for (index, (kind, first, last)) in loops.iter().enumerate() {
        for word in [index as u32, *kind, *first, *last, 0, 0] {
            body.extend(word.to_le_bytes());
        }
    }
    Chunk {
        id: *b"smpl",
        body: std::sync::Arc::new(body),
    }
}
