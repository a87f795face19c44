//! [`Section`]: a part of a song that has a level and a side gain of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the song, and what it is changed by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Start, seconds from the start of the input.
    pub start_s: f64,
    /// End, seconds from the start of the input.
    pub end_s: f64,
    /// `A` to `Z`: parts that sound alike share a letter.
    pub letter: char,
    /// Gain of mid and side alike, dB.
    #[serde(default)]
    pub level_db: f64,
    /// Gain of the side signal on top, dB.
    #[serde(default)]
    pub side_db: f64,
}

impl Section {
    /// True where nothing is changed.
    pub fn is_neutral(&self) -> bool {
        self.level_db == 0.0 && self.side_db == 0.0
    }
}

/// Shortest part, s.
const MIN_SECTION_S: f64 = 1.0;
/// Most parts of a song.
pub const MAX_SECTIONS: usize = 100;
/// Most that the level of a part is changed by, dB.
pub const MAX_SECTION_LEVEL_DB: f64 = 1.0;
/// Most that the side signal of a part is changed by, dB.
pub const MAX_SECTION_SIDE_DB: f64 = 1.5;

/// The parts as a passage of the input has them, in seconds from the passage's start. All of them stay: a change of
/// gain may still be under way.
pub(super) fn of_passage(sections: &[Section], from_s: f64) -> Vec<Section> {
    let moved = |section: &Section| Section {
        start_s: section.start_s - from_s,
        end_s: section.end_s - from_s,
        ..*section
    };
    sections.iter().map(moved).collect()
}

/// Why a part is refused.
pub(super) struct Refused {
    /// Its place in the list, from 0.
    pub(super) index: usize,
    /// What a part may be.
    pub(super) expected: String,
    /// What was found.
    pub(super) got: String,
}

/// Refuses the first part that is out of order or out of range.
pub(super) fn validate(sections: &[Section]) -> Result<(), Refused> {
    let refused = |index, expected, got| {
        Err(Refused {
            index,
            expected,
            got,
        })
    };
    if sections.len() > MAX_SECTIONS {
        let expected = format!("at most {MAX_SECTIONS} sections");
        return refused(MAX_SECTIONS, expected, sections.len().to_string());
    }
    let mut latest_s = 0.0;
    for (index, section) in sections.iter().enumerate() {
        if !(latest_s..=1e6).contains(&section.start_s) {
            let expected = format!("start_s from {latest_s} s on, in order of time");
            return refused(index, expected, section.start_s.to_string());
        }
        let earliest_s = section.start_s + MIN_SECTION_S;
        if !(earliest_s..=1e6).contains(&section.end_s) {
            let expected = format!("end_s from {earliest_s} s on");
            return refused(index, expected, section.end_s.to_string());
        }
        if !section.letter.is_ascii_uppercase() {
            let expected = "a letter from A to Z".to_owned();
            return refused(index, expected, format!("{:?}", section.letter));
        }
        for (name, most_db, got_db) in [
            ("level_db", MAX_SECTION_LEVEL_DB, section.level_db),
            ("side_db", MAX_SECTION_SIDE_DB, section.side_db),
        ] {
            if !(-most_db..=most_db).contains(&got_db) {
                let expected = format!("{name} from -{most_db} to {most_db} dB");
                return refused(index, expected, got_db.to_string());
            }
        }
        latest_s = section.end_s;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn sections() -> Vec<Section> {
        let part = |start_s, end_s, letter| Section {
            start_s,
            end_s,
            letter,
            level_db: 0.5,
            side_db: -1.0,
        };
        vec![part(0.0, 20.0, 'A'), part(20.0, 41.5, 'B')]
    }

    #[test]
    fn parts_in_order_and_within_range_are_valid_and_others_name_their_place() {
        let refusal = |change: fn(&mut Vec<Section>)| {
            let mut sections = sections();
            change(&mut sections);
            let settings = Settings {
                sections,
                ..Settings::default()
            };
            let error = settings.validate().err();
            error.map_or_else(String::new, |error| error.to_string())
        };
        assert_eq!(refusal(|_| ()), "");
        assert!(
            refusal(|s| s[1].start_s = 19.0).starts_with("sections.1: expected start_s from 20")
        );
        assert!(refusal(|s| s[1].end_s = f64::NAN).contains("end_s from 21 s on, got NaN"));
        assert!(refusal(|s| s[0].letter = 'ß').contains("a letter from A to Z, got 'ß'"));
        assert!(refusal(|s| s[0].level_db = 1.1).contains("level_db from -1 to 1 dB, got 1.1"));
        assert!(refusal(|s| s[0].side_db = -2.0).contains("side_db from -1.5 to 1.5 dB, got -2"));
        assert!(refusal(|s| *s = vec![s[0]; 101]).contains("at most 100 sections, got 101"));
    }
}
