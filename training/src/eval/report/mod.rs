//! [`EvalReport`]: every figure of an evaluation, as written to `eval.json`.

pub(super) mod compose;
pub mod markdown;
pub mod plot;
pub(super) mod standing;
pub(super) mod summary;

use serde::Serialize;

use crate::eval::calibration::Calibration;
use crate::eval::foreign::Passage;
use crate::eval::kind::Family;
use crate::eval::methods::Method;
use crate::eval::music::Music;
use crate::eval::pairs::PairsResult;
use crate::eval::plain::Plain;
use crate::eval::run::{LeftOut, Options, SongResult};
use crate::eval::statistics::Interval;
use crate::eval::two_sample::Judge;

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
    /// Other programs that were evaluated.
    pub tools: Vec<ToolReport>,
    /// Degraded songs; `None` for pairs.
    pub songs: Option<SongsReport>,
    /// Real pairs; `None` for songs.
    pub pairs: Option<PairsResult>,
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
    /// The net against the fixed compressor on them.
    pub against_compressor: Vec<CompressorRow>,
    /// Plain faults with a name: how far each method eases them.
    pub plain: Vec<PlainRow>,
    /// How far the net's master moves beside passages that are not the song.
    pub foreign: Vec<ForeignRow>,
    /// What each method delivered.
    pub delivery: Vec<DeliveryRow>,
    /// The same bars for each kind of music that occurs.
    pub music: Vec<MusicReport>,
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
    /// Mid error as a share of doing nothing's; `None` for untouched excerpts.
    pub share: Option<Interval>,
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
    /// Median difference of the loudness range, LU.
    pub lra_median_lu: f64,
    /// 95th percentile of it, LU.
    pub lra_p95_lu: f64,
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

/// The net against the fixed compressor on levels expanded by one strength.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CompressorRow {
    /// Strength; `None` for the mean of all.
    pub strength: Option<f64>,
    /// Error of the loudness range of the net less that of the fixed compressor, LU; below 0 the
    /// net is better.
    pub lra_less_lu: Option<Interval>,
}

/// One method on one plain fault.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlainRow {
    /// The fault; `None` for the mean of all.
    pub fault: Option<Plain>,
    /// The method.
    pub method: Method,
    /// Cases.
    pub cases: usize,
    /// Share of the fault that is gone, 1 for all of it.
    pub eased_share: Option<Interval>,
}

/// How far songs move beside one kind of passage.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ForeignRow {
    /// The passage.
    pub passage: Passage,
    /// Songs.
    pub songs: usize,
    /// Largest movement of a third octave of mid, mean over the songs, dB.
    pub mid_db: Option<Interval>,
    /// That of the song that moves most, dB.
    pub mid_worst_db: f64,
    /// Of side; `None` where every song is mono.
    pub side_worst_db: Option<f64>,
    /// Largest movement of the width, dB; `None` where every song is mono.
    pub width_worst_db: Option<f64>,
    /// Largest movement of the loudness range, LU.
    pub lra_worst_lu: f64,
}

/// What one method delivered, over all its masters.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DeliveryRow {
    /// The method.
    pub method: Method,
    /// Masters.
    pub masters: usize,
    /// Share of them within 0.5 LU of -14 LUFS and at most at -1 dBTP.
    pub compliant_share: Option<Interval>,
    /// Mean distance from -14 LUFS, LU.
    pub loudness_off_lu: Option<Interval>,
    /// Highest true peak, dBTP.
    pub true_peak_max_dbtp: f64,
    /// Noise-to-mask ratio of its masters of untouched excerpts, dB.
    pub distortion_db: Option<Interval>,
    /// Median processor time of a run, seconds; other programs only.
    pub cpu_median_s: Option<f64>,
    /// Most memory of a run, bytes; other programs only.
    pub peak_memory_bytes: Option<u64>,
}

/// One other program.
#[derive(Clone, Debug, Serialize)]
pub struct ToolReport {
    /// The method that it is.
    pub method: Method,
    /// Its name.
    pub name: String,
    /// Its command as it was given.
    pub command: String,
    /// Mixes that it was given.
    pub runs: usize,
    /// Those of which it made no master.
    pub failed: usize,
    /// Why it made none the first time, in the order of the songs.
    pub first_failure: Option<String>,
    /// Masters at another sample rate than their mix, resampled for measuring.
    pub resampled: usize,
}

/// The bars for one kind of music.
#[derive(Clone, Debug, Serialize)]
pub struct MusicReport {
    /// The kind.
    pub music: Music,
    /// Songs of it.
    pub songs: usize,
    /// Albums of it.
    pub albums: usize,
    /// Smooth faults: every method at every severity.
    pub smooth: Vec<SmoothRow>,
    /// The net against others, at every severity.
    pub net: Vec<NetRow>,
    /// What the net does to untouched excerpts.
    pub untouched: Option<UntouchedRow>,
    /// The net's predicted deviations against its errors.
    pub calibration: Calibration,
    /// Plain faults.
    pub plain: Vec<PlainRow>,
}
