//! [`Release`]: an album with every length, code and setting known.

use std::path::PathBuf;

use acetate_dsp::Spec;
use acetate_dsp::settings::Target;
use acetate_master::Brief;

use super::deliverable::Deliverable;
use crate::codes::Isrc;
use crate::manifest::{AlbumFields, Balance, FadeCurve};

/// Most songs of an album.
pub(crate) const MAX_SONGS: usize = 400;

/// A fade: its length and its course.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fade {
    /// Length, seconds; 0 is none.
    pub length_s: f64,
    /// Its course.
    pub curve: FadeCurve,
}

/// One track: a file, or part of a piece that runs through several.
#[derive(Clone, Debug)]
pub struct Song {
    /// Number on the album, from 1.
    pub number: usize,
    /// The mix.
    pub path: PathBuf,
    /// Title.
    pub title: String,
    /// Artist.
    pub artist: String,
    /// Code of the recording.
    pub isrc: Option<Isrc>,
    /// Side of the record.
    pub side: Option<String>,
    /// What the mix holds.
    pub spec: Spec,
    /// Length of what is used of it, frames.
    pub frames: u64,
    /// So much is left out at its start, frames.
    pub skipped_frames: u64,
}

impl Song {
    /// Length, seconds.
    pub fn duration_s(&self) -> f64 {
        self.frames as f64 / f64::from(self.spec.sample_rate_hz)
    }

    /// Number and title, for messages.
    pub fn name(&self) -> String {
        format!("track {} ({})", self.number, self.path.display())
    }
}

/// What is decided and rendered as one: a song, or several that run into each other without a seam.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its tracks.
    pub songs: Vec<Song>,
    /// What is asked of its master, but for the loudness.
    pub brief: Brief,
    /// Share of the album's pull that is followed, 0 to 1.
    pub album_share: f64,
    /// Pause before it, seconds; `None` for one that sounds like two.
    pub gap_s: Option<f64>,
    /// Crossfade with the piece before, length 0 for none.
    pub crossfade: Fade,
    /// Fade at its start.
    pub fade_in: Fade,
    /// Fade at its end.
    pub fade_out: Fade,
    /// Louder or softer than the album would have it, LU.
    pub offset_lu: f64,
    /// Loudness of the mix that its settings were made for, LUFS, if it is another version of a song.
    pub version_of_lufs: Option<f64>,
}

impl Piece {
    /// What its mixes hold.
    pub fn spec(&self) -> Spec {
        let first = self.songs.first().map(|song| song.spec);
        first.unwrap_or(Spec {
            sample_rate_hz: 44_100,
            channels: 2,
        })
    }

    /// What is used of each of its files: frames left out at the start, and frames behind them.
    pub(crate) fn parts(&self) -> Vec<(u64, u64)> {
        let parts = self.songs.iter();
        parts
            .map(|song| (song.skipped_frames, song.frames))
            .collect()
    }

    /// Length, frames of its mixes.
    pub fn frames(&self) -> u64 {
        self.songs.iter().map(|song| song.frames).sum()
    }

    /// Its first track, for messages.
    pub fn name(&self) -> String {
        self.songs.first().map(Song::name).unwrap_or_default()
    }
}

/// An album, resolved.
#[derive(Clone, Debug)]
pub struct Release {
    /// What the manifest says of the whole.
    pub fields: AlbumFields,
    /// Cover, as bytes with their type.
    pub cover: Option<Cover>,
    /// What the loudest song (or each) is to measure.
    pub target: Target,
    /// How the levels stand to each other.
    pub balance: Balance,
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// What is made of it.
    pub deliverables: Vec<Deliverable>,
}

/// A picture of the front.
#[derive(Clone, Debug)]
pub struct Cover {
    /// Type, as `image/jpeg`.
    pub mime: &'static str,
    /// The file's bytes.
    pub data: Vec<u8>,
}

impl Release {
    /// Every track in order.
    pub fn songs(&self) -> impl Iterator<Item = &Song> {
        self.pieces.iter().flat_map(|piece| &piece.songs)
    }

    /// Number of tracks.
    pub fn song_count(&self) -> usize {
        self.pieces.iter().map(|piece| piece.songs.len()).sum()
    }
}
