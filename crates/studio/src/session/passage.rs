//! A passage as the knobs stand, for whoever is turning one.

use std::sync::Arc;

use acetate_dsp::stream::Canceled;
use acetate_dsp::{Audio, Settings};
use acetate_master::passage::loudness_lufs;
use acetate_master::{Passage, PassageLevel};
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Session;
use super::song::Song;
use super::turn::Turn;
use super::work::proposal_for;

/// Longest passage that is rendered at once, seconds.
const LONGEST_S: f64 = 30.0;

/// What is asked of a passage.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// How the knobs stand.
    pub turn: Turn,
    /// First frame.
    pub from: u64,
    /// Number of frames; at most thirty seconds.
    pub frames: u64,
    /// The drive of an earlier passage for the same turn, dB: both are then one piece.
    pub drive_db: Option<f64>,
    /// A later passage for the same turn, which does not end an earlier one.
    #[serde(default)]
    pub follows: bool,
}

/// What a passage was rendered with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PassageFacts {
    /// The drive that stands for the song's, dB: guessed so that the passage is as loud within the song as in
    /// the master that is there.
    pub drive_db: f64,
    /// What is rendered, but for the drive.
    pub settings: Settings,
}

/// Renders a passage. `None` where something newer was asked for meanwhile.
pub(crate) fn passage(
    session: &Session,
    song: &Arc<Song>,
    ask: &Ask,
    number: u64,
) -> anyhow::Result<Option<(Audio, PassageFacts)>> {
    ask.turn.check()?;
    let (analysis, made) = {
        let facts = song.facts();
        (facts.analysis.clone(), facts.made.clone())
    };
    let analysis = analysis.context("the song is not measured yet: wait until it is")?;
    let made = made.context("there is no master yet: wait until there is")?;
    let mix = song.mix.get().context("the mix is not open yet")?;
    let longest = (LONGEST_S * f64::from(analysis.sample_rate_hz)) as u64;
    anyhow::ensure!(
        ask.frames <= longest,
        "expected at most {longest} frames, found {}",
        ask.frames
    );
    let proposal = proposal_for(session, song, &ask.turn)?;
    let (plan, brief) = proposal.planned(&ask.turn, &analysis)?;
    let mut settings = plan.settings;
    // The limiter's times are chosen on the whole song.
    let of_made = &made.delivered.mastered.treatment.settings;
    let drive_db = of_made.limiter.drive_db;
    settings.limiter = of_made.limiter;
    let range = ask.from..ask.from.saturating_add(ask.frames);
    let cut = Passage::cut(&mut mix.reader(), &analysis, range.clone())?;
    let level = match ask.drive_db {
        Some(drive_db) => PassageLevel::Drive(drive_db),
        None => {
            let now_lufs = loudness_lufs(&made.sound.read(range)?);
            let moved_lu = settings.target.integrated_lufs - of_made.target.integrated_lufs;
            if now_lufs.is_finite() {
                PassageLevel::Loudness(now_lufs + moved_lu)
            } else {
                PassageLevel::Drive(drive_db + moved_lu)
            }
        }
    };
    let rendered = cut.render(&settings, &brief.bypass, level, &mut || {
        if ask.follows || song.is_last_asked(number) {
            Ok(())
        } else {
            Err(Canceled.into())
        }
    });
    if !ask.follows && !song.is_last_asked(number) {
        return Ok(None);
    }
    let rendered = rendered?;
    let facts = PassageFacts {
        drive_db: rendered.drive_db,
        settings,
    };
    Ok(Some((rendered.audio, facts)))
}
