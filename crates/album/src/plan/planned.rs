//! [`PlannedAlbum`]: what would be done, for a person and as JSON.

use serde::Serialize;

use super::decided::AlbumPlan;
use crate::release::{Release, Song};

/// A song, planned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedSong {
    /// Number on the album, from 1.
    pub number: usize,
    /// Title.
    pub title: String,
    /// The mix.
    pub input: String,
    /// Where it begins in the sequence, seconds.
    pub start_s: f64,
    /// Length of its sound, seconds.
    pub sound_s: f64,
    /// What lies before it: a pause in seconds, `joins`, or `fades`.
    pub before: String,
    /// Integrated loudness of the mix, LUFS.
    pub mix_integrated_lufs: f64,
    /// Loudness of the mix's body, LUFS.
    pub mix_body_lufs: f64,
    /// Loudness to reach, LUFS.
    pub target_lufs: f64,
    /// Louder than a single, LU.
    pub level_lu: f64,
    /// Change of tone beyond its own, RMS over the bands, dB.
    pub tone_rms_db: f64,
    /// Change of the side's gain beyond its own, dB.
    pub side_db: f64,
    /// Its mix sets it apart.
    pub is_set_apart: bool,
}

/// An album, planned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedAlbum {
    /// Version of this object.
    pub schema: String,
    /// Title.
    pub title: String,
    /// How the levels stand to each other.
    pub balance: crate::manifest::Balance,
    /// Loudness of the loudest song, or of each, LUFS.
    pub target_lufs: f64,
    /// Highest true peak, dBTP.
    pub ceiling_dbtp: f64,
    /// Its songs.
    pub songs: Vec<PlannedSong>,
    /// What is made of it.
    pub deliverables: Vec<String>,
}

impl AlbumPlan {
    /// What would be done.
    pub fn as_report(&self, release: &Release) -> PlannedAlbum {
        let mut songs = Vec::new();
        let mut start_s = 0.0;
        for unit in &self.timeline.units {
            start_s += unit.gap_s;
            let first = unit.pieces.start;
            let mut at_s = start_s;
            for index in unit.pieces.clone() {
                let Some(piece) = release.pieces.get(index) else {
                    continue;
                };
                at_s -= if index == first {
                    0.0
                } else {
                    piece.crossfade.length_s
                };
                for (within, song) in piece.songs.iter().enumerate() {
                    let before = match (within, index == first) {
                        (0, true) if index == 0 => String::new(),
                        (0, true) => format!("{:.2}", unit.gap_s),
                        (0, false) => "fades".to_owned(),
                        _ => "joins".to_owned(),
                    };
                    songs.extend(self.song(index, song, at_s, before, release));
                    at_s += song.duration_s();
                }
            }
            start_s = at_s;
        }
        PlannedAlbum {
            schema: "acetate.album-plan/1".to_owned(),
            title: release.fields.title.clone(),
            balance: release.balance,
            target_lufs: release.target.integrated_lufs,
            ceiling_dbtp: release.target.true_peak_dbtp,
            songs,
            deliverables: release
                .deliverables
                .iter()
                .map(|one| one.name().to_owned())
                .collect(),
        }
    }

    fn song(
        &self,
        piece: usize,
        song: &Song,
        start_s: f64,
        before: String,
        release: &Release,
    ) -> Option<PlannedSong> {
        let decided = self.decided.get(piece)?;
        let measured = self.measured.get(piece)?;
        Some(PlannedSong {
            number: song.number,
            title: song.title.clone(),
            input: song.path.display().to_string(),
            start_s,
            sound_s: song.duration_s(),
            before,
            mix_integrated_lufs: measured.analysis.program().integrated_lufs,
            mix_body_lufs: decided.body_lufs,
            target_lufs: decided.integrated_lufs,
            level_lu: decided.integrated_lufs - release.target.integrated_lufs,
            tone_rms_db: decided.tone_pull_rms_db(),
            side_db: decided.side_pull_db,
            is_set_apart: decided.is_set_apart,
        })
    }
}
