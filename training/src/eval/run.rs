//! Runs every case of every song, in parallel, and keeps the results in order.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use super::EvalError;
use super::case::{CaseResult, Excerpt, run_case};
use super::excerpt::loudest;
use super::foreign::{Movement, movements};
use super::kind::{Kind, kinds, rng_of};
use super::lossy;
use super::methods::{Contenders, Method};
use super::metric::Sound;
use super::music::Music;
use super::songs::Song;
use super::tools::{self, Reference};

/// How to evaluate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Options {
    /// Length of the excerpts, seconds.
    pub excerpt_s: f64,
    /// Severities of the smooth faults, dB RMS; 0 is the untouched excerpt.
    pub severities_db: Vec<f64>,
    /// Seed of the faults and the resamples.
    pub seed: u64,
}

/// Told how far an evaluation is, from any thread.
pub trait Observer: Sync {
    /// It begins, with its number of cases.
    fn begin(&self, cases: u64);
    /// One case of a song is done.
    fn advance(&self, song: &str);
    /// Something was left out.
    fn warn(&self, message: &str);
}

/// One song with all its cases.
#[derive(Clone, Debug, Serialize)]
pub struct SongResult {
    /// Name of the song.
    pub name: String,
    /// Its album.
    pub album: String,
    /// What kind of music it is.
    pub music: Music,
    /// Length of the excerpt, seconds.
    pub excerpt_s: f64,
    /// Figures of the untouched excerpt.
    #[serde(skip)]
    pub master: Sound,
    /// Every case, in order.
    pub cases: Vec<CaseResult>,
    /// How far the net's master of it moves beside passages that are not the song.
    pub foreign: Vec<Movement>,
}

/// A song that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// All songs with their cases.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Every song that could be evaluated, in order.
    pub songs: Vec<SongResult>,
    /// The others.
    pub left_out: Vec<LeftOut>,
    /// Families of faults that could not be made, with the reason.
    pub families_left_out: Vec<String>,
}

/// Evaluates songs.
///
/// # Errors
/// [`EvalError::Nothing`] when not one song could be evaluated. Songs that fail are left out and
/// said.
pub fn evaluate(
    songs: &[Song],
    options: &Options,
    contenders: &Contenders<'_>,
    observer: &dyn Observer,
) -> Result<Evaluation, EvalError> {
    let with_lossy = lossy::available();
    if !contenders.tools.is_empty() {
        tools::clean_up();
    }
    let per_song = kinds(&options.severities_db, with_lossy).len();
    // One step more for the passages that are not the song.
    observer.begin(((per_song + 1) * songs.len()) as u64);
    let failing = ToolFailures::new(contenders);
    let results: Vec<Result<SongResult, LeftOut>> = songs
        .par_iter()
        .map(|song| {
            let evaluated =
                evaluate_song(song, options, with_lossy, contenders, observer, &failing);
            evaluated.map_err(|error| {
                let left_out = LeftOut {
                    path: song.path.clone(),
                    reason: error.to_string(),
                };
                observer.warn(&format!("left out: {}: {}", song.name, left_out.reason));
                left_out
            })
        })
        .collect();
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(song) => kept.push(song),
            Err(song) => left_out.push(song),
        }
    }
    if kept.is_empty() {
        return Err(EvalError::Nothing {
            count: left_out.len(),
            first: left_out
                .first()
                .map_or_else(String::new, |song| song.reason.clone()),
        });
    }
    let no_lossy = "lossy coding: no ffmpeg with libmp3lame is installed".to_owned();
    Ok(Evaluation {
        songs: kept,
        left_out,
        families_left_out: if with_lossy { vec![] } else { vec![no_lossy] },
    })
}

fn evaluate_song(
    song: &Song,
    options: &Options,
    with_lossy: bool,
    contenders: &Contenders<'_>,
    observer: &dyn Observer,
    failing: &ToolFailures,
) -> Result<SongResult, EvalError> {
    let excerpt = Excerpt::new(loudest(&song.path, options.excerpt_s)?)?;
    let companion = |path: Option<&Path>| -> Reference {
        let path = path.ok_or_else(|| "it is the only one".to_owned())?;
        loudest(path, options.excerpt_s).map_err(|error| error.to_string())
    };
    let wants_reference = contenders.tools.iter().any(|tool| tool.wants_reference());
    let reference = if wants_reference {
        companion(song.reference.as_deref())
    } else {
        Err("nobody asked for one".to_owned())
    };
    let kinds = kinds(&options.severities_db, with_lossy);
    let run = |&kind: &Kind| {
        let mut rng = kind.rng(&song.name, options.seed);
        let case = run_case(kind, &excerpt, &reference, &mut rng, contenders);
        observer.advance(&song.name);
        match case {
            // Another program's failure costs its case, not the song.
            Err(EvalError::Ffmpeg(reason)) => {
                observer.warn(&format!("{}: no lossy coding: ffmpeg: {reason}", song.name));
                Ok(None)
            }
            other => other,
        }
    };
    let cases = kinds.par_iter().map(run).collect::<Result<Vec<_>, _>>()?;
    let cases: Vec<CaseResult> = cases.into_iter().flatten().collect();
    for failure in cases.iter().flat_map(|case| &case.failures) {
        if failing.is_news(failure.method) {
            let name = failure.method.label(contenders);
            let reason = &failure.reason;
            observer.warn(&format!("{}: no master by {name}: {reason}", song.name));
        }
    }
    let other = companion(song.other.as_deref()).ok();
    let mut rng = rng_of(options.seed, "foreign", &song.name);
    let foreign = movements(&excerpt, other.as_ref(), contenders.net, &mut rng)?;
    observer.advance(&song.name);
    Ok(SongResult {
        name: song.name.clone(),
        album: song.album.clone(),
        music: song.music,
        excerpt_s: excerpt.audio.frames() as f64 / f64::from(excerpt.audio.sample_rate_hz()),
        master: excerpt.sound,
        cases,
        foreign,
    })
}

/// Other programs that have failed once. A program that fails on every mix is warned of once; the
/// report counts the rest.
struct ToolFailures(Vec<AtomicBool>);

impl ToolFailures {
    fn new(contenders: &Contenders<'_>) -> Self {
        let tools = contenders.tools.iter();
        Self(tools.map(|_| AtomicBool::new(false)).collect())
    }

    /// Whether a method's failure is worth a warning: always for our own.
    fn is_news(&self, method: Method) -> bool {
        match method {
            Method::Tool(index) => self
                .0
                .get(index)
                .is_none_or(|failed| !failed.swap(true, Ordering::Relaxed)),
            _ => true,
        }
    }
}
