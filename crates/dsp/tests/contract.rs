//! The contract that every processor keeps, measured on sound. A processor joins by one line in
//! [`processors`]; a row of `PARAMS` that no processor on the list moves fails `no_dead_knobs`.

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::measure::bands::{THIRD_OCTAVES, center_hz, edges_hz};
use acetate_dsp::process::compressor::Compressor;
use acetate_dsp::process::dc_filter::DcFilter;
use acetate_dsp::process::deesser::Deesser;
use acetate_dsp::process::eq::Eq;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::repair::{Declip, HumCancel, Repair};
use acetate_dsp::process::saturation::Saturation;
use acetate_dsp::process::sections::Sections;
use acetate_dsp::process::stereo::Stereo;
use acetate_dsp::settings::{self, EqPhase, RepairKind, RepairedChannel};
use acetate_dsp::{Audio, PARAMS, ProcessSpec, Processor, Settings};

/// The limiter's ceiling in these tests, dBTP.
const CEILING_DBTP: f64 = -1.0;

/// A test signal: its name, and its sample at a frame.
type Signal = (&'static str, fn(usize) -> f32);
type Build = fn(&Settings, &ProcessSpec) -> Box<dyn Processor>;

/// One processor on the list.
struct Entry {
    name: &'static str,
    /// Prefix of its rows in `PARAMS`; empty for the chain, which has none of its own.
    rows: &'static str,
    /// Settings under which it does something that every one of its rows can change.
    active: fn(&mut Settings),
    build: Build,
}

fn processors() -> Vec<Entry> {
    vec![
        entry("repair", "", repair, |s, p| {
            Box::new(Repair::new(&s.cleanup, p))
        }),
        entry("declip", "", clipped, |s, p| {
            Box::new(Declip::new(&s.cleanup, p))
        }),
        entry("hum", "", hum, |s, p| {
            Box::new(HumCancel::new(&s.cleanup, p))
        }),
        entry("dc filter", "cleanup.", cleanup, |s, p| {
            Box::new(DcFilter::new(&s.cleanup, p))
        }),
        entry("eq", "eq.", tone, |s, p| Box::new(Eq::new(&s.eq, p))),
        entry("linear eq", "eq.", linear_tone, |s, p| {
            Box::new(Eq::new(&s.eq, p))
        }),
        entry("compressor", "compressor.", glue, |s, p| {
            Box::new(Compressor::new(&s.compressor, p))
        }),
        entry("deesser", "deesser.", sibilants, |s, p| {
            Box::new(Deesser::new(&s.deesser, p))
        }),
        entry("saturation", "saturation.", soft, |s, p| {
            Box::new(Saturation::new(&s.saturation, p))
        }),
        entry("stereo", "stereo.", width, |s, p| {
            Box::new(Stereo::new(&s.stereo, p))
        }),
        entry("sections", "", parts, |s, p| {
            Box::new(Sections::new(&s.sections, p, 0))
        }),
        entry("limiter", "limiter.", driven, |s, p| {
            Box::new(Limiter::new(&s.limiter, CEILING_DBTP, p))
        }),
        entry("chain", "", everything, |s, p| {
            Box::new(Chain::new(s, p, &Bypass::default()))
        }),
    ]
}

/// Rows that are no knob of a processor (what to reach), or whose processor is not on the list
/// yet. A prefix here that a processor covers fails the test, so that the list cannot rot.
const NOT_ON_THE_LIST: [&str; 1] = ["target."];

fn entry(name: &'static str, rows: &'static str, active: fn(&mut Settings), build: Build) -> Entry {
    Entry {
        name,
        rows,
        active,
        build,
    }
}

fn cleanup(settings: &mut Settings) {
    settings.cleanup.dc_highpass_hz = 8.0;
}

fn repair(settings: &mut Settings) {
    let moment = |at_s, length_ms, kind, gain_db| settings::Repair {
        at_s,
        length_ms,
        kind,
        gain_db,
        channel: RepairedChannel::Both,
    };
    settings.cleanup.repairs = vec![
        moment(0.1, 2.0, RepairKind::Interpolate, 0.0),
        moment(0.2, 30.0, RepairKind::Attenuate, -12.0),
        moment(0.3, 10.0, RepairKind::FadeOut, 0.0),
    ];
}

fn clipped(settings: &mut Settings) {
    settings.cleanup.clipped = vec![
        settings::ClipLevels {
            above: 0.7,
            below: 0.7,
        };
        2
    ];
}

fn hum(settings: &mut Settings) {
    let line = |multiple| settings::HumLine {
        multiple,
        level_dbfs: -40.0,
    };
    settings.cleanup.hum = Some(settings::Hum {
        mains_hz: 50.0,
        lines: [1, 3].map(line).to_vec(),
    });
}

fn tone(settings: &mut Settings) {
    settings.eq.mid_db = [
        2.0, -1.5, 1.0, 0.5, -2.0, 1.0, 1.5, -1.0, 2.0, 1.0, 2.5, 3.0,
    ];
    settings.eq.side_db = [-2.0, 1.0, 0.5, 1.5];
    settings.eq.boost_limit_hz = 15_000.0;
}

fn linear_tone(settings: &mut Settings) {
    tone(settings);
    settings.eq.phase = EqPhase::Linear;
}

fn glue(settings: &mut Settings) {
    settings.compressor.ratio = 2.0;
    settings.compressor.threshold_lu = -6.0;
    settings.compressor.mix = 0.8;
}

fn sibilants(settings: &mut Settings) {
    settings.deesser.threshold_lu = -22.0;
    settings.deesser.max_reduction_db = 3.0;
}

fn soft(settings: &mut Settings) {
    settings.saturation.amount = 0.7;
    settings.saturation.ceiling_lu = 10.0;
}

fn width(settings: &mut Settings) {
    settings.stereo.low_db = -12.0;
    settings.stereo.mid_db = 1.0;
    settings.stereo.high_db = 4.0;
}

fn parts(settings: &mut Settings) {
    let part = |start_s, end_s, letter, level_db, side_db| settings::Section {
        start_s,
        end_s,
        letter,
        level_db,
        side_db,
    };
    settings.sections = vec![
        part(0.0, 1.0, 'A', 0.5, -1.5),
        part(1.0, 4.0, 'B', -1.0, 1.0),
    ];
}

fn driven(settings: &mut Settings) {
    settings.limiter.drive_db = 6.0;
}

fn everything(settings: &mut Settings) {
    for part in [cleanup, tone, glue, sibilants, soft, width, parts] {
        part(settings);
    }
}

impl Entry {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        (self.active)(&mut settings);
        settings.validate().expect("active settings are valid");
        settings
    }

    fn build(&self, sample_rate_hz: u32, channels: usize) -> Box<dyn Processor> {
        (self.build)(&self.settings(), &spec(sample_rate_hz, channels))
    }
}

