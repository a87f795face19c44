//! Streams of frames with a mark and a length: MPEG audio and ADTS.

use std::io;

use super::Damage;
use super::window::Window;

/// Bytes of the longest header.
const HEADER_BYTES: usize = 7;
/// Whatever stands before the first frame or follows the last one may be this long before it counts
/// as sound that is lost: players' and encoders' own tags, the rest of a frame that a cut left.
const FOREIGN_BYTES: u64 = 8192;
/// How far the first frame is looked for: a file without one is no such stream.
const FIRST_FRAME_WITHIN_BYTES: u64 = 16 << 20;
/// Bytes that are looked through at a time; a window gives as many at once.
const PIECE_BYTES: usize = 64 * 1024;
/// The first byte of every header.
const MARK: u8 = 0xFF;
/// Frames in a row that make a stream of another kind than the one before.
const NEW_STREAM_FRAMES: usize = 3;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// What is the same in all frames of a stream.
    pub kind: u32,
    /// Length of the whole frame, bytes.
    pub bytes: usize,
    /// Length of its sound, frames.
    pub frames: u64,
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// Number of channels; 0 where the header leaves it open.
    pub channels: usize,
    /// Bytes before the coded sound, where the decoder takes that alone; else 0.
    pub skip_bytes: usize,
    /// Whether there is a decoder for it here.
    pub is_decodable: bool,
}

/// Reads the header at the start of some bytes; `None` for anything else.
pub(crate) type Parse = fn(&[u8]) -> Option<Header>;

/// A whole frame and its place in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub at: u64,
    pub header: Header,
}

/// Goes from frame to frame by their own lengths, to the end of the file.
pub(crate) struct Walker {
    window: Window,
    parse: Parse,
    at: u64,
    /// Kind of the frames so far.
    stream: Option<u32>,
    damage: Damage,
    ended: bool,
}

impl Walker {
    /// From `start` on.
    pub(super) fn new(window: Window, parse: Parse, start: u64) -> Self {
        Self {
            window,
            parse,
            at: start,
            stream: None,
            damage: Damage::default(),
            ended: false,
        }
    }

    /// What was passed over so far; complete at the end.
    pub(crate) fn damage(&self) -> &Damage {
        &self.damage
    }

    /// The bytes of a frame.
    pub(crate) fn bytes_of(&mut self, frame: &Frame) -> io::Result<&[u8]> {
        self.window.at(frame.at, frame.header.bytes)
    }

