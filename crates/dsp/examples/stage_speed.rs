//! How many times real time each active stage runs on stereo at 44.1 kHz, one thread:
//! `cargo run --release -p acetate-dsp --example stage_speed`.

use std::time::Instant;

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::process::compressor::Compressor;
use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::process::eq::Eq;
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::process::saturation::Saturation;
use acetate_dsp::process::stereo::Stereo;
use acetate_dsp::settings::EqPhase;
use acetate_dsp::stream::{AudioSource, BLOCK_FRAMES};
use acetate_dsp::{Audio, ProcessSpec, Processor, Settings, Source};

const RATE_HZ: u32 = 44_100;
const SECONDS: usize = 60;

fn main() {
    let spec = ProcessSpec {
        sample_rate_hz: RATE_HZ,
        channels: 2,
        programme_lufs: -14.0,
    };
    let mut settings = Settings::default();
    settings.eq.mid_db[8] = 2.0;
    settings.compressor.ratio = 2.0;
    settings.saturation.amount = 0.5;
    settings.stereo.high_db = 2.0;
    let mut side_eq = settings.eq;
    side_eq.side_db[1] = 1.0;
    let mut linear_eq = side_eq;
    linear_eq.phase = EqPhase::Linear;
    let all = Settings {
        eq: side_eq,
        ..settings.clone()
    };
    let stages: [(&str, Box<dyn Processor>); 8] = [
        ("EQ, mid only", Box::new(Eq::new(&settings.eq, &spec))),
        ("EQ, mid and side", Box::new(Eq::new(&side_eq, &spec))),
        ("EQ, linear phase", Box::new(Eq::new(&linear_eq, &spec))),
        (
            "compressor",
            Box::new(Compressor::new(&settings.compressor, &spec)),
        ),
        (
            "saturation",
            Box::new(Saturation::new(&settings.saturation, &spec)),
        ),
        ("stereo", Box::new(Stereo::new(&settings.stereo, &spec))),
        (
            "dither, 16 bit",
            Box::new(Dither::new(WordLength::Bits16, 1)),
        ),
        (
            "chain",
            Box::new(Chain::new(&all, &spec, &Bypass::default())),
        ),
    ];
    let block = programme();
    let blocks = SECONDS * RATE_HZ as usize / BLOCK_FRAMES;
    for (name, mut stage) in stages {
        let mut spent_s = 0.0;
        for _ in 0..blocks {
            let mut work = block.clone();
            let start = Instant::now();
            stage.process(&mut work);
            spent_s += start.elapsed().as_secs_f64();
        }
        report(name, blocks * BLOCK_FRAMES, spent_s);
    }
    let start = Instant::now();
    let mut long = Audio::silence(RATE_HZ, 2, 0);
    for _ in 0..blocks {
        long.append(&block);
    }
    let frames = long.frames();
    match Resampled::new(AudioSource::new(long), 48_000) {
        Ok(mut source) => {
            let mut out = Audio::silence(48_000, 2, 0);
            while source
                .read(&mut out, BLOCK_FRAMES)
                .is_ok_and(|count| count > 0)
            {}
            report("resample to 48 kHz", frames, start.elapsed().as_secs_f64());
        }
        Err(error) => println!("{error}"),
    }
}

/// A block of noise at about -14 dBFS.
fn programme() -> Audio {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.35 * (state as f32 / 2_147_483_648.0 - 1.0)
    };
    let mut block = Audio::silence(RATE_HZ, 2, BLOCK_FRAMES);
    for channel in block.channels_mut() {
        channel.fill_with(&mut noise);
    }
    block
}

fn report(name: &str, frames: usize, spent_s: f64) {
    let times = frames as f64 / f64::from(RATE_HZ) / spent_s;
    println!("{name:20} {times:6.0} x real time");
}
