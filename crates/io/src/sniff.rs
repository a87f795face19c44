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
    /// Something else, in words; and whether it is audio that can be converted.
    Other(&'static str, bool),
}

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
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(classify(&head))
}

fn classify(head: &[u8]) -> Kind {
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
    if is_text(head) {
        return Kind::Other("text", false);
    }
    if head.iter().all(|byte| *byte == 0) {
        return Kind::Other("nothing but zero bytes", false);
    }
    Kind::Candidate
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
        assert_eq!(classify(b""), Kind::Other("an empty file", false));
        assert_eq!(classify("Grüße\n".as_bytes()), Kind::Other("text", false));
        assert_eq!(classify(b"RF64\xFF\xFF\xFF\xFFWAVE"), Kind::Rf64);
        assert_eq!(classify(b"RIFF\xFF\xFF\xFF\xFFWAVE"), Kind::StreamedWave);
        assert_eq!(classify(b"RIFF\x24\0\0\0WAVEfmt "), Kind::Wave);
        assert_eq!(classify(b"RIFF"), Kind::Candidate);
        assert_eq!(classify(b"wvpk\0\0"), Kind::Other("WavPack", true));
    }
}
