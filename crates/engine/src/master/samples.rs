//! Masters of samples that the caller holds, and masters that stay in memory: for callers from other
//! languages, whose mixes are arrays.

use std::path::Path;

use acetate_dsp::{Audio, Source};
use acetate_master::report::Report;
use acetate_master::{Delivery, Mastered, Measured, MemoryDelivery};
use anyhow::Context as _;

use super::Engine;
use crate::EngineError;
use crate::delivery::FileDelivery;
use crate::error::or_canceled;
use crate::ffmpeg::Ffmpeg;
use crate::input::Input;
use crate::job::Job;
use crate::observer::{FileProgress, Observer, SAMPLES, Watched};

impl Engine {
    /// Masters a file; the master stays in memory, with the very samples that a file would hold.
    ///
    /// # Errors
    /// As [`Engine::master`].
    pub fn master_in_memory(
        &self,
        input: &Path,
        observer: &dyn Observer,
    ) -> Result<(Report, Audio), EngineError> {
        let make = || {
            let mut input = Input::open(input, None, self.options.strict, observer)?;
            let path = input.given().to_owned();
            let mut delivery = MemoryDelivery::default();
            let mut mastered = self.treat(input.source(), &path, &mut delivery, observer)?;
            input.assess(&mut mastered.assessment);
            let mut report = Report::from(mastered);
            report.input = Some(input.facts()?);
            Ok((report, written(delivery)?))
        };
        or_canceled(make(), observer)
    }

    /// Masters samples; the master stays in memory, with the very samples that a file would hold.
    ///
    /// # Errors
    /// As [`Engine::master`].
    pub fn master_samples(
        &self,
        samples: &mut dyn Source,
        observer: &dyn Observer,
    ) -> Result<(Report, Audio), EngineError> {
        let make = || {
            let mut delivery = MemoryDelivery::default();
            let mut samples = Watched {
                inner: samples,
                observer,
            };
            let mastered = self.treat(&mut samples, Path::new(SAMPLES), &mut delivery, observer)?;
            Ok((Report::from(mastered), written(delivery)?))
        };
        or_canceled(make(), observer)
    }

    /// Masters samples into the file of a job, whose input is not looked at. Nothing is made beside it.
    ///
    /// # Errors
    /// As [`Engine::master`].
    pub fn master_samples_to(
        &self,
        samples: &mut dyn Source,
        job: &Job,
        observer: &dyn Observer,
    ) -> Result<Report, EngineError> {
        let make = || {
            let mut delivery = FileDelivery::of_samples(job, self.options.overwrite)?;
            let mut samples = Watched {
                inner: samples,
                observer,
            };
            let mastered = self.treat(&mut samples, Path::new(SAMPLES), &mut delivery, observer)?;
            let mut report = Report::from(mastered);
            report.output = Some(delivery.facts()?);
            delivery.commit()?;
            Ok(report)
        };
        or_canceled(make(), observer)
    }

    /// Analyzes, renders and verifies into a delivery.
    fn treat(
        &self,
        samples: &mut dyn Source,
        name: &Path,
        delivery: &mut dyn Delivery,
        observer: &dyn Observer,
    ) -> anyhow::Result<Mastered> {
        let brief = &self.options.brief;
        let predictor = self.common.proposer.predictor.as_ref();
        let progress = &mut FileProgress::new(observer, name);
        Measured::measure(samples, brief, progress)
            .and_then(|measured| measured.plan(predictor, brief))
            .and_then(|planned| planned.render(samples, delivery, progress))
            .and_then(|mut rendered| {
                if brief.codec_safe {
                    rendered.deliver_codec_safe(delivery, &mut Ffmpeg::probe(), progress)
                } else {
                    rendered.deliver(delivery, progress)
                }
            })
            .with_context(|| name.display().to_string())
    }
}

fn written(delivery: MemoryDelivery) -> anyhow::Result<Audio> {
    delivery.into_written().context("nothing was written")
}
