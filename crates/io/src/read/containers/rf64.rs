//! RF64 and BW64 reader: RIFF with 64-bit sizes (EBU Tech 3306; ITU-R BS.2088), which symphonia
//! does not read. Integer PCM of 8 to 32 bits and float of 32 and 64 bits.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::DecodeWarning;
use crate::read::containers::pcm::SampleFormat;
use crate::read::step::{Facts, Fault, Step};

/// Frames that one step decodes.
const STEP_FRAMES: u64 = 4096;
/// Largest `fmt ` or `ds64` chunk that is looked into; both are below 100 bytes in practice.
const MAX_HEADER_CHUNK_BYTES: u64 = 64 * 1024;
/// Most chunks that are looked at for sound.
const MAX_CHUNKS: usize = 4096;
/// A 32-bit size that says "see ds64" (or, in a plain WAV from a pipe, "unknown").
const SIZE_ELSEWHERE: u32 = u32::MAX;

/// Tail of the GUIDs of WAVEFORMATEXTENSIBLE whose first two bytes are a format tag
/// (KSDATAFORMAT_SUBTYPE_*).
pub(crate) const SUBTYPE_TAIL: [u8; 14] = [
    0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
];

/// What the header says.
struct Layout {
    format: SampleFormat,
    bits: u32,
    channels: u64,
    sample_rate_hz: u32,
    /// Frames by the header; `None` when it leaves the length open.
    stated_frames: Option<u64>,
    data_start: u64,
    /// Whole frames that are really there, in the first chunk of sound.
    frames: u64,
    /// Where further ones begin, and their whole frames.
    more: Vec<(u64, u64)>,
    /// The data chunk ends with a frame, and all of it is there.
    is_plain: bool,
}

impl Layout {
    fn more_frames(&self) -> u64 {
        self.more.iter().map(|(_, frames)| frames).sum()
    }
}

/// Reads frames off the data chunk, or the chunks one after the other.
pub(crate) struct Rf64Reader {
    reader: BufReader<File>,
    layout: Layout,
    frames_left: u64,
    /// How many of the further chunks of sound were begun.
    begun: usize,
    bytes: Vec<u8>,
}

impl Rf64Reader {
    /// Reads the header and stands before the first frame. `container` is its name for reports.
    pub(crate) fn open(file: File, container: &str) -> Result<(Self, Facts), Fault> {
        Self::open_with(file, container, false)
    }

    /// As [`open`](Self::open) for a plain WAV whose header was never completed: the sound is
    /// whatever follows it.
    pub(crate) fn open_unfinished(file: File) -> Result<(Self, Facts), Fault> {
        Self::open_with(file, "wave", true)
    }

    /// As [`open`](Self::open) for a plain WAV, where nothing about it is unusual: whole frames of
    /// integer or float samples that are all there. `None` for any other.
    pub(crate) fn open_regular(file: File) -> Result<Option<(Self, Facts)>, Fault> {
        let file_bytes = file.metadata()?.len();
        let layout = match read_layout(&mut BufReader::new(file.try_clone()?), file_bytes, false) {
            Ok(layout) => layout,
            Err(Fault::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(Fault::Io(error));
            }
            Err(_) => return Ok(None),
        };
        let is_whole = layout.frames > 0 && layout.stated_frames == Some(layout.frames);
        if !is_whole || !layout.is_plain {
            return Ok(None);
        }
        Self::open(file, "wave").map(Some)
    }

    fn open_with(file: File, container: &str, unfinished: bool) -> Result<(Self, Facts), Fault> {
        let file_bytes = file.metadata()?.len();
        let mut reader = BufReader::new(file);
        let layout = read_layout(&mut reader, file_bytes, unfinished)?;
        reader.seek(SeekFrom::Start(layout.data_start))?;
        let facts = Facts {
            container: container.to_owned(),
            codec: layout.format.codec().to_owned(),
            lossy: layout.format.is_lossy(),
            bits_per_sample: Some(layout.bits),
            frames: Some(layout.stated_frames.unwrap_or(layout.frames) + layout.more_frames()),
            delay_frames: 0,
            states_trim: false,
            damage: unfinished
                .then_some(DecodeWarning::Unfinished)
                .into_iter()
                .collect(),
        };
        let this = Self {
            reader,
            frames_left: layout.frames,
            begun: 0,
            layout,
            bytes: Vec::new(),
        };
        Ok((this, facts))
    }

