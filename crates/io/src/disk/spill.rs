//! [`Spill`]: a signal parked on disk between two passes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use acetate_dsp::{Audio, Sink, Source, Spec, StreamError};
use rustix::fs::{Mode, OFlags};

use crate::WriteError;
use crate::disk::paths::{folder_of, require_space};
use crate::disk::temporary::TemporaryFile;

/// Bytes per sample: `f32`.
const SAMPLE_BYTES: u64 = 4;
/// Most frames that one read gives, whatever the caller asks for.
const MAX_BLOCK_FRAMES: usize = 1 << 20;

/// Files without names, one for each channel, beside the output (a temporary folder may be memory):
/// written once through [`Sink`], then read any number of times through [`Source`]. They vanish with the
/// process, however that ends. Bit-exact: `f32` as they lie in memory.
pub struct Spill {
    files: Vec<File>,
    output: PathBuf,
    spec: Spec,
    frames: u64,
    position: u64,
    finished: bool,
}

impl Spill {
    /// Makes them in the folder of `output`, with a check for the space that `expected_frames`
    /// take.
    ///
    /// # Errors
    /// [`WriteError::NoSpace`], or [`WriteError::Folder`] when nothing can be created there.
    pub fn create(
        output: impl AsRef<Path>,
        spec: Spec,
        expected_frames: Option<u64>,
    ) -> Result<Self, WriteError> {
        let output = output.as_ref();
        let folder = folder_of(output);
        if let Some(frames) = expected_frames {
            let frame_bytes = spec.channels as u64 * SAMPLE_BYTES;
            require_space(&folder, frames.saturating_mul(frame_bytes))?;
        }
        let files = (0..spec.channels).map(|_| create_unnamed(output, &folder));
        let files = files
            .collect::<io::Result<_>>()
            .map_err(|source| WriteError::Folder { folder, source })?;
        Ok(Self {
            files,
            output: output.to_owned(),
            spec,
            frames: 0,
            position: 0,
            finished: false,
        })
    }

    fn order(&self, expected: &'static str, got: &'static str) -> StreamError {
        StreamError::new(WriteError::Order {
            path: self.output.clone(),
            expected,
            got,
        })
    }
}

fn failed(output: &Path, frame: u64, source: io::Error) -> StreamError {
    StreamError::new(WriteError::Write {
        path: output.to_owned(),
        frame,
        source,
    })
}

/// `O_TMPFILE` where the file system has it; else a file whose name is taken away at once.
fn create_unnamed(output: &Path, folder: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        if let Ok(descriptor) = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
            return Ok(File::from(descriptor));
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = folder;
    create_unlinked(output)
}

fn create_unlinked(output: &Path) -> io::Result<File> {
    let temporary = TemporaryFile::create(output, std::ffi::OsStr::new("spill"))?;
    // Dropping `temporary` removes the name; the copy of its handle stays.
    temporary.file().try_clone()
}

impl Sink for Spill {
    fn write(&mut self, block: &Audio) -> Result<(), StreamError> {
        if self.finished {
            return Err(self.order("a signal that is being written", "a finished one"));
        }
        if block.channel_count() != self.spec.channels {
            return Err(StreamError::new(WriteError::Block {
                path: self.output.clone(),
                expected: self.spec.channels,
                got: block.channel_count(),
            }));
        }
        let at = self.frames * SAMPLE_BYTES;
        for (file, channel) in self.files.iter().zip(block.channels()) {
            let written = file.write_all_at(bytemuck::cast_slice(channel), at);
            written.map_err(|source| failed(&self.output, self.frames, source))?;
        }
        self.frames += block.frames() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StreamError> {
        self.finished = true;
        Ok(())
    }
}

impl Source for Spill {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        self.finished.then_some(self.frames)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        if !self.finished {
            return Err(self.order("a finished signal", "one that is being written"));
        }
        let left = self.frames - self.position;
        // At most MAX_BLOCK_FRAMES: the cast loses nothing.
        let frames = left.min(max_frames.min(MAX_BLOCK_FRAMES) as u64) as usize;
        block.set_frames(frames);
        let at = self.position * SAMPLE_BYTES;
        for (file, channel) in self.files.iter().zip(block.channels_mut()) {
            let read = file.read_exact_at(bytemuck::cast_slice_mut(channel), at);
            read.map_err(|source| failed(&self.output, self.position, source))?;
        }
        self.position += frames as u64;
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        self.position = self.position.saturating_add(frames).min(self.frames);
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.position = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_without_o_tmpfile_leaves_no_name_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = create_unlinked(&folder.path().join("out.wav")).unwrap();
        file.write_all_at(b"spill", 0).unwrap();
        let mut back = [0; 5];
        file.read_exact_at(&mut back, 0).unwrap();
        assert_eq!(&back, b"spill");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
