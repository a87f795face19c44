//! What follows a plan: a render up to the limiter, or a dry run.

use std::ops::Range;

use acetate_dsp::Source;

use crate::delivery::{Delivery, Progress};
use crate::error::MasterError;
use crate::pipeline::mastered::{Forecast, Parts};
use crate::pipeline::rendered::Rendered;
use crate::plan::{Planned, delivery_spec};
use crate::render::attempts::infeasible;
use crate::render::{PreLimiter, delivery_frames, read_passages, render, solve};
use crate::report::Attempt;

impl Planned {
    /// Renders the mix from its start up to the limiter, into a scratch of the delivery's. `input` is the one
    /// that was measured.
    ///
    /// # Errors
    /// [`MasterError`]: input or scratch failed, the input is not as long as it was, or `progress` stopped
    /// the work.
    pub fn render(
        self,
        input: &mut dyn Source,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Rendered, MasterError> {
        input.rewind()?;
        let spec = delivery_spec(input.spec(), &self.brief)?;
        let mut scratch = delivery.scratch(spec, delivery_frames(&self.analysis, spec))?;
        let outcome = render(input, &self, spec, Some(scratch.as_mut()), progress)?;
        Ok(Rendered::new(self, spec, scratch, outcome))
    }

    /// Everything but the writing: what would be done, and what the solver predicts.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn dry_run(
        self,
        input: &mut dyn Source,
        progress: &mut dyn Progress,
    ) -> Result<Forecast, MasterError> {
        input.rewind()?;
        let spec = delivery_spec(input.spec(), &self.brief)?;
        let rendered = render(input, &self, spec, None, progress)?;
        let mut settings = self.plan.settings.clone();
        let mut again = |ranges: &[Range<u64>]| {
            let mut passages = Vec::new();
            let mut take = |source: &mut dyn Source| {
                passages = read_passages(source, ranges)?;
                Ok(())
            };
            let chain = PreLimiter {
                analysis: &self.analysis,
                settings: &self.plan.settings,
                bypass: &self.brief.bypass,
            };
            chain.render(input, spec, &mut take)?;
            Ok(passages)
        };
        let keep_character = self.brief.settings.is_some();
        let solved = solve(&rendered.curve, &mut settings, keep_character, &mut again)?;
        let predicted_lufs = solved.solution.predicted_lufs;
        let infeasible = infeasible(
            &solved.solution,
            &settings,
            predicted_lufs,
            &rendered.curve,
            &self.analysis,
        );
        let attempt = Attempt {
            drive_db: solved.solution.drive_db,
            ceiling_dbtp: self.plan.settings.target.true_peak_dbtp,
            trim_db: 0.0,
            predicted_lufs,
            integrated_lufs: None,
            true_peak_dbtp: None,
            limiting_db: solved.solution.max_reduction_db,
        };
        let parts = Parts {
            settings,
            compression_db: rendered.compression_db,
            limiter_reason: solved.reason,
            infeasible,
            attempts: vec![attempt],
            limiting_share: 0.0,
        };
        Ok(parts.forecast(self))
    }
}
