//! [`Corpus`]: what released music shows for every figure, and where a finding begins. Fitted on the training albums by `cargo run --release --example check -- fit`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::error::CheckError;
use crate::finding::FindingCode;

/// Version of the file's format.
pub const CORPUS_FORMAT: &str = "acetate.check-corpus/2";

/// The shares of the quantiles, percent: finer at the ends, where the findings are.
pub const SHARES_PERCENT: [f64; 17] = [
    0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 35.0, 50.0, 65.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5,
    100.0,
];

/// What was learned from released music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corpus {
    /// [`CORPUS_FORMAT`].
    pub format: String,
    /// How it was made.
    pub record: Record,
    /// Figures by the code of the finding that reads them.
    pub figures: BTreeMap<String, Figure>,
}

/// How a corpus was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The command.
    pub command: String,
    /// Number of released tracks.
    pub tracks: usize,
    /// Number of album groups.
    pub groups: usize,
    /// BLAKE3 of the list of sources.
    pub datasets_blake3: String,
    /// BLAKE3 of the injection protocol.
    pub protocol_blake3: String,
    /// Findings that were fitted again later, by code, and on what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub again: BTreeMap<String, Rows>,
}

/// What single findings were fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Number of released tracks.
    pub tracks: usize,
    /// Number of album groups.
    pub groups: usize,
}

/// One figure in released music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Quantiles at [`SHARES_PERCENT`], as measured.
    pub quantiles: Vec<f64>,
    /// Where a finding begins.
    pub remark: f64,
    /// Where it costs all of its points, and is a problem where it can be one.
    pub full: f64,
}

impl Corpus {
    /// The corpus of this version.
    ///
    /// # Errors
    /// [`CheckError::Corpus`] where the embedded file cannot be used, which a test rules out.
    pub fn embedded() -> Result<&'static Self, CheckError> {
        static CORPUS: OnceLock<Result<Corpus, String>> = OnceLock::new();
        CORPUS
            .get_or_init(|| Self::parse(include_str!("../corpus.json")))
            .as_ref()
            .map_err(|reason| CheckError::Corpus {
                reason: reason.clone(),
            })
    }

    /// The figure that so many percent of released tracks stay below, one of [`SHARES_PERCENT`]; `None` for another
    /// share, and where released music has no such figure.
    pub fn released(&self, code: FindingCode, share_percent: f64) -> Option<f64> {
        let at = SHARES_PERCENT
            .iter()
            .position(|share| *share == share_percent)?;
        let figure = self.figures.get(code.as_str())?;
        figure.quantiles.get(at).copied()
    }

    /// Reads and checks a corpus.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let corpus: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if corpus.format != CORPUS_FORMAT {
            return Err(format!(
                "expected format {CORPUS_FORMAT}, found {}",
                corpus.format
            ));
        }
        for (code, figure) in &corpus.figures {
            let found = figure.quantiles.len();
            if found != SHARES_PERCENT.len() || !figure.quantiles.is_sorted() {
                return Err(format!(
                    "{code}: expected {} rising quantiles, found {found}",
                    SHARES_PERCENT.len()
                ));
            }
        }
        Ok(corpus)
    }
}

impl Figure {
    /// Share of released tracks below a value, percent.
    pub fn share_below_percent(&self, value: f64) -> f64 {
        let above = self.quantiles.partition_point(|&quantile| quantile < value);
        let Some(&high) = self.quantiles.get(above) else {
            return 100.0;
        };
        if above == 0 {
            return 0.0;
        }
        let low = self.quantiles[above - 1];
        let part = (value - low) / (high - low).max(1e-12);
        let (from, to) = (SHARES_PERCENT[above - 1], SHARES_PERCENT[above]);
        from + part * (to - from)
    }

    /// The middle of released music.
    pub fn median(&self) -> f64 {
        self.quantiles
            .get(SHARES_PERCENT.len() / 2)
            .copied()
            .unwrap_or(f64::NAN)
    }
}
