//! Rows: what was measured of a track, and what the check said.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use acetate_check::{Check, Corpus, Facts, Scan, judge, judged, measure as measure_source};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, Source};
use acetate_master::judgment;
use acetate_model::NetPredictor;
use acetate_training::datasets::Split;
use acetate_training::rng::Rng;
use anyhow::{Context, Result};
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::faults::inject as inject_fault;
use crate::protocol::{self, Fault};
use crate::tracks::{Piece, faded, middle, pieces, spread};

/// One measured signal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The track.
    pub track: String,
    /// Its album group.
    pub group: String,
    /// True for tiers A and B.
    pub is_finished: bool,
    /// What was done to it; empty for nothing.
    pub fault: String,
    /// How strongly.
    pub strength: f64,
    /// Figures by code.
    pub figures: BTreeMap<String, f64>,
    /// Share of peaks at the ceiling, percent.
    pub pile_percent: f64,
    /// Peak to loudness ratio, dB.
    pub plr_db: f64,
    /// What the check said with the corpus of the day: codes with severities.
    pub findings: BTreeMap<String, String>,
    /// Its score.
    pub score: f64,
    /// Its verdict.
    pub verdict: String,
    /// Whether it was taken for a master.
    pub already_mastered: bool,
    /// Where the spectrum ends, Hz.
    #[serde(default)]
    pub bandwidth_hz: f64,
    /// Traces of a lossy coder: whose, how far they stand out in standard deviations, and the share of lines that
    /// are empty, percent.
    #[serde(default)]
    pub coding: Option<(String, f64, f64)>,
}

/// Rows of a file; none where it does not exist.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let lines = BufReader::new(File::open(path)?).lines();
    lines
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Result<_>>()
        .with_context(|| path.display().to_string())
}

/// A file that rows are added to, from all threads.
pub struct Lines {
    file: Mutex<File>,
    done: AtomicUsize,
}

impl Lines {
    /// Opens a file, and leaves what is in it.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            file: Mutex::new(file),
            done: AtomicUsize::new(0),
        })
    }

    /// Adds a row.
    pub fn add(&self, row: &impl Serialize) -> Result<()> {
        let line = format!("{}\n", serde_json::to_string(row)?);
        let mut file = self
            .file
            .lock()
            .map_err(|_| anyhow::anyhow!("a thread failed"))?;
        file.write_all(line.as_bytes())?;
        let done = 1 + self.done.fetch_add(1, Ordering::Relaxed);
        if done.is_multiple_of(50) {
            eprintln!("{done} rows");
        }
        Ok(())
    }
}

/// The same of measured signals, which knows what is there.
pub struct Rows {
    lines: Lines,
    known: HashSet<String>,
}

impl Rows {
    /// Opens a file, and remembers what is in it.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            known: read::<Row>(path)?.iter().map(key).collect(),
            lines: Lines::open(path)?,
        })
    }

    /// True where a row is there already.
    pub fn has(&self, track: &str, fault: &str, strength: f64) -> bool {
        self.known.contains(&format!("{track}|{fault}|{strength}"))
    }

    /// Adds one.
    pub fn add(&self, row: &Row) -> Result<()> {
        self.lines.add(row)
    }
}

fn key(row: &Row) -> String {
    format!("{}|{}|{}", row.track, row.fault, row.strength)
}

