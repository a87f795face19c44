//! A signal for tests: noise with a falling spectrum, a pulse, and some side.

use acetate_dsp::Audio;

use crate::rng::Rng;

/// Seconds of a stereo program at 44.1 kHz.
pub(super) fn music(seconds: f64) -> Audio {
    let mut rng = Rng::new(77);
    let frames = (44_100.0 * seconds) as usize;
    let (mut left, mut right) = (Vec::with_capacity(frames), Vec::with_capacity(frames));
    let (mut low, mut high) = (0.0, [0.0; 2]);
    for frame in 0..frames {
        let beat = 1.0 - 0.7 * (frame % 22_050) as f64 / 22_050.0;
        low += 0.03 * (rng.normal() - low);
        for value in &mut high {
            *value += 0.5 * (0.05 * rng.normal() - *value);
        }
        left.push((beat * (0.3 * low + high[0])) as f32);
        right.push((beat * (0.3 * low + high[1])) as f32);
    }
    Audio::new(44_100, vec![left, right]).unwrap()
}
