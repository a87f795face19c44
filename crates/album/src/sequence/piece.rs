//! [`PieceSource`]: the mixes of a piece, one after the other, without a seam.

use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_io::{Decoder, OpenOptions, open};

use crate::error::AlbumError;
use crate::release::Piece;

/// The mixes of a piece as one source.
pub(crate) struct PieceSource {
    parts: Vec<Part>,
    /// The part that is read.
    at: usize,
    /// Both channels of the output are the one of the mixes.
    is_upmixed: bool,
    spec: Spec,
    frames: u64,
    mono: Audio,
}

struct Part {
    decoder: Decoder,
    skipped_frames: u64,
    frames: u64,
    left_frames: u64,
}

impl Part {
    fn seek_start(&mut self) -> Result<(), StreamError> {
        self.decoder.skip(self.skipped_frames)?;
        self.left_frames = self.frames;
        Ok(())
    }
}

impl PieceSource {
    /// Opens all mixes; `to_stereo` makes stereo of mono.
    ///
    /// # Errors
    /// [`AlbumError`] if one cannot be decoded.
    pub(crate) fn open(piece: &Piece, to_stereo: bool) -> Result<Self, AlbumError> {
        let mut parts = Vec::new();
        for song in &piece.songs {
            let mut part = Part {
                decoder: open(&song.path, &OpenOptions::default())?,
                skipped_frames: song.skipped_frames,
                frames: song.frames,
                left_frames: 0,
            };
            let started = part.seek_start();
            started.map_err(|error| AlbumError::stream(song.name(), error))?;
            parts.push(part);
        }
        let own = piece.spec();
        let is_upmixed = to_stereo && own.channels == 1;
        Ok(Self {
            parts,
            at: 0,
            is_upmixed,
            spec: Spec {
                channels: if is_upmixed { 2 } else { own.channels },
                ..own
            },
            frames: piece.frames(),
            mono: Audio::silence(own.sample_rate_hz, own.channels, 0),
        })
    }

    /// What the decoders met that is no sound, in words.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = self.parts.iter().flat_map(|part| part.decoder.warnings());
        warnings.map(|warning| warning.to_string()).collect()
    }
}

impl Source for PieceSource {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.frames)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        while let Some(part) = self.parts.get_mut(self.at) {
            // At most `max_frames`: the cast loses nothing.
            let wanted = part.left_frames.min(max_frames as u64) as usize;
            let into = if self.is_upmixed {
                &mut self.mono
            } else {
                &mut *block
            };
            let read = if wanted == 0 {
                0
            } else {
                part.decoder.read(into, wanted)?
            };
            if read == 0 {
                self.at += 1;
                continue;
            }
            part.left_frames -= read as u64;
            if self.is_upmixed {
                block.set_frames(read);
                for channel in block.channels_mut() {
                    channel.copy_from_slice(self.mono.channel(0));
                }
            }
            return Ok(read);
        }
        block.set_frames(0);
        Ok(0)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.at = 0;
        for part in &mut self.parts {
            part.decoder.rewind()?;
            part.seek_start()?;
        }
        Ok(())
    }
}
