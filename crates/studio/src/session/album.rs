//! The songs of a session as an album: what `acetate-album` decides of all together.

use std::sync::Arc;

use acetate_album::{Asked, Balance, Decided, Heard, Silence, decide, heard_gap_s};
use acetate_dsp::Analysis;
use acetate_dsp::settings::{MID_KNOTS, Stereo, Target};
use acetate_master::presets;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Session;
use super::proposal::Asked as Question;
use super::song::Song;
use super::turn::Turn;

/// Which songs, and how their levels are to stand.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlbumAsked {
    /// The songs' numbers in their order.
    pub songs: Vec<u64>,
    /// `album`, `track` or `as-mixed`, as in `album.toml`.
    #[schemars(with = "String")]
    pub balance: Balance,
    /// A named target, as `--target`.
    pub target: String,
}

/// What was decided of all songs together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AlbumView {
    /// What the loudest song, or each, is to measure.
    pub target: Target,
    /// Each song, in order.
    pub songs: Vec<AlbumSongView>,
}

/// What was decided of one song.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AlbumSongView {
    /// The song's number in the session.
    pub id: u64,
    /// Pause before it, seconds, so that about two seconds of silence are heard; 0 for the first.
    pub gap_s: f64,
    /// Integrated loudness of the mix, LUFS.
    pub mix_lufs: f64,
    /// Integrated loudness to reach, LUFS.
    pub integrated_lufs: f64,
    /// Louder than the target, LU.
    pub level_lu: f64,
    /// Change of tone beyond the song's own, RMS over the bands, dB.
    pub tone_rms_db: f64,
    /// Change of the side's gain beyond the song's own, dB.
    pub side_db: f64,
    /// Its mix sets it apart: it stays as far below the others as it is.
    pub is_set_apart: bool,
    /// The EQ's knots for mid that the decision comes to, dB.
    pub eq_mid_db: [f64; MID_KNOTS],
    /// The width that it comes to.
    pub stereo: Stereo,
}

/// Decides on songs together; nothing is rendered.
pub(crate) fn decide_album(session: &Session, asked: &AlbumAsked) -> anyhow::Result<AlbumView> {
    let target = presets::find(&asked.target)
        .with_context(|| format!("target: expected a named one, found \"{}\"", asked.target))?
        .target();
    anyhow::ensure!(
        !asked.songs.is_empty(),
        "songs: expected some of this session, found none"
    );
    let songs = measured(session, &asked.songs)?;
    let question = Question::of(&Turn::default(), None);
    let engine = session.engine_for(&question)?;
    let mut heard = Vec::new();
    for (_, analysis) in &songs {
        heard.push(Heard {
            analysis,
            prediction: engine.predict(analysis)?,
            given: None,
            offset_lu: 0.0,
            album_share: 1.0,
            is_finished: false,
        });
    }
    let decided = decide(
        &heard,
        &Asked {
            balance: asked.balance,
            target,
            signature: None,
        },
    );
    let silences: Vec<Silence> = songs.iter().map(|(_, one)| Silence::of(one)).collect();
    let views = songs.iter().zip(decided).enumerate();
    let views = views.map(|(place, ((song, analysis), decided))| {
        let before = place.checked_sub(1).and_then(|place| silences.get(place));
        let gap_s = before.map_or(0.0, |before| heard_gap_s(*before, silences[place]));
        view(song, analysis, &decided, (gap_s, target))
    });
    Ok(AlbumView {
        target,
        songs: views.collect(),
    })
}

/// The songs with their analyses.
fn measured(session: &Session, ids: &[u64]) -> anyhow::Result<Vec<(Arc<Song>, Arc<Analysis>)>> {
    let songs = ids.iter().map(|id| {
        let song = session
            .song(*id)
            .context("expected a song of this session, found none")?;
        let analysis = song.facts().analysis.clone();
        let analysis = analysis
            .with_context(|| format!("{}: is not measured yet: wait until it is", song.name))?;
        Ok((song, analysis))
    });
    songs.collect()
}

fn view(
    song: &Song,
    analysis: &Analysis,
    decided: &Decided,
    (gap_s, target): (f64, Target),
) -> AlbumSongView {
    let settings = &decided.prediction.settings;
    AlbumSongView {
        id: song.id,
        gap_s,
        mix_lufs: analysis.program().integrated_lufs,
        integrated_lufs: decided.integrated_lufs,
        level_lu: decided.integrated_lufs - target.integrated_lufs,
        tone_rms_db: decided.tone_pull_rms_db(),
        side_db: decided.side_pull_db,
        is_set_apart: decided.is_set_apart,
        eq_mid_db: settings.eq.mid_db,
        stereo: settings.stereo,
    }
}
