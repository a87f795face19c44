//! How clean limiters are, side by side on real music:
//! `cargo run --release --example limiters -- FOLDER [SECONDS] [same-drive]`.
//!
//! The loudest passage of each file (20 s by default) is driven so that its true peak stands 3, 6
//! and 9 dB above a ceiling of -1 dBFS, and goes through our limiter and through each of the peers
//! that is installed: ffmpeg's alimiter, LSP's and x42's limiters (LV2, run by ffmpeg) and
//! pedalboard's (python3). Each result is aligned and held against the driven passage with the
//! noise-to-mask ratio of `acetate_dsp::measure::noise_to_mask`. Two tables of medians: at the
//! same drive, and at the same loudness and true peak (a limiter that overshoots is turned down by
//! its overshoot, and driven until it is as loud as our default; `same-drive` leaves this table
//! out, which takes several times as long as the first).

mod ours;
mod peers;
mod table;

use std::path::{Path, PathBuf};

use acetate_dsp::measure::loudness::{Loudness, integrated_from_k_power_10ms};
use acetate_dsp::measure::noise_to_mask::{LevelMatch, MaskedReference, NoiseToMask};
use acetate_dsp::measure::true_peak::TruePeak;
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Audio, Source};
use anyhow::{Context, Result, bail};
use rayon::prelude::*;

/// Ceiling of every limiter, dBFS or dBTP as it can.
const CEILING_DB: f64 = -1.0;
/// How far the passage's true peak stands over the ceiling, dB.
const REDUCTIONS_DB: [f64; 3] = [3.0, 6.0, 9.0];
/// Length of the passage where nothing else is asked for, s.
const PASSAGE_S: f64 = 20.0;
/// Passes that bring a limiter to a loudness.
const LEVEL_PASSES: usize = 4;
/// Loudness at which two limiters are alike, LU.
const LEVEL_TOLERANCE_LU: f64 = 0.03;

/// How the limiters are made comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Footing {
    SameDrive,
    SameLoudness,
}

/// One limiter's result on one passage.
#[derive(Clone, Debug)]
struct Row {
    limiter: String,
    footing: Footing,
    reduction_db: f64,
    whole: NoiseToMask,
    slow: NoiseToMask,
    /// True peak over the ceiling before anything was turned down, dB.
    over_db: f64,
}

/// Ours or a peer's.
enum Candidate {
    Ours(ours::Ours),
    Peer(peers::Peer),
}

impl Candidate {
    fn limited(&self, driven: &Audio) -> Result<Audio> {
        match self {
            Self::Ours(ours) => Ok(ours.limited(driven)),
            Self::Peer(peer) => peer.limited(driven),
        }
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        bail!("expected a folder of music, found nothing");
    };
    let seconds = match arguments.next() {
        Some(text) => text.parse().context("SECONDS")?,
        None => PASSAGE_S,
    };
    let same_drive_only = arguments.next().as_deref() == Some("same-drive");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| folder.clone())?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let ours = ours::all().into_iter();
    let mut candidates: Vec<(String, Candidate)> = ours
        .map(|(name, ours)| (name, Candidate::Ours(ours)))
        .collect();
    let peers = peers::installed().into_iter();
    candidates.extend(peers.map(|peer| (peer.name.clone(), Candidate::Peer(peer))));
    let rows: Vec<Vec<Row>> = files
        .par_iter()
        .filter_map(
            |path| match judge(path, seconds, &candidates, same_drive_only) {
                Ok(rows) => {
                    eprintln!("{}", path.display());
                    Some(rows)
                }
                Err(error) => {
                    eprintln!("{}: left out: {error:#}", path.display());
                    None
                }
            },
        )
        .collect();
    table::print(&rows);
    Ok(())
}

