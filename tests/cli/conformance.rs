//! `acetate analyze` itself passes the conformance signals of EBU Tech 3341, EBU Tech 3342 and ITU-R
//! BS.2217, from WAV and from FLAC, at every sample rate. FLAC above 48 kHz is asked the signals of
//! up to [`LONG_S`], since its samples are those of the WAV.

use std::collections::BTreeMap;
use std::path::Path;

use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::{Audio, Processor, Sink, Spec};
use acetate_io::{OutputFormat, StageOptions, StagedFile};
use serde_json::Value;

use crate::conformance_signals::{Case, cases};
use crate::dir::Dir;

/// Longer signals are read from FLAC at 44.1 and 48 kHz only, seconds.
const LONG_S: usize = 18;
/// Signals on disk at a time.
const BATCH: usize = 8;

/// Writes a signal in both channels, 24 bit, in the format that the name asks for.
fn write(path: &Path, sample_rate_hz: u32, channel: &[f32]) {
    let format = OutputFormat::from_extension(path, WordLength::Bits24).unwrap();
    let spec = Spec {
        sample_rate_hz,
        channels: 2,
    };
    let mut file = StagedFile::create(path, spec, &StageOptions::new(format)).unwrap();
    let mut dither = Dither::new(WordLength::Bits24, 0);
    for part in channel.chunks(65_536) {
        let mut block = Audio::new(sample_rate_hz, vec![part.to_vec(); 2]).unwrap();
        dither.process(&mut block);
        file.write(&block).unwrap();
    }
    file.finish().unwrap();
    file.commit(false).unwrap();
}

/// Reports by file name.
fn analyze(dir: &Dir, names: &[String]) -> BTreeMap<String, Value> {
    let mut args = vec!["analyze", "--json", "--threads", "1"];
    args.extend(names.iter().map(String::as_str));
    let text = dir.run(&args).expect(0).text();
    text.lines()
        .map(|line| {
            let report: Value = serde_json::from_str(line).unwrap();
            (report["input"]["path"].as_str().unwrap().to_owned(), report)
        })
        .collect()
}

fn check(rate_hz: u32, case: &Case, name: &str, report: &Value) {
    for expected in &case.expected {
        let got = report[expected.figure]
            .as_f64()
            .unwrap_or(f64::NEG_INFINITY);
        assert!(
            expected.holds(got),
            "{name} at {rate_hz} Hz: {} is {got}, expected {}",
            expected.figure,
            expected.value
        );
        if expected.figure == "integrated_lufs" {
            for reading in report["integrated_by_meter"].as_array().unwrap() {
                let got = reading["value"].as_f64().unwrap_or(f64::NEG_INFINITY);
                assert!(expected.holds(got), "{name} at {rate_hz} Hz: {reading}");
            }
        }
    }
}

fn pass(rate_hz: u32) {
    for batch in cases().chunks(BATCH) {
        let dir = Dir::new();
        let mut names = Vec::new();
        for case in batch {
            let channel = case.channel(rate_hz);
            for extension in ["wav", "flac"] {
                let long = channel.len() > LONG_S * rate_hz as usize;
                if extension == "flac" && rate_hz > 48_000 && long {
                    continue;
                }
                let name = format!("{}.{extension}", case.name);
                write(&dir.path(&name), rate_hz, &channel);
                names.push(name);
            }
        }
        let reports = analyze(&dir, &names);
        for case in batch {
            for name in names.iter().filter(|name| {
                Path::new(name)
                    .file_stem()
                    .is_some_and(|stem| stem == case.name.as_str())
            }) {
                check(rate_hz, case, name, &reports[name]);
            }
        }
    }
}

#[test]
fn analyze_passes_at_44_1_khz() {
    pass(44_100);
}

#[test]
fn analyze_passes_at_48_khz() {
    pass(48_000);
}

#[test]
fn analyze_passes_at_88_2_khz() {
    pass(88_200);
}

#[test]
fn analyze_passes_at_96_khz() {
    pass(96_000);
}

#[test]
fn analyze_passes_at_176_4_khz() {
    pass(176_400);
}

#[test]
fn analyze_passes_at_192_khz() {
    pass(192_000);
}
