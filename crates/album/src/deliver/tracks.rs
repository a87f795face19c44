//! [`TrackSource`]: one track, cut from the master of its unit, with the pause behind it.

use std::path::{Path, PathBuf};

use acetate_dsp::{Audio, Source, Spec, StreamError};
use acetate_io::{Decoder, OpenOptions, open};

use crate::error::AlbumError;
use crate::release::{Release, Song};
use crate::render::{Set, UnitDone};
use crate::sequence::Timeline;

/// Where a track's samples are.
#[derive(Clone, Debug)]
pub(crate) struct TrackPlace<'a> {
    pub(crate) song: &'a Song,
    /// Index of its piece.
    pub(crate) piece: usize,
    /// The file of its unit.
    pub(crate) path: PathBuf,
    pub(crate) sample_rate_hz: u32,
    /// First frame in that file.
    pub(crate) from: u64,
    /// Frames of sound.
    pub(crate) sound_frames: u64,
    /// Silence behind it, frames.
    pub(crate) silent_frames: u64,
    /// Where it begins in the sequence, frames.
    pub(crate) start: u64,
}

impl TrackPlace<'_> {
    /// Length of the track with its pause, frames.
    pub(crate) fn frames(&self) -> u64 {
        self.sound_frames + self.silent_frames
    }
}

/// Every track of a set, in order: end to end they are the sequence.
pub(crate) fn places<'a>(
    release: &'a Release,
    timeline: &Timeline,
    set: &Set,
    done: &[UnitDone],
) -> Vec<TrackPlace<'a>> {
    let mut places: Vec<TrackPlace<'a>> = Vec::new();
    let mut start = 0;
    for (number, (unit, done)) in timeline.units.iter().zip(done).enumerate() {
        let pieces = release.pieces.get(unit.pieces.clone()).unwrap_or_default();
        let Some(first) = pieces.first() else {
            continue;
        };
        let sample_rate_hz = set.rate_hz(first);
        let frames = unit.frames(release, sample_rate_hz, set.grid);
        let next = timeline.units.get(number + 1);
        let gap_s = next.map_or(0.0, |next| next.gap_s);
        let gap = (gap_s * f64::from(sample_rate_hz)).round() as u64;
        let indices = unit.pieces.clone();
        let songs = indices
            .zip(pieces)
            .flat_map(|(piece, songs)| songs.songs.iter().map(move |song| (piece, song)));
        for (track, (piece, song)) in songs.enumerate() {
            let from = frames.tracks.get(track).copied().unwrap_or(0);
            let behind = frames.tracks.get(track + 1).copied();
            let to = behind.unwrap_or(frames.frames).max(from);
            let sound_frames = to - from;
            let silent_frames = if behind.is_some() {
                0
            } else {
                (sound_frames + gap).next_multiple_of(set.grid) - sound_frames
            };
            places.push(TrackPlace {
                song,
                piece,
                path: done.path.clone(),
                sample_rate_hz,
                from,
                sound_frames,
                silent_frames,
                start,
            });
            start += sound_frames + silent_frames;
        }
    }
    places
}

/// One track as a source: the master's own samples, then silence.
pub(crate) struct TrackSource {
    decoder: Decoder,
    from: u64,
    sound_frames: u64,
    frames: u64,
    position: u64,
}

impl TrackSource {
    /// Opens the master of its unit.
    pub(crate) fn open(place: &TrackPlace<'_>) -> Result<Self, AlbumError> {
        let mut source = Self {
            decoder: open_strictly(&place.path)?,
            from: place.from,
            sound_frames: place.sound_frames,
            frames: place.frames(),
            position: 0,
        };
        let started = source.decoder.skip(place.from);
        started.map_err(|error| AlbumError::stream(place.song.name(), error))?;
        Ok(source)
    }
}

/// Opens a file of our own: damage is an error.
pub(crate) fn open_strictly(path: &Path) -> Result<Decoder, AlbumError> {
    Ok(open(path, &OpenOptions { strict: true })?)
}

impl Source for TrackSource {
    fn spec(&self) -> Spec {
        self.decoder.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.frames)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let sound = self.sound_frames.saturating_sub(self.position);
        // At most `max_frames`: the casts lose nothing.
        let wanted = sound.min(max_frames as u64) as usize;
        let mut read = if wanted == 0 {
            0
        } else {
            self.decoder.read(block, wanted)?
        };
        if read == 0 {
            // Behind the sound, or where a resampled unit ends a frame early.
            let left = self.frames.saturating_sub(self.position);
            read = left.min(max_frames as u64) as usize;
            block.set_frames(0);
            block.set_frames(read);
        }
        self.position += read as u64;
        Ok(read)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.position = 0;
        self.decoder.rewind()?;
        self.decoder.skip(self.from)
    }
}

/// Several tracks, one after the other.
pub(crate) struct Sequence {
    tracks: Vec<TrackSource>,
    at: usize,
    spec: Spec,
}

impl Sequence {
    /// Opens all; `None` without any.
    pub(crate) fn open(places: &[TrackPlace<'_>]) -> Result<Option<Self>, AlbumError> {
        let tracks = places
            .iter()
            .map(TrackSource::open)
            .collect::<Result<Vec<_>, _>>()?;
        let Some(first) = tracks.first() else {
            return Ok(None);
        };
        Ok(Some(Self {
            spec: first.spec(),
            tracks,
            at: 0,
        }))
    }
}

impl Source for Sequence {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.tracks.iter().map(|track| track.frames).sum())
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        while let Some(track) = self.tracks.get_mut(self.at) {
            match track.read(block, max_frames)? {
                0 => self.at += 1,
                read => return Ok(read),
            }
        }
        block.set_frames(0);
        Ok(0)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.at = 0;
        self.tracks.iter_mut().try_for_each(TrackSource::rewind)
    }
}
