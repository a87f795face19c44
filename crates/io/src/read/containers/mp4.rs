//! Encoder delay and padding of MP4 (M4A) files, which symphonia 0.6 leaves in the sound: from
//! the iTunes tag `iTunSMPB`, else from the edit list (ISO/IEC 14496-12, 8.6.6) and the
//! time-to-sample table (8.6.1.2).

use std::io::{self, Read, Seek, SeekFrom};

use crate::read::containers::fragments::FragmentedTrack;
use crate::read::containers::mp4_boxes::{boxes, child, path, u32_at, u64_at};

/// Largest `moov` box that is looked into; a larger one is left untrimmed.
const MAX_MOOV_BYTES: u64 = 64 * 1024 * 1024;

/// Most frames that an encoder fills up at the end of its stream: two packets of HE-AAC.
const MAX_PADDING_FRAMES: u64 = 4096;

/// What belongs to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gapless {
    /// Frames of encoder delay at the start.
    pub skip_frames: u64,
    /// Frames after it.
    pub frames: Option<u64>,
    /// Frames that a tag states, where more are coded.
    pub understated: Option<u64>,
    /// The edit list plays pieces that do not follow each other: so many.
    pub pieces: usize,
}

/// Reads delay and length of the first sound track, in frames at `sample_rate_hz`.
pub(crate) fn gapless(
    file: &mut (impl Read + Seek),
    sample_rate_hz: u32,
) -> io::Result<Option<Gapless>> {
    let mut moov = None;
    // Length of the sound in the fragments, in the track's ticks.
    let mut fragment_ticks = 0_u64;
    let mut fragmented = None;
    walk(file, |name, body| match name {
        b"moov" if moov.is_none() => {
            fragmented = sound_track(&body)
                .and_then(track_id)
                .and_then(|track_id| FragmentedTrack::of(&body, track_id));
            moov = Some(body);
            // Nothing follows that would count.
            fragmented.is_none()
        }
        b"moof" => {
            let ticks = fragmented.as_ref().map_or(0, |track| track.ticks_in(&body));
            fragment_ticks = fragment_ticks.saturating_add(ticks);
            false
        }
        _ => false,
    })?;
    Ok(moov.and_then(|moov| from_moov(&moov, fragment_ticks, sample_rate_hz)))
}

/// Visits the `moov` and `moof` boxes until one says that it was the last that counts.
fn walk(
    file: &mut (impl Read + Seek),
    mut visit: impl FnMut(&[u8; 4], Vec<u8>) -> bool,
) -> io::Result<()> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let mut position = 0;
    while position + 8 <= file_bytes {
        file.seek(SeekFrom::Start(position))?;
        let mut head = [0; 16];
        let head_bytes = if position + 16 <= file_bytes { 16 } else { 8 };
        file.read_exact(&mut head[..head_bytes])?;
        let (header, bytes) = match u32_at(&head, 0) {
            Some(0) => (8, file_bytes - position),
            Some(1) if head_bytes == 16 => (16, u64_at(&head, 8).unwrap_or(0)),
            Some(bytes) => (8, u64::from(bytes)),
            None => return Ok(()),
        };
        if bytes < header {
            return Ok(());
        }
        let name = [head[4], head[5], head[6], head[7]];
        if [b"moov", b"moof"].contains(&&name) && bytes <= MAX_MOOV_BYTES {
            file.seek(SeekFrom::Start(position + header))?;
            let mut body = Vec::new();
            file.take(bytes - header).read_to_end(&mut body)?;
            if visit(&name, body) {
                return Ok(());
            }
        }
        position = match position.checked_add(bytes) {
            Some(next) => next,
            None => return Ok(()),
        };
    }
    Ok(())
}

