//! Lossless material through the coders that musicians meet, and as it is.

use std::path::Path;

use acetate_check::detect::source::TRACE_SIGMA;
use acetate_check::scan::coding_traces;
use acetate_dsp::Audio;
use acetate_dsp::measure::spectrum::SpectrumMeter;
use acetate_training::datasets::Split;
use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;

use crate::lossy::{Coder, through};
use crate::protocol;
use crate::tracks::{faded, middle, pieces, spread};

/// The coders, and their settings.
const CODERS: [Coder<'static>; 7] = [
    mp3("mp3 96", &["-c:a", "libmp3lame", "-b:a", "96k"]),
    mp3("mp3 128", &["-c:a", "libmp3lame", "-b:a", "128k"]),
    mp3("mp3 192", &["-c:a", "libmp3lame", "-b:a", "192k"]),
    mp3("mp3 320", &["-c:a", "libmp3lame", "-b:a", "320k"]),
    Coder {
        name: "aac 128",
        options: &["-c:a", "aac", "-b:a", "128k"],
        suffix: "m4a",
    },
    Coder {
        name: "vorbis q4",
        options: &["-c:a", "libvorbis", "-q:a", "4"],
        suffix: "ogg",
    },
    Coder {
        name: "opus 128",
        options: &["-c:a", "libopus", "-b:a", "128k"],
        suffix: "opus",
    },
];

const fn mp3(name: &'static str, options: &'static [&'static str]) -> Coder<'static> {
    Coder {
        name,
        options,
        suffix: "mp3",
    }
}

/// What was found in one signal.
#[derive(Clone, Debug, Serialize)]
struct Trace {
    track: String,
    coder: String,
    family: String,
    sigma: f64,
    holes_percent: f64,
    bandwidth_hz: f64,
}

fn trace(track: &str, coder: &str, audio: &Audio) -> Trace {
    let mut meter = SpectrumMeter::new(audio.sample_rate_hz(), audio.channel_count());
    meter.process(audio);
    let found = coding_traces(audio);
    Trace {
        track: track.to_owned(),
        coder: coder.to_owned(),
        family: found.map_or("none", |c| c.family.label()).to_owned(),
        sigma: found.map_or(0.0, |c| c.sigma),
        holes_percent: found.map_or(0.0, |c| c.holes_percent),
        bandwidth_hz: meter.finish().bandwidth_hz,
    }
}

/// Excerpts of every unmastered mix, which are rendered without loss, and `count` of them through every coder; their
/// traces go to a file of JSON lines, and a table of them is printed.
pub fn run(cache: &Path, splits: Vec<Split>, path: &Path, count: usize) -> Result<()> {
    let protocol = protocol::read()?;
    let mut chosen = pieces(cache, &splits, true)?;
    chosen.iter_mut().for_each(|piece| piece.is_finished = true);
    let chosen = spread(chosen, usize::MAX, protocol.seed);
    let traces: Vec<Vec<Trace>> = chosen
        .par_iter()
        .enumerate()
        .map(|(index, piece)| {
            let raw = middle(&piece.file, protocol.excerpt_s)?;
            let clean = faded(raw, protocol.edge_fade_s);
            let mut traces = vec![trace(&piece.name, "none", &clean)];
            for coder in CODERS.iter().filter(|_| index < count) {
                traces.push(trace(&piece.name, coder.name, &through(&clean, coder)?));
            }
            Ok(traces)
        })
        .collect::<Result<_>>()?;
    let traces: Vec<Trace> = traces.into_iter().flatten().collect();
    let lines: Vec<String> = traces
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()?;
    std::fs::write(path, lines.join("\n") + "\n")?;
    println!(
        "| coder | excerpts | traces found | sigma, least and most | holes, % | spectrum ends, kHz |"
    );
    println!("|---|---|---|---|---|---|");
    for name in std::iter::once("none").chain(CODERS.iter().map(|coder| coder.name)) {
        let those: Vec<&Trace> = traces.iter().filter(|t| t.coder == name).collect();
        let found = those.iter().filter(|t| t.sigma >= TRACE_SIGMA).count();
        let range = |value: &dyn Fn(&Trace) -> f64| {
            let values = || those.iter().map(|t| value(t));
            let (least, most) = (
                values().fold(f64::INFINITY, f64::min),
                values().fold(0.0, f64::max),
            );
            format!("{least:.1} to {most:.1}")
        };
        println!(
            "| {name} | {} | {found} | {} | {} | {} |",
            those.len(),
            range(&|t| t.sigma),
            range(&|t| t.holes_percent),
            range(&|t| 1e-3 * t.bandwidth_hz)
        );
    }
    Ok(())
}
