//! [`Measured`]: a mix that was analyzed and can be mastered.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_program};
use acetate_dsp::measure::levels::Meters;
use acetate_dsp::{Analysis, Source};
use acetate_model::Predictor;

use crate::brief::Brief;
use crate::delivery::{Phase, Progress};
use crate::error::MasterError;
use crate::plan::{Planned, can_be_mastered, cleanup, delivery_spec, plan};
use crate::repair::{Repaired, find};

/// A mix that was analyzed and can be mastered: it has a loudness, and its peaks are sound.
#[derive(Clone, Debug)]
pub struct Measured {
    analysis: Analysis,
    /// What is repaired where that was asked for.
    repaired: Option<Repaired>,
}

impl Measured {
    /// Analyzes `input` from its start. The result depends on the input, [`Brief::dual_mono`] and, where repairs are
    /// asked for, [`Brief::repairs`] alone.
    ///
    /// # Errors
    /// [`MasterError`]: the input failed, cannot be mastered at the sample rate asked for or at all, or
    /// `progress` stopped the work.
    pub fn measure(
        input: &mut dyn Source,
        brief: &Brief,
        progress: &mut dyn Progress,
    ) -> Result<Self, MasterError> {
        delivery_spec(input.spec(), brief)?;
        let total = input.frames_hint();
        let options = AnalyzeOptions {
            dual_mono: brief.dual_mono,
            // The master is what two meters judge.
            meters: Meters::Own,
        };
        if !brief.repairs.is_default() && brief.settings.is_none() {
            let default = |analysis: &Analysis| cleanup(analysis, brief.repair);
            let repaired = find(input, &brief.repairs, &options, &default, progress)?;
            return Ok(Self {
                repaired: Some(repaired.clone()),
                ..Self::new(repaired.analysis)?
            });
        }
        let analysis = analyze_program(input, &options, &mut |done| {
            Ok(progress.at(Phase::Analyze, done, total)?)
        })?;
        Self::new(analysis)
    }

    /// A mix that was analyzed before, by [`measure`](Self::measure).
    ///
    /// # Errors
    /// [`MasterError::NoLoudness`] or [`MasterError::TooLoud`] for a mix that cannot be mastered.
    pub fn new(analysis: Analysis) -> Result<Self, MasterError> {
        can_be_mastered(&analysis)?;
        Ok(Self {
            analysis,
            repaired: None,
        })
    }

    /// What was measured.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// What was measured, for keeping.
    pub fn into_analysis(self) -> Analysis {
        self.analysis
    }

    /// Predicts the settings, or takes those of the brief, and resolves them.
    ///
    /// # Errors
    /// [`MasterError`] if settings or weights do not fit.
    pub fn plan(self, predictor: &dyn Predictor, brief: &Brief) -> Result<Planned, MasterError> {
        let plan = plan(&self.analysis, self.repaired.as_ref(), predictor, brief)?;
        Ok(Planned {
            analysis: self.analysis,
            plan,
            brief: brief.clone(),
        })
    }
}