    /// Sample rate and channels.
    pub(crate) fn spec(&self) -> (u32, usize) {
        // One or two channels: checked by `read_fmt`.
        (self.layout.sample_rate_hz, self.layout.channels as usize)
    }

    /// Fills `planes`, which are empty, with the next frames.
    pub(crate) fn step(&mut self, planes: &mut Vec<Vec<f32>>) -> Result<Step, Fault> {
        if self.frames_left == 0 {
            let Some((start, frames)) = self.layout.more.get(self.begun) else {
                return Ok(Step::End);
            };
            self.reader.seek(SeekFrom::Start(*start))?;
            self.frames_left = *frames;
            self.begun += 1;
        }
        let frames = self.frames_left.min(STEP_FRAMES);
        planes.resize_with(self.layout.channels as usize, Vec::new);
        // At most 4096 frames of two channels of 8 bytes.
        let bytes = frames * frame_bytes(self.layout.format, self.layout.channels);
        self.bytes.resize(bytes as usize, 0);
        self.reader.read_exact(&mut self.bytes)?;
        self.layout.format.deinterleave(&self.bytes, planes);
        self.frames_left -= frames;
        Ok(Step::Frames)
    }
}

fn frame_bytes(format: SampleFormat, channels: u64) -> u64 {
    format.bytes() as u64 * channels
}

/// One chunk's place in the file, its size already resolved through `ds64`.
struct Chunk {
    id: [u8; 4],
    start: u64,
    /// `None`: up to the end of the file.
    bytes: Option<u64>,
}

/// 64-bit sizes (EBU Tech 3306, ds64 chunk).
#[derive(Default)]
struct Ds64 {
    data_bytes: u64,
    table: Vec<([u8; 4], u64)>,
}

/// Calls `visit` for every chunk until it returns true. Broken sizes end the walk.
fn walk(
    reader: &mut BufReader<File>,
    file_bytes: u64,
    mut visit: impl FnMut(&mut BufReader<File>, &Chunk) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let mut ds64 = Ds64::default();
    let mut position = 12;
    while position + 8 <= file_bytes {
        reader.seek(SeekFrom::Start(position))?;
        let mut header = [0; 8];
        reader.read_exact(&mut header)?;
        let id = [header[0], header[1], header[2], header[3]];
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let start = position + 8;
        let bytes = if size != SIZE_ELSEWHERE {
            Some(u64::from(size))
        } else if &id == b"data" {
            Some(ds64.data_bytes).filter(|bytes| *bytes > 0)
        } else {
            let entry = ds64.table.iter().find(|(name, _)| *name == id);
            entry.map(|(_, bytes)| *bytes)
        };
        if &id == b"ds64" {
            ds64 = read_ds64(reader, bytes.unwrap_or(0))?;
        }
        if visit(reader, &Chunk { id, start, bytes })? {
            return Ok(());
        }
        // Chunks are padded to an even size.
        let next = bytes.and_then(|bytes| start.checked_add(bytes)?.checked_add(bytes & 1));
        let Some(next) = next else {
            return Ok(());
        };
        position = next;
    }
    Ok(())
}

fn read_ds64(reader: &mut BufReader<File>, bytes: u64) -> Result<Ds64, Fault> {
    let mut body = Vec::new();
    reader
        .take(bytes.min(MAX_HEADER_CHUNK_BYTES))
        .read_to_end(&mut body)?;
    // riffSize, dataSize, sampleCount (64 bits each), table length (32 bits), then the table.
    if body.len() < 24 {
        return Err(Fault::malformed("a ds64 chunk of fewer than 24 bytes"));
    }
    let table = body.get(28..).unwrap_or_default();
    let (entries, _) = table.as_chunks::<12>();
    Ok(Ds64 {
        data_bytes: u64_at(&body, 8),
        table: entries
            .iter()
            .map(|entry| ([entry[0], entry[1], entry[2], entry[3]], u64_at(entry, 4)))
            .collect(),
    })
}

