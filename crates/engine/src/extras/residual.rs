//! `--repair-residual`: what the repairs took, aligned with the mix.

use std::path::Path;

use acetate_dsp::chain::{Bypass, Chain};
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Settings, Sink, Source};
use acetate_io::{Container, OpenOptions, OutputFormat, StageOptions, StagedFile, WordLength};
use acetate_master::MasterFile;

use crate::extras::RunContext;
use crate::input::Input;

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
    let process = ProcessSpec {
        sample_rate_hz: spec.sample_rate_hz,
        channels: spec.channels,
        program_lufs: mastered.program_lufs(),
    };
    let settings = Settings {
        cleanup: mastered.treatment.settings.cleanup.clone(),
        ..Settings::default()
    };
    input.source().rewind()?;
    let chain = Chain::new(&settings, &process, &Bypass::default());
    let mut repaired = Processed::new(input.source(), chain);
    let options = StageOptions {
        expected_frames: Some(mastered.analysis.frames),
        ..StageOptions::new(OutputFormat::new(Container::Wav, WordLength::Float32)?)
    };
    let mut staged = StagedFile::create(path, spec, &options)?;
    let mut mended = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut block = mended.clone();
    loop {
        while mended.frames() == 0 {
            if repaired.read(&mut mended, BLOCK_FRAMES)? == 0 {
                staged.finish()?;
                staged.commit(context.options.overwrite)?;
                return Ok(());
            }
        }
        let frames = mix.read(&mut block, mended.frames())?;
        anyhow::ensure!(frames > 0, "the mix ended before its repaired copy");
        let taken = block.channels_mut().zip(mended.channels());
        for (samples, mended) in taken {
            for (sample, mended) in samples.iter_mut().zip(mended) {
                *sample -= mended;
            }
        }
        staged.write(&block)?;
        mended.drop_front(frames);
    }
}
