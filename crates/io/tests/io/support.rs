//! Signals and files made in code.

use std::path::{Path, PathBuf};

use acetate_dsp::read_all;
use acetate_dsp::signal::Random;
use acetate_dsp::{Audio, Sink, Source, Spec};
use acetate_io::{Decoder, OpenOptions, OutputFormat, StageOptions, StagedFile, open};

pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Noise on the grid of `bits` (25: any float in -2..2), the same for the same arguments.
pub fn noise(sample_rate_hz: u32, channels: usize, frames: usize, bits: u32) -> Audio {
    let mut random = Random::new(1);
    let mut next = || (random.bits() >> 32) as i32;
    let channels = (0..channels)
        .map(|_| {
            (0..frames)
                .map(|_| match bits {
                    16 => (next() >> 16) as f32 / 32_768.0,
                    24 => (next() >> 8) as f32 / 8_388_608.0,
                    _ => next() as f32 / 1_073_741_824.0,
                })
                .collect()
        })
        .collect();
    Audio::new(sample_rate_hz, channels).unwrap()
}

/// A soft sweep on the 16-bit grid, kind to lossy codecs.
pub fn sweep(sample_rate_hz: u32, channels: usize, frames: usize) -> Audio {
    let channel = |channel: usize| {
        (0..frames)
            .map(|n| {
                let t = n as f64 / f64::from(sample_rate_hz);
                let phase = (300.0 + 200.0 * channel as f64) * t + 400.0 * t * t;
                ((phase * std::f64::consts::TAU).sin() * 8192.0).round() as f32 / 32_768.0 + 0.0
            })
            .collect()
    };
    Audio::new(sample_rate_hz, (0..channels).map(channel).collect()).unwrap()
}

pub fn spec(audio: &Audio) -> Spec {
    Spec {
        sample_rate_hz: audio.sample_rate_hz(),
        channels: audio.channel_count(),
    }
}

/// Stages `audio` in blocks of `block_frames`.
pub fn stage(
    path: &Path,
    audio: &Audio,
    options: &StageOptions,
    block_frames: usize,
) -> StagedFile {
    let mut staged = StagedFile::create(path, spec(audio), options).unwrap();
    let mut at = 0;
    while at < audio.frames() {
        staged.write(&audio.slice(at, at + block_frames)).unwrap();
        at += block_frames;
    }
    staged.finish().unwrap();
    staged
}

pub fn write(path: &Path, audio: &Audio, format: OutputFormat) -> PathBuf {
    stage(path, audio, &StageOptions::new(format), 4096)
        .commit(true)
        .unwrap()
}

pub fn decoder(path: &Path) -> Decoder {
    open(path, &OpenOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

pub fn decode(path: &Path) -> Audio {
    read_all(&mut decoder(path)).unwrap_or_else(|error| panic!("{error}"))
}

/// Equal bits, so that NaN equals itself.
pub fn assert_same_bits(got: &Audio, expected: &Audio) {
    assert_eq!(got.sample_rate_hz(), expected.sample_rate_hz());
    assert_eq!(got.channel_count(), expected.channel_count());
    assert_eq!(got.frames(), expected.frames());
    for (got, expected) in got.channels().iter().zip(expected.channels()) {
        let differs = got
            .iter()
            .zip(expected)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None);
    }
}

pub fn rewind_and_read(decoder: &mut Decoder, block_frames: usize) -> Audio {
    decoder.rewind().unwrap();
    let spec = decoder.spec();
    let mut all = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    loop {
        let frames = decoder.read(&mut block, block_frames).unwrap();
        assert!(frames <= block_frames && block.frames() == frames);
        if frames == 0 {
            return all;
        }
        all.append(&block);
    }
}

/// A chunk with its padding.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}

pub fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let align = channels.wrapping_mul(bits / 8);
    let mut body = Vec::new();
    body.extend(tag.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(rate.to_le_bytes());
    body.extend(rate.wrapping_mul(u32::from(align)).to_le_bytes());
    body.extend(align.to_le_bytes());
    body.extend(bits.to_le_bytes());
    body
}

pub fn extensible(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let mut body = fmt(0xFFFE, channels, rate, bits);
    body.extend(22_u16.to_le_bytes());
    body.extend(bits.to_le_bytes());
    body.extend(((1_u32 << channels) - 1).to_le_bytes());
    body.extend(tag.to_le_bytes());
    body.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    body
}

pub fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut body = b"WAVE".to_vec();
    body.extend(chunks.concat());
    chunk(b"RIFF", &body)
}

pub fn wave(fmt: &[u8], data: &[u8]) -> Vec<u8> {
    riff(&[chunk(b"fmt ", fmt), chunk(b"data", data)])
}

/// RF64 with a ds64 chunk; `data_bytes` is what it says, `data` what is there.
pub fn rf64(form: &[u8; 4], fmt: &[u8], data_bytes: u64, data: &[u8]) -> Vec<u8> {
    let mut ds64 = Vec::new();
    ds64.extend((data.len() as u64 + 100).to_le_bytes());
    ds64.extend(data_bytes.to_le_bytes());
    ds64.extend([0; 12]);
    let mut out = form.to_vec();
    out.extend(u32::MAX.to_le_bytes());
    out.extend(b"WAVE");
    out.extend(chunk(b"ds64", &ds64));
    out.extend(chunk(b"fmt ", fmt));
    out.extend(b"data");
    out.extend(u32::MAX.to_le_bytes());
    out.extend(data);
    out
}

pub fn save(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Interleaved bytes of a signal in a WAV sample format (tag, bits).
pub fn encode(audio: &Audio, tag: u16, bits: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for n in 0..audio.frames() {
        for channel in audio.channels() {
            let x = f64::from(channel[n]);
            match (tag, bits) {
                (1, 8) => bytes.push((x * 128.0 + 128.0) as u8),
                (1, 16) => bytes.extend(((x * 32_768.0) as i16).to_le_bytes()),
                (1, 24) => bytes.extend(&((x * 8_388_608.0) as i32).to_le_bytes()[..3]),
                (1, 32) => bytes.extend(((x * 2_147_483_648.0) as i32).to_le_bytes()),
                (3, 32) => bytes.extend((x as f32).to_le_bytes()),
                (3, 64) => bytes.extend(x.to_le_bytes()),
                other => panic!("{other:?}"),
            }
        }
    }
    bytes
}