fn read_layout(
    reader: &mut BufReader<File>,
    file_bytes: u64,
    unfinished: bool,
) -> Result<Layout, Fault> {
    let mut fmt = None;
    let mut data = None;
    let mut more = Vec::new();
    let mut chunks = 0;
    walk(reader, file_bytes, |reader, chunk| {
        match &chunk.id {
            b"fmt " => {
                let mut body = Vec::new();
                let bytes = chunk.bytes.unwrap_or(0).min(MAX_HEADER_CHUNK_BYTES);
                reader.take(bytes).read_to_end(&mut body)?;
                fmt = Some(read_fmt(&body)?);
            }
            b"data" if data.is_none() => {
                data = Some((chunk.start, chunk.bytes.filter(|_| !unfinished)));
            }
            b"data" => more.extend(chunk.bytes.map(|bytes| (chunk.start, bytes))),
            _ => {}
        }
        chunks += 1;
        // What follows sound of unknown length is that sound.
        let is_open = matches!(data, Some((_, None)));
        Ok(fmt.is_some() && (is_open || chunks > MAX_CHUNKS))
    })?;
    let Fmt {
        format,
        bits,
        channels,
        sample_rate_hz,
    } = fmt.ok_or_else(|| Fault::malformed("no fmt chunk"))?;
    let (data_start, stated_bytes) = data.ok_or_else(|| Fault::malformed("no data chunk"))?;
    let frame_bytes = frame_bytes(format, channels);
    let available = file_bytes.saturating_sub(data_start);
    let bytes = stated_bytes.map_or(available, |stated| stated.min(available));
    let more = more.into_iter().map(|(start, bytes)| {
        let there = bytes.min(file_bytes.saturating_sub(start));
        (start, there / frame_bytes)
    });
    Ok(Layout {
        more: more.filter(|(_, frames)| *frames > 0).collect(),
        format,
        bits,
        channels,
        sample_rate_hz,
        stated_frames: stated_bytes.map(|stated| stated / frame_bytes),
        data_start,
        frames: bytes / frame_bytes,
        is_plain: stated_bytes == Some(bytes) && bytes % frame_bytes == 0,
    })
}

/// What a `fmt ` chunk says.
struct Fmt {
    format: SampleFormat,
    bits: u32,
    channels: u64,
    sample_rate_hz: u32,
}

