//! What a face asks before a master is made: the measured facts, and what would be rendered of them.

use std::path::Path;

use acetate_dsp::Analysis;
use acetate_master::{Measured, Plan};

use crate::EngineError;
use crate::error::or_canceled;
use crate::input::Input;
use crate::master::Engine;
use crate::observer::{FileProgress, Observer};

impl Engine {
    /// Measures a mix, or finds what was measured of it: what [`plan`](Self::plan) reads.
    ///
    /// # Errors
    /// [`EngineError`]: the mix cannot be read or has no loudness, or the observer stopped the work.
    pub fn measure(&self, mix: &Path, observer: &dyn Observer) -> Result<Analysis, EngineError> {
        let measured =
            Input::open(mix, None, self.options.strict, observer).and_then(|mut input| {
                let mut progress = FileProgress::new(observer, mix);
                let brief = &self.options.brief;
                self.analyses.of(&mut input, brief, observer, &mut progress)
            });
        or_canceled(measured.map(Measured::into_analysis), observer)
    }

    /// What [`master`](Self::master) would render of a mix, but for the drive, which is solved on the render.
    ///
    /// # Errors
    /// [`EngineError`]: settings or weights do not fit.
    pub fn plan(&self, analysis: &Analysis) -> Result<Plan, EngineError> {
        let predictor = self.proposer.predictor.as_ref();
        let brief = &self.options.brief;
        let planned = Measured::new(analysis.clone()).and_then(|mix| mix.plan(predictor, brief));
        let planned = planned.map_err(|error| EngineError::Failed(error.into()))?;
        Ok(planned.plan().clone())
    }
}
