//! [`Measured`]: a mix that was analyzed and can be mastered.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_program};
use acetate_dsp::measure::levels::Meters;
use acetate_dsp::{Analysis, Source};
use acetate_model::Predictor;

use crate::brief::Brief;
use crate::delivery::{Phase, Progress};
use crate::error::MasterError;
use crate::plan::{Planned, can_be_mastered, delivery_spec, plan};

/// A mix that was analyzed and can be mastered: it has a loudness, and its peaks are sound.
#[derive(Clone, Debug)]
pub struct Measured {
    analysis: Analysis,
}

impl Measured {
    /// Analyzes `input` from its start. The result depends on the input and on [`Brief::dual_mono`] alone.
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
        Ok(Self { analysis })
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
        let plan = plan(&self.analysis, predictor, brief)?;
        Ok(Planned {
            analysis: self.analysis,
            plan,
            brief: brief.clone(),
        })
    }
}
