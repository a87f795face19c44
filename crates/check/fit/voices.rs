//! Fits what tells a voice's sibilants from drums (`VoiceEvidence` of acetate-dsp), and prints its constants.
//!
//! Drums are released tracks of the splits train and valid that are not known to have vocals. Voices are the stems of
//! lead vocals of the split train, brightened as a microphone would and mixed into other such tracks: how much of the loud
//! sibilants comes from the stem is known there. Stems of backing vocals hold vowels and loops that keep the beat. Only
//! programs whose sibilants are loud count, since nothing is decided on others.
//! The test is on whole released tracks of the split test.

use std::collections::BTreeMap;
use std::path::Path;

use acetate_check::{Corpus, FindingCode};
use acetate_dsp::measure::bands::THIRD_OCTAVES;
use acetate_dsp::measure::sibilance::{Sibilance, VoiceEvidence};
use acetate_dsp::numeric::{NormalEquations, quantile};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::units::{db_from_power, gain_from_db};
use acetate_dsp::{Analysis, Audio, analyze};
use acetate_training::datasets::{Datasets, Split, Tier, Track};
use acetate_training::rng::Rng;
use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::filters::{high_shelf, run as filtered};
use crate::protocol;
use crate::rows::{Lines, read};
use crate::tracks::middle;

/// Tracks of each album group.
const PER_GROUP: usize = 2;
/// What the titles of stems of lead vocals end with.
const LEAD: &str = "VOX LEAD";
/// Mixes of a stem and a track.
const MIXES: usize = 104;
/// Their lengths, s: the analysis has frames every 23 ms in the first and every 46 ms in the second.
const LENGTHS_S: [f64; 2] = [60.0, 150.0];
/// How far a voice is from its track's loudness, LU.
const RATIOS_LU: (f64, f64) = (-6.0, 9.0);
/// How bright a voice is made from 5 kHz on, dB.
const BRIGHT_DB: (f64, f64) = (0.0, 9.0);
const BRIGHT_HZ: f64 = 5_000.0;
/// Parts of a stem that are this far below its loud ones are pauses, dB.
const PAUSE_DB: f64 = 35.0;
/// Length of such a part, s.
const PART_S: f64 = 0.5;
/// How much faster or slower a stem may be played.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.9..=1.1;
/// A sibilant comes from the voice if the voice alone is this little below the mix, dB.
const OWN_DB: f64 = 3.0;
/// Programs count from so far below the de-esser's limit on, dB.
const BELOW_LIMIT_DB: f64 = 4.0;
/// Share of released tracks below the de-esser's limit, percent.
const LIMIT_PERCENT: f64 = 95.0;
/// Programs with a voice's sibilants for each with drums that pass for them, among what people master: the corpus is
/// mostly instrumental.
const VOICES_PER_DRUM: f64 = 3.0;
/// Ridge on the slopes, of standardized figures.
const RIDGE: f64 = 1.0;
const STEPS: usize = 50;
/// Parts of the album groups that are held out in turn.
const FOLDS: usize = 8;
/// A constant, repetition, prominence.
const TERMS: usize = 3;

/// One measured program.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    name: String,
    group: String,
    is_test: bool,
    level_lu: f64,
    repetition: f64,
    prominence_db: f64,
    /// Share of the loud sibilants that are a voice's, as far as anybody knows.
    voice: f64,
}

impl Row {
    fn of(name: &str, track: &Track<'_>, sibilance: &Sibilance, voice: f64) -> Self {
        Self {
            name: name.to_owned(),
            group: track.group().to_owned(),
            is_test: track.split() == Split::Test,
            level_lu: sibilance.level_lu,
            repetition: sibilance.evidence.repetition,
            prominence_db: sibilance.evidence.prominence_db,
            voice,
        }
    }

    fn terms(&self) -> [f64; TERMS] {
        [1.0, self.repetition, self.prominence_db]
    }

    fn evidence(&self) -> VoiceEvidence {
        VoiceEvidence {
            repetition: self.repetition,
            prominence_db: self.prominence_db,
        }
    }
}

