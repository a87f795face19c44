//! Files of a deliverable, each compared with its master sample by sample on the bytes that were written.

use std::path::Path;

use acetate_dsp::measure::levels::{OutputMeasures, verify_pass};
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Sink, Source, StreamError, threads};
use acetate_engine::{Observer, Step, go_on, tell_tag_warnings};
use acetate_io::{
    Broadcast, OutputFormat, StageOptions, StagedFile, TagWarning, Tags, sha256_of_file, sum_line,
    write_bytes,
};

use super::tracks::{TrackPlace, TrackSource, open_strictly};
use crate::error::AlbumError;
use crate::report::{Figures, FileReport, SUMS_NAME};

/// What goes into a file beside the sound.
pub(crate) struct Beside {
    pub(crate) tags: Tags,
    /// What the mix carries that the tags cannot.
    pub(crate) warnings: Vec<TagWarning>,
    pub(crate) broadcast: Option<Broadcast>,
    /// What is there is replaced.
    pub(crate) overwrite: bool,
}

/// Measures every track of a set on its master's bytes, by both meters.
pub(crate) fn measure(
    places: &[TrackPlace<'_>],
    observer: &dyn Observer,
) -> Result<Vec<OutputMeasures>, AlbumError> {
    let measured = threads::map(places, |place| {
        let mut source = TrackSource::open(place)?;
        let path = place.song.path.as_path();
        let total = Some(place.frames());
        let measured = verify_pass(&mut source, false, &mut |done| {
            observer.progress(path, Step::Verify, done, total);
            Ok(go_on(observer)?)
        });
        observer.finished(path);
        measured.map_err(|error| AlbumError::stream(place.song.name(), error))
    });
    measured.into_iter().collect()
}

/// Writes a source as a file, and reads it back: the samples have to be the source's.
pub(crate) fn write(
    path: &Path,
    source: &mut dyn Source,
    format: OutputFormat,
    beside: &Beside,
    observer: &dyn Observer,
) -> Result<FileReport, AlbumError> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let options = StageOptions {
        expected_frames: source.frames_hint(),
        tags: Some(&beside.tags),
        broadcast: beside.broadcast.as_ref(),
        ..StageOptions::new(format)
    };
    let mut staged = StagedFile::create(path, source.spec(), &options)?;
    let spec = source.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let failed = |error: StreamError| AlbumError::stream(name.clone(), error);
    let mut frames = 0;
    while source.read(&mut block, BLOCK_FRAMES).map_err(failed)? > 0 {
        go_on(observer)?;
        staged.write(&block).map_err(failed)?;
        frames += block.frames() as u64;
    }
    staged.finish().map_err(failed)?;
    let mut written = staged.reread()?;
    source.rewind().map_err(failed)?;
    if !are_same(source, &mut written).map_err(failed)? {
        return Err(AlbumError::plan(
            name,
            "the samples of the master in the file that was written",
            "others",
            "the disk or the memory of this machine may be damaged",
        ));
    }
    let warnings = beside.warnings.iter().chain(staged.tag_warnings());
    tell_tag_warnings(Path::new(&name), warnings, observer);
    staged.commit(beside.overwrite)?;
    Ok(FileReport {
        sha256: sum_of(path)?,
        name,
        sample_rate_hz: Some(spec.sample_rate_hz),
        bits: Some(format.word_length().bits()),
        frames: Some(frames),
        figures: None,
    })
}

/// SHA-256 of a file's bytes.
pub(crate) fn sum_of(path: &Path) -> Result<String, AlbumError> {
    sha256_of_file(path).map_err(|source| AlbumError::File {
        path: path.to_owned(),
        source,
    })
}

/// Whether two sources give the same samples.
fn are_same(a: &mut dyn Source, b: &mut dyn Source) -> Result<bool, StreamError> {
    if a.spec() != b.spec() {
        return Ok(false);
    }
    let spec = a.spec();
    let mut first = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut second = first.clone();
    loop {
        let wanted = a.read(&mut first, BLOCK_FRAMES)?;
        let mut got = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
        while got.frames() < wanted {
            if b.read(&mut second, wanted - got.frames())? == 0 {
                return Ok(false);
            }
            got.append(&second);
        }
        if wanted == 0 {
            return Ok(b.read(&mut second, 1)? == 0);
        }
        if got != first {
            return Ok(false);
        }
    }
}

/// Measures a file again, by both meters.
pub(crate) fn figures_of(
    path: &Path,
    observer: &dyn Observer,
) -> Result<(Figures, u64, u32), AlbumError> {
    let mut source = open_strictly(path)?;
    let total = source.frames_hint();
    let rate_hz = source.spec().sample_rate_hz;
    let measured = verify_pass(&mut source, false, &mut |done| {
        observer.progress(path, Step::Verify, done, total);
        Ok(go_on(observer)?)
    });
    observer.finished(path);
    let measured =
        measured.map_err(|error| AlbumError::stream(path.display().to_string(), error))?;
    Ok((Figures::of(&measured), measured.frames, rate_hz))
}

/// Writes a small file.
pub(crate) fn text(folder: &Path, name: &str, bytes: &[u8]) -> Result<FileReport, AlbumError> {
    let path = folder.join(name);
    write_bytes(&path, bytes).map_err(|source| AlbumError::File {
        path: path.clone(),
        source,
    })?;
    Ok(FileReport {
        name: name.to_owned(),
        sha256: sum_of(&path)?,
        sample_rate_hz: None,
        bits: None,
        frames: None,
        figures: None,
    })
}

/// Writes the sums of a folder's files.
pub(crate) fn sums(folder: &Path, files: &[FileReport]) -> Result<FileReport, AlbumError> {
    let list: String = files
        .iter()
        .map(|file| sum_line(&file.sha256, &file.name))
        .collect();
    text(folder, SUMS_NAME, list.as_bytes())
}
