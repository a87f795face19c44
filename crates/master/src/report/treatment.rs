//! [`Treatment`]: what is done to a mix, and every attempt at it.

use acetate_dsp::settings::{Amounts, Settings, Target};
use acetate_model::{Confidence, Tone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::repair::RepairReport;
use crate::report::Measures;

/// What is done to a mix, and what the solver found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Treatment {
    /// What was aimed at.
    pub target: Target,
    /// The input's figures.
    pub before: Measures,
    /// What was rendered, the solved drive included.
    pub settings: Settings,
    /// Share of the predictor's own move that was applied, per group, 0 to 1; `None` where the
    /// settings were given.
    pub confidence: Option<Confidence>,
    /// What is known of the mix's tone; `None` where nothing was judged.
    pub tone: Option<Tone>,
    /// How much of each stage was asked for.
    pub amounts: Amounts,
    /// Stages left out.
    pub bypassed: Vec<String>,
    /// Most gain reduction of the limiter, dB.
    pub limiting_db: f64,
    /// Share of the time in which the limiter took more than 1 dB.
    pub limiting_share: f64,
    /// Most gain reduction of the compressor, dB.
    pub compression_db: f64,
    /// Why the limiter's look-ahead and release are what they are.
    pub limiter_reason: String,
    /// Why the target could not be met honestly; `None` where it was.
    pub infeasible: Option<Infeasible>,
    /// Every render and its verification.
    pub attempts: Vec<Attempt>,
    /// What was done and why, in a musician's words.
    pub done: Vec<String>,
    /// What was looked for and repaired; `None` where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairReport>,
    /// The lead that was moved before everything else; `None` where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebalance: Option<Rebalance>,
    /// Hash of the weights behind the prediction; empty where none were used.
    pub weights_hash: String,
    /// Word length of the master, bits; 32 is float.
    pub word_length_bits: u32,
}

/// A lead that was moved within its mix, before everything else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rebalance {
    /// How far it was moved, dB; positive is up.
    pub move_db: f64,
    /// The lead against the rest as it was, dB.
    pub lead_to_rest_db: f64,
    /// The middle of released music, dB.
    pub released_db: f64,
    /// What was added to the mix; nothing if the lead stays.
    pub parts: Vec<RebalancedPart>,
}

/// A stem that was added to the mix to move it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RebalancedPart {
    /// The stem's file.
    pub name: String,
    /// BLAKE3 of its bytes, hex.
    pub blake3: String,
    /// How much later than in its file it sounds in the mix, frames of the mix.
    pub delay_frames: i64,
    /// The gain that it was added with.
    pub added_gain: f32,
}

impl Rebalance {
    /// What was done, in a musician's words.
    pub fn sentence(&self) -> String {
        let (from, released) = (self.lead_to_rest_db, self.released_db);
        if self.parts.is_empty() {
            return format!(
                "the lead stays: {from:+.1} dB against the rest is within what released songs show (their middle: {released:+.1})"
            );
        }
        format!(
            "the lead was moved by {:+.1} dB before everything else: it stood at {from:+.1} dB against the rest and now at {:+.1} (the middle of released songs: {released:+.1})",
            self.move_db,
            from + self.move_db
        )
    }
}

impl Treatment {
    /// The ceiling that the delivered render was limited to, dBTP.
    pub fn last_ceiling_dbtp(&self) -> f64 {
        let last = self.attempts.last();
        last.map_or(self.target.true_peak_dbtp, |attempt| attempt.ceiling_dbtp)
    }

    /// Gain after the limiter of the delivered render, dB.
    pub fn last_trim_db(&self) -> f64 {
        self.attempts.last().map_or(0.0, |attempt| attempt.trim_db)
    }
}

/// Why the loudness could not be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Infeasible {
    /// How far below the target the loudest honest result is, LU.
    pub short_by_lu: f64,
    /// Gain reduction that the target would need, dB; `None` where no drive reaches it.
    pub needed_limiting_db: Option<f64>,
    /// One sentence.
    pub reason: String,
}

/// One render and its verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Attempt {
    /// Gain before the limiter, dB.
    pub drive_db: f64,
    /// What the limiter was asked to hold, dBTP.
    pub ceiling_dbtp: f64,
    /// Gain after the limiter, dB, at most 0.
    pub trim_db: f64,
    /// Loudness that the solver predicted, LUFS.
    #[serde(rename = "foretold_lufs")]
    pub predicted_lufs: f64,
    /// Integrated loudness of the written file, LUFS; `None` of a dry run, which writes none.
    pub integrated_lufs: Option<f64>,
    /// True peak of the written file, dBTP, the worst of all meters; `None` of a dry run.
    pub true_peak_dbtp: Option<f64>,
    /// Most gain reduction of the limiter, dB.
    pub limiting_db: f64,
}
