//! [`TagWarning`]: what became of something that a file carries beside the sound.

use std::fmt;

use acetate_dsp::plain;

use super::Tags;

/// Most notes that are told one by one.
const MAX_NOTES: usize = 200;
/// Most characters of a name or text in a note.
const SHOWN_CHARS: usize = 60;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is not in the output.
    Lost,
    /// It is not in the output, and would be wrong there.
    Dropped,
    /// It stands in another place, which not every program looks into.
    Moved,
}

impl Outcome {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Dropped => "dropped",
            Self::Moved => "moved",
        }
    }
}

/// Something beside the sound that is not in the output as it was in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagWarning {
    outcome: Outcome,
    what: String,
    why: String,
}

impl TagWarning {
    pub(super) fn new(outcome: Outcome, what: &str, why: impl Into<String>) -> Self {
        Self {
            outcome,
            what: shown(what),
            why: why.into(),
        }
    }

    /// What became of it.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What it is, without characters that a terminal would obey.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why, or where to.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for TagWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.outcome.name(), self.what, self.why)
    }
}

impl Tags {
    /// What a container for listeners has no place for, beside what its own tags cannot hold.
    pub(super) fn without_place(&self, mut names: Vec<String>, why: &str) -> Vec<TagWarning> {
        let chunks = self.chunks.iter().filter(|chunk| !chunk.is_cue());
        names.extend(chunks.map(|chunk| chunk.name()));
        let blocks = self.applications.iter();
        names.extend(blocks.map(|_| "a FLAC application block".to_owned()));
        names.extend(self.cue_sheet.iter().map(|_| "the cue sheet".to_owned()));
        let lost = names.iter();
        let lost = lost.map(|what| TagWarning::new(Outcome::Lost, what, why));
        limited(lost.collect(), 0)
    }
}

/// The first of very many, and how many more there are, those that were `unsaid` before among them. What is said twice is said once.
pub(super) fn limited(warnings: Vec<TagWarning>, unsaid: usize) -> Vec<TagWarning> {
    let mut told: Vec<TagWarning> = Vec::new();
    let mut more = unsaid;
    for warning in warnings {
        if told.len() >= MAX_NOTES {
            more += 1;
        } else if !told.contains(&warning) {
            told.push(warning);
        }
    }
    if more > 0 {
        let why = "only the first are named";
        told.push(TagWarning::new(
            Outcome::Lost,
            &format!("{more} more entries"),
            why,
        ));
    }
    told
}

/// A text from a file for people: cut short, and nothing in it that a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    plain::beginning(text, SHOWN_CHARS).into_owned()
}

/// The beginning of a text, in quotes.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(24).collect();
    format!("{short:?}")
}
