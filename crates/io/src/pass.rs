//! One way through a file: what it saw, for comparison with the next.

use crate::DecodeWarning;

/// Chains of multiplications that do not wait for each other.
const HASHES: usize = 4;

/// One way through the file.
#[derive(Clone, Default)]
pub(crate) struct Pass {
    pub skipped: u64,
    pub frames: u64,
    /// Of these, silence that stands in for packets that could not be decoded.
    pub replaced_frames: u64,
    /// Hashes of the frames, which take turns.
    pub hashes: [u64; HASHES],
    pub broken: Option<(u64, u64)>,
    /// Another number of frames than was stated.
    pub other_length: Option<DecodeWarning>,
    /// The encoder's checksum says something else.
    pub checksum_differs: bool,
    /// What the reader tells at the end.
    pub told_at_end: Vec<DecodeWarning>,
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
        let other_length = self.other_length.clone();
        broken
            .into_iter()
            .chain(checksum)
            .chain(other_length)
            .chain(self.told_at_end.iter().cloned())
            .collect()
    }
}

/// Carries on the hashes with the frames from number `from` on. A chained multiply of every frame's bits
/// (FNV-1a with 64-bit words), independent of how the signal is cut into blocks. It finds a changed file;
/// it is no proof against a forged one.
pub(crate) fn hash_frames(hashes: &mut [u64; HASHES], from: u64, channels: [&[f32]; 2]) {
    let step = |hash: &mut u64, left: f32, right: f32| {
        let frame = u64::from(left.to_bits()) | (u64::from(right.to_bits()) << 32);
        *hash = (*hash ^ frame ^ 0x9E37_79B9).wrapping_mul(0x0000_0100_0000_01B3);
    };
    // Frames before the next one that the first hash takes.
    let turn = (from % HASHES as u64) as usize;
    let before = ((HASHES - turn) % HASHES).min(channels[0].len());
    let [left, right] = channels.map(|channel| channel.split_at(before));
    let odd = left.0.iter().zip(right.0);
    for (hash, (&left, &right)) in hashes.iter_mut().skip(turn).zip(odd) {
        step(hash, left, right);
    }
    let ((left, left_rest), (right, right_rest)) =
        (left.1.as_chunks::<HASHES>(), right.1.as_chunks::<HASHES>());
    let mut chains = *hashes;
    for (left, right) in left.iter().zip(right) {
        for (hash, (&left, &right)) in chains.iter_mut().zip(left.iter().zip(right)) {
            step(hash, left, right);
        }
    }
    *hashes = chains;
    for (hash, (&left, &right)) in hashes.iter_mut().zip(left_rest.iter().zip(right_rest)) {
        step(hash, left, right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_do_not_depend_on_the_blocks_and_tell_every_sample_apart() {
        let signal = |shift: u32| -> Vec<f32> {
            let samples = (0..1000_u32).map(|n| ((n * 37 + shift) % 101) as f32 / 101.0);
            samples.collect()
        };
        let (left, right) = (signal(0), signal(50));
        let whole = |left: &[f32], right: &[f32]| {
            let mut hashes = [0; HASHES];
            hash_frames(&mut hashes, 0, [left, right]);
            hashes
        };
        let expected = whole(&left, &right);
        for size in [1, 2, 3, 7, 64, 999] {
            let mut hashes = [0; HASHES];
            for start in (0..left.len()).step_by(size) {
                let end = (start + size).min(left.len());
                let block = [&left[start..end], &right[start..end]];
                hash_frames(&mut hashes, start as u64, block);
            }
            assert_eq!(hashes, expected, "{size}");
        }
        assert_ne!(whole(&right, &left), expected);
        for at in [0, 1, 500, 998, 999] {
            let mut changed = left.clone();
            changed[at] += 1e-6;
            assert_ne!(whole(&changed, &right), expected, "{at}");
        }
    }
}
