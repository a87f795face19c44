//! One way through a file: what it saw, for comparison with the next.

use crate::DecodeWarning;

/// One way through the file.
#[derive(Clone, Default)]
pub(crate) struct Pass {
    pub skipped: u64,
    pub frames: u64,
    /// Hash of each channel's samples.
    pub hashes: [u64; 2],
    pub broken: Option<(u64, u64)>,
    pub ends_early: Option<DecodeWarning>,
    /// The encoder's checksum says something else.
    pub checksum_differs: bool,
    pub ended: bool,
}

impl Pass {
    pub(crate) fn count_broken(&mut self, at_frame: u64) {
        self.broken.get_or_insert((0, at_frame)).0 += 1;
    }

    pub(crate) fn warnings(&self) -> Vec<DecodeWarning> {
        let broken = self
            .broken
            .map(|(count, first_at_frame)| DecodeWarning::BrokenPackets {
                count,
                first_at_frame,
            });
        let checksum = self.checksum_differs.then_some(DecodeWarning::Checksum);
        let ends_early = self.ends_early.clone();
        broken
            .into_iter()
            .chain(checksum)
            .chain(ends_early)
            .collect()
    }
}

/// Carries on the hash of each channel. A chained multiply of every sample's bits (FNV-1a with
/// 64-bit words): one multiplication per sample, independent of how the signal is cut into blocks. It
/// finds a changed file; it is no proof against a forged one.
pub(crate) fn hash_frames(hashes: &mut [u64; 2], channels: [&[f32]; 2]) {
    let step = |hash: &mut u64, sample: f32| {
        let mixed = *hash ^ u64::from(sample.to_bits()) ^ 0x9E37_79B9;
        *hash = mixed.wrapping_mul(0x0000_0100_0000_01B3);
    };
    // Side by side: neither chain waits for the other.
    let [mut first, mut second] = *hashes;
    for (&left, &right) in channels[0].iter().zip(channels[1]) {
        step(&mut first, left);
        step(&mut second, right);
    }
    *hashes = [first, second];
}