fn spec(sample_rate_hz: u32, channels: usize) -> ProcessSpec {
    ProcessSpec {
        sample_rate_hz,
        channels,
        program_lufs: -16.0,
    }
}

/// A program with rhythm and all third octaves, the same function of time at every rate: a sine
/// in each band, falling by 1.5 dB per octave, each at another place in the stereo image, with
/// bursts four times a second.
fn program(sample_rate_hz: u32, channels: usize, seconds: f64) -> Audio {
    let rate_hz = f64::from(sample_rate_hz);
    let frames = (seconds * rate_hz) as usize;
    let mut waves = vec![vec![0.0_f32; frames]; channels];
    let envelope: Vec<f64> = (0..frames)
        .map(|n| 0.35 + 1.3 * (-(n as f64 / rate_hz * 4.0).fract() * 5.0).exp())
        .collect();
    for band in 1..THIRD_OCTAVES - 1 {
        let level = 0.07 * (center_hz(band) / 1000.0).powf(-0.25);
        let step = std::f64::consts::TAU * center_hz(band) / rate_hz;
        let angle = 0.25 * std::f64::consts::PI + 0.6 * (band as f64 * 2.4).sin();
        let pan = [angle.cos(), angle.sin()];
        for (n, envelope) in envelope.iter().enumerate() {
            let sample = level * envelope * (step * n as f64 + band as f64).sin();
            for (wave, share) in waves.iter_mut().zip(pan) {
                wave[n] += (sample * share) as f32;
            }
        }
    }
    Audio::new(sample_rate_hz, waves).unwrap()
}

