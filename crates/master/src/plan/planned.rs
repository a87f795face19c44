//! [`Planned`]: a mix whose settings are known.

use acetate_dsp::Analysis;

use crate::brief::Brief;
use crate::plan::Plan;

/// A mix whose settings are known, all but the drive of the limiter.
#[derive(Clone, Debug)]
pub struct Planned {
    pub(crate) analysis: Analysis,
    pub(crate) plan: Plan,
    pub(crate) brief: Brief,
}

impl Planned {
    /// What was measured.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// What will be rendered.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
