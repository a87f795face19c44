//! What a file is by its first bytes: for errors that say what was found, and so that a picture
//! or a text is never mistaken for MP3 (whose only mark is eleven bits).

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are looked at.
const HEAD_BYTES: u64 = 4096;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RF64 or BW64, which this crate reads itself.
    Rf64,
    /// A WAV.
    Wave,
    /// A WAV whose writer could not go back to fill in the sizes (a pipe).
    StreamedWave,
    /// Perhaps something that can be decoded.
    Candidate,
    Ogg,
    Aiff,
    Caf,
    /// FLAC, whose mark stands at this byte.
    Flac {
        start: u64,
    },
    /// Perhaps frames of MPEG audio or ADTS, which say nothing of the whole; tags or zeros end at this
    /// byte.
    Elementary {
        start: u64,
    },
    /// Something else, in words; and whether it is audio that can be converted.
    Other(&'static str, bool),
}

/// Most tags, and zeros between them, before the sound; a file has one or two.
const MAX_TAGS: usize = 256;
/// Most zeros that are read past.
pub(crate) const MAX_ZERO_BYTES: u64 = 64 << 20;
/// Fewer bytes are no stream of frames.
const SHORTEST_STREAM_BYTES: usize = 16;

/// Marks of containers that the decoder's demuxers read: offset and bytes.
const CONTAINERS: &[(usize, &[u8])] = &[
    (0, b"RIFF"),
    (0, b"FORM"),
    (0, b"OggS"),
    (0, b"caff"),
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"free"),
    (4, b"skip"),
    (4, b"wide"),
    (4, b"styp"),
    (4, b"moof"),
];

