//! The manifest resolved to a [`Release`]. Every file is open to read, every code checked, every length known,
//! before any work.

use std::path::Path;

use acetate_dsp::settings::{Settings, Target};
use acetate_dsp::stream::BLOCK_FRAMES;
use acetate_dsp::{Audio, Source};
use acetate_io::{OpenOptions, open};
use acetate_master::presets;

use super::deliverable::Deliverable;
use super::pieces::{Fade, Piece, Release, Song};
use super::{checks, treatment};
use crate::error::AlbumError;
use crate::manifest::{AlbumFields, Balance, FadeCurve, Manifest, TrackFields};

/// What is said on the command line and counts more than the manifest.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Loudness, ceiling and bound on limiting.
    pub target: Option<Target>,
    /// How the levels stand to each other.
    pub balance: Option<Balance>,
    /// What is made of the album, by name; `None` for what the manifest says.
    pub deliver: Option<Vec<String>>,
}

impl Release {
    /// Resolves a manifest whose files lie in `folder`, and refuses what cannot be made before any work.
    ///
    /// # Errors
    /// [`AlbumError`] naming the song or field, what was expected and what was found.
    pub fn resolve(
        manifest: &Manifest,
        folder: &Path,
        overrides: &Overrides,
    ) -> Result<Self, AlbumError> {
        let fields = manifest.album.clone();
        let target = match overrides.target {
            Some(target) => target,
            None => target_of(&fields)?,
        };
        let names = overrides.deliver.as_ref();
        let names = names.unwrap_or(&manifest.deliver.formats);
        let mut deliverables = Vec::new();
        for name in names {
            let deliverable = Deliverable::find(name)?;
            if !deliverables.contains(&deliverable) {
                deliverables.push(deliverable);
            }
        }
        let cover = checks::cover(&fields, folder)?;
        checks::tracks(&manifest.tracks)?;
        let mut pieces: Vec<Piece> = Vec::new();
        for (place, track) in manifest.tracks.iter().enumerate() {
            let song = song(place + 1, track, &fields, folder)?;
            match pieces.last_mut() {
                Some(piece) if track.join => piece.songs.push(song),
                _ => pieces.push(piece(track, &fields, folder, song)?),
            }
            let last = pieces.last_mut();
            if let (Some(piece), Some(length_s)) = (last, track.fade_out_s) {
                piece.fade_out = Fade {
                    length_s,
                    curve: track.fade_out_curve.unwrap_or(FadeCurve::Logarithmic),
                };
            }
        }
        let release = Self {
            balance: overrides.balance.unwrap_or(fields.balance),
            fields,
            cover,
            target,
            pieces,
            deliverables,
        };
        checks::release(&release)?;
        Ok(release)
    }
}

fn target_of(fields: &AlbumFields) -> Result<Target, AlbumError> {
    let mut target = match &fields.target {
        Some(name) => presets::find(&name.to_ascii_lowercase())
            .ok_or_else(|| {
                let names: Vec<&str> = presets::PRESETS.iter().map(|preset| preset.name).collect();
                AlbumError::plan(
                    "album.target",
                    format!("one of {}", names.join(", ")),
                    format!("\"{name}\""),
                    "for a loudness of your own use lufs",
                )
            })?
            .target(),
        None => Target::default(),
    };
    if let Some(lufs) = fields.lufs {
        target.integrated_lufs = lufs;
    }
    if let Some(ceiling_dbtp) = fields.ceiling_dbtp {
        target.true_peak_dbtp = ceiling_dbtp;
    }
    if let Some(max_limiting_db) = fields.master.max_limiting_db {
        target.max_limiting_db = max_limiting_db;
    }
    let checked = Settings::aiming_at(target).validate();
    checked.map_err(|source| AlbumError::Settings {
        what: "album".to_owned(),
        source,
    })?;
    Ok(target)
}

fn song(
    number: usize,
    track: &TrackFields,
    fields: &AlbumFields,
    folder: &Path,
) -> Result<Song, AlbumError> {
    let path = folder.join(&track.file);
    if !path.exists() {
        return Err(AlbumError::plan(
            format!("track {number} ({})", path.display()),
            "a file",
            "none",
            "put the mix there, or say in album.toml where it is",
        ));
    }
    let mut source = open(&path, &OpenOptions::default())?;
    let spec = source.spec();
    let stated = source.info().frames;
    let all_frames = match stated {
        Some(frames) => frames,
        None => counted(&mut source, &path)?,
    };
    let skipped_s = track.start_s.unwrap_or(0.0);
    let skipped_frames = (skipped_s * f64::from(spec.sample_rate_hz)).round() as u64;
    let frames = all_frames.saturating_sub(skipped_frames);
    let title = if track.title.is_empty() {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    } else {
        track.title.clone()
    };
    let song = Song {
        number,
        path,
        title,
        artist: track
            .artist
            .clone()
            .unwrap_or_else(|| fields.artist.clone()),
        isrc: track.isrc.clone(),
        side: track.side.clone(),
        spec,
        frames,
        skipped_frames,
    };
    if frames == 0 {
        let length_s = all_frames as f64 / f64::from(spec.sample_rate_hz);
        return Err(AlbumError::plan(
            song.name(),
            "sound behind start_s",
            format!("a start at {skipped_s} s in a file of {length_s:.2} s"),
            "",
        ));
    }
    Ok(song)
}

/// The length of a file that does not state it.
fn counted(source: &mut dyn Source, path: &Path) -> Result<u64, AlbumError> {
    let spec = source.spec();
    let mut block = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    let mut frames = 0;
    loop {
        let read = source.read(&mut block, BLOCK_FRAMES);
        match read.map_err(|error| AlbumError::stream(path.display().to_string(), error))? {
            0 => return Ok(frames),
            read => frames += read as u64,
        }
    }
}

fn piece(
    track: &TrackFields,
    fields: &AlbumFields,
    folder: &Path,
    song: Song,
) -> Result<Piece, AlbumError> {
    let name = song.name();
    let (brief, album_share) = treatment::brief(track, fields, folder, &name)?;
    Ok(Piece {
        songs: vec![song],
        brief,
        album_share,
        gap_s: track.gap_s,
        crossfade: Fade {
            length_s: track.crossfade_s.unwrap_or(0.0),
            curve: track.crossfade_curve.unwrap_or_default(),
        },
        fade_in: Fade {
            length_s: track.fade_in_s.unwrap_or(0.0),
            curve: track.fade_in_curve.unwrap_or(FadeCurve::Cosine),
        },
        fade_out: Fade::default(),
        offset_lu: track.offset_lu.unwrap_or(0.0),
        version_of_lufs: None,
    })
}
