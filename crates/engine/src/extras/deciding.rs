//! What a face asks before and behind a master: the measured facts, what would be rendered of them, another turn
//! of the knobs, and what is made beside a master that is there.

use std::path::Path;
use std::sync::Arc;

use acetate_dsp::Analysis;
use acetate_master::{MasterFile, Measured, Plan};
use acetate_model::{Prediction, Predictor as _};

use crate::conflicts;
use crate::error::{EngineError, or_canceled};
use crate::extras;
use crate::input::Input;
use crate::job::Job;
use crate::master::Engine;
use crate::observer::{FileProgress, Observer};
use crate::options::Options;

impl Engine {
    /// An engine for other jobs and options on what this one has read: weights, references, words and cache
    /// stay those of this engine, so that a face can ask again at every turn of a knob.
    ///
    /// # Errors
    /// [`EngineError`]: a name that is taken, or a target out of range.
    pub fn again(&self, jobs: &[Job], options: &Options) -> Result<Self, EngineError> {
        conflicts::check(options, jobs).map_err(anyhow::Error::from)?;
        Ok(Self::on(Arc::clone(&self.common), options)?)
    }

    /// Makes what a job asks for beside a master that it delivered before: report page and pack.
    ///
    /// # Errors
    /// [`EngineError`]: mix or master cannot be read, a file cannot be written, or the observer stopped the work.
    pub fn write_beside(
        &self,
        job: &Job,
        file: &MasterFile,
        observer: &dyn Observer,
    ) -> Result<(), EngineError> {
        let write = || {
            let folder = job.output.parent();
            let mut input = Input::open(&job.input, folder, self.options.strict, observer)?;
            extras::write(job, &mut input, file, &[], &self.context(observer))
        };
        or_canceled(write(), observer)
    }

    /// Measures a mix, or finds what was measured of it: what [`plan`](Self::plan) reads.
    ///
    /// # Errors
    /// [`EngineError`]: the mix cannot be read or has no loudness, or the observer stopped the work.
    pub fn measure(&self, mix: &Path, observer: &dyn Observer) -> Result<Analysis, EngineError> {
        let measured =
            Input::open(mix, None, self.options.strict, observer).and_then(|mut input| {
                let mut progress = FileProgress::new(observer, mix);
                let brief = &self.options.brief;
                self.common
                    .analyses
                    .of(&mut input, brief, observer, &mut progress)
            });
        or_canceled(measured.map(Measured::into_analysis), observer)
    }

    /// What is proposed for a program by itself, before any brief.
    ///
    /// # Errors
    /// [`EngineError`]: weights do not fit.
    pub fn predict(&self, analysis: &Analysis) -> Result<Prediction, EngineError> {
        let predicted = self.common.proposer.predictor.predict(analysis.program());
        Ok(predicted.map_err(anyhow::Error::from)?)
    }

    /// What [`master`](Self::master) would render of a mix, but for the drive, which is solved on the render.
    ///
    /// # Errors
    /// [`EngineError`]: settings or weights do not fit.
    pub fn plan(&self, analysis: &Analysis) -> Result<Plan, EngineError> {
        let predictor = self.common.proposer.predictor.as_ref();
        let brief = &self.options.brief;
        let planned = Measured::new(analysis.clone()).and_then(|mix| mix.plan(predictor, brief));
        let planned = planned.map_err(|error| EngineError::Failed(error.into()))?;
        Ok(planned.plan().clone())
    }
}