/// Measures what is not in `path` yet, and fits.
pub fn run(cache: &Path, path: &Path) -> Result<()> {
    let datasets = Datasets::committed()?;
    let rows = Lines::open(path)?;
    let known: Vec<Row> = read(path)?;
    let is_known = |name: &str| known.iter().any(|row| row.name == name);
    let (songs, stems) = material(&datasets, cache);
    songs.par_iter().try_for_each(|track| {
        let name = format!("{}/{}", track.source_name(), track.path);
        if is_known(&name) {
            return Ok(());
        }
        let mut source = acetate_io::open(track.file(cache), &acetate_io::OpenOptions::default())?;
        let analysis = analyze(&mut source).with_context(|| name.clone())?;
        let voice = f64::from(u8::from(track.vocals() == Some(true)));
        match Sibilance::of(&analysis, &[0.0; THIRD_OCTAVES]) {
            Some(sibilance) => rows.add(&Row::of(&name, track, &sibilance, voice)),
            None => Ok(()),
        }
    })?;
    let beds: Vec<&Track<'_>> = songs
        .iter()
        .filter(|track| track.split() == Split::Train && track.vocals() != Some(true))
        .collect();
    (0..MIXES).into_par_iter().try_for_each(|number| {
        let name = format!("mix {number}");
        if is_known(&name) {
            return Ok(());
        }
        let (stem, bed) = (&stems[number % stems.len()], beds[number % beds.len()]);
        match mixed(number, &stem.file(cache), &bed.file(cache))
            .with_context(|| format!("{name}: {} in {}", stem.path, bed.path))?
        {
            // A stem's album must not be in what its mixes are judged by.
            Some((sibilance, voice)) => rows.add(&Row::of(&name, stem, &sibilance, voice)),
            None => Ok(()),
        }
    })?;
    report(&read(path)?)
}

/// Released tracks, some of each group, and the stems of lead vocals.
fn material<'a>(datasets: &'a Datasets, cache: &Path) -> (Vec<Track<'a>>, Vec<Track<'a>>) {
    let is_there = |track: &Track<'_>| {
        let file = track.file(cache);
        file.extension().is_none_or(|ending| ending != "opus") && file.exists()
    };
    let mut songs = Vec::new();
    for split in [Split::Train, Split::Valid, Split::Test] {
        let mut tracks: Vec<_> = datasets.masters_of(split).filter(is_there).collect();
        Rng::new(u64::from(split == Split::Valid)).shuffle(&mut tracks);
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        songs.extend(tracks.into_iter().filter(|track| {
            let count = taken.entry(track.group().to_owned()).or_default();
            *count += 1;
            track.tier != Tier::D && (*count <= PER_GROUP || track.vocals() == Some(true))
        }));
    }
    let stems = datasets.tracks_of(Split::Train);
    let stems = stems.filter(|track| {
        let is_lead = track.title().is_some_and(|title| title.ends_with(LEAD));
        track.tier == Tier::S && is_lead && is_there(track)
    });
    (songs, stems.collect())
}

