//! [`Rendered`]: everything before the limiter, kept.

use acetate_dsp::Spec;
use acetate_dsp::settings::Target;

use crate::delivery::{Delivery, Progress, Scratch};
use crate::error::MasterError;
use crate::pipeline::mastered::{Mastered, Parts};
use crate::plan::{Plan, Planned, allow_no_limiting_without_limiter};
use crate::render::attempts::{Attempts, infeasible};
use crate::render::{RenderOutcome, read_passages, solve};
use crate::report::Measures;

/// A mix that was rendered up to its limiter: it can be delivered as often as needed, to one target or to
/// several, each for the price of a limiter and a verification.
pub struct Rendered {
    pub(crate) planned: Planned,
    spec: Spec,
    scratch: Box<dyn Scratch>,
    outcome: RenderOutcome,
}

impl Rendered {
    pub(crate) fn new(
        planned: Planned,
        spec: Spec,
        scratch: Box<dyn Scratch>,
        outcome: RenderOutcome,
    ) -> Self {
        Self {
            planned,
            spec,
            scratch,
            outcome,
        }
    }

    /// Solves the drive for the target, limits, writes and verifies, until the written samples hold the
    /// ceiling and meet the loudness as closely as can be.
    ///
    /// # Errors
    /// [`MasterError`]: the delivery failed, the ceiling could not be held, or `progress` stopped the work.
    pub fn deliver(
        &mut self,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Mastered, MasterError> {
        let plan = self.planned.plan.clone();
        self.deliver_plan(plan, delivery, progress)
    }

    /// As [`deliver`](Self::deliver), to another target. A drive that the settings fix stays fixed.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver), and [`MasterError`] for a target out of range.
    pub fn deliver_to(
        &mut self,
        target: Target,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Mastered, MasterError> {
        let mut plan = self.planned.plan.clone();
        plan.settings.target = target;
        allow_no_limiting_without_limiter(&mut plan.settings, &self.planned.brief);
        plan.settings.validate()?;
        self.deliver_plan(plan, delivery, progress)
    }

    /// The plan differs from the one that was rendered in its target alone.
    pub(crate) fn deliver_plan(
        &mut self,
        plan: Plan,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Mastered, MasterError> {
        let Self {
            planned,
            spec,
            scratch,
            outcome,
        } = self;
        let (spec, scratch) = (*spec, scratch.as_mut());
        // What stands before the limiter knows no ceiling; what is solved on it does.
        outcome
            .curve
            .set_ceiling(plan.settings.target.true_peak_dbtp);
        let mut settings = plan.settings.clone();
        let solved = solve(
            &outcome.curve,
            &mut settings,
            planned.brief.settings.is_some(),
            &mut |ranges| Ok(read_passages(&mut *scratch, ranges)?),
        )?;
        let mut attempts = Attempts {
            settings: &mut settings,
            solved,
            brief: &planned.brief,
            spec,
            frames: outcome.frames,
            off_lu: 0.0,
            log: Vec::new(),
        };
        let written = attempts.run(&outcome.curve, scratch, delivery, progress)?;
        // Nothing but an offset, which is taken away, had a loudness only at its first step.
        if !written.measured.integrated_lufs.is_finite() {
            return Err(MasterError::NoLoudness {
                duration_s: planned.analysis.duration_s,
            });
        }
        let Attempts { log, solved, .. } = attempts;
        let infeasible = infeasible(
            &solved.solution,
            &settings,
            written.measured.integrated_lufs,
            &outcome.curve,
            &planned.analysis,
        );
        let parts = Parts {
            settings,
            compression_db: outcome.compression_db,
            limiter_reason: solved.reason,
            infeasible,
            attempts: log,
            limiting_share: written.limiting.share_above_1_db,
        };
        let after = Measures::of_output(&written.measured, spec);
        Ok(parts.mastered(planned, &plan, after, &written.measured))
    }
}
