//! Nanoseconds per frame of every stage and meter, stereo at 44.1 kHz on one thread:
//! `cargo bench --bench stages`. Criterion's throughput is in frames.
//!
//! The program is a part of the example mix, driven 3 dB over where its limiter starts.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use acetate_dsp::analysis::analyze;
use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::measure::clipping::Clipping;
use acetate_dsp::measure::crest::Crest;
use acetate_dsp::measure::levels::verify_pass;
use acetate_dsp::measure::loudness::Loudness;
use acetate_dsp::measure::reference_meter::ReferenceMeter;
use acetate_dsp::measure::spectrum::SpectrumMeter;
use acetate_dsp::measure::stereo_image::StereoImage;
use acetate_dsp::measure::true_peak::{PeakEnvelope, TruePeak};
use acetate_dsp::process::compressor::Compressor;
use acetate_dsp::process::dc_filter::DcFilter;
use acetate_dsp::process::deesser::Deesser;
use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::process::eq::Eq;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::resample::Resampled;
use acetate_dsp::process::saturation::Saturation;
use acetate_dsp::process::sections::Sections;
use acetate_dsp::process::stereo::Stereo;
use acetate_dsp::read_all;
use acetate_dsp::settings::Section;
use acetate_dsp::solve::{DriveCurve, DriveCurveBuilder, choose_character};
use acetate_dsp::stream::{AudioSource, BLOCK_FRAMES};
use acetate_dsp::{Audio, ProcessSpec, Processor, Settings};
use acetate_io::OpenOptions;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const RATE_HZ: u32 = 44_100;
const SECONDS: usize = 10;
const FRAMES: usize = SECONDS * RATE_HZ as usize;
const START_FRAME: usize = 5 * RATE_HZ as usize;
const CEILING_DBTP: f64 = -1.0;
const SPEC: ProcessSpec = ProcessSpec {
    sample_rate_hz: RATE_HZ,
    channels: 2,
    program_lufs: -14.0,
};

/// Ten seconds of the repository's example mix.
fn program() -> Audio {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mix.flac");
    let mut mix = acetate_io::open(&path, &OpenOptions::default()).expect("the example mix");
    read_all(&mut mix)
        .expect("a whole file")
        .slice(START_FRAME, START_FRAME + FRAMES)
}

fn blocks(audio: &Audio) -> Vec<Audio> {
    (0..audio.frames())
        .step_by(BLOCK_FRAMES)
        .map(|start| audio.slice(start, start + BLOCK_FRAMES))
        .collect()
}

fn drive_curve(blocks: &[Audio]) -> DriveCurve {
    let mut builder = DriveCurveBuilder::new(RATE_HZ, 2, false);
    blocks.iter().for_each(|block| builder.push(block));
    builder.finish(CEILING_DBTP)
}

fn meters(criterion: &mut Criterion) {
    let audio = program();
    let blocks = blocks(&audio);
    let mut group = criterion.benchmark_group("measure");
    group.throughput(Throughput::Elements(FRAMES as u64));
    macro_rules! meter {
        ($name:literal, $new:expr) => {
            group.bench_function($name, |bencher| {
                bencher.iter(|| {
                    let mut meter = $new;
                    for block in &blocks {
                        let _ = black_box(meter.process(block));
                    }
                    meter
                })
            });
        };
    }
    meter!("loudness", Loudness::new(RATE_HZ, false));
    meter!("spectrum", SpectrumMeter::new(RATE_HZ, 2));
    meter!("crest", Crest::new(RATE_HZ));
    meter!("stereo image", StereoImage::default());
    meter!("clipping", Clipping::new(2));
    meter!(
        "reference meter",
        ReferenceMeter::new(RATE_HZ, 2, false).expect("a common rate")
    );
    group.bench_function("true peak", |bencher| {
        bencher.iter(|| {
            let mut meter = TruePeak::new(2);
            blocks.iter().for_each(|block| meter.process(block));
            meter.finish()
        })
    });
    group.bench_function("peak envelope", |bencher| {
        let mut out = vec![0.0; BLOCK_FRAMES];
        bencher.iter(|| {
            let mut envelope = PeakEnvelope::new(2);
            for block in &blocks {
                envelope.process(block, &mut out[..block.frames()]);
            }
            black_box(&mut out);
        })
    });
    let mut source = AudioSource::new(audio);
    group.bench_function("analysis, whole", |bencher| {
        bencher.iter(|| analyze(&mut source).map(|analysis| analysis.integrated_lufs))
    });
    group.bench_function("verification, whole", |bencher| {
        bencher.iter(|| {
            verify_pass(&mut source, false, &mut |_| Ok(()))
                .map(|measures| measures.integrated_lufs)
        })
    });
    group.finish();
}