/// The sibilants of a mix, and which share of the loud ones are the voice's.
fn mixed(number: usize, stem: &Path, bed: &Path) -> Result<Option<(Sibilance, f64)>> {
    let mut rng = Rng::new(protocol::read()?.seed + number as u64);
    let bed = middle(bed, LENGTHS_S[number / 2 % 2])?;
    let stem = middle(stem, f64::INFINITY)?;
    let rate_hz = f64::from(bed.sample_rate_hz());
    let speed = rate_hz / f64::from(stem.sample_rate_hz());
    if !SPEEDS.contains(&speed) {
        return Ok(None);
    }
    // At another rate the voice is a little lower or higher, and no less a voice.
    let sung = singing(&stem, bed.frames(), &mut rng)?;
    let mut voice = Audio::new(bed.sample_rate_hz(), sung.channels().to_vec())?;
    let bright_db = rng.uniform(BRIGHT_DB.0, BRIGHT_DB.1);
    for channel in voice.channels_mut() {
        let bright = filtered(high_shelf(rate_hz, BRIGHT_HZ, bright_db), channel);
        channel.copy_from_slice(&bright);
    }
    let (Some(of_bed), Some(of_voice)) = (analyzed(&bed)?, analyzed(&voice)?) else {
        return Ok(None);
    };
    let ratio_lu = rng.uniform(RATIOS_LU.0, RATIOS_LU.1);
    let gain_db = of_bed.integrated_lufs + ratio_lu - of_voice.integrated_lufs;
    voice.scale(gain_from_db(gain_db) as f32);
    let mut mix = bed;
    for (index, channel) in mix.channels_mut().enumerate() {
        let voice = voice.channel(index.min(voice.channel_count() - 1));
        channel.iter_mut().zip(voice).for_each(|(x, v)| *x += v);
    }
    let Some(of_mix) = analyzed(&mix)? else {
        return Ok(None);
    };
    let flat = [0.0; THIRD_OCTAVES];
    let Some(sibilance) = Sibilance::of(&of_mix, &flat) else {
        return Ok(None);
    };
    let level_db = |analysis: &Analysis, place: usize| -> Option<f64> {
        let frame = analysis.sequences.band_frames.get(place)?;
        let bands = frame.mid_db[24..27].iter();
        Some(db_from_power(
            bands.map(|db| 10f64.powf(0.1 * f64::from(*db))).sum(),
        ))
    };
    let own = |place: &&usize| -> bool {
        let pair = level_db(&of_voice, **place).zip(level_db(&of_mix, **place));
        pair.is_some_and(|(voice_db, mix_db)| voice_db + gain_db >= mix_db - OWN_DB)
    };
    let share = sibilance.places.iter().filter(own).count() as f64 / sibilance.places.len() as f64;
    Ok(Some((sibilance, share)))
}

fn analyzed(audio: &Audio) -> Result<Option<Analysis>> {
    let analysis = analyze(&mut AudioSource::new(audio.clone()))?;
    Ok(analysis.integrated_lufs.is_finite().then_some(analysis))
}

/// A stem without its pauses, from a random place on, again and again.
fn singing(stem: &Audio, frames: usize, rng: &mut Rng) -> Result<Audio> {
    let part = (PART_S * f64::from(stem.sample_rate_hz())) as usize;
    let starts = (0..stem.frames() / part.max(1)).map(|n| n * part);
    let power = |start: usize| -> f64 {
        let of = |channel: &Vec<f32>| -> f64 {
            let part = channel[start..start + part].iter();
            part.map(|x| f64::from(*x).powi(2)).sum()
        };
        stem.channels().iter().map(of).sum()
    };
    let parts: Vec<(usize, f64)> = starts.map(|start| (start, power(start))).collect();
    let powers: Vec<f64> = parts.iter().map(|(_, power)| *power).collect();
    let loud = quantile(&powers, 0.95).context("a stem without sound")?;
    let floor = loud * 10f64.powf(-0.1 * PAUSE_DB);
    let sung: Vec<usize> = parts
        .iter()
        .filter(|(_, power)| *power > floor)
        .map(|(start, _)| *start)
        .collect();
    if sung.is_empty() {
        bail!("a stem without sound");
    }
    let first = rng.below(sung.len());
    let order: Vec<usize> = (0..frames.div_ceil(part))
        .map(|n| sung[(first + n) % sung.len()])
        .collect();
    let channels = stem.channels().iter().map(|channel| {
        let pieces = order.iter().flat_map(|&at| &channel[at..at + part]);
        pieces.take(frames).copied().collect()
    });
    Ok(Audio::new(stem.sample_rate_hz(), channels.collect())?)
}

/// A logistic model: an offset and a slope a figure.
type Model = [f64; TERMS];