/// The first sound track.
fn sound_track(moov: &[u8]) -> Option<&[u8]> {
    let sound = boxes(moov).find(|(name, body)| {
        name == b"trak"
            && path(body, &[b"mdia", b"hdlr"]).and_then(|hdlr| hdlr.get(8..12)) == Some(b"soun")
    });
    sound.map(|(_, body)| body)
}

fn track_id(track: &[u8]) -> Option<u32> {
    let tkhd = child(track, b"tkhd")?;
    u32_at(tkhd, if tkhd.first()? == &1 { 20 } else { 12 })
}

fn from_moov(moov: &[u8], fragment_ticks: u64, sample_rate_hz: u32) -> Option<Gapless> {
    let from_tag = itunes_gapless(moov);
    match from_tables(moov, fragment_ticks, sample_rate_hz) {
        Some((tables, coded_frames)) => Some(from_tag.map_or(tables, |tag| Gapless {
            pieces: tables.pieces,
            ..tag.held_against(coded_frames)
        })),
        None => from_tag,
    }
}

/// By the edit list and the tables of samples; also the length of all that is coded.
fn from_tables(
    moov: &[u8],
    fragment_ticks: u64,
    sample_rate_hz: u32,
) -> Option<(Gapless, Option<u64>)> {
    let mvhd = child(moov, b"mvhd")?;
    let movie_timescale = u32_at(mvhd, if mvhd.first()? == &1 { 20 } else { 12 })?;
    let track = sound_track(moov)?;
    let mdhd = path(track, &[b"mdia", b"mdhd"])?;
    let timescale = u32_at(mdhd, if mdhd.first()? == &1 { 20 } else { 12 })?;
    if timescale == 0 || movie_timescale == 0 {
        return None;
    }
    let to_frames =
        |ticks: u64, per_second: u32| scale(ticks, sample_rate_hz, per_second).unwrap_or(u64::MAX);

    let coded = path(track, &[b"mdia", b"minf", b"stbl", b"stts"]).map_or(0, coded_ticks);
    let coded = coded.saturating_add(fragment_ticks);
    let edits = path(track, &[b"edts", b"elst"])
        .and_then(played_edits)
        .unwrap_or_default();
    let edit = edits.first().copied();
    let skip_frames = edit.map_or(0, |edit| to_frames(edit.media_time, timescale));
    // The length of an edit counts in the movie's ticks, often whole milliseconds: where they are
    // coarser than frames the edit is read as up to one tick longer, and the table decides.
    let edit_frames = edit.filter(|edit| edit.duration > 0).map(|edit| {
        let slack = u64::from(movie_timescale < sample_rate_hz);
        to_frames(edit.duration.saturating_add(slack), movie_timescale)
    });
    let coded_frames = (coded > 0).then(|| to_frames(coded, timescale));
    let behind_delay = coded_frames.and_then(|frames| frames.checked_sub(skip_frames));
    let frames = match (edit_frames, behind_delay) {
        (Some(edit), Some(coded)) => Some(edit.min(coded)),
        (edit, coded) => edit.or(coded),
    };
    let gapless = Gapless {
        skip_frames,
        frames,
        understated: None,
        pieces: edits.len().max(1),
    };
    Some((gapless, coded_frames))
}

impl Gapless {
    /// As a tag says it, unless more sound is coded than delay and padding account for.
    fn held_against(self, coded_frames: Option<u64>) -> Self {
        let behind_delay = coded_frames.and_then(|coded| coded.checked_sub(self.skip_frames));
        match (self.frames, behind_delay) {
            (Some(stated), Some(coded)) if coded - MAX_PADDING_FRAMES.min(coded) > stated => Self {
                frames: Some(coded),
                understated: Some(stated),
                ..self
            },
            _ => self,
        }
    }
}

#[derive(Clone, Copy)]
struct Edit {
    duration: u64,
    media_time: u64,
}

