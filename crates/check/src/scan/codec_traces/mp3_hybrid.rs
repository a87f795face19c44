//! The hybrid filterbank of MP3 at every place that a frame can begin (ISO/IEC 11172-3, 2.4.3.4 and Annex C):
//! 32 bands, an 18-line transform of each under the long window, and the butterflies against aliasing.

use super::frame_grid::{Family, Transform};
use super::prototype::{TAPS, analysis_window};

/// Bands of the polyphase filter.
const BANDS: usize = 32;
/// Lines of each band.
const LINES: usize = 18;
/// Lines of a granule.
const GRANULE: usize = BANDS * LINES;
/// Values of each band that all places need.
const SLOTS: usize = 3 * LINES - 1;
/// The butterflies' coefficients (Table 3-B.9).
const BUTTERFLIES: [f64; 8] = [
    -0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037,
];

/// The transform.
pub(super) struct Mp3Hybrid {
    window: Vec<f32>,
    /// [band][0..64].
    cosines: Vec<f32>,
    /// [slot of the window][line], so that the lines of a slot stand together.
    lines: Vec<[f32; LINES]>,
    /// cos and sin of each butterfly.
    turns: [[f32; 2]; 8],
    /// [phase][slot][band].
    bands: Vec<f32>,
    scale: f32,
}

impl Mp3Hybrid {
    /// The transform, scaled so that white noise keeps its power in every line.
    pub(super) fn new() -> Self {
        use std::f64::consts::PI;
        let window = analysis_window();
        let cosines = (0..BANDS)
            .flat_map(|band| {
                (0..2 * BANDS).map(move |n| {
                    let turn = (2 * band + 1) as f64 * (n as f64 - 16.0) * PI / 64.0;
                    libm::cos(turn) as f32
                })
            })
            .collect();
        let lines = (0..2 * LINES)
            .map(|slot| {
                let sine = libm::sin(PI / 36.0 * (slot as f64 + 0.5));
                std::array::from_fn(|line| {
                    let turn = PI / 72.0 * ((2 * slot + 1 + LINES) * (2 * line + 1)) as f64;
                    (sine * libm::cos(turn)) as f32
                })
            })
            .collect();
        let turns = BUTTERFLIES.map(|c| {
            let cos = 1.0 / libm::sqrt(1.0 + c * c);
            [cos as f32, (c * cos) as f32]
        });
        // Half of the prototype's energy is that of a band's filter, 18 / 2 that of a line.
        let energy: f32 = window.iter().map(|tap| tap * tap).sum();
        Self {
            scale: 1.0 / (0.5 * energy * LINES as f32 / 2.0).sqrt(),
            window,
            cosines,
            lines,
            turns,
            bands: vec![0.0; BANDS * SLOTS * BANDS],
        }
    }
}

impl Transform for Mp3Hybrid {
    fn family(&self) -> Family {
        Family::Mp3
    }

    fn lines(&self) -> usize {
        GRANULE
    }

    fn prepare(&mut self, samples: &[f32]) {
        for phase in 0..BANDS {
            for slot in 0..SLOTS {
                let newest = TAPS - 1 + phase + BANDS * slot;
                let mut folded = [0.0f32; 2 * BANDS];
                let taps = self.window.chunks_exact(2 * BANDS);
                for (number, taps) in taps.enumerate() {
                    let first = newest - 2 * BANDS * number;
                    let passed = samples[first + 1 - 2 * BANDS..=first].iter().rev();
                    for ((sum, tap), x) in folded.iter_mut().zip(taps).zip(passed) {
                        *sum += tap * x;
                    }
                }
                let start = (phase * SLOTS + slot) * BANDS;
                let bands = self.bands[start..start + BANDS].iter_mut();
                for (band, cosines) in bands.zip(self.cosines.chunks_exact(2 * BANDS)) {
                    let products = folded.chunks_exact(8).zip(cosines.chunks_exact(8));
                    let mut lanes = [0.0f32; 8];
                    for (values, cosines) in products {
                        for ((lane, x), c) in lanes.iter_mut().zip(values).zip(cosines) {
                            *lane += x * c;
                        }
                    }
                    *band = lanes.iter().sum();
                }
            }
        }
    }

    fn transform(&mut self, offset: usize, out: &mut [f32]) {
        let (phase, first) = (offset % BANDS, offset / BANDS);
        let mut granule = [[0.0f32; LINES]; BANDS];
        for (slot, weights) in self.lines.iter().enumerate() {
            let start = (phase * SLOTS + first + slot) * BANDS;
            let values = &self.bands[start..start + BANDS];
            for (band, (lines, x)) in granule.iter_mut().zip(values).enumerate() {
                // Every other value of every other band is turned over: its spectrum runs backwards.
                let x = if band % 2 == 1 && slot % 2 == 1 {
                    -x
                } else {
                    *x
                };
                for (line, weight) in lines.iter_mut().zip(weights) {
                    *line += weight * x;
                }
            }
        }
        for band in 1..BANDS {
            for (index, [cos, sin]) in self.turns.iter().enumerate() {
                let (below, above) = (granule[band - 1][LINES - 1 - index], granule[band][index]);
                granule[band - 1][LINES - 1 - index] = below * cos + above * sin;
                granule[band][index] = above * cos - below * sin;
            }
        }
        for (value, line) in out.iter_mut().zip(granule.iter().flatten()) {
            *value = self.scale * line;
        }
    }
}
