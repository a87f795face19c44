//! Real mixes with their real masters, each as a whole song, one by one.

use acetate_dsp::numeric::quantile;
use rayon::prelude::*;
use serde::Serialize;

use super::EvalError;
use super::case::{CaseResult, Mix, NoMaster, compare, measured, with_headroom};
use super::excerpt::whole;
use super::methods::{Contenders, Method};
use super::metric::{Errors, Sound};
use super::run::{LeftOut, Observer};
use super::songs::Pair;
use super::tools;

/// One pair, every method.
#[derive(Clone, Debug, Serialize)]
pub struct PairResult {
    /// Name of the pair.
    pub name: String,
    /// Its album.
    pub album: String,
    /// Every method's distance from the real master.
    pub outcomes: Vec<(Method, Errors)>,
    /// Methods that made no master.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<NoMaster>,
    /// Methods whose master had another sample rate than the mix.
    #[serde(skip)]
    pub resampled: Vec<Method>,
}

/// All pairs.
#[derive(Clone, Debug, Serialize)]
pub struct PairsResult {
    /// Every pair that could be evaluated, in order.
    pub pairs: Vec<PairResult>,
    /// Median over the pairs of each method's distances: mid and side, dB.
    pub medians: Vec<PairsMedian>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// One method's medians over the pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairsMedian {
    /// The method.
    pub method: Method,
    /// Median tonal error of mid, dB.
    pub mid_db: f64,
    /// Of side, dB; `None` where no pair has one.
    pub side_db: Option<f64>,
    /// Median difference of the loudness range, LU.
    pub lra_lu: f64,
    /// Median difference of the peak to loudness ratio, dB.
    pub plr_db: f64,
}

/// Masters every mix and compares with the real master.
///
/// # Errors
/// [`EvalError::Nothing`] when not one pair could be evaluated.
pub fn evaluate_pairs(
    pairs: &[Pair],
    contenders: &Contenders<'_>,
    observer: &dyn Observer,
) -> Result<PairsResult, EvalError> {
    if !contenders.tools.is_empty() {
        tools::clean_up();
    }
    observer.begin(pairs.len() as u64);
    let results: Vec<Result<PairResult, LeftOut>> = pairs
        .par_iter()
        .map(|pair| {
            let result = evaluate_pair(pair, contenders).map_err(|error| {
                observer.warn(&format!("left out: {}: {error}", pair.name));
                LeftOut {
                    path: pair.mix.clone(),
                    reason: error.to_string(),
                }
            });
            observer.advance(&pair.name);
            for NoMaster { method, reason } in result.iter().flat_map(|pair| &pair.failures) {
                let name = method.label(contenders);
                observer.warn(&format!("{}: no master by {name}: {reason}", pair.name));
            }
            result
        })
        .collect();
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(pair) => kept.push(pair),
            Err(pair) => left_out.push(pair),
        }
    }
    if kept.is_empty() {
        return Err(EvalError::Nothing {
            count: left_out.len(),
            first: left_out
                .first()
                .map_or_else(String::new, |pair| pair.reason.clone()),
        });
    }
    Ok(PairsResult {
        medians: medians(&kept, &contenders.with_tools(&Method::UNSEEN)),
        pairs: kept,
        left_out,
    })
}

fn evaluate_pair(pair: &Pair, contenders: &Contenders<'_>) -> Result<PairResult, EvalError> {
    let master = measured(&whole(&pair.master)?)?;
    let mix = with_headroom(whole(&pair.mix)?);
    let analysis = measured(&mix)?;
    if !analysis.integrated_lufs.is_finite() || !master.integrated_lufs.is_finite() {
        return Err(EvalError::Silent);
    }
    let CaseResult {
        outcomes, failures, ..
    } = compare(
        &contenders.with_tools(&Method::UNSEEN),
        &Mix {
            audio: &mix,
            analysis: &analysis,
            fault: None,
            reference: &Err("real pairs have none".to_owned()),
            with_distortion: false,
        },
        &Sound::of(&master),
        contenders,
    )?;
    let resampled = outcomes.iter().filter(|outcome| {
        let delivered = outcome.delivered;
        delivered.is_some_and(|file| file.sample_rate_hz != mix.sample_rate_hz())
    });
    Ok(PairResult {
        name: pair.name.clone(),
        album: pair.album.clone(),
        resampled: resampled.map(|outcome| outcome.method).collect(),
        failures,
        outcomes: outcomes
            .into_iter()
            .map(|outcome| (outcome.method, outcome.errors))
            .collect(),
    })
}

fn medians(pairs: &[PairResult], methods: &[Method]) -> Vec<PairsMedian> {
    methods
        .iter()
        .filter_map(|&method| {
            let median = |value: &dyn Fn(&Errors) -> Option<f64>| {
                let values: Vec<f64> = pairs
                    .iter()
                    .flat_map(|pair| &pair.outcomes)
                    .filter(|(of, _)| *of == method)
                    .filter_map(|(_, errors)| value(errors))
                    .collect();
                quantile(&values, 0.5)
            };
            Some(PairsMedian {
                method,
                mid_db: median(&|errors| Some(errors.mid_db))?,
                side_db: median(&|errors| errors.side_db),
                lra_lu: median(&|errors| Some(errors.lra_lu))?,
                plr_db: median(&|errors| Some(errors.plr_db))?,
            })
        })
        .collect()
}
