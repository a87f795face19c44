//! The quick look that training takes at held-out albums, degraded by a generator that training
//! never uses: what is left of the fault after each method. Frames only: the curves are applied
//! exactly to the long-term spectrum, as a static EQ would; the proof on rendered audio is
//! [`eval`](crate::eval).
//!
//! Metric ("tonal error"): mean |dB| over third octaves 39 Hz to 16 kHz after a K-weighted
//! loudness match, bands above -60 dB relative to the loudness only, mid and side apart.

pub mod calibrate;
pub mod groups;
pub mod priors;

use acetate_dsp::measure::bands;
use acetate_dsp::measure::bands::AUDIBLE_DB;
use acetate_model::features::{BANDS, FIRST_BAND, FRAME_WIDTH};
use acetate_model::outputs::{MODES, SPREAD, side_curve_db};
use acetate_model::posterior::Priors;
use acetate_model::predictor::{RawOutputs, Tone, judge_side, judge_tone};
use acetate_model::weights::WeightsError;
use acetate_model::{Features, NetPredictor};
use rayon::prelude::*;
use serde::Serialize;

use crate::corpus::Track;
use crate::degrade::Fault;
use crate::eval::faults::smooth;
use crate::experiment::hide;
use crate::pair::Pair;
use crate::recipe::Input;
use crate::rng::Rng;
use crate::simulator::{degrade, loudness_change_db};

/// Severities of the table, dB RMS.
pub const SEVERITIES_DB: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 6.0];
/// Random curves per track and severity; each is used together with its mirror.
const CURVES: usize = 4;
/// Frames of each track that the net reads here.
const FRAMES: usize = 256;
/// Parts into which a song is cut for the cases that are heard in a stretch of it.
const PARTS: usize = 10;
/// Fewest frames of such a part.
const FEWEST_PART_FRAMES: usize = 40;
/// Bands below this are not judged, dB relative to the loudness.
const JUDGED_DB: f32 = AUDIBLE_DB as f32;
/// Expansion strengths of the dynamics rows.
pub const EXPANSIONS: [f64; 4] = [0.0, 0.2, 0.4, 0.6];
/// PLR above the master's, dB.
const PLR_EXCESSES_DB: [f64; 4] = [0.0, 2.0, 4.0, 6.0];

/// One degraded held-out master and what the net says of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Index of the track.
    pub track: usize,
    /// Severity of the fault, dB RMS.
    pub severity_db: f64,
    /// The fault.
    pub fault: Fault,
    /// What the net says, before any prior.
    pub raw: RawOutputs,
    /// Probability that the case still looks like a finished master.
    pub finished_probability: f64,
    /// Wanted change of the level spread, dB.
    pub spread_target_db: f64,
    /// Wanted change of the PLR, dB.
    pub plr_target_db: f64,
}

/// Errors of one method at one severity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The method.
    pub method: String,
    /// Severity, dB RMS.
    pub severity_db: f64,
    /// Mean tonal error of mid, dB.
    pub mid_error_db: f64,
    /// Mean tonal error of side, dB.
    pub side_error_db: f64,
    /// Share of cases that ended closer to their master than they began.
    pub improved_share: f64,
    /// Cases.
    pub cases: usize,
}

/// Mean error of the level spread at one expansion strength.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DynamicsRow {
    /// Strength of the expansion to be undone.
    pub expansion: f64,
    /// Doing nothing, dB.
    pub nothing_db: f64,
    /// The net, dB.
    pub net_db: f64,
}

/// Degrades each track at each severity, each curve with its mirror, and asks the net, which does
/// not see the `hidden` inputs.
///
/// # Errors
/// [`WeightsError`] when the net cannot run.
pub fn cases(
    tracks: &[Track],
    predictor: &NetPredictor,
    hidden: &[Input],
    seed: u64,
) -> Result<Vec<Case>, WeightsError> {
    let per_track: Vec<Vec<Case>> = tracks
        .par_iter()
        .enumerate()
        .map(|(index, track)| track_cases(index, track, predictor, hidden, seed))
        .collect::<Result<_, _>>()?;
    Ok(per_track.into_iter().flatten().collect())
}

/// Every track as it is, and what the net says of it: songs to be left alone.
///
/// # Errors
/// [`WeightsError`] when the net cannot run.
pub fn untouched(
    tracks: &[Track],
    predictor: &NetPredictor,
    hidden: &[Input],
) -> Result<Vec<Case>, WeightsError> {
    tracks
        .par_iter()
        .enumerate()
        .map(|(index, track)| heard(index, track, 0.0, Fault::NONE, predictor, hidden))
        .collect()
}

