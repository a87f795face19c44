//! [`Music`]: kinds of music whose figures are told apart.

use serde::Serialize;

use crate::datasets::Track;

/// A kind of music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Music {
    /// Songs with vocals.
    WithVocals,
    /// Music of games.
    Game,
    /// Songs of a user's folder, of which nothing is known.
    Own,
}

impl Music {
    /// Every kind, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::WithVocals, Self::Game, Self::Own];

    /// The kind of a listed track: but for the songs in which somebody is known to sing, the corpus is music of games.
    pub fn of(track: &Track<'_>) -> Self {
        if track.vocals() == Some(true) {
            Self::WithVocals
        } else {
            Self::Game
        }
    }

    /// The kind's name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::WithVocals => "songs with vocals",
            Self::Game => "game music",
            Self::Own => "songs of the folder",
        }
    }
}
