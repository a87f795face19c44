//! Raw sample formats: bytes to `f32` (full scale ±1.0) and back.

/// A little-endian sample format of RIFF and RF64 files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleFormat {
    U8,
    S16,
    S24,
    S32,
    F32,
    F64,
    /// G.711, 8 bits on a curve each.
    MuLaw,
    ALaw,
}

impl SampleFormat {
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::MuLaw | Self::ALaw => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    pub(crate) fn codec(self) -> &'static str {
        match self {
            Self::U8 => "pcm_u8",
            Self::S16 => "pcm_s16le",
            Self::S24 => "pcm_s24le",
            Self::S32 => "pcm_s32le",
            Self::F32 => "pcm_f32le",
            Self::F64 => "pcm_f64le",
            Self::MuLaw => "pcm_mulaw",
            Self::ALaw => "pcm_alaw",
        }
    }

    /// Whether part of the sound is discarded.
    pub(crate) fn is_lossy(self) -> bool {
        matches!(self, Self::MuLaw | Self::ALaw)
    }

    /// Appends interleaved samples to planar channels.
    pub(crate) fn deinterleave(self, bytes: &[u8], planes: &mut [Vec<f32>]) {
        match self {
            Self::U8 => split(bytes, planes, |[b]: [u8; 1]| (f32::from(b) - 128.0) / 128.0),
            Self::S16 => split(bytes, planes, |b| {
                f32::from(i16::from_le_bytes(b)) / 32_768.0
            }),
            Self::S24 => match planes {
                [left, right] => split_24_bit_frames(bytes, left, right),
                _ => split(bytes, planes, |[a, b, c]: [u8; 3]| {
                    from_24_bits(i32::from_le_bytes([0, a, b, c]))
                }),
            },
            Self::S32 => split(bytes, planes, |b| {
                (f64::from(i32::from_le_bytes(b)) / 2_147_483_648.0) as f32
            }),
            Self::F32 => split(bytes, planes, f32::from_le_bytes),
            Self::F64 => split(bytes, planes, |b| f64::from_le_bytes(b) as f32),
            Self::MuLaw => split(bytes, planes, |[b]: [u8; 1]| from_mu_law(b)),
            Self::ALaw => split(bytes, planes, |[b]: [u8; 1]| from_a_law(b)),
        }
    }
}

/// A sample in the upper three bytes of a word, which brings the sign along; 24 bits fit f32.
fn from_24_bits(upper: i32) -> f32 {
    (upper >> 8) as f32 / 8_388_608.0
}

/// Decoded to 14 bits (ITU-T G.711, table 2), full scale 2^15.
fn from_mu_law(byte: u8) -> f32 {
    let bits = !byte;
    let (segment, step) = ((bits >> 4) & 7, i32::from(bits & 15));
    let level = (((step << 3) + 0x84) << segment) - 0x84;
    let signed = if bits & 0x80 == 0 { level } else { -level };
    signed as f32 / 32_768.0
}

/// Decoded to 13 bits (ITU-T G.711, table 1), full scale 2^15.
fn from_a_law(byte: u8) -> f32 {
    let bits = byte ^ 0x55;
    let (segment, step) = ((bits >> 4) & 7, i32::from(bits & 15));
    let level = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    let signed = if bits & 0x80 != 0 { level } else { -level };
    signed as f32 / 32_768.0
}

/// Frames of six bytes, read eight bytes at a time, which halves the time.
fn split_24_bit_frames(bytes: &[u8], left: &mut Vec<f32>, right: &mut Vec<f32>) {
    let (frames, _) = bytes.as_chunks::<6>();
    let at = left.len();
    left.resize(at + frames.len(), 0.0);
    right.resize(at + frames.len(), 0.0);
    let planes = left[at..].iter_mut().zip(&mut right[at..]);
    let put = |(left, right): (&mut f32, &mut f32), frame: u64| {
        *left = from_24_bits((frame << 8) as i32);
        *right = from_24_bits((frame >> 16) as i32);
    };
    let words = bytes.windows(8).step_by(6);
    for (slots, word) in planes.zip(words) {
        let word = word
            .first_chunk()
            .map_or(0, |word| u64::from_le_bytes(*word));
        put(slots, word);
    }
    // The last frame has no two bytes after it.
    if let ([.., left], [.., right], [.., [a, b, c, d, e, f]]) = (&mut **left, &mut **right, frames)
    {
        put(
            (left, right),
            u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]),
        );
    }
}

fn split<const N: usize>(bytes: &[u8], planes: &mut [Vec<f32>], convert: fn([u8; N]) -> f32) {
    let (samples, _) = bytes.as_chunks::<N>();
    match planes {
        [mono] => mono.extend(samples.iter().map(|sample| convert(*sample))),
        [left, right] => {
            let (frames, _) = samples.as_chunks::<2>();
            left.extend(frames.iter().map(|frame| convert(frame[0])));
            right.extend(frames.iter().map(|frame| convert(frame[1])));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use acetate_dsp::process::dither::to_i32;

    use super::*;

    #[test]
    fn every_step_of_the_grid_survives_the_round_trip() {
        for value in i32::from(i16::MIN)..=i32::from(i16::MAX) {
            assert_eq!(to_i32(value as f32 / 32_768.0, 16), value);
        }
        for value in (-8_388_608..=8_388_607).step_by(7) {
            assert_eq!(to_i32(value as f32 / 8_388_608.0, 24), value);
        }
    }

    #[test]
    fn beyond_full_scale_is_clamped_and_nan_is_silence() {
        assert_eq!(to_i32(1.0, 16), 32_767);
        assert_eq!(to_i32(-1.5, 16), -32_768);
        assert_eq!(to_i32(f32::INFINITY, 24), 8_388_607);
        assert_eq!(to_i32(f32::NAN, 24), 0);
    }

    #[test]
    fn g711_has_the_ends_and_the_middle_of_the_standard() {
        let steps = |law: fn(u8) -> f32, byte| (law(byte) * 32_768.0) as i32;
        let mu = [0x00, 0x7F, 0x80, 0xFF, 0xF0].map(|byte| steps(from_mu_law, byte));
        assert_eq!(mu, [-32_124, 0, 32_124, 0, 120]);
        let a = [0x2A, 0xAA, 0x55, 0xD5, 0x80].map(|byte| steps(from_a_law, byte));
        assert_eq!(a, [-32_256, 32_256, -8, 8, 5504]);
    }

    #[test]
    fn planes_get_their_own_channel() {
        let mut planes = vec![Vec::new(), Vec::new()];
        SampleFormat::S24.deinterleave(&[0, 0, 0x40, 0, 0, 0xC0, 1], &mut planes);
        assert_eq!(planes, [[0.5], [-0.5]]);
        SampleFormat::S24.deinterleave(&[0, 0, 0xC0, 1, 0, 0, 0, 0, 0x20, 0, 0, 0xE0], &mut planes);
        let step = 1.0 / 8_388_608.0;
        assert_eq!(planes, [[0.5, -0.5, 0.25], [-0.5, step, -0.25]]);
        let mut mono = vec![Vec::new()];
        SampleFormat::U8.deinterleave(&[0, 128, 255], &mut mono);
        assert_eq!(mono[0], [-1.0, 0.0, 127.0 / 128.0]);
    }
}