fn track_cases(
    index: usize,
    track: &Track,
    predictor: &NetPredictor,
    hidden: &[Input],
    seed: u64,
) -> Result<Vec<Case>, WeightsError> {
    let mut rng = Rng::new(seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut cases = Vec::new();
    for severity_db in SEVERITIES_DB {
        for curve in 0..CURVES {
            let drawn = smooth(&mut rng, severity_db);
            for drawn in [drawn.mirrored(), drawn] {
                let fault = Fault {
                    tone_db: drawn.mid_bands_db(),
                    side_gain_db: drawn.side_gain_db,
                    side_tilt_db: drawn.side_tilt_db,
                    expansion: EXPANSIONS[cases.len() % EXPANSIONS.len()],
                    plr_excess_db: PLR_EXCESSES_DB
                        [(cases.len() / EXPANSIONS.len()) % PLR_EXCESSES_DB.len()],
                };
                // Every second curve is heard in a stretch of the song, as excerpts and short songs are.
                let case = if curve % 2 == 1 {
                    heard(
                        index,
                        &part_of(track, &mut rng),
                        severity_db,
                        fault,
                        predictor,
                        hidden,
                    )?
                } else {
                    heard(index, track, severity_db, fault, predictor, hidden)?
                };
                cases.push(case);
            }
        }
    }
    Ok(cases)
}

/// A tenth of a song, at least as many frames as the net hears of 20 s.
fn part_of(track: &Track, rng: &mut Rng) -> Track {
    let count = track.features.frames_db.len();
    let length = (count / PARTS).clamp(FEWEST_PART_FRAMES.min(count), count);
    let from = rng.below(count - length + 1);
    track.part(from..from + length)
}

/// Degrades a track and asks the net.
fn heard(
    index: usize,
    track: &Track,
    severity_db: f64,
    fault: Fault,
    predictor: &NetPredictor,
    hidden: &[Input],
) -> Result<Case, WeightsError> {
    let available = track.features.frames_db.len();
    let count = FRAMES.min(available);
    let frames: Vec<usize> = (0..count).map(|k| k * available / count).collect();
    let mut mix = degrade(track, &fault, &frames, None);
    hide(&mut mix, hidden);
    let (pooled, statistics) = mix.pooled.split_at(FRAME_WIDTH);
    let raw = predictor.raw(&Features {
        frames_db: mix.frames_db,
        pooled_db: std::array::from_fn(|i| pooled[i]),
        statistics: std::array::from_fn(|i| statistics[i]),
    })?;
    // An EQ or an expansion behind a limiter takes its traces away.
    let is_untouched = severity_db == 0.0 && fault.expansion == 0.0 && fault.plr_excess_db == 0.0;
    Ok(Case {
        track: index,
        severity_db,
        finished_probability: if is_untouched {
            track.finished_probability
        } else {
            0.0
        },
        fault,
        raw,
        spread_target_db: mix.dynamics_target_db[0],
        plr_target_db: mix.dynamics_target_db[1],
    })
}

/// A real mix with what the net says of it; its fault is what lies between it and its master.
///
/// # Errors
/// [`WeightsError`] when the net cannot run.
pub fn pair_case(pair: &Pair, predictor: &NetPredictor) -> Result<Case, WeightsError> {
    Ok(Case {
        track: 0,
        severity_db: pair.severity_db(),
        fault: pair.fault.clone(),
        raw: predictor.raw(&pair.mix.features)?,
        finished_probability: pair.mix.finished_probability,
        spread_target_db: pair.dynamics_target_db[0],
        plr_target_db: pair.dynamics_target_db[1],
    })
}

/// Mid and side error when the curve `mid_db` (27 bands) and side curve `side_db` (on top of it)
/// are applied to a case, dB. The side error is `None` for mono.
pub fn tonal_error(
    track: &Track,
    fault: &Fault,
    mid_db: &[f64; BANDS],
    side_db: &[f64; BANDS],
) -> (f64, Option<f64>) {
    let mid = |band: usize| fault.tone_db[band] + mid_db[band];
    let side = |band: usize| fault.side_db(band) + mid_db[band] + side_db[band];
    let spectrum = &track.features.pooled_db;
    let shift = loudness_change_db(spectrum, mid, side);
    let mean = |offset: usize, curve: &dyn Fn(usize) -> f64| {
        let judged: Vec<f64> = (0..BANDS)
            .filter(|band| spectrum[offset + band] > JUDGED_DB)
            .map(|band| (curve(band) - shift).abs())
            .collect();
        (!judged.is_empty()).then(|| judged.iter().sum::<f64>() / judged.len() as f64)
    };
    let side_error = (track.channels == 2).then(|| mean(BANDS, &side)).flatten();
    (mean(0, &mid).unwrap_or(0.0), side_error)
}

/// A method: the mid and side curves it applies to a case, dB at the net's bands.
pub type Method<'a> = dyn Fn(&Track, &Case) -> ([f64; BANDS], [f64; BANDS]) + 'a;

/// Judges a method at every severity.
pub fn judge(name: &str, tracks: &[Track], cases: &[Case], method: &Method<'_>) -> Vec<Row> {
    SEVERITIES_DB
        .iter()
        .map(|&severity_db| {
            let (mut mid_sum, mut side_sum, mut sides, mut improved, mut count) =
                (0.0, 0.0, 0usize, 0usize, 0usize);
            for case in cases.iter().filter(|case| case.severity_db == severity_db) {
                let track = &tracks[case.track];
                let (mid, side) = method(track, case);
                let (mid_error, side_error) = tonal_error(track, &case.fault, &mid, &side);
                let flat = [0.0; BANDS];
                let (before, _) = tonal_error(track, &case.fault, &flat, &flat);
                mid_sum += mid_error;
                if let Some(error) = side_error {
                    side_sum += error;
                    sides += 1;
                }
                improved += usize::from(mid_error < before);
                count += 1;
            }
            Row {
                method: name.to_owned(),
                severity_db,
                mid_error_db: mid_sum / count.max(1) as f64,
                side_error_db: side_sum / sides.max(1) as f64,
                improved_share: improved as f64 / count.max(1) as f64,
                cases: count,
            }
        })
        .collect()
}

/// The mean spectrum of the training masters, mid, dB relative to loudness.
pub fn mean_spectrum(train: &[Track]) -> [f64; BANDS] {
    std::array::from_fn(|band| {
        train
            .iter()
            .map(|track| f64::from(track.features.pooled_db[band]))
            .sum::<f64>()
            / train.len().max(1) as f64
    })
}

/// The curve that moves a mix `share` of the way to a mean spectrum, dB.
pub fn toward_mean(track: &Track, case: &Case, mean: &[f64; BANDS], share: f64) -> [f64; BANDS] {
    std::array::from_fn(|band| {
        let mix = f64::from(track.features.pooled_db[band]) + case.fault.tone_db[band];
        share * (mean[band] - mix)
    })
}

/// The judgment of a case's tone, and the mid curve that is applied, dB at the net's bands.
fn judged(track: &Track, case: &Case, priors: &Priors) -> (Tone, [f64; BANDS]) {
    let mix_db: [f32; BANDS] = std::array::from_fn(|band| {
        track.features.pooled_db[band] + case.fault.tone_db[band] as f32
    });
    judge_tone(&case.raw, priors, &mix_db, case.finished_probability)
}

/// The curves that the posterior applies to a case, dB at the net's bands.
pub fn net_curves(track: &Track, case: &Case, priors: &Priors) -> ([f64; BANDS], [f64; BANDS]) {
    let (_, mid) = judged(track, case, priors);
    let [gain, tilt] = judge_side(&case.raw, priors, case.finished_probability);
    (mid, side_curve(gain, tilt))
}

/// The curves that the members propose before any prior, dB at the net's bands.
pub fn open_curves(raw: &RawOutputs) -> ([f64; BANDS], [f64; BANDS]) {
    let side = side_curve(raw.mean_db[MODES], raw.mean_db[MODES + 1]);
    (open_curve(raw), side)
}

fn side_curve(gain_db: f64, tilt_db: f64) -> [f64; BANDS] {
    std::array::from_fn(|band| side_curve_db(gain_db, tilt_db, bands::center_hz(FIRST_BAND + band)))
}

/// The posterior's own deviation of tone at each judged band, and its error, dB.
pub fn predicted_error(track: &Track, case: &Case, priors: &Priors) -> (Vec<f64>, Vec<f64>) {
    let (tone, _) = judged(track, case, priors);
    let left = |band: usize| case.fault.tone_db[band] + tone.mean_db[band];
    let spectrum = &track.features.pooled_db;
    let shift_db = loudness_change_db(spectrum, left, |band| {
        left(band) + case.fault.side_db(band) - case.fault.tone_db[band]
    });
    (0..BANDS)
        .filter(|&band| spectrum[band] > JUDGED_DB)
        .map(|band| (tone.posterior_sd_db[band], left(band) - shift_db))
        .unzip()
}

/// Error of the level spread left by the net and by doing nothing, per expansion strength.
pub fn judge_dynamics(cases: &[Case], priors: &Priors) -> Vec<DynamicsRow> {
    EXPANSIONS
        .iter()
        .map(|&expansion| {
            let (mut nothing, mut net, mut count) = (0.0, 0.0, 0usize);
            for case in cases
                .iter()
                .filter(|case| case.fault.expansion == expansion)
            {
                nothing += case.spread_target_db.abs();
                let applied = applied_db(case, priors, SPREAD);
                net += (case.spread_target_db - applied).abs();
                count += 1;
            }
            let count = count.max(1) as f64;
            DynamicsRow {
                expansion,
                nothing_db: nothing / count,
                net_db: net / count,
            }
        })
        .collect()
}

/// The change of level spread ([`SPREAD`]) or PLR ([`PLR`](acetate_model::outputs::PLR)) that is applied to a case, dB.
pub fn applied_db(case: &Case, priors: &Priors, output: usize) -> f64 {
    acetate_model::predictor::judge_dynamics(&case.raw, priors, output, case.finished_probability)
}

/// The members' proposal for mid before any prior, dB at the net's bands.
pub fn open_curve(raw: &RawOutputs) -> [f64; BANDS] {
    acetate_model::outputs::curve_of_modes(&raw.mean_db[..MODES])
}
