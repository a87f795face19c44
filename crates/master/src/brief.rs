//! [`Brief`]: what is asked for, before anything is measured.

use acetate_dsp::Settings;
use acetate_dsp::chain::{Bypass, Stage};
use acetate_dsp::process::dither::WordLength;
use acetate_dsp::settings::{Amounts, Cleanup, EqPhase, Target};
use acetate_model::outputs::curve_of_knots;
use acetate_model::predictor::bounding_share;

use crate::repair::RepairList;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Loudness, ceiling and bound on limiting.
    pub target: Target,
    /// How much of each stage's treatment.
    pub amounts: Amounts,
    /// Stages to leave out.
    pub bypass: Bypass,
    /// Settings to use instead of the predictor's. Their own target is used, unless
    /// [`target_overrides`](Self::target_overrides).
    pub settings: Option<Settings>,
    /// The brief's target counts even where settings are given.
    pub target_overrides: bool,
    /// The loudness of the mix is the target's, whatever the target says.
    pub keep_loudness: bool,
    /// Sample rate of the master, Hz; the input's where `None`.
    pub sample_rate_hz: Option<u32>,
    /// Word length of the master.
    pub word_length: WordLength,
    /// A mono program is measured as it will sound from two speakers.
    pub dual_mono: bool,
    /// Phase of the EQ, where the predictor sets it.
    pub eq_phase: EqPhase,
    /// Clicks and bumps that stand alone are repaired, where the settings are predicted; without it, given
    /// settings lose theirs.
    pub repair: bool,
    /// Faults that are looked for and repaired beside, where the settings are predicted.
    pub repairs: RepairList,
    /// Parts of the song are found and moved toward those that sound like them, where the settings are predicted.
    pub sections: bool,
    /// No lossy codec may drive the master over full scale.
    pub codec_safe: bool,
}

impl Brief {
    /// What of the settings is to be rendered: scaled by the amounts, stages that are left out neutral (the limiter
    /// holds the ceiling all the same), and no cleanup either where nothing is to be treated.
    pub(crate) fn treatment(&self, settings: &Settings) -> Settings {
        let share = |stage: Stage, amount: f64| {
            if self.bypass.contains(stage) {
                0.0
            } else {
                amount
            }
        };
        let Amounts {
            eq: eq_asked,
            compressor,
            deesser,
            saturation,
            stereo,
        } = self.amounts;
        let eq = within_bounds(eq_asked, settings);
        let mut treatment = settings.scaled(&Amounts {
            eq: share(Stage::Eq, eq),
            compressor: share(Stage::Compressor, compressor),
            deesser: share(Stage::Deesser, deesser),
            saturation: share(Stage::Saturation, saturation),
            stereo: share(Stage::Stereo, stereo),
        });
        let is_level_only = [eq, compressor, deesser, saturation, stereo]
            .iter()
            .all(|&amount| amount == 0.0);
        if is_level_only || self.bypass.contains(Stage::Cleanup) {
            treatment.cleanup = Cleanup::default();
        }
        if is_level_only || self.bypass.contains(Stage::Sections) {
            treatment.sections.clear();
        }
        if !self.repair {
            treatment.cleanup.clear_repairs();
        }
        treatment
    }
}

/// More than the whole of an EQ goes only as far as the EQ's bounds.
fn within_bounds(amount: f64, settings: &Settings) -> f64 {
    if amount <= 1.0 {
        return amount;
    }
    let curve = curve_of_knots(&settings.eq.mid_db).map(|gain_db| amount * gain_db);
    (amount * bounding_share(&curve)).max(1.0)
}

impl Default for Brief {
    fn default() -> Self {
        Self {
            target: Target::default(),
            amounts: Amounts::default(),
            bypass: Bypass::default(),
            settings: None,
            target_overrides: false,
            keep_loudness: false,
            sample_rate_hz: None,
            word_length: WordLength::Bits24,
            dual_mono: false,
            eq_phase: EqPhase::default(),
            repair: true,
            repairs: RepairList::default(),
            sections: false,
            codec_safe: false,
        }
    }
}
