//! Runs one stage or meter over the start of the example mix, for instruction counts:
//! `cargo run --example one_stage -- STAGE SECONDS`; without arguments the stages'
//! names. `benches/instructions.py` runs it under callgrind.

use std::hint::black_box;
use std::path::Path;

use acetate_dsp::measure::clipping::Clipping;
use acetate_dsp::measure::crest::Crest;
use acetate_dsp::measure::lone_transients::LoneTransients;
use acetate_dsp::measure::loudness::Loudness;
use acetate_dsp::measure::peak_envelope::PeakEnvelope;
use acetate_dsp::measure::slow_offset::SlowOffset;
use acetate_dsp::measure::spectrum::SpectrumMeter;
use acetate_dsp::measure::stereo_image::StereoImage;
use acetate_dsp::measure::true_peak::TruePeak;
use acetate_dsp::process::compressor::Compressor;
use acetate_dsp::process::dc_filter::DcFilter;
use acetate_dsp::process::deesser::Deesser;
use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::process::eq::Eq;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::repair::Repair;
use acetate_dsp::process::saturation::Saturation;
use acetate_dsp::process::stereo::Stereo;
use acetate_dsp::settings::{self, RepairKind};
use acetate_dsp::solve::DriveCurveBuilder;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, ProcessSpec, Processor, Settings, Source};
use acetate_io::OpenOptions;

const SPEC: ProcessSpec = ProcessSpec {
    sample_rate_hz: 44_100,
    channels: 2,
    program_lufs: -20.0,
};

/// Takes blocks and may change them.
type Stage = Box<dyn FnMut(&mut Audio)>;
type Make = fn() -> Stage;

/// `decoding` alone is what every other count contains.
const STAGES: [(&str, Make); 19] = [
    ("decoding", || Box::new(|_| {})),
    ("loudness", || {
        let mut meter = Loudness::new(SPEC.sample_rate_hz, false);
        Box::new(move |block| meter.process(block))
    }),
    ("true peak", || {
        let mut meter = TruePeak::new(SPEC.channels);
        Box::new(move |block| meter.process(block))
    }),
    ("peak envelope", || {
        let mut envelope = PeakEnvelope::new(SPEC.channels);
        let mut peaks = vec![0.0; BLOCK_FRAMES];
        Box::new(move |block| {
            let frames = block.frames();
            envelope.process(block, &mut peaks[..frames]);
        })
    }),
    ("spectrum", || {
        let mut meter = SpectrumMeter::new(SPEC.sample_rate_hz, SPEC.channels);
        Box::new(move |block| meter.process(block))
    }),
    ("crest", || {
        let mut meter = Crest::new(SPEC.sample_rate_hz);
        Box::new(move |block| meter.process(block))
    }),
    ("stereo image", || {
        let mut meter = StereoImage::default();
        Box::new(move |block| meter.process(block))
    }),
    ("clipping", || {
        let mut meter = Clipping::new(SPEC.channels);
        Box::new(move |block| meter.process(block))
    }),
    ("slow offset", || {
        let mut meter = SlowOffset::new(SPEC.sample_rate_hz, SPEC.channels);
        Box::new(move |block| meter.process(block))
    }),
    ("lone transients", || {
        let mut meter = LoneTransients::new(SPEC.sample_rate_hz, SPEC.channels);
        Box::new(move |block| meter.process(block))
    }),
    ("drive curve", || {
        let mut curve = DriveCurveBuilder::new(SPEC.sample_rate_hz, SPEC.channels, false)
            .with_limiting_up_to(settings().target.max_limiting_db);
        Box::new(move |block| curve.push(block))
    }),
    ("repair", || {
        processor(Repair::new(&settings().cleanup, &SPEC))
    }),
    ("DC filter", || {
        processor(DcFilter::new(&settings().cleanup, &SPEC))
    }),
    ("EQ", || processor(Eq::new(&settings().eq, &SPEC))),
    ("compressor", || {
        processor(Compressor::new(&settings().compressor, &SPEC))
    }),
    ("de-esser", || {
        processor(Deesser::new(&settings().deesser, &SPEC))
    }),
    ("saturation and stereo", || {
        let mut saturation = Saturation::new(&settings().saturation, &SPEC);
        let mut stereo = Stereo::new(&settings().stereo, &SPEC);
        Box::new(move |block| {
            saturation.process(block);
            stereo.process(block);
        })
    }),
    ("limiter", || {
        processor(Limiter::new(&settings().limiter, -1.0, &SPEC))
    }),
    ("dither", || processor(Dither::new(WordLength::Bits16, 1))),
];

/// Settings at which every stage works.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.cleanup.dc_highpass_hz = 5.0;
    settings.cleanup.repairs = repairs();
    settings.eq.mid_db[8] = 1.5;
    settings.compressor.ratio = 2.0;
    settings.deesser.max_reduction_db = 6.0;
    settings.saturation.amount = 0.5;
    settings.stereo.high_db = 1.0;
    settings.limiter.drive_db = 8.0;
    settings
}

/// A click and a bump in turn, one in every half second of what is counted.
fn repairs() -> Vec<settings::Repair> {
    (0..6)
        .map(|number| {
            let (kind, length_ms, gain_db) = if number % 2 == 0 {
                (RepairKind::Interpolate, 1.0, 0.0)
            } else {
                (RepairKind::Attenuate, 10.0, -6.0)
            };
            settings::Repair {
                at_s: 0.25 + 0.5 * f64::from(number),
                length_ms,
                kind,
                gain_db,
                channel: settings::RepairedChannel::Both,
            }
        })
        .collect()
}

fn processor(mut stage: impl Processor + 'static) -> Stage {
    Box::new(move |block| stage.process(block))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, seconds] = arguments.as_slice() else {
        for (name, _) in STAGES {
            println!("{name}");
        }
        return Ok(());
    };
    let (_, make) = STAGES
        .iter()
        .find(|(stage, _)| stage == name)
        .ok_or("expected the name of a stage")?;
    let mut stage = make();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mix.flac");
    let mut mix = acetate_io::open(&path, &OpenOptions::default())?;
    let mut left = seconds.parse::<usize>()? * SPEC.sample_rate_hz as usize;
    let mut block = Audio::silence(SPEC.sample_rate_hz, SPEC.channels, BLOCK_FRAMES);
    while left > 0 {
        let read = mix.read(&mut block, BLOCK_FRAMES.min(left))?;
        if read == 0 {
            return Err("the example mix is shorter".into());
        }
        left -= read;
        stage(&mut block);
        black_box(&mut block);
    }
    Ok(())
}
