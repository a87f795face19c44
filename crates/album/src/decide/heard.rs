//! What is decided on, and what was decided.

use acetate_dsp::Analysis;
use acetate_dsp::settings::{Settings, Target};
use acetate_model::features::BANDS;
use acetate_model::{Prediction, Signature};

use crate::manifest::Balance;

/// One measured piece, to be decided on.
pub struct Heard<'a> {
    /// What was measured.
    pub analysis: &'a Analysis,
    /// Its own decision.
    pub prediction: Prediction,
    /// Settings that were given: nothing is decided but its level.
    pub given: Option<&'a Settings>,
    /// Louder or softer than the album would have it, LU.
    pub offset_lu: f64,
    /// Share of the album's pull that it follows, 0 to 1.
    pub album_share: f64,
    /// It is a master of an album already, and stays as it is.
    pub is_finished: bool,
}

/// What is asked of the whole.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// How the levels stand to each other.
    pub balance: Balance,
    /// What the loudest song (or each) is to measure.
    pub target: Target,
    /// A signature from elsewhere that the songs belong to.
    pub signature: Option<&'a Signature>,
}

/// What was decided of one piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// Its settings and its own judgment.
    pub prediction: Prediction,
    /// Integrated loudness to reach, LUFS.
    pub integrated_lufs: f64,
    /// Loudness of its body before, LUFS.
    pub body_lufs: f64,
    /// Its level was taken from the mix: it is set apart on purpose.
    pub is_set_apart: bool,
    /// What the album asked beyond its own decision, dB at the net's bands.
    pub tone_pull_db: [f64; BANDS],
    /// The same of the side's gain, dB.
    pub side_pull_db: f64,
}

impl Decided {
    /// What the album asked of the tone, RMS over the bands, dB.
    pub fn tone_pull_rms_db(&self) -> f64 {
        let square: f64 = self.tone_pull_db.iter().map(|db| db * db).sum();
        (square / BANDS as f64).sqrt()
    }
}
