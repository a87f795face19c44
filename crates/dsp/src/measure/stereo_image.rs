//! Correlation of the channels, and their means.

use crate::Audio;

/// Streaming sums over one or two channels.
#[derive(Clone, Debug, Default)]
pub struct StereoImage {
    frames: u64,
    sums: [f64; 2],
    squares: [f64; 2],
    product: f64,
}

impl StereoImage {
    /// Takes a block; samples must be finite.
    pub fn process(&mut self, block: &Audio) {
        self.frames += block.frames() as u64;
        let left = block.channel(0);
        let right = block.channels().last().map_or(left, Vec::as_slice);
        let mut now = self.clone();
        for (&l, &r) in left.iter().zip(right) {
            let (l, r) = (f64::from(l), f64::from(r));
            now.sums[0] += l;
            now.sums[1] += r;
            now.squares[0] += l * l;
            now.squares[1] += r * r;
            now.product += l * r;
        }
        *self = now;
    }

    /// Correlation, -1 to 1, as a correlation meter shows it (the mean is not removed): 1 for
    /// mono and for silence, 0 where one channel alone is silent.
    pub fn correlation(&self) -> f64 {
        let [left, right] = self.squares;
        if left == 0.0 && right == 0.0 {
            1.0
        } else if left == 0.0 || right == 0.0 {
            0.0
        } else {
            (self.product / (left.sqrt() * right.sqrt())).clamp(-1.0, 1.0)
        }
    }

    /// Mean of each of the first `channels` channels, full scale = 1; 0 for no frames.
    pub fn dc_offset(&self, channels: usize) -> Vec<f64> {
        let frames = self.frames.max(1) as f64;
        self.sums
            .iter()
            .take(channels)
            .map(|sum| sum / frames)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(left: &[f32], right: &[f32]) -> StereoImage {
        let mut image = StereoImage::default();
        image.process(&Audio::new(48_000, vec![left.to_vec(), right.to_vec()]).unwrap());
        image
    }

    #[test]
    fn correlation_goes_from_one_to_minus_one() {
        let a = [0.5, -0.25, 0.75, 0.0];
        let b = [0.0, 0.75, 0.25, 0.9];
        let negative = a.map(|x| -0.3 * x);
        assert!((image(&a, &a).correlation() - 1.0).abs() < 1e-12);
        assert!((image(&a, &negative).correlation() + 1.0).abs() < 1e-7);
        assert!(image(&a, &b).correlation().abs() < 1e-12);
        assert_eq!(image(&a, &[0.0; 4]).correlation(), 0.0);
        assert_eq!(image(&[0.0; 4], &[0.0; 4]).correlation(), 1.0);
    }

    #[test]
    fn offset_is_the_mean_of_each_channel() {
        let got = image(&[0.5, 0.25], &[-0.5, -1.0]).dc_offset(2);
        assert_eq!(got, vec![0.375, -0.75]);
    }

    #[test]
    fn mono_is_one_channel_that_correlates_with_itself() {
        let mut image = StereoImage::default();
        image.process(&Audio::new(48_000, vec![vec![0.25, 0.75]]).unwrap());
        assert_eq!(image.dc_offset(1), vec![0.5]);
        assert!((image.correlation() - 1.0).abs() < 1e-12);
    }
}
