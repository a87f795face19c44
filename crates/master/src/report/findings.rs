//! What stands out in a mix before it is mastered: the short form of `acetate-check`, which an analysis
//! alone can tell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use acetate_check::{Finding, FindingCode, Severity, Verdict, damaged, decoded_elsewhere};

/// Whether the mix was ready.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Readiness {
    /// The verdict of the short form, which does not look as close as `acetate check`.
    pub verdict: Verdict,
    /// Its score, 0 to 100.
    pub score: f64,
    /// The score with what mastering mends.
    #[serde(default)]
    pub score_after_mastering: f64,
    /// True where the mix looks like a finished master.
    pub already_mastered: bool,
}

impl From<&acetate_check::Check> for Readiness {
    fn from(check: &acetate_check::Check) -> Self {
        Self {
            verdict: check.verdict,
            score: check.score,
            score_after_mastering: check.score_after_mastering,
            already_mastered: check.already_mastered,
        }
    }
}