/// The edits that play anything.
fn played_edits(elst: &[u8]) -> Option<Vec<Edit>> {
    let wide = elst.first()? == &1;
    let count = u32_at(elst, 4)? as usize;
    let size = if wide { 20 } else { 12 };
    let entries = elst.get(8..)?.chunks_exact(size).take(count);
    let edits = entries
        .filter_map(|entry| {
            if wide {
                Some((u64_at(entry, 0)?, u64_at(entry, 8)?.cast_signed()))
            } else {
                let media_time = u32_at(entry, 4)?.cast_signed();
                Some((u64::from(u32_at(entry, 0)?), i64::from(media_time)))
            }
        })
        .filter_map(|(duration, media_time)| {
            let media_time = u64::try_from(media_time).ok()?;
            Some(Edit {
                duration,
                media_time,
            })
        });
    Some(edits.collect())
}

/// Length of all coded samples.
fn coded_ticks(stts: &[u8]) -> u64 {
    let entries = stts.get(8..).unwrap_or_default().chunks_exact(8);
    entries.fold(0, |sum: u64, entry| {
        let count = u64::from(u32_at(entry, 0).unwrap_or(0));
        let ticks = u64::from(u32_at(entry, 4).unwrap_or(0));
        sum.saturating_add(count * ticks)
    })
}

/// `iTunSMPB`: hexadecimal fields; the second is the delay, the fourth the length in frames.
fn itunes_gapless(moov: &[u8]) -> Option<Gapless> {
    // `meta` is a full box: its children start after version and flags.
    let meta = path(moov, &[b"udta", b"meta"])?.get(4..)?;
    let ilst = child(meta, b"ilst")?;
    let text = boxes(ilst).find_map(|(name, item)| {
        let is_smpb = &name == b"----" && child(item, b"name")?.get(4..)? == b"iTunSMPB";
        if is_smpb {
            child(item, b"data")?.get(8..)
        } else {
            None
        }
    })?;
    let text = std::str::from_utf8(text).ok()?;
    let fields: Vec<u64> = text
        .split_ascii_whitespace()
        .take(4)
        .map_while(|field| u64::from_str_radix(field, 16).ok())
        .collect();
    match fields[..] {
        [_, skip_frames, _, frames] if frames > 0 => Some(Gapless {
            skip_frames,
            frames: Some(frames),
            understated: None,
            pieces: 1,
        }),
        _ => None,
    }
}