/// Output with the latency trimmed, as long as the input, in blocks of `block_frames`.
fn render(processor: &mut dyn Processor, input: &Audio, block_frames: usize) -> Audio {
    let latency_frames = processor.latency_frames();
    let mut padded = input.clone();
    padded.set_frames(input.frames() + latency_frames);
    let mut output = Audio::silence(input.sample_rate_hz(), input.channel_count(), 0);
    let mut start = 0;
    while start < padded.frames() {
        let mut block = padded.slice(start, start + block_frames);
        start += block.frames();
        processor.process(&mut block);
        output.append(&block);
    }
    output.drop_front(latency_frames);
    output
}

/// Power of the difference of two signals relative to the first, dB.
fn difference_db(a: &Audio, b: &Audio) -> f64 {
    let (mut power, mut error) = (0.0, 0.0);
    for (a, b) in a.channels().iter().zip(b.channels()) {
        for (a, b) in a.iter().zip(b) {
            power += f64::from(*a).powi(2);
            error += (f64::from(*a) - f64::from(*b)).powi(2);
        }
    }
    10.0 * (error / power).log10()
}

#[test]
fn neutral_settings_null_against_the_input() {
    let mut input = program(44_100, 2, 1.0);
    // Below the limiter's ceiling, where its neutral setting has nothing to do.
    input.scale(0.25);
    for entry in processors() {
        let mut neutral = (entry.build)(&Settings::default(), &spec(44_100, 2));
        // Only the limiter must look ahead to know that there is nothing to do.
        assert!(
            neutral.latency_frames() == 0 || entry.name == "limiter",
            "{}",
            entry.name
        );
        let output = render(neutral.as_mut(), &input, 1000);
        let null_db = difference_db(&input, &output);
        assert!(null_db < -140.0, "{}: {null_db} dB", entry.name);
    }
}

#[test]
fn block_size_and_reset_change_no_bit() {
    for channels in [1, 2] {
        let input = program(44_100, channels, 0.7);
        for entry in processors() {
            let mut processor = entry.build(44_100, channels);
            let whole = render(processor.as_mut(), &input, usize::MAX / 2);
            if channels == 2 {
                let change_db = difference_db(&input, &whole);
                assert!(
                    change_db > -60.0,
                    "{} does nothing: {change_db}",
                    entry.name
                );
            }
            let reduction_db = processor.gain_reduction_db();
            for block_frames in [1, 7, 64, 1000] {
                processor.reset();
                let output = render(processor.as_mut(), &input, block_frames);
                assert!(
                    output == whole,
                    "{}: other bits in blocks of {block_frames} after reset",
                    entry.name
                );
                assert_eq!(
                    processor.gain_reduction_db(),
                    reduction_db,
                    "{}",
                    entry.name
                );
            }
            let fresh = render(entry.build(44_100, channels).as_mut(), &input, 333);
            assert!(fresh == whole, "{}: reset is not construction", entry.name);
        }
    }
}

/// Impulse response of mid or side with the latency in it. The impulse is so low that non-linear
/// stages are at rest.
fn impulse_response(processor: &mut dyn Processor, rate_hz: u32, side: bool) -> Vec<f64> {
    const LEVEL: f32 = 1e-3;
    processor.reset();
    let mut block = Audio::silence(rate_hz, 2, processor.latency_frames() + rate_hz as usize);
    let (left, Some(right)) = block.split_mut() else {
        unreachable!("two channels were asked for")
    };
    left[0] = LEVEL;
    right[0] = if side { -LEVEL } else { LEVEL };
    processor.process(&mut block);
    let sign = if side { -1.0 } else { 1.0 };
    let pairs = block.channel(0).iter().zip(block.channel(1));
    pairs
        .map(|(l, r)| (f64::from(*l) + sign * f64::from(*r)) / (2.0 * f64::from(LEVEL)))
        .collect()
}

fn level_db_at(response: &[f64], rate_hz: u32, freq_hz: f64) -> f64 {
    let step = std::f64::consts::TAU * freq_hz / f64::from(rate_hz);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in response.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        re += sample * cos;
        im -= sample * sin;
    }
    10.0 * (re * re + im * im).log10()
}

