//! [`Weighting`]: energies behind two sections in a row, those of the K-weighting.

use pulp::{Arch, Simd, WithSimd};

use super::biquad::{Biquad, Frame, Pair};
use super::loudness::k_weighting;

/// The K-weighting of BS.1770-5 with its state.
#[derive(Clone, Debug)]
pub struct Weighting {
    arch: Arch,
    sections: [Biquad; 2],
}

impl Weighting {
    /// A weighting at rest.
    pub fn new(sample_rate_hz: f64) -> Self {
        Self {
            arch: Arch::new(),
            sections: k_weighting(sample_rate_hz).map(Biquad::new),
        }
    }

    /// Sets a state that has decayed into silence to zero. Call it at fixed places of the signal.
    pub fn settle(&mut self) {
        self.sections.iter_mut().for_each(Biquad::settle);
    }

    /// Weights the next frames of two channels and returns `energy` plus the squares of them all, added
    /// one frame after the other.
    #[must_use]
    pub fn add_energy(&mut self, energy: f64, left: &[f32], right: &[f32]) -> f64 {
        self.arch.dispatch(Run {
            sections: &mut self.sections,
            energy,
            left,
            right,
        })
    }
}

struct Run<'a> {
    sections: &'a mut [Biquad; 2],
    energy: f64,
    left: &'a [f32],
    right: &'a [f32],
}

impl WithSimd for Run<'_> {
    type Output = f64;

    // Nothing but plain loops: compiled for each kind of processor, they differ in width alone.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let [first, second] = self.sections;
        let mut energy = self.energy;
        let mut frames = self.left.iter().zip(self.right);
        let Some((&left, &right)) = frames.next() else {
            return energy;
        };
        // The second section works on a frame while the first has the next one.
        let mut between = first.step([f64::from(left), f64::from(right)]);
        let mut pair = Pair::new(first, second);
        for (&left, &right) in frames {
            let out = pair.step([f64::from(left), f64::from(right), between[0], between[1]]);
            between = [out[0], out[1]];
            energy += out[2] * out[2] + out[3] * out[3];
        }
        [*first, *second] = pair.split();
        let [left, right]: Frame = second.step(between);
        energy + (left * left + right * right)
    }
}
