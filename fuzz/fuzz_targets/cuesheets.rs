//! Any bytes as a cue sheet, comments, markers or chapters of a file that is whole: its sound is decoded
//! to the last frame, also where reading is strict, and of one of eight what was understood is carried over.

#![no_main]

use std::sync::LazyLock;

use acetate_dsp::{Audio, Spec};
use acetate_fuzz::{as_file, carry_tags, count_frames, is_eighth, only_uncaught_panics_count};
use acetate_io::{
    Container, OpenOptions, OutputFormat, StageOptions, StagedFile, Tags, WordLength,
    open_without_helpers,
};
use libfuzzer_sys::fuzz_target;

const FRAMES: usize = 5000;
/// The mark and the stream information of a FLAC.
const FLAC_HEAD_BYTES: usize = 4 + 4 + 34;

/// A FLAC of our own: its head, and its frames.
static FLAC: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| match whole(Container::Flac) {
    Ok(bytes) => {
        let mut at = FLAC_HEAD_BYTES;
        while bytes.len() > at && bytes[at] != 0xFF {
            at += 4 + u32::from_be_bytes([0, bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
        }
        let (head, frames) = (&bytes[..FLAC_HEAD_BYTES], &bytes[at..]);
        let mut head = head.to_vec();
        head[4] = 0;
        (head, frames.to_vec())
    }
    Err(error) => panic!("{error}"),
});

fn whole(container: Container) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let spec = Spec {
        sample_rate_hz: 44_100,
        channels: 2,
    };
    let options = StageOptions::new(OutputFormat::new(container, WordLength::Bits16)?);
    let path = std::env::temp_dir().join(format!("acetate-whole-{}", std::process::id()));
    let mut staged = StagedFile::create(&path, spec, &options)?;
    // Of more bytes than an ID3v1 tag has: one that is found in the last 128 is left out.
    let ramp: Vec<f32> = (0..FRAMES)
        .map(|n| (n * n % 8191) as f32 / 32_768.0)
        .collect();
    staged.write_block(&Audio::new(44_100, vec![ramp.clone(), ramp])?)?;
    staged.finish_file()?;
    Ok(std::fs::read(staged.temporary_path())?)
}

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let Some((&kind, body)) = bytes.split_first() else {
        return;
    };
    let flac = |kind: u8| {
        let (head, frames) = &*FLAC;
        let size = (body.len() as u32).to_be_bytes();
        [head, &[kind | 0x80, size[1], size[2], size[3]][..], body, frames].concat()
    };
    let chunk = |id: &[u8], body: &[u8]| {
        let padding = &[0][..body.len() % 2];
        [id, &(body.len() as u32).to_le_bytes(), body, padding].concat()
    };
    let wave = |other: Vec<u8>| {
        let format = [1, 0, 2, 0, 0x44, 0xAC, 0, 0, 0x10, 0xB1, 2, 0, 4, 0, 16, 0];
        let data = chunk(b"data", &[0; FRAMES * 4]);
        let chunks = [b"WAVE".to_vec(), chunk(b"fmt ", &format), data, other].concat();
        chunk(b"RIFF", &chunks)
    };
    let file = match kind % 12 {
        0..4 => flac(5),
        4 => flac(4),
        5 => flac(2),
        6 => flac(6),
        7 => wave(chunk(b"cue ", body)),
        8 => wave([chunk(b"cue ", &body[..body.len().min(52)]), chunk(b"LIST", body)].concat()),
        9 => wave(chunk(b"smpl", body)),
        10 => wave(chunk(b"id3 ", body)),
        _ => wave(chunk(b"bext", body)),
    };
    let path = as_file(&file);
    let mut decoder = open_without_helpers(&path, &OpenOptions { strict: true }).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(count_frames(&mut decoder), Some(FRAMES as u64));
    if is_eighth(bytes) {
        carry_tags(&path);
    } else {
        let _ = Tags::read(&path);
    }
});