fn read_fmt(body: &[u8]) -> Result<Fmt, Fault> {
    if body.len() < 16 {
        return Err(Fault::malformed("a fmt chunk of fewer than 16 bytes"));
    }
    let mut tag = u16_at(body, 0);
    let channels = u64::from(u16_at(body, 2));
    if !(1..=2).contains(&channels) {
        return Err(Fault::Channels(channels));
    }
    let sample_rate_hz = u32::from(u16_at(body, 4)) | u32::from(u16_at(body, 6)) << 16;
    let block_align = u64::from(u16_at(body, 12));
    let mut bits = u32::from(u16_at(body, 14));
    // Samples lie in whole bytes, at their upper end: in those of a frame by its length.
    let container_bits = match u32::try_from(block_align / channels * 8) {
        Ok(by_frame @ 1..=64) if by_frame >= bits && tag != 3 => by_frame,
        _ => bits.next_multiple_of(8),
    };
    if tag == 0xFFFE {
        let guid = body
            .get(24..40)
            .ok_or_else(|| Fault::malformed("an extensible fmt chunk of fewer than 40 bytes"))?;
        if guid[2..] != SUBTYPE_TAIL {
            return Err(Fault::unsupported("RF64 with an unknown sample type"));
        }
        tag = u16_at(guid, 0);
        let valid_bits = u32::from(u16_at(body, 18));
        if (1..=bits).contains(&valid_bits) {
            bits = valid_bits;
        }
    }
    let format = match (tag, container_bits) {
        (1, 8) => SampleFormat::U8,
        (1, 16) => SampleFormat::S16,
        (1, 24) => SampleFormat::S24,
        (1, 32) => SampleFormat::S32,
        (6, 8) => SampleFormat::ALaw,
        (7, 8) => SampleFormat::MuLaw,
        (3, 32) => SampleFormat::F32,
        (3, 64) => SampleFormat::F64,
        _ => {
            let found = format!("RF64 with samples of type {tag:#06x} and {bits} bits");
            return Err(Fault::unsupported(found));
        }
    };
    if block_align != frame_bytes(format, channels) {
        return Err(Fault::malformed(format!(
            "frames of {block_align} bytes for {channels} channels of {bits} bits"
        )));
    }
    Ok(Fmt {
        format,
        bits,
        channels,
        sample_rate_hz,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8]
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// What a plain WAV's header says, read before symphonia computes with it (its arithmetic
/// overflows beyond some dozens of channels).
#[derive(Default)]
pub(crate) struct WaveOutline {
    /// Channels by the first `fmt ` chunk.
    pub channels: Option<u64>,
    /// The sample type by that chunk.
    pub format_tag: u64,
    /// Where the data chunk's bytes begin and end.
    pub data: (u64, u64),
    /// The data chunk states no bytes, and what follows it is no chunk: a recording whose header
    /// was never completed.
    pub unfinished: bool,
    /// The data chunk states more than the whole file: symphonia refuses that.
    pub overlong: bool,
}

/// Reads a plain WAV's outline. The position is put back to the start.
pub(crate) fn wave_outline(file: &File) -> io::Result<WaveOutline> {
    let file_bytes = file.metadata()?.len();
    let mut reader = BufReader::new(file.try_clone()?);
    let mut outline = WaveOutline::default();
    let mut empty_data_end = None;
    let mut riff_bytes = [0; 4];
    reader.seek(SeekFrom::Start(4))?;
    let riff_end = match reader.read_exact(&mut riff_bytes) {
        Ok(()) => 8 + u64::from(u32::from_le_bytes(riff_bytes)),
        Err(_) => 0,
    };
    let walked = walk(&mut reader, file_bytes, |reader, chunk| {
        if &chunk.id == b"fmt " && outline.channels.is_none() {
            let mut body = [0; 4];
            reader.read_exact(&mut body)?;
            outline.format_tag = u64::from(u16_at(&body, 0));
            outline.channels = Some(u64::from(u16_at(&body, 2)));
        }
        if &chunk.id == b"data" {
            empty_data_end = chunk.bytes.filter(|bytes| *bytes == 0).map(|_| chunk.start);
            let end = chunk.bytes.map(|bytes| chunk.start.saturating_add(bytes));
            outline.data = (chunk.start, end.unwrap_or(file_bytes).min(file_bytes));
            outline.overlong = end.is_some_and(|end| end > riff_end && end > file_bytes);
        }
        Ok(&chunk.id == b"data")
    });
    if let Some(end) = empty_data_end
        && file_bytes > end
    {
        let mut next_id = [0; 4];
        reader.seek(SeekFrom::Start(end))?;
        let is_chunk = reader.read_exact(&mut next_id).is_ok()
            && next_id.iter().all(|byte| (0x20..0x7F).contains(byte));
        outline.unfinished = !is_chunk;
    }
    reader.seek(SeekFrom::Start(0))?;
    match walked {
        Err(Fault::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(outline),
    }
}

/// Every chunk of a WAV, RF64 or BW64: its name, where its body begins, and how many bytes of it are there.
pub(crate) fn each_chunk(file: &File) -> io::Result<Vec<([u8; 4], u64, u64)>> {
    let file_bytes = file.metadata()?.len();
    let mut reader = BufReader::new(file.try_clone()?);
    let mut chunks = Vec::new();
    let walked = walk(&mut reader, file_bytes, |_, chunk| {
        let left = file_bytes - chunk.start;
        chunks.push((chunk.id, chunk.start, chunk.bytes.unwrap_or(left).min(left)));
        Ok(chunks.len() >= MAX_CHUNKS)
    });
    match walked {
        Err(Fault::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(chunks),
    }
}

/// Appends a chunk with its padding.
pub(crate) fn push_chunk(out: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    out.extend(id);
    // Bodies here are tags and headers, of at most what is carried over in all.
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}
