//! WAV files byte by byte, so that any of them can be wrong.

use crate::dir::program;

/// A chunk with its padding.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk_that_says(id, body.len() as u32, body)
}

/// A chunk whose size says something of its own.
pub fn chunk_that_says(id: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend(size.to_le_bytes());
    out.extend(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}

/// A `fmt ` chunk: format tag 1 is integer, 3 is float.
pub fn fmt(tag: u16, channels: u16, sample_rate_hz: u32, bits: u16) -> Vec<u8> {
    let frame_bytes = channels.wrapping_mul(bits / 8);
    let mut body = Vec::new();
    body.extend(tag.to_le_bytes());
    body.extend(channels.to_le_bytes());
    body.extend(sample_rate_hz.to_le_bytes());
    let bytes_per_s = sample_rate_hz.wrapping_mul(u32::from(frame_bytes));
    body.extend(bytes_per_s.to_le_bytes());
    body.extend(frame_bytes.to_le_bytes());
    body.extend(bits.to_le_bytes());
    chunk(b"fmt ", &body)
}

/// A RIFF around chunks.
pub fn riff(chunks: &[&[u8]]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WAVE".as_slice(), &chunks.concat()].concat())
}

/// RF64 or BW64 around a `ds64` chunk that states the data's size, and chunks.
pub fn rf64(form: &[u8; 4], data_bytes: u64, chunks: &[&[u8]]) -> Vec<u8> {
    let mut ds64 = vec![0; 28];
    ds64[8..16].copy_from_slice(&data_bytes.to_le_bytes());
    let mut out = form.to_vec();
    out.extend(u32::MAX.to_le_bytes());
    out.extend(b"WAVE");
    out.extend(chunk(b"ds64", &ds64));
    out.extend(chunks.concat());
    out
}

/// Seconds of a stereo program as 16-bit samples.
pub fn pcm16(sample_rate_hz: u32, seconds: f64) -> Vec<u8> {
    program(sample_rate_hz, seconds)
        .iter()
        .flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes())
        .collect()
}

/// A good 16-bit stereo WAV of 2 s.
pub fn good() -> Vec<u8> {
    riff(&[&fmt(1, 2, 44_100, 16), &chunk(b"data", &pcm16(44_100, 2.0))])
}
