//! [`Recipe`]: every number of a training run, read from a TOML file.

use std::path::{Path, PathBuf};

use acetate_master::settings_file::toml_in_words;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Larger recipes are refused, bytes.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// Every number of a training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name, as written into the weights.
    pub name: String,
    /// Seed of the first member; the next ones follow.
    pub seed: u64,
    /// Members of the ensemble.
    pub members: usize,
    /// Steps of the optimizer per member.
    pub steps: usize,
    /// Tracks per step.
    pub batch: usize,
    /// Frames drawn from each track.
    pub frames: usize,
    /// Learning rate at the start of the cosine decay.
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay.
    pub weight_decay: f64,
    /// Steps between two looks at the validation albums.
    pub validate_every: usize,
    /// Looks without improvement after which a member stops.
    pub patience: usize,
    /// Share of the mixes that are medleys of two masters.
    pub medleys: f64,
    /// Share of the mixes that are a stretch of their master instead of the whole.
    #[serde(default)]
    pub parts: f64,
    /// Noise on what the net reads.
    pub blur: Blur,
    /// Severities of the tonal faults that the members learn from: wide, so that all sizes are learned.
    pub severity: SeverityPrior,
    /// How large the faults of real mixes are: what the posterior goes by.
    pub prior: FaultPrior,
    /// Weights of the loss terms.
    pub loss: LossWeights,
    /// What an experiment takes away or deals anew; the shipped recipe has none.
    #[serde(default)]
    pub experiment: Experiment,
}

/// What an experiment changes about the corpus: for ablations and cross-validation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Experiment {
    /// Deals train and validation albums anew: this fold is validated on, the others train. Test
    /// albums stay out.
    pub fold: Option<Fold>,
    /// Share of the training tracks to keep, whole albums; all where `None`.
    pub albums_share: Option<f64>,
    /// Inputs that the net does not get to see.
    pub hidden: Vec<Input>,
    /// Share of each layer's hidden units that the net has; all where `None`.
    pub units_share: Option<f64>,
    /// Raises the floor of the frames before the faults are added, dB relative to loudness: the floor
    /// then moves with the fault and gives it away. Shows how much such a leak flatters.
    pub leaky_floor_db: Option<f32>,
}

/// One fold of several.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// From 0.
    pub index: usize,
    /// Number of folds.
    pub of: usize,
}

/// A part of the net's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Band frames.
    Frames,
    /// The long-term spectrum.
    Pooled,
}

/// How large the faults of real mixes are. The share of mixes that are right as they are is fitted on validation
/// albums, under a bound on the harm to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPrior {
    /// Sizes of the mixture, dB RMS; the first is 0, a mix that is right.
    pub sizes_db: Vec<f64>,
    /// Share of each size but the first among the mixes that have a fault.
    pub shares: Vec<f64>,
    /// Share of finished masters that are right as they are.
    pub finished_right_share: f64,
}

/// Mixture of uniform ranges of severity, dB RMS; the shares are of all mixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityPrior {
    /// Each range: share, from, to.
    pub ranges: Vec<SeverityRange>,
}

/// One range of the prior.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityRange {
    /// Share of all mixes.
    pub share: f64,
    /// Lower end, dB RMS.
    pub from_db: f64,
    /// Upper end, dB RMS.
    pub to_db: f64,
}

/// Standard deviations of the noise on what the net reads, drawn once for each mix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blur {
    /// On each band, dB.
    pub band_db: f64,
    /// On the peak statistics, dB: what EQ does to peaks, unknown from frames.
    pub peak_db: f64,
}

/// Weights of the loss terms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossWeights {
    /// Pseudo-Huber on the side residual.
    pub side: f64,
    /// Pseudo-Huber on the dynamics targets.
    pub dynamics: f64,
    /// Negative log-likelihood of the predicted variances.
    pub likelihood: f64,
}

/// Why a recipe is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] acetate_io::ReadError),
    /// Not a recipe.
    #[error("{path}: expected a training recipe: {}", toml_in_words(source))]
    Parse {
        /// The recipe's path.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A number out of its range.
    #[error("{path}: {name}: expected {expected}, got {got}")]
    Range {
        /// The recipe's path.
        path: PathBuf,
        /// The field.
        name: &'static str,
        /// The range.
        expected: &'static str,
        /// The number found.
        got: f64,
    },
}

impl Recipe {
    /// Reads a recipe file.
    ///
    /// # Errors
    /// [`RecipeError`] naming the file and the line.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let text = acetate_io::read_text(path, MAX_BYTES)?;
        let recipe: Self = toml::from_str(&text).map_err(|source| RecipeError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let counts = [
            ("members", recipe.members),
            ("steps", recipe.steps),
            ("batch", recipe.batch),
            ("frames", recipe.frames),
            ("validate_every", recipe.validate_every),
            ("patience", recipe.patience),
        ];
        let wrong = |name, expected, got| RecipeError::Range {
            path: path.to_owned(),
            name,
            expected,
            got,
        };
        let counts = counts.map(|(name, count)| (name, count as f64));
        for (name, got) in counts
            .into_iter()
            .chain([("learning_rate", recipe.learning_rate)])
        {
            if !(got > 0.0 && got.is_finite()) {
                return Err(wrong(name, "a number above 0", got));
            }
        }
        if !(0.0..=1.0).contains(&recipe.parts) {
            return Err(wrong("parts", "a share from 0 to 1", recipe.parts));
        }
        let sizes = recipe.prior.sizes_db.len();
        if sizes < 2 || recipe.prior.shares.len() + 1 != sizes || recipe.prior.sizes_db[0] != 0.0 {
            let expected = "two sizes at least, the first 0, and a share for each other one";
            return Err(wrong("prior.sizes_db", expected, sizes as f64));
        }
        let positive = recipe.prior.shares.iter().all(|&share| share > 0.0);
        if !(positive && (0.0..=1.0).contains(&recipe.prior.finished_right_share)) {
            let got = recipe.prior.finished_right_share;
            return Err(wrong(
                "prior.finished_right_share",
                "shares from 0 to 1",
                got,
            ));
        }
        if !(0.0..=1.0).contains(&recipe.medleys) {
            return Err(wrong("medleys", "a share from 0 to 1", recipe.medleys));
        }
        Ok(recipe)
    }
}