#[test]
fn declared_latency_and_response_are_the_measured() {
    for entry in processors() {
        for rate_hz in [44_100, 96_000] {
            let mut processor = entry.build(rate_hz, 2);
            let mid = impulse_response(processor.as_mut(), rate_hz, false);
            let side = impulse_response(processor.as_mut(), rate_hz, true);
            let highest = (0..mid.len()).max_by(|&a, &b| mid[a].abs().total_cmp(&mid[b].abs()));
            assert_eq!(highest, Some(processor.latency_frames()), "{}", entry.name);
            for band in 0..THIRD_OCTAVES {
                let hz = center_hz(band);
                let Some(declared) = processor.response_db(hz) else {
                    continue;
                };
                let pairs = [
                    ("mid", &mid, declared.mid_db),
                    ("side", &side, declared.side_db),
                ];
                for (name, response, want_db) in pairs {
                    let got_db = level_db_at(response, rate_hz, hz);
                    assert!(
                        (got_db - want_db).abs() < 0.05,
                        "{} at {rate_hz} Hz, {name}, {hz:.0} Hz: {got_db} dB, declared {want_db}",
                        entry.name,
                    );
                }
            }
        }
    }
}

#[test]
fn no_dead_knobs() {
    let input = program(44_100, 2, 0.5);
    let list = processors();
    for param in PARAMS {
        let covering: Vec<_> = list
            .iter()
            .filter(|entry| !entry.rows.is_empty() && param.name.starts_with(entry.rows))
            .collect();
        let elsewhere = NOT_ON_THE_LIST
            .iter()
            .any(|prefix| param.name.starts_with(prefix));
        assert_eq!(
            covering.is_empty(),
            elsewhere,
            "{}: expected a processor or a place in NOT_ON_THE_LIST, not both",
            param.name
        );
        for entry in covering {
            let before = render(entry.build(44_100, 2).as_mut(), &input, 1000);
            let mut settings = entry.settings();
            let from = param.get(&settings);
            // Toward the further end of the range.
            let to = if param.max - from > from - param.min {
                param.max
            } else {
                param.min
            };
            param.set(&mut settings, from + 0.3 * (to - from));
            let mut moved = (entry.build)(&settings, &spec(44_100, 2));
            let after = render(moved.as_mut(), &input, 1000);
            let change_db = difference_db(&before, &after);
            assert!(
                change_db > -80.0,
                "{} of {}: {change_db} dB",
                param.name,
                entry.name
            );
        }
    }
}

#[test]
fn hard_input_gives_finite_output() {
    let frames = 20_000;
    let signals: [Signal; 6] = [
        ("silence", |_| 0.0),
        ("DC", |_| 1.0),
        (
            "full-scale square",
            |n| if n % 100 < 50 { 1.0 } else { -1.0 },
        ),
        ("+100 dB edge", |n| if n < 9000 { 0.0 } else { 1e5 }),
        ("denormals", |n| if n % 3 == 0 { 1e-40 } else { -3e-42 }),
        ("huge", |n| if n % 7 == 0 { 1e30 } else { -1e30 }),
    ];
    for (name, signal) in signals {
        let wave: Vec<f32> = (0..frames).map(signal).collect();
        for channels in [1, 2] {
            let input = Audio::new(44_100, vec![wave.clone(); channels]).unwrap();
            for entry in processors() {
                let mut processor = entry.build(44_100, channels);
                let output = render(processor.as_mut(), &input, 1000);
                let finite = output.channels().iter().flatten().all(|s| s.is_finite());
                assert!(finite, "{}: {name}", entry.name);
                assert!(
                    processor.gain_reduction_db().is_finite(),
                    "{}: {name}",
                    entry.name
                );
                if name == "silence" {
                    let silent = output.channels().iter().flatten().all(|s| *s == 0.0);
                    assert!(silent, "{} sounds on its own", entry.name);
                }
            }
        }
    }
}

#[test]
fn left_and_right_are_treated_alike() {
    let input = program(44_100, 2, 0.7);
    let swap = |audio: &Audio| {
        let channels = audio.channels().iter().rev().cloned().collect();
        Audio::new(audio.sample_rate_hz(), channels).unwrap()
    };
    for entry in processors() {
        let straight = render(entry.build(44_100, 2).as_mut(), &input, 1000);
        let swapped = render(entry.build(44_100, 2).as_mut(), &swap(&input), 1000);
        let null_db = difference_db(&straight, &swap(&swapped));
        // The FFT of L + iR rounds the channels differently; nothing else is allowed.
        assert!(null_db < -130.0, "{}: {null_db} dB", entry.name);
    }
}