/// Marks of formats that are not decoded here: offset, bytes, name, whether it can be converted.
const MARKS: &[(usize, &[u8], &str, bool)] = &[
    (0, b"\x1A\x45\xDF\xA3", "Matroska or WebM", true),
    (
        0,
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11",
        "Windows Media (WMA, ASF)",
        true,
    ),
    (0, b"wvpk", "WavPack", true),
    (0, b"MAC ", "Monkey's Audio", true),
    (0, b"TTA1", "True Audio", true),
    (0, b"MPCK", "Musepack", true),
    (0, b"MP+", "Musepack", true),
    (0, b"DSD ", "DSD (DSF)", true),
    (0, b"FRM8", "DSD (DFF)", true),
    (0, b".snd", "Sun AU", true),
    (0, b"riff\x2E\x91\xCF\x11", "Sony Wave64", true),
    (0, b"#!AMR", "AMR", true),
    (0, b"FLV\x01", "Flash video", true),
    (0, b"\x0B\x77", "AC-3 or E-AC-3", true),
    (0, b"\x7F\xFE\x80\x01", "DTS", true),
    (0, b"DTSHDHDR", "DTS-HD", true),
    (4, b"\xF8\x72\x6F\xBA", "TrueHD", true),
    (4, b"\xF8\x72\x6F\xBB", "MLP", true),
    (0, b"tBaK", "TAK", true),
    (0, b"ajkg", "Shorten", true),
    (0, b"Creative Voice File\x1A", "Creative Voice", true),
    (0, b".RMF", "RealMedia", true),
    (0, b"NIST_1A", "NIST Sphere", true),
    (0, b"\x00\x00\x01\xBA", "an MPEG program stream", true),
    (8, b"8SVX", "Amiga 8SVX", true),
    (0, b"MThd", "a MIDI score", false),
    (8, b"AVI ", "AVI video", true),
    (8, b"WEBP", "a WebP picture", false),
    (0, b"\xFF\xD8\xFF", "a JPEG picture", false),
    (0, b"\x89PNG\r\n\x1A\n", "a PNG picture", false),
    (0, b"GIF8", "a GIF picture", false),
    (0, b"%PDF", "a PDF document", false),
    (0, b"PK\x03\x04", "a ZIP archive", false),
    (0, b"\x1F\x8B", "gzip-compressed data", false),
    (0, b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive", false),
    (0, b"Rar!", "a RAR archive", false),
    (0, b"\x7FELF", "a program", false),
];

/// Looks at the first bytes and goes back to the start.
pub(crate) fn sniff(file: &mut (impl Read + Seek)) -> io::Result<Kind> {
    let kind = look(file);
    file.seek(SeekFrom::Start(0))?;
    kind
}

fn look(file: &mut (impl Read + Seek)) -> io::Result<Kind> {
    let mut start = 0;
    for _ in 0..MAX_TAGS {
        let head = head_at(file, start)?;
        // Players read past the zeros of a tag that was wiped, and past any number of tags.
        let next = match id3v2_bytes(&head) {
            Some(bytes) => start + bytes,
            None if is_zeros(&head) => match zeros_end(file, start)? {
                Some(end) => end,
                None => return Ok(Kind::Other("nothing but zero bytes", false)),
            },
            None => return Ok(classify(&head, start)),
        };
        if head_at(file, next)?.is_empty() {
            // A tag that goes on behind the end of the file.
            return Ok(classify(&head, start));
        }
        start = next;
    }
    Ok(classify(&head_at(file, start)?, start))
}

/// Where the tags and zeros before the sound end as far as the file goes; `None` where all that is left are
/// zeros.
pub(crate) fn sound_start(file: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    let mut start = 0;
    for _ in 0..MAX_TAGS {
        let head = head_at(file, start)?;
        start = match id3v2_bytes(&head) {
            Some(bytes) => start + bytes,
            None if is_zeros(&head) => match zeros_end(file, start)? {
                Some(end) => end,
                None => return Ok(None),
            },
            None => break,
        };
    }
    Ok(Some(start))
}

fn head_at(file: &mut (impl Read + Seek), at: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

fn is_zeros(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0)
}

/// Where the zeros end; `None` where they do not.
fn zeros_end(file: &mut (impl Read + Seek), start: u64) -> io::Result<Option<u64>> {
    let mut at = start;
    while at - start < MAX_ZERO_BYTES {
        let piece = head_at(file, at)?;
        match piece.iter().position(|byte| *byte != 0) {
            Some(zeros) => return Ok(Some(at + zeros as u64)),
            None if piece.is_empty() => return Ok(None),
            None => at += piece.len() as u64,
        }
    }
    Ok(None)
}

/// Length of the ID3v2 tag that begins here (ID3v2.4 structure, 3.1).
fn id3v2_bytes(head: &[u8]) -> Option<u64> {
    let &[b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = head else {
        return None;
    };
    if (a | b | c | d) & 0x80 != 0 {
        return None;
    }
    let bytes = [a, b, c, d]
        .iter()
        .fold(0, |size, seven_bits| size << 7 | u64::from(*seven_bits));
    Some(10 + bytes + if flags & 0x10 == 0 { 0 } else { 10 })
}

/// `start`: where in the file these bytes stand.
fn classify(head: &[u8], start: u64) -> Kind {
    if head.is_empty() {
        return Kind::Other("an empty file", false);
    }
    let at = |offset: usize, mark: &[u8]| head.get(offset..offset + mark.len()) == Some(mark);
    if (at(0, b"RF64") || at(0, b"BW64")) && at(8, b"WAVE") {
        return Kind::Rf64;
    }
    if at(0, b"RIFF\xFF\xFF\xFF\xFF") && at(8, b"WAVE") {
        return Kind::StreamedWave;
    }
    if at(0, b"RIFF") && at(8, b"WAVE") {
        return Kind::Wave;
    }
    if let Some((.., name, convertible)) = MARKS.iter().find(|(offset, mark, ..)| at(*offset, mark))
    {
        return Kind::Other(name, *convertible);
    }
    if at(0, b"OggS") && head.windows(8).any(|window| window == b"OpusHead") {
        return Kind::Other("Opus", true);
    }
    if at(0, b"OggS") && head.windows(8).any(|window| window == b"Speex   ") {
        return Kind::Other("Speex", true);
    }
    // Packets of 188 bytes, some behind a time stamp of 4.
    if let Some(first) = [0, 4].iter().find(|first| at(**first, b"\x47"))
        && (1..4).all(|packet| at(first + packet * (188 + first), b"\x47"))
    {
        return Kind::Other("an MPEG transport stream", true);
    }
    if is_free_format(head) {
        return Kind::Other(
            "free-format MP3 (neither Acetate nor ffmpeg decodes it: lame --decode does)",
            false,
        );
    }
    if is_text(head) {
        return Kind::Other("text", false);
    }
    if at(0, b"fLaC") {
        return Kind::Flac { start };
    }
    if start == 0 {
        match head {
            [b'O', b'g', b'g', b'S', ..] => return Kind::Ogg,
            [b'c', b'a', b'f', b'f', ..] => return Kind::Caf,
            [
                b'F',
                b'O',
                b'R',
                b'M',
                _,
                _,
                _,
                _,
                b'A',
                b'I',
                b'F',
                b'C' | b'F',
                ..,
            ] => {
                return Kind::Aiff;
            }
            _ => {}
        }
    }
    let has_mark = CONTAINERS.iter().any(|(offset, mark)| at(*offset, mark));
    if has_mark || head.len() < SHORTEST_STREAM_BYTES {
        return Kind::Candidate;
    }
    Kind::Elementary { start }
}

/// A header of MPEG audio, layer III, that leaves its bit rate open (ISO 11172-3, 2.4.2.3).
fn is_free_format(head: &[u8]) -> bool {
    let &[0xFF, second, third, fourth, ..] = head else {
        return false;
    };
    let is_layer_3 = second & 0xE6 == 0xE2 && second & 0x18 != 0x08;
    is_layer_3 && third & 0xF0 == 0 && third & 0x0C != 0x0C && fourth & 0x03 != 0x02
}

/// Only printable characters and white space, as UTF-8 that may be cut at the end.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    // The marks of containers are letters too: a file that is cut short right behind its mark is
    // broken audio, not text.
    let marks = ["RIFF", "FORM", "fLaC", "OggS", "caff", "ID3"];
    !marks.iter().any(|mark| valid.starts_with(mark))
        && valid.chars().all(|c| !c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_sees() {
        let kind = |bytes: &[u8]| sniff(&mut io::Cursor::new(bytes)).unwrap();
        assert_eq!(kind(b""), Kind::Other("an empty file", false));
        assert_eq!(kind("Grüße\n".as_bytes()), Kind::Other("text", false));
        assert_eq!(kind(b"RF64\xFF\xFF\xFF\xFFWAVE"), Kind::Rf64);
        assert_eq!(kind(b"RIFF\xFF\xFF\xFF\xFFWAVE"), Kind::StreamedWave);
        assert_eq!(kind(b"RIFF\x24\0\0\0WAVEfmt "), Kind::Wave);
        assert_eq!(kind(b"RIFF"), Kind::Candidate);
        let free = kind(&[0xFF, 0xFB, 0x00, 0x64, 0, 0, 0, 0]);
        assert!(matches!(free, Kind::Other(name, false) if name.starts_with("free-format")));
        assert_eq!(kind(b"wvpk\0\0"), Kind::Other("WavPack", true));
        let packet = [&[0x47, 0x40, 0, 0x10][..], &[0xFF; 184]].concat();
        let stream = Kind::Other("an MPEG transport stream", true);
        assert_eq!(kind(&packet.repeat(5)), stream);
        let stamped = [&[1, 2, 3, 4][..], &packet].concat();
        assert_eq!(kind(&stamped.repeat(5)), stream);
        assert_eq!(
            kind(&[0; 10_000]),
            Kind::Other("nothing but zero bytes", false)
        );
    }

    #[test]
    fn tags_and_zeros_before_the_sound_are_read_past() {
        let frame = [0xFF, 0xFB, 0x90, 0x64].repeat(8);
        let tag = b"ID3\x04\0\0\0\0\0\x05hello";
        let zeros = vec![0; 9_000];
        let cases: [(&[&[u8]], Kind); 4] = [
            (&[&frame], Kind::Elementary { start: 0 }),
            (&[&zeros, &frame], Kind::Elementary { start: 9_000 }),
            (
                &[tag, &zeros, tag, &frame],
                Kind::Elementary { start: 9_030 },
            ),
            (&[tag, b"fLaC\0\0\0\x22"], Kind::Flac { start: 15 }),
        ];
        for (parts, expected) in cases {
            let file = parts.concat();
            assert_eq!(sniff(&mut io::Cursor::new(file)).unwrap(), expected);
        }
    }
}