/// The shipped net.
fn net() -> Result<&'static NetPredictor> {
    static NET: OnceLock<std::result::Result<NetPredictor, String>> = OnceLock::new();
    NET.get_or_init(|| NetPredictor::embedded().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// A row of a signal.
pub fn row(piece: &Piece, fault: &str, strength: f64, source: &mut dyn Source) -> Result<Row> {
    let (analysis, scan) = measure_source(source, &mut |_| Ok(()))?;
    of_measured(piece, fault, strength, &analysis, &scan)
}

fn of_measured(
    piece: &Piece,
    fault: &str,
    strength: f64,
    analysis: &Analysis,
    scan: &Scan,
) -> Result<Row> {
    let tone = judgment::of_mix(analysis, net()?)?;
    let facts = Facts::new(analysis, Some(scan), tone.as_ref(), Corpus::embedded()?);
    let check: Check = judged(analysis, Some(scan), tone.as_ref())?;
    Ok(Row {
        track: piece.name.clone(),
        group: piece.group.clone(),
        is_finished: piece.is_finished,
        fault: fault.to_owned(),
        strength,
        figures: judge::figures(&facts)
            .into_iter()
            .filter(|(_, reading)| reading.value.is_finite())
            .map(|(about, reading)| (about.code.to_string(), reading.value))
            .collect(),
        pile_percent: facts.at_ceiling_percent,
        plr_db: analysis.plr_db,
        findings: check
            .findings
            .iter()
            .map(|f| {
                (
                    f.code.to_string(),
                    format!("{:?}", f.severity).to_lowercase(),
                )
            })
            .collect(),
        score: check.score,
        verdict: check.verdict.label().to_owned(),
        already_mastered: check.already_mastered,
        bandwidth_hz: analysis.bandwidth_hz,
        coding: scan
            .coding
            .map(|c| (c.family.label().to_owned(), c.sigma, c.holes_percent)),
    })
}

/// A row of a signal in memory.
pub fn row_of_audio(piece: &Piece, fault: &str, strength: f64, audio: Audio) -> Result<Row> {
    row(piece, fault, strength, &mut AudioSource::new(audio))
}

/// Tracks of some splits, whole and untouched: all, or `count` spread over the album groups.
pub fn measure(
    cache: &Path,
    splits: Vec<Split>,
    count: Option<usize>,
    mixes: bool,
    path: &Path,
) -> Result<()> {
    let rows = Rows::open(path)?;
    let seed = protocol::read()?.seed;
    let all = pieces(cache, &splits, mixes)?;
    let chosen = match count {
        Some(count) => spread(all, count, seed),
        None => all,
    };
    chosen.par_iter().try_for_each(|piece| {
        if rows.has(&piece.name, "", 0.0) {
            return Ok(());
        }
        let opened = acetate_io::open(&piece.file, &acetate_io::OpenOptions::default());
        let mut source = opened.with_context(|| piece.name.clone())?;
        match row(piece, "", 0.0, &mut source) {
            Ok(row) => rows.add(&row),
            Err(error) => {
                eprintln!("{}: {error:#}", piece.name);
                Ok(())
            }
        }
    })
}

/// The first, middle and last 10 s of finished tracks as one signal: their edges against about their level.
pub fn ends(cache: &Path, splits: Vec<Split>, count: usize, path: &Path) -> Result<()> {
    const PART_S: f64 = 10.0;
    let rows = Rows::open(path)?;
    let chosen = spread(
        pieces(cache, &splits, false)?,
        count,
        protocol::read()?.seed,
    );
    chosen.par_iter().try_for_each(|piece| {
        if rows.has(&piece.name, "", 0.0) {
            return Ok(());
        }
        let whole = middle(&piece.file, f64::INFINITY)?;
        let part = (PART_S * f64::from(whole.sample_rate_hz())) as usize;
        let frames = whole.frames();
        if frames < 3 * part {
            return Ok(());
        }
        let starts = [0, (frames - part) / 2, frames - part];
        let channels = whole.channels().iter().map(|channel| {
            let parts = starts
                .iter()
                .flat_map(|&start| &channel[start..start + part]);
            parts.copied().collect()
        });
        let joined = Audio::new(whole.sample_rate_hz(), channels.collect())?;
        match row_of_audio(piece, "", 0.0, joined) {
            Ok(row) => rows.add(&row),
            Err(error) => {
                eprintln!("{}: {error:#}", piece.name);
                Ok(())
            }
        }
    })
}

/// Every WAV in a folder.
pub fn files(folder: &Path, path: &Path) -> Result<()> {
    let rows = Rows::open(path)?;
    let mut names: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    names.retain(|name| name.extension().is_some_and(|extension| extension == "wav"));
    names.sort();
    names.par_iter().try_for_each(|file| {
        let piece = Piece {
            name: file.display().to_string(),
            group: String::new(),
            file: file.clone(),
            is_finished: false,
        };
        let opened = acetate_io::open(file, &acetate_io::OpenOptions::default());
        let mut source = opened.with_context(|| piece.name.clone())?;
        rows.add(&row(&piece, "", 0.0, &mut source)?)
    })
}

/// Which faults are injected.
pub enum Which {
    /// All, at every strength.
    All,
    /// All, at the plain strength.
    Plain,
    /// Some, at the plain strength.
    PlainOf(Vec<String>),
    /// One, at every strength.
    Fault(String),
}

impl Which {
    fn takes(&self, fault: &Fault, strength: f64) -> bool {
        match self {
            Self::All => true,
            Self::Plain => strength == fault.plain,
            Self::PlainOf(names) => strength == fault.plain && names.contains(&fault.name),
            Self::Fault(name) => fault.name == *name,
        }
    }
}

/// Faults in excerpts of `count` finished tracks of some splits.
pub fn inject(
    cache: &Path,
    splits: Vec<Split>,
    path: &Path,
    count: usize,
    which: &Which,
) -> Result<()> {
    let protocol = protocol::read()?;
    let rows = Rows::open(path)?;
    let chosen = spread(pieces(cache, &splits, false)?, count, protocol.seed);
    chosen
        .par_iter()
        .enumerate()
        .try_for_each(|(index, piece)| {
            let raw = middle(&piece.file, protocol.excerpt_s)?;
            if !rows.has(&piece.name, "none", 0.0) {
                let clean = faded(raw.clone(), protocol.edge_fade_s);
                match row_of_audio(piece, "none", 0.0, clean) {
                    Ok(row) => rows.add(&row)?,
                    Err(error) => {
                        eprintln!("{}: {error:#}", piece.name);
                        return Ok(());
                    }
                }
            }
            for (number, fault) in protocol.fault.iter().enumerate() {
                for &strength in &fault.strengths {
                    if !which.takes(fault, strength) || rows.has(&piece.name, &fault.name, strength)
                    {
                        continue;
                    }
                    let seed = protocol.seed + 1_000 * index as u64 + number as u64;
                    one(
                        &rows,
                        piece,
                        fault,
                        strength,
                        &raw,
                        protocol.edge_fade_s,
                        seed,
                    )?;
                }
            }
            Ok(())
        })
}

fn one(
    rows: &Rows,
    piece: &Piece,
    fault: &Fault,
    strength: f64,
    raw: &Audio,
    fade_s: f64,
    seed: u64,
) -> Result<()> {
    let mut rng = Rng::new(seed);
    match inject_fault(&fault.name, strength, raw, fade_s, &mut rng)? {
        Some(audio) => match row_of_audio(piece, &fault.name, strength, audio) {
            Ok(row) => rows.add(&row),
            Err(error) => {
                eprintln!("{} with {}: {error:#}", piece.name, fault.name);
                Ok(())
            }
        },
        None => Ok(()),
    }
}
