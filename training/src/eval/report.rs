//! [`EvalReport`]: every figure of an evaluation, as written to `eval.json`.

use acetate_model::Predictor;
use serde::Serialize;

use super::calibration::Calibration;
use super::case::Contenders;
use super::kind::Family;
use super::methods::Method;
use super::pairs::PairsResult;
use super::run::{Evaluation, LeftOut, Options, SongResult};
use super::statistics::Interval;
use super::summary::summarise;
use super::two_sample::Judge;

/// Version of the report's format.
pub const EVAL_SCHEMA: &str = "acetate.eval/1";

/// Every figure of an evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct EvalReport {
    /// Format of this report: [`EVAL_SCHEMA`].
    pub schema: &'static str,
    /// Version of the software.
    pub version: &'static str,
    /// What was evaluated, in words.
    pub input: String,
    /// BLAKE3 of the net's weights, hex.
    pub weights_hash: String,
    /// Name of each method that occurs, in the order of the tables.
    pub methods: Vec<(Method, String)>,
    /// Degraded songs; `None` for pairs.
    pub songs: Option<SongsReport>,
    /// Real pairs; `None` for songs.
    pub pairs: Option<PairsResult>,
}

impl EvalReport {
    /// The report of degraded songs.
    pub fn of_songs(
        input: String,
        evaluation: Evaluation,
        options: &Options,
        contenders: &Contenders<'_>,
    ) -> Self {
        Self {
            songs: Some(summarise(evaluation, options)),
            ..Self::empty(input, contenders)
        }
    }

    /// The report of real pairs.
    pub fn of_pairs(input: String, pairs: PairsResult, contenders: &Contenders<'_>) -> Self {
        Self {
            pairs: Some(pairs),
            ..Self::empty(input, contenders)
        }
    }

    fn empty(input: String, contenders: &Contenders<'_>) -> Self {
        let all = Method::SMOOTH.into_iter().chain(Method::DYNAMICS);
        let mut methods: Vec<(Method, String)> = all
            .map(|method| (method, method.label(contenders.baselines)))
            .collect();
        methods.sort_by_key(|(method, _)| *method);
        methods.dedup_by_key(|(method, _)| *method);
        Self {
            schema: EVAL_SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            input,
            weights_hash: contenders.net.hash().to_owned(),
            methods,
            songs: None,
            pairs: None,
        }
    }

    /// Songs or pairs that were left out.
    pub fn left_out(&self) -> usize {
        let songs = self.songs.as_ref().map_or(0, |songs| songs.left_out.len());
        songs + self.pairs.as_ref().map_or(0, |pairs| pairs.left_out.len())
    }
}

/// The figures over degraded songs.
#[derive(Clone, Debug, Serialize)]
pub struct SongsReport {
    /// How it was evaluated.
    #[serde(flatten)]
    pub options: Options,
    /// Songs.
    pub songs: usize,
    /// Albums, the units of every interval.
    pub albums: usize,
    /// Songs that were left out.
    pub left_out: Vec<LeftOut>,
    /// Smooth faults: every method at every severity.
    pub smooth: Vec<SmoothRow>,
    /// The net against others, at every severity.
    pub net: Vec<NetRow>,
    /// What the net does to untouched excerpts.
    pub untouched: Option<UntouchedRow>,
    /// The net's predicted deviations against its errors.
    pub calibration: Calibration,
    /// Faults of families that training never draws.
    pub unseen: Vec<UnseenRow>,
    /// Families that could not be made, with the reason.
    pub families_left_out: Vec<String>,
    /// Expanded levels.
    pub dynamics: Vec<DynamicsRow>,
    /// The two-sample test at severity 3; `None` with too few albums.
    pub two_sample: Option<TwoSample>,
    /// Every song and case.
    pub cases: Vec<SongResult>,
}

/// One method's errors.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ErrorMeans {
    /// Cases.
    pub cases: usize,
    /// Tonal error of mid, dB.
    pub mid_db: Option<Interval>,
    /// Of side, dB.
    pub side_db: Option<Interval>,
    /// Difference of the loudness range, LU.
    pub lra_lu: Option<Interval>,
    /// Difference of the peak to loudness ratio, dB.
    pub plr_db: Option<Interval>,
    /// Difference of the width, dB.
    pub width_db: Option<Interval>,
    /// RMS of the EQ applied, dB.
    pub eq_move_db: Option<Interval>,
}

/// One method at one severity.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SmoothRow {
    /// The method.
    pub method: Method,
    /// Severity, dB RMS.
    pub severity_db: f64,
    /// Its errors.
    #[serde(flatten)]
    pub errors: ErrorMeans,
}

/// The net at one severity.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NetRow {
    /// Severity, dB RMS.
    pub severity_db: f64,
    /// Share of the songs that the net brought closer to their master, mid, 0 to 1.
    pub improved_share: Option<Interval>,
    /// Mid error of the net less that of doing nothing, dB; below 0 the net is better.
    pub against_nothing_db: Option<Interval>,
    /// Less that of the best fixed share of the mean curve, dB.
    pub against_best_share_db: Option<Interval>,
    /// Less that of ridge regression, dB.
    pub against_ridge_db: Option<Interval>,
}

/// The net on untouched excerpts.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UntouchedRow {
    /// Median RMS of the EQ applied, dB.
    pub eq_move_median_db: f64,
    /// 95th percentile of it, dB.
    pub eq_move_p95_db: f64,
}

/// One method on one family that training never draws.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UnseenRow {
    /// The family.
    pub family: Family,
    /// The method.
    pub method: Method,
    /// Its errors.
    #[serde(flatten)]
    pub errors: ErrorMeans,
}

/// One method on levels expanded by one strength.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DynamicsRow {
    /// Strength; `None` for the mean of all.
    pub strength: Option<f64>,
    /// The method.
    pub method: Method,
    /// Its errors.
    #[serde(flatten)]
    pub errors: ErrorMeans,
}

/// Whether a classifier can tell ours from untouched masters.
#[derive(Clone, Debug, Serialize)]
pub struct TwoSample {
    /// Severity of the faults, dB RMS.
    pub severity_db: f64,
    /// The judge that reads untreated mixes best.
    pub judge: Judge,
    /// True where it reads them well enough for its silence on others to mean something.
    pub proves_something: bool,
    /// Balanced accuracy by method; one half is chance.
    pub rows: Vec<(Method, Interval)>,
}