/// All limiters on one file.
fn judge(
    path: &Path,
    seconds: f64,
    candidates: &[(String, Candidate)],
    same_drive_only: bool,
) -> Result<Vec<Row>> {
    let mut input = acetate_io::open(path, &acetate_io::OpenOptions::default())?;
    let audio = acetate_dsp::read_all(&mut input as &mut dyn Source)?;
    if audio.channel_count() != 2 {
        bail!("expected stereo, found {} channels", audio.channel_count());
    }
    let passage = loudest(&audio, seconds);
    let peak_dbtp = true_peak_dbtp(&passage);
    if !peak_dbtp.is_finite() {
        bail!("expected music, found silence");
    }
    let mut rows = Vec::new();
    for reduction_db in REDUCTIONS_DB {
        let driven = turned(&passage, CEILING_DB + reduction_db - peak_dbtp);
        let masked = MaskedReference::new(&driven);
        let mut goal_lufs = None;
        for (name, candidate) in candidates {
            let mut add = |footing, out: &Audio, over_db| -> Result<()> {
                let ratio = |by| masked.compare(out, by).context("nothing to compare");
                rows.push(Row {
                    limiter: name.clone(),
                    footing,
                    reduction_db,
                    whole: ratio(LevelMatch::Whole)?,
                    slow: ratio(LevelMatch::SLOW)?,
                    over_db,
                });
                Ok(())
            };
            let out = candidate.limited(&driven).with_context(|| name.clone())?;
            let over_db = true_peak_dbtp(&out) - CEILING_DB;
            add(Footing::SameDrive, &out, over_db)?;
            if same_drive_only {
                continue;
            }
            // The first candidate is our default: as loud as that all the others have to be.
            let goal_lufs = *goal_lufs.get_or_insert_with(|| lufs(&under_ceiling(&out)));
            let (out, over_db) = as_loud(candidate, &driven, goal_lufs, out)?;
            add(Footing::SameLoudness, &out, over_db)?;
        }
    }
    Ok(rows)
}

/// The candidate's result at this loudness, under the ceiling, and how far it was over.
fn as_loud(
    candidate: &Candidate,
    driven: &Audio,
    goal_lufs: f64,
    first: Audio,
) -> Result<(Audio, f64)> {
    let mut out = first;
    let mut drive_db = 0.0;
    for _ in 0..LEVEL_PASSES {
        let missing_lu = goal_lufs - lufs(&under_ceiling(&out));
        if missing_lu.abs() <= LEVEL_TOLERANCE_LU {
            break;
        }
        drive_db += 1.3 * missing_lu;
        out = candidate.limited(&turned(driven, drive_db))?;
    }
    let over_db = true_peak_dbtp(&out) - CEILING_DB;
    Ok((under_ceiling(&out), over_db))
}

fn turned(audio: &Audio, gain_db: f64) -> Audio {
    let mut turned = audio.clone();
    turned.scale(gain_from_db(gain_db) as f32);
    turned
}

fn under_ceiling(audio: &Audio) -> Audio {
    turned(audio, (CEILING_DB - true_peak_dbtp(audio)).min(0.0))
}

/// The passage with the most energy.
fn loudest(audio: &Audio, seconds: f64) -> Audio {
    let frames = (seconds * f64::from(audio.sample_rate_hz())) as usize;
    let step = (audio.sample_rate_hz() / 2) as usize;
    let energies: Vec<f64> = (0..audio.frames() / step)
        .map(|block| {
            let range = block * step..(block + 1) * step;
            let channels = audio.channels().iter();
            channels
                .flat_map(|channel| &channel[range.clone()])
                .map(|&x| f64::from(x) * f64::from(x))
                .sum()
        })
        .collect();
    let span = (frames / step).max(1);
    let start = energies
        .windows(span)
        .enumerate()
        .max_by(|(_, a), (_, b)| a.iter().sum::<f64>().total_cmp(&b.iter().sum()))
        .map_or(0, |(start, _)| start * step);
    audio.slice(start, (start + frames).min(audio.frames()))
}

fn lufs(audio: &Audio) -> f64 {
    let mut meter = Loudness::new(audio.sample_rate_hz(), false);
    meter.process(audio);
    integrated_from_k_power_10ms(meter.k_power_10ms())
}

fn true_peak_dbtp(audio: &Audio) -> f64 {
    let mut meter = TruePeak::new(audio.channel_count());
    meter.process(audio);
    meter.finish().true_peak_dbtp
}