fn scale(ticks: u64, rate: u32, per_second: u32) -> Option<u64> {
    let frames = u128::from(ticks) * u128::from(rate) / u128::from(per_second);
    u64::try_from(frames).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = (body.len() as u32 + 8).to_be_bytes().to_vec();
        out.extend(name);
        out.extend(body);
        out
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// 44 packets of 1024 and one of 68 ticks: 44,100 frames after a delay of 1024.
    fn file(movie_timescale: u32, edit_duration: u32, smpb: Option<&str>) -> Vec<u8> {
        let stts = boxed(b"stts", &words(&[0, 2, 44, 1024, 1, 68]));
        let stbl = boxed(b"stbl", &stts);
        let minf = boxed(b"minf", &stbl);
        let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 44_100, 45_124, 0]));
        let mut hdlr = words(&[0, 0]);
        hdlr.extend(b"soun");
        let mdia = boxed(b"mdia", &[mdhd, boxed(b"hdlr", &hdlr), minf].concat());
        let elst = boxed(b"elst", &words(&[0, 1, edit_duration, 1024, 0x0001_0000]));
        let trak = boxed(b"trak", &[boxed(b"edts", &elst), mdia].concat());
        let mvhd = boxed(b"mvhd", &words(&[0, 0, 0, movie_timescale, edit_duration]));
        let mut moov = [mvhd, trak].concat();
        if let Some(text) = smpb {
            let name = boxed(b"name", &[&[0; 4], &b"iTunSMPB"[..]].concat());
            let data = boxed(b"data", &[&[0; 8], text.as_bytes()].concat());
            let ilst = boxed(b"ilst", &boxed(b"----", &[name, data].concat()));
            let meta = boxed(b"meta", &[&[0; 4], &ilst[..]].concat());
            moov.extend(boxed(b"udta", &meta));
        }
        [boxed(b"ftyp", b"M4A "), boxed(b"moov", &moov)].concat()
    }

    fn read(file: Vec<u8>) -> Option<Gapless> {
        gapless(&mut Cursor::new(file), 44_100).unwrap()
    }

    #[test]
    fn edit_list_and_table_give_delay_and_length() {
        let expected = Gapless {
            skip_frames: 1024,
            frames: Some(44_100),
            understated: None,
            pieces: 1,
        };
        assert_eq!(read(file(1000, 1000, None)), Some(expected));
        assert_eq!(read(file(44_100, 44_100, None)), Some(expected));
    }

    #[test]
    fn an_edit_that_cuts_shortens() {
        let cut = read(file(44_100, 20_000, None)).unwrap();
        assert_eq!(cut.frames, Some(20_000));
    }

    #[test]
    fn the_itunes_tag_wins() {
        // 2112, 42,752 and 260 frames are the 45,124 that are coded.
        let smpb = " 00000000 00000840 00000104 000000000000A700 0 0";
        let expected = Gapless {
            skip_frames: 0x840,
            frames: Some(0xA700),
            understated: None,
            pieces: 1,
        };
        assert_eq!(read(file(1000, 1000, Some(smpb))), Some(expected));
        assert_eq!(
            read(file(1000, 1000, Some("rubbish"))).unwrap().skip_frames,
            1024
        );
    }

    #[test]
    fn an_itunes_tag_that_states_half_of_what_is_coded_does_not_cut_it() {
        let smpb = " 00000000 00000840 000001CA 0000000000003F31 0 0";
        let expected = Gapless {
            skip_frames: 0x840,
            frames: Some(45_124 - 0x840),
            understated: Some(0x3F31),
            pieces: 1,
        };
        assert_eq!(read(file(1000, 1000, Some(smpb))), Some(expected));
    }

    #[test]
    fn frames_in_fragments_are_counted() {
        let tkhd = boxed(b"tkhd", &words(&[0, 0, 0, 7]));
        let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 44_100, 0, 0]));
        let mut hdlr = words(&[0, 0]);
        hdlr.extend(b"soun");
        let mdia = boxed(b"mdia", &[mdhd, boxed(b"hdlr", &hdlr)].concat());
        let trak = boxed(b"trak", &[tkhd, mdia].concat());
        let mvhd = boxed(b"mvhd", &words(&[0, 0, 0, 1000, 0]));
        let mvex = boxed(b"mvex", &boxed(b"trex", &words(&[0, 7, 1, 1024, 0, 0])));
        let moov = boxed(b"moov", &[mvhd, trak, mvex].concat());
        let of_track = |id: u32, run: &[u32]| {
            let tfhd = boxed(b"tfhd", &words(&[0, id]));
            let traf = [tfhd, boxed(b"trun", &words(run))].concat();
            boxed(b"moof", &boxed(b"traf", &traf))
        };
        // Ten packets of the default length; two of their own, with a size each; another track.
        let by_default = of_track(7, &[1, 10, 0]);
        let by_sample = of_track(7, &[0x300, 2, 1024, 9, 500, 9]);
        let other = of_track(8, &[1, 99, 0]);
        let found = read([moov, by_default, by_sample, other].concat()).unwrap();
        assert_eq!(found.frames, Some(10 * 1024 + 1524));
    }

    #[test]
    fn every_cut_of_the_file_is_survived() {
        let whole = file(1000, 1000, Some(" 0 1 2 3"));
        for length in 0..whole.len() {
            let _ = gapless(&mut Cursor::new(&whole[..length]), 44_100);
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xFF;
            let _ = gapless(&mut Cursor::new(&broken), 44_100);
        }
    }
}
