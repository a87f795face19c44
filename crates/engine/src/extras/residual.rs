//! `--repair-residual`: what the repairs took, aligned with the mix.

use std::path::Path;

use acetate_dsp::chain::Bypass;
use acetate_dsp::{Audio, Settings, Sink, Source, StreamError, for_each_block};
use acetate_io::{Container, OpenOptions, OutputFormat, StageOptions, StagedFile, WordLength};
use acetate_master::{MasterFile, PreLimiter};
use thiserror::Error;

use crate::extras::RunContext;
use crate::input::Input;

/// The mix is read twice, and was shorter the second time.
#[derive(Debug, Error)]
#[error("the mix ended before its repaired copy")]
struct MixEnded;

/// Writes the mix less the repaired mix. Both are read side by side: the mix from a decoder of its own.
pub(super) fn write(
    path: &Path,
    input: &mut Input<'_>,
    file: &MasterFile,
    context: &RunContext<'_>,
) -> anyhow::Result<()> {
    let mut mix = acetate_io::open(
        input.path(),
        &OpenOptions {
            strict: context.options.strict,
        },
    )?;
    let spec = mix.spec();
    let mastered = &file.mastered;
    let settings = Settings {
        cleanup: mastered.treatment.settings.cleanup.clone(),
        ..Settings::default()
    };
    let options = StageOptions {
        expected_frames: Some(mastered.analysis.frames),
        ..StageOptions::new(OutputFormat::new(Container::Wav, WordLength::Float32)?)
    };
    let mut staged = StagedFile::create(path, spec, &options)?;
    let chain = PreLimiter {
        analysis: &mastered.analysis,
        settings: &settings,
        bypass: &Bypass::default(),
    };
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    chain.render(input.source(), spec, &mut |repaired| {
        for_each_block(repaired, &mut |mended| {
            while mended.frames() > 0 {
                let frames = mix.read(&mut block, mended.frames())?;
                if frames == 0 {
                    return Err(StreamError::new(MixEnded));
                }
                for (samples, mended) in block.channels_mut().zip(mended.channels()) {
                    for (sample, mended) in samples.iter_mut().zip(mended) {
                        *sample -= mended;
                    }
                }
                staged.write(&block)?;
                mended.drop_front(frames);
            }
            Ok(())
        })
    })?;
    staged.finish()?;
    staged.commit(context.options.overwrite)?;
    Ok(())
}