fn stages(criterion: &mut Criterion) {
    let audio = program();
    let blocks = blocks(&audio);
    let mut settings = Settings::default();
    settings.eq.mid_db[8] = 1.5;
    settings.compressor.ratio = 2.0;
    settings.deesser.max_reduction_db = 6.0;
    settings.saturation.amount = 0.5;
    settings.sections = vec![Section {
        start_s: 0.0,
        end_s: 60.0,
        letter: 'A',
        level_db: 0.5,
        side_db: 1.0,
    }];
    settings.stereo.high_db = 1.0;
    settings.cleanup.dc_highpass_hz = 5.0;
    settings.limiter.drive_db = 8.0;
    let mut group = criterion.benchmark_group("process");
    group.throughput(Throughput::Elements(FRAMES as u64));
    let stages: [(&str, Box<dyn Processor>); 10] = [
        (
            "DC filter",
            Box::new(DcFilter::new(&settings.cleanup, &SPEC)),
        ),
        ("EQ", Box::new(Eq::new(&settings.eq, &SPEC))),
        (
            "compressor",
            Box::new(Compressor::new(&settings.compressor, &SPEC)),
        ),
        ("de-esser", Box::new(Deesser::new(&settings.deesser, &SPEC))),
        (
            "saturation",
            Box::new(Saturation::new(&settings.saturation, &SPEC)),
        ),
        ("stereo", Box::new(Stereo::new(&settings.stereo, &SPEC))),
        (
            "sections",
            Box::new(Sections::new(&settings.sections, &SPEC, 0)),
        ),
        (
            "limiter",
            Box::new(Limiter::new(&settings.limiter, CEILING_DBTP, &SPEC)),
        ),
        ("dither", Box::new(Dither::new(WordLength::Bits24, 1))),
        (
            "chain before the limiter",
            Box::new(Chain::new(&settings, &SPEC, &Bypass::default())),
        ),
    ];
    for (name, mut stage) in stages {
        let mut block = blocks[0].clone();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                stage.reset();
                for from in &blocks {
                    block.clone_from(from);
                    stage.process(&mut block);
                    black_box(&mut block);
                }
            })
        });
    }
    let mut source = AudioSource::new(audio);
    group.bench_function("resampler, to 48 kHz", |bencher| {
        bencher.iter(|| {
            let mut resampled = Resampled::new(&mut source, 48_000).expect("a common rate");
            read_all(&mut resampled).map(|audio| audio.frames())
        })
    });
    group.finish();
}

fn solving(criterion: &mut Criterion) {
    let audio = program();
    let blocks = blocks(&audio);
    let curve = drive_curve(&blocks);
    let mut settings = Settings::default();
    settings.target.integrated_lufs = -11.0;
    let mut group = criterion.benchmark_group("solve");
    group.throughput(Throughput::Elements(FRAMES as u64));
    group.bench_function("drive curve, gathered", |bencher| {
        bencher.iter(|| drive_curve(&blocks).sub_blocks())
    });
    group.bench_function("drive, solved", |bencher| {
        bencher.iter(|| curve.solve_drive(&settings.target, &settings.limiter))
    });
    let solution = curve.solve_drive(&settings.target, &settings.limiter);
    let limited = curve.limited_passages(&settings.limiter, solution.drive_db);
    let passages: Vec<Audio> = limited
        .ranges
        .iter()
        .map(|range| audio.slice(range.start as usize, range.end as usize))
        .collect();
    group.bench_function("character, chosen", |bencher| {
        bencher.iter(|| {
            choose_character(
                &settings.limiter,
                solution.drive_db,
                limited.loss_lu,
                CEILING_DBTP,
                &passages,
            )
        })
    });
    group.finish();
}

criterion_group! {
    name = all;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = meters, stages, solving
}
criterion_main!(all);
