//! What a renderer gave, stored: 24-bit FLAC that does not clip, and beside it what was done.

use std::io;
use std::path::{Path, PathBuf};

use acetate_dsp::process::Processor;
use acetate_dsp::process::dither::Dither;
use acetate_dsp::units::{db_from_gain, gain_from_db};
use acetate_dsp::{Audio, Source};
use acetate_io::{Container, OpenOptions, OutputFormat, StageOptions, StagedFile, WordLength};
use serde::{Deserialize, Serialize};

use super::RenderError;

/// A render that peaks above full scale is brought to this sample peak, dB relative to full scale.
const PEAK_DBFS: f64 = -1.0;
/// Frames in a block.
const BLOCK_FRAMES: usize = 1 << 16;

/// What was done to a render; lies beside it as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    /// The renderer's own words for its version.
    pub(super) renderer: String,
    /// Sample peak at the author's level, dB relative to full scale.
    pub(super) peak_dbfs: f64,
    /// Gain relative to the author's level, dB.
    pub(super) gain_db: f64,
    /// Length in frames.
    pub(super) frames: u64,
}

/// The record of a render.
pub(super) fn record_path(render: &Path) -> PathBuf {
    let mut name = render.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

/// Whether a render is complete. The record gets its name before the render does.
pub(super) fn is_stored(render: &Path) -> bool {
    super::package::is_plain_file(render) && super::package::is_plain_file(&record_path(render))
}

/// What a renderer left.
#[derive(Debug)]
pub(super) struct Rendered<'a> {
    /// The audio file.
    pub(super) file: &'a Path,
    /// Gain that brings it to the author's level.
    pub(super) restoring_gain: f64,
    /// Whether the renderer clips at full scale.
    pub(super) clips: bool,
    /// The renderer's own words for its version.
    pub(super) version: &'a str,
}

/// Stores a render as `target`, at the author's level, or lower where that peaks above full scale.
///
/// # Errors
/// [`RenderError`] when it cannot be decoded, holds no music, is clipped, or cannot be written.
pub(super) fn store(rendered: &Rendered<'_>, target: &Path) -> Result<Stored, RenderError> {
    let mut source = acetate_io::open(rendered.file, &OpenOptions::default())?;
    let (peak, frames) = peak_of(&mut source)?;
    let no_music = |found| Err(RenderError::NoMusic { found });
    if !peak.is_finite() {
        return no_music("samples that are not finite");
    }
    if peak == 0.0 {
        return no_music("silence");
    }
    if rendered.clips && peak >= 1.0 {
        return no_music("clipped samples");
    }
    let peak_dbfs = db_from_gain(f64::from(peak) * rendered.restoring_gain);
    let gain_db = if peak_dbfs > 0.0 {
        PEAK_DBFS - peak_dbfs
    } else {
        0.0
    };

    let format = OutputFormat::new(Container::Flac, WordLength::Bits24)?;
    let mut options = StageOptions::new(format);
    options.expected_frames = Some(frames);
    source.rewind()?;
    let mut file = StagedFile::create(target, source.spec(), &options)?;
    let mut rounding = Dither::new(WordLength::Bits24, 0);
    let gain = (rendered.restoring_gain * gain_from_db(gain_db)) as f32;
    let mut block = block_of(&source);
    while source.read(&mut block, BLOCK_FRAMES)? > 0 {
        block.scale(gain);
        rounding.process(&mut block);
        file.write_block(&block)?;
    }
    file.finish_file()?;
    let stored = Stored {
        renderer: rendered.version.to_owned(),
        peak_dbfs,
        gain_db,
        frames,
    };
    write_record(&stored, &record_path(target)).map_err(|source| {
        acetate_io::WriteError::Write {
            path: record_path(target),
            frame: 0,
            source,
        }
    })?;
    file.commit(true)?;
    Ok(stored)
}

fn block_of(source: &dyn Source) -> Audio {
    let spec = source.spec();
    Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES)
}

/// Largest absolute sample and number of frames; a sample that is not finite makes the peak so.
fn peak_of(source: &mut dyn Source) -> Result<(f32, u64), RenderError> {
    let (mut peak, mut frames) = (0.0_f32, 0_u64);
    let mut block = block_of(source);
    loop {
        let got = source.read(&mut block, BLOCK_FRAMES)?;
        if got == 0 {
            return Ok((peak, frames));
        }
        frames += got as u64;
        for sample in block.channels().iter().flatten() {
            if !sample.is_finite() {
                peak = f32::INFINITY;
            }
            peak = peak.max(sample.abs());
        }
    }
}

fn write_record(stored: &Stored, path: &Path) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(stored)?;
    text.push(b'\n');
    acetate_io::write_bytes(path, &text)
}