/// Power of mid and side in each third octave over the second second, dB.
fn third_octaves_db(audio: &Audio) -> Vec<[f64; THIRD_OCTAVES]> {
    let rate = audio.sample_rate_hz() as usize;
    let fft = realfft::RealFftPlanner::<f64>::new().plan_fft_forward(rate);
    let mut spectrum = fft.make_output_vec();
    let mut levels = Vec::new();
    for sign in [1.0, -1.0] {
        let window = |n: usize| 1.0 - (std::f64::consts::TAU * n as f64 / rate as f64).cos();
        let frames = audio.channel(0).iter().zip(audio.channel(1)).skip(rate);
        let mut wave: Vec<f64> = frames
            .take(rate)
            .enumerate()
            .map(|(n, (l, r))| 0.5 * (f64::from(*l) + sign * f64::from(*r)) * window(n))
            .collect();
        fft.process(&mut wave, &mut spectrum).unwrap();
        levels.push(std::array::from_fn(|band| {
            // One bin per Hz.
            let (low_hz, high_hz) = edges_hz(band);
            let bins = &spectrum[low_hz.ceil() as usize..(high_hz.ceil() as usize).min(rate / 2)];
            let power: f64 = bins.iter().map(|bin| bin.norm_sqr()).sum();
            10.0 * (power / (rate as f64).powi(2)).log10()
        }));
    }
    levels
}

#[test]
fn every_sample_rate_sounds_the_same() {
    let rates_hz = [44_100, 48_000, 88_200, 96_000];
    let programs = rates_hz.map(|rate_hz| program(rate_hz, 2, 2.0));
    for entry in processors() {
        let levels = programs.each_ref().map(|input| {
            let mut processor = entry.build(input.sample_rate_hz(), 2);
            third_octaves_db(&render(processor.as_mut(), input, 1000))
        });
        for (rate_hz, level) in rates_hz.iter().zip(&levels).skip(1) {
            for band in 1..THIRD_OCTAVES - 1 {
                // Mid and side, and with them the sum of the channels' power. Not left and right:
                // wider side can all but cancel a panned sine in one of them, and what is left
                // there shows phases that no two rates share near the top.
                for (index, signal) in ["mid", "side"].into_iter().enumerate() {
                    let change_db = level[index][band] - levels[0][index][band];
                    let tolerance_db = match entry.name {
                        // What was cut off is guessed from other samples at each rate: they
                        // are up to 0.41 dB apart in a band.
                        "declip" => 0.5,
                        // The upper skirt of a bell comes to nothing at half the sample rate; the
                        // chain has that bell in it.
                        "deesser" | "chain" => 0.2,
                        _ => 0.1,
                    };
                    assert!(
                        change_db.abs() < tolerance_db,
                        "{} at {rate_hz} Hz, {signal}, {:.0} Hz: {change_db:.3} dB",
                        entry.name,
                        center_hz(band)
                    );
                }
            }
        }
    }
}

#[test]
fn process_does_not_allocate() {
    let input = program(44_100, 2, 1.0);
    for entry in processors() {
        let mut processor = entry.build(44_100, 2);
        let mut block = input.clone();
        let info = allocation_counter::measure(|| processor.process(&mut block));
        assert_eq!(info.count_total, 0, "{}", entry.name);
    }
}

/// What adds noise by design has no neutral setting and answers to tests of its own: the dither.
const HAVE_NO_NEUTRAL: [&str; 1] = ["dither"];

/// Every `impl Processor for` of the crate stands on the list, so that none escapes the contract.
#[test]
fn every_processor_is_on_the_list() {
    let mut built: Vec<&str> = processors()
        .iter()
        .map(|entry| entry.build(44_100, 2).name())
        .collect();
    built.sort_unstable();
    built.dedup();
    let mut sources = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut implementations = 0;
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            sources.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(path).unwrap();
            implementations += text
                .lines()
                .filter(|line| line.starts_with("impl") && line.contains("Processor for "))
                .count();
        }
    }
    assert_eq!(
        built.len() + HAVE_NO_NEUTRAL.len(),
        implementations,
        "on the list: {built:?}"
    );
}