    /// The next whole frame. One of another kind than those before it is given too, where several
    /// of them follow each other.
    pub(crate) fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        while !self.ended && self.at < self.window.length() {
            let Some(stream) = self.stream else {
                self.find_first()?;
                continue;
            };
            if let Some(header) = self.header_at(self.at, Some(stream))? {
                let end = self.at + header.bytes as u64;
                if end > self.window.length() {
                    self.damage.cut_off_at_byte = Some(self.at);
                    break;
                }
                let at = std::mem::replace(&mut self.at, end);
                return Ok(Some(Frame { at, header }));
            } else if let Some(bytes) = self.tag_bytes(self.at)? {
                self.at += bytes;
            } else if let Some((next, kind)) = self.search(self.at, Some(stream))? {
                if next > self.at {
                    self.damage.add(self.at, next - self.at);
                }
                (self.at, self.stream) = (next, Some(kind));
            } else {
                if self.window.length() - self.at > FOREIGN_BYTES {
                    self.damage.cut_off_at_byte = Some(self.at);
                }
                break;
            }
        }
        self.ended = true;
        Ok(None)
    }

    /// Stands before the first frame, or at the end.
    fn find_first(&mut self) -> io::Result<()> {
        while let Some(bytes) = self.tag_bytes(self.at)? {
            self.at += bytes;
        }
        // A tag that was wiped leaves zeros.
        let start = self.skip_zeros(self.at)?;
        // A tag may also follow them.
        let mut from = start;
        while let Some(bytes) = self.tag_bytes(from)? {
            from += bytes;
        }
        match self.search(from, None)? {
            Some((first, kind)) => {
                if first - from > FOREIGN_BYTES {
                    self.damage.add(from, first - from);
                }
                (self.at, self.stream) = (first, Some(kind));
            }
            None => self.ended = true,
        }
        Ok(())
    }

    fn skip_zeros(&mut self, from: u64) -> io::Result<u64> {
        let mut at = from;
        while at < self.window.length() {
            let piece = self.window.at(at, PIECE_BYTES)?;
            match piece.iter().position(|byte| *byte != 0) {
                Some(zeros) => return Ok(at + zeros as u64),
                None if piece.is_empty() => break,
                None => at += piece.len() as u64,
            }
        }
        Ok(at)
    }

    fn header_at(&mut self, at: u64, stream: Option<u32>) -> io::Result<Option<Header>> {
        let header = (self.parse)(self.window.at(at, HEADER_BYTES)?);
        Ok(header.filter(|header| stream.is_none_or(|kind| kind == header.kind)))
    }

    /// The next place with a frame of the stream that another one, a tag or the end follows, or with
    /// several frames of another stream; and its kind.
    fn search(&mut self, from: u64, stream: Option<u32>) -> io::Result<Option<(u64, u32)>> {
        let end = match stream {
            None => from.saturating_add(FIRST_FRAME_WITHIN_BYTES),
            Some(_) => u64::MAX,
        };
        let end = end.min(self.window.length());
        let mut at = from;
        while at < end {
            let piece = self.window.at(at, PIECE_BYTES)?;
            match piece.iter().position(|byte| *byte == MARK) {
                Some(offset) => at += offset as u64,
                None => {
                    at += piece.len().max(1) as u64;
                    continue;
                }
            }
            if let Some(header) = self.header_at(at, None)? {
                let needed = if stream == Some(header.kind) {
                    2
                } else {
                    NEW_STREAM_FRAMES
                };
                if self.follow(at, header, needed)? {
                    return Ok(Some((at, header.kind)));
                }
            }
            at += 1;
        }
        Ok(None)
    }

    /// Whether so many frames of one kind follow each other, or fewer that end with a tag or with the
    /// file.
    fn follow(&mut self, at: u64, first: Header, needed: usize) -> io::Result<bool> {
        let mut end = at + first.bytes as u64;
        for _ in 1..needed {
            if end == self.window.length() || self.tag_bytes(end)?.is_some() {
                return Ok(true);
            }
            match self.header_at(end, Some(first.kind))? {
                Some(next) => end += next.bytes as u64,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Length of the tag that begins here: ID3v1 (with its extension), ID3v2, APEv2, Lyrics3.
    fn tag_bytes(&mut self, at: u64) -> io::Result<Option<u64>> {
        let left = self.window.length().saturating_sub(at);
        let head = self.window.at(at, 32)?;
        Ok(match head {
            [b'T', b'A', b'G', b'+', ..] if left == 227 + 128 => Some(227),
            [b'T', b'A', b'G', ..] if left == 128 => Some(128),
            // Between two streams that were joined.
            [b'T', b'A', b'G', ..] if left > 128 => {
                let behind = self.window.at(at + 128, 10)?;
                let goes_on = behind.starts_with(b"ID3") || (self.parse)(behind).is_some();
                goes_on.then_some(128)
            }
            [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] if (a | b | c | d) & 0x80 == 0 => {
                let footer_bytes = if flags & 0x10 == 0 { 0 } else { 10 };
                let size = [a, b, c, d].iter().fold(0_u64, |size, seven_bits| {
                    size << 7 | u64::from(**seven_bits)
                });
                Some((10 + size + footer_bytes).min(left))
            }
            _ if head.starts_with(b"APETAGEX") && head.len() == 32 => {
                // The size counts the items and the footer, not the header; at a footer alone it is
                // the end of the tag.
                let size = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
                let is_header = head[23] & 0x20 != 0;
                let bytes = if is_header { 32 + u64::from(size) } else { 32 };
                Some(bytes.min(left))
            }
            _ if head.starts_with(b"LYRICSBEGIN") => Some(left.saturating_sub(128).max(1)),
            _ => None,
        })
    }
}
