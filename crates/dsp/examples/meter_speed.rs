//! Times each meter and the whole analysis on 60 s of synthetic stereo programme, one thread.
//!
//! `cargo run --release -p acetate-dsp --example meter_speed`

use std::hint::black_box;
use std::time::Instant;

use acetate_dsp::measure::clipping::Clipping;
use acetate_dsp::measure::crest::Crest;
use acetate_dsp::measure::loudness::{Loudness, LoudnessFigures};
use acetate_dsp::measure::reference_meter::ReferenceMeter;
use acetate_dsp::measure::spectrum::SpectrumMeter;
use acetate_dsp::measure::stereo_image::StereoImage;
use acetate_dsp::measure::true_peak::{PeakEnvelope, TruePeak};
use acetate_dsp::measure::verify_pass;
use acetate_dsp::stream::{AudioSource, BLOCK_FRAMES};
use acetate_dsp::{Audio, analyze};

const RATE_HZ: u32 = 44_100;
const DURATION_S: usize = 60;

/// Decaying bursts of dull noise over a hiss, driven into a ceiling as a loud master is.
fn programme() -> Audio {
    let mut seed = 1u32;
    let mut channel = || {
        let mut low = 0.0f32;
        let sample = |n: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = (seed >> 8) as f32 / 8_388_608.0 - 1.0;
            low += 0.05 * (white - low);
            let beat = 1.0 - (n % 22_050) as f32 / 22_050.0;
            (6.0 * beat * beat * low + 0.05 * white).clamp(-0.9, 0.9)
        };
        (0..RATE_HZ as usize * DURATION_S).map(sample).collect()
    };
    let channels = vec![channel(), channel()];
    Audio::new(RATE_HZ, channels).expect("two channels of one length")
}

/// The best of three runs.
fn time(name: &str, mut run: impl FnMut()) {
    let mut best_s = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        run();
        best_s = best_s.min(start.elapsed().as_secs_f64());
    }
    println!("{name:16} {:6.0} x real time", DURATION_S as f64 / best_s);
}

fn main() {
    let audio = programme();
    let blocks: Vec<Audio> = (0..audio.frames())
        .step_by(BLOCK_FRAMES)
        .map(|start| audio.slice(start, start + BLOCK_FRAMES))
        .collect();
    time("peak envelope", || {
        let mut envelope = PeakEnvelope::new(2);
        let mut out = vec![0.0; BLOCK_FRAMES];
        for block in &blocks {
            envelope.process(block, &mut out[..block.frames()]);
        }
        black_box(&out);
    });
    time("loudness", || {
        let mut meter = Loudness::new(RATE_HZ, false);
        blocks.iter().for_each(|block| meter.process(block));
        black_box(LoudnessFigures::from_k_power_10ms(meter.k_power_10ms()));
    });
    time("true peak", || {
        let mut meter = TruePeak::new(2);
        blocks.iter().for_each(|block| meter.process(block));
        black_box(meter.finish());
    });
    time("ebur128", || {
        let mut meter = ReferenceMeter::new(RATE_HZ, 2, false).expect("a usual format");
        for block in &blocks {
            meter.process(block).expect("a block of two channels");
        }
        black_box(meter.finish().ok());
    });
    time("spectrum", || {
        let mut meter = SpectrumMeter::new(RATE_HZ, 2);
        blocks.iter().for_each(|block| meter.process(block));
        black_box(meter.finish());
    });
    time("crest", || {
        let mut meter = Crest::new(RATE_HZ);
        blocks.iter().for_each(|block| meter.process(block));
        black_box(meter.finish());
    });
    time("stereo image", || {
        let mut meter = StereoImage::default();
        blocks.iter().for_each(|block| meter.process(block));
        black_box(meter.correlation());
    });
    time("clipping", || {
        let mut meter = Clipping::new(2);
        blocks.iter().for_each(|block| meter.process(block));
        black_box(meter.finish());
    });
    let mut source = AudioSource::new(audio);
    time("verify_pass", || {
        black_box(verify_pass(&mut source, false, &mut |_| {}).ok());
    });
    time("analyze", || {
        black_box(analyze(&mut source).ok());
    });
}
