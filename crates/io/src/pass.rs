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

/// Chained multiply of every sample's bits (FNV-1a with 64-bit words): one multiplication per
/// sample, independent of how the signal is cut into blocks. It finds a changed file; it is no
/// proof against a forged one.
pub(crate) fn hash_samples(seed: u64, samples: &[f32]) -> u64 {
    samples.iter().fold(seed, |hash, sample| {
        (hash ^ u64::from(sample.to_bits()) ^ 0x9E37_79B9).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
