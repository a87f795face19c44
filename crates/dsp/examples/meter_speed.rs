//! Times the meters on 60 s of synthetic stereo programme.
use acetate_dsp::Audio;
use acetate_dsp::measure::true_peak::PeakEnvelope;
use std::time::Instant;
fn main() {
    let rate = 44_100;
    let frames = rate as usize * 60;
    let mut seed = 1u32;
    let mut chan = || -> Vec<f32> {
        let mut low = 0.0f32;
        (0..frames)
            .map(|n| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let white = (seed >> 8) as f32 / 8_388_608.0 - 1.0;
                low += 0.05 * (white - low);
                let beat = 1.0 - (n % 22_050) as f32 / 22_050.0;
                (2.0 * beat * beat * low + 0.05 * white).clamp(-0.9, 0.9)
            })
            .collect()
    };
    let audio = Audio::new(rate, vec![chan(), chan()]).unwrap();
    let mut env = PeakEnvelope::new(2);
    let mut out = vec![0.0; frames];
    let t = Instant::now();
    env.process(&audio, &mut out);
    println!("peak envelope {:.0}x", 60.0 / t.elapsed().as_secs_f64());
}