fn probability(model: &Model, row: &Row) -> f64 {
    let sum: f64 = model.iter().zip(row.terms()).map(|(a, x)| a * x).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// By Newton's method, with as many voices for each drum as [`VOICES_PER_DRUM`] says.
fn fitted(rows: &[&Row]) -> Model {
    let total = rows.len().max(1) as f64;
    let voices = rows.iter().map(|row| row.voice).sum::<f64>().max(1e-9);
    let weights = [
        0.5 * total / (total - voices).max(1e-9),
        VOICES_PER_DRUM * 0.5 * total / voices,
    ];
    let spread: [f64; TERMS] = std::array::from_fn(|term| {
        let mean = rows.iter().map(|row| row.terms()[term]).sum::<f64>() / total;
        let squares = rows.iter().map(|row| (row.terms()[term] - mean).powi(2));
        (squares.sum::<f64>() / total).sqrt()
    });
    let mut model = [0.0; TERMS];
    for _ in 0..STEPS {
        let mut equations = NormalEquations::<TERMS>::default();
        for row in rows {
            let p = probability(&model, row);
            let weight = weights[0] * (1.0 - row.voice) + weights[1] * row.voice;
            let slope = (p * (1.0 - p)).max(1e-6);
            // The working response: where the tangent at p would have the label.
            let target = weights[1] * row.voice * (1.0 - p) - weights[0] * (1.0 - row.voice) * p;
            let at: f64 = model.iter().zip(row.terms()).map(|(a, x)| a * x).sum();
            equations.add(&row.terms(), at + target / (weight * slope), weight * slope);
        }
        for term in 1..TERMS {
            let mut one = [0.0; TERMS];
            one[term] = spread[term];
            equations.add(&one, 0.0, RIDGE);
        }
        model = equations.solve();
    }
    model
}

fn report(rows: &[Row]) -> Result<()> {
    let limit_lu = Corpus::embedded()?
        .released(FindingCode::Sibilance, LIMIT_PERCENT)
        .context("the corpus has no sibilance")?;
    let (test, train): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.is_test);
    let counts = |row: &&&Row| row.level_lu >= limit_lu - BELOW_LIMIT_DB;
    let train: Vec<&Row> = train.iter().filter(counts).copied().collect();
    let model = fitted(&train);
    println!(
        "{} programs, {:.1} of them voices",
        train.len(),
        train.iter().map(|row| row.voice).sum::<f64>()
    );
    println!(
        "AT_ZERO {:.2}, PER_REPETITION {:.2}, PER_PROMINENCE_DB {:.3}",
        model[0], model[1], model[2]
    );
    let fold = |row: &Row| {
        let text = if row.name.starts_with("mix ") {
            &row.name
        } else {
            &row.group
        };
        blake3::hash(text.as_bytes()).as_bytes()[0] as usize % FOLDS
    };
    let mut unseen = Vec::new();
    for held in 0..FOLDS {
        let (out, others): (Vec<&Row>, Vec<&Row>) = train.iter().partition(|row| fold(row) == held);
        let model = fitted(&others);
        unseen.extend(out.iter().map(|row| (probability(&model, row), row.voice)));
    }
    println!(
        "held out by album group: area under the curve {:.3}",
        area(&unseen)
    );
    let shipped = |row: &&Row| (row.evidence().probability(), row.voice);
    let all: Vec<_> = test.iter().filter(counts).map(shipped).collect();
    println!(
        "split test, {} programs, the constants in the source: {:.3}",
        all.len(),
        area(&all)
    );
    for row in rows.iter().filter(|row| row.level_lu >= limit_lu) {
        println!(
            "{:6.1} LU  repetition {:.2}  prominence {:5.1} dB  {:.2} ({:.2} here)  voice {:.2}  {}",
            row.level_lu,
            row.repetition,
            row.prominence_db,
            row.evidence().probability(),
            probability(&model, row),
            row.voice,
            row.name
        );
    }
    Ok(())
}

/// Area under the curve of a probability against labels, of which more than a half is a voice.
fn area(rows: &[(f64, f64)]) -> f64 {
    let (mut better, mut pairs) = (0.0, 0.0);
    for (of_voice, _) in rows.iter().filter(|(_, voice)| *voice > 0.5) {
        for (of_drum, _) in rows.iter().filter(|(_, voice)| *voice <= 0.5) {
            pairs += 1.0;
            better += match of_voice.total_cmp(of_drum) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    better / pairs
}
