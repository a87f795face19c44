//! `acetate analyze` itself passes the conformance signals of EBU Tech 3341, EBU Tech 3342 and ITU-R
//! BS.2217, from WAV and from FLAC, at every sample rate.
//!
//! All signals together take minutes of a processor at the highest rates. Above 48 kHz
//! the usual run therefore leaves out signals over [`LONG_S`] and four of five delays of
//! 3341's cases 10 and 11, and from 48 kHz on it takes WAV and FLAC in turns; `ACETATE_CONFORMANCE=all` asks for all in
//! both. The library passes all of them at every rate in every run.

use std::collections::BTreeMap;
use std::path::Path;

use acetate_dsp::process::dither::{Dither, WordLength};
use acetate_dsp::signal::ebu::{Case, cases};
use acetate_dsp::{Audio, Processor, Sink, Spec};
use acetate_io::{OutputFormat, StageOptions, StagedFile};
use serde_json::Value;

use crate::dir::Dir;

/// Longer signals are left out above 48 kHz, seconds.
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

/// Whether the usual run reads a signal at a high rate.
fn is_usual(case: &Case, frames: usize, rate_hz: u32) -> bool {
    let step = case
        .name
        .rsplit('-')
        .next()
        .and_then(|step| step.parse().ok());
    let delayed = ["3341-10-", "3341-11-"]
        .iter()
        .any(|name| case.name.starts_with(name));
    let left_out = delayed && !step.unwrap_or(0u32).is_multiple_of(5);
    frames <= LONG_S * rate_hz as usize && !left_out
}

fn pass(rate_hz: u32) {
    let all = std::env::var("ACETATE_CONFORMANCE").is_ok_and(|value| value == "all");
    let formats = if all || rate_hz == 44_100 { 2 } else { 1 };
    let mut turn = ["wav", "flac"].into_iter().cycle();
    for batch in cases().chunks(BATCH) {
        let dir = Dir::new();
        let mut written: Vec<(&Case, String)> = Vec::new();
        for case in batch {
            let channel = case.channel(rate_hz);
            if !all && rate_hz > 48_000 && !is_usual(case, channel.len(), rate_hz) {
                continue;
            }
            for extension in turn.by_ref().take(formats) {
                let name = format!("{}.{extension}", case.name);
                write(&dir.path(&name), rate_hz, &channel);
                written.push((case, name));
            }
        }
        if written.is_empty() {
            continue;
        }
        let names: Vec<String> = written.iter().map(|(_, name)| name.clone()).collect();
        let reports = analyze(&dir, &names);
        for (case, name) in written {
            check(rate_hz, case, &name, &reports[&name]);
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
