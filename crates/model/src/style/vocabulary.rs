//! The vocabulary, and reading it.

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use super::JUST_NOTICEABLE;

/// What can be measured and moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Level of 40 to 125 Hz against the whole, dB.
    Bass,
    /// Level of 160 to 500 Hz against the whole, dB.
    Warmth,
    /// Level of 2 to 5 kHz against the whole, dB.
    Presence,
    /// Level of 6.3 to 10 kHz against the whole, dB.
    Treble,
    /// Level of 12.5 to 16 kHz against the whole, dB.
    Air,
    /// Level of side against mid, dB.
    Width,
    /// Level of side against mid below the low crossover, dB.
    LowWidth,
    /// Integrated loudness, LU, and with it what the limiter takes.
    Loudness,
    /// What the compressor takes: steps of its ratio above or below what was predicted.
    Density,
    /// Harmonics of saturation: steps of its amount.
    Harmonics,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bass => "bass (40 to 125 Hz)",
            Self::Warmth => "warmth (160 to 500 Hz)",
            Self::Presence => "presence (2 to 5 kHz)",
            Self::Treble => "treble (6.3 to 10 kHz)",
            Self::Air => "air (12.5 to 16 kHz)",
            Self::Width => "width",
            Self::LowWidth => "width of the bass",
            Self::Loudness => "loudness",
            Self::Density => "density",
            Self::Harmonics => "harmonics",
        })
    }
}

/// One word and the features that it moves, in just noticeable steps at its plain degree.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word, its comparative, and the noun where it has one.
    pub forms: &'static [&'static str],
    /// What it moves.
    pub moves: &'static [(Feature, f64)],
}

/// Every word that is understood.
pub const VOCABULARY: &[Word] = &[
    Word {
        forms: &["warm", "warmer", "warmth"],
        moves: &[(Feature::Warmth, 1.5)],
    },
    Word {
        forms: &["thin", "thinner"],
        moves: &[(Feature::Warmth, -1.5)],
    },
    Word {
        forms: &["bright", "brighter", "treble", "highs"],
        moves: &[(Feature::Treble, 1.5)],
    },
    Word {
        forms: &["dark", "darker"],
        moves: &[(Feature::Treble, -1.5)],
    },
    Word {
        forms: &["airy", "airier", "air"],
        moves: &[(Feature::Air, 1.5)],
    },
    Word {
        forms: &["bassy", "bassier", "bass", "lows"],
        moves: &[(Feature::Bass, 1.5)],
    },
    Word {
        forms: &["light", "lighter"],
        moves: &[(Feature::Bass, -1.5)],
    },
    Word {
        forms: &["present", "clearer", "presence", "mids"],
        moves: &[(Feature::Presence, 1.5)],
    },
    Word {
        forms: &["smooth", "smoother"],
        moves: &[(Feature::Presence, -1.5)],
    },
    Word {
        forms: &["wide", "wider", "width"],
        moves: &[(Feature::Width, 1.5)],
    },
    Word {
        forms: &["narrow", "narrower"],
        moves: &[(Feature::Width, -1.5)],
    },
    // What the check calls it, so that its words can be asked away.
    Word {
        forms: &["boomy", "boomier", "boom"],
        moves: &[(Feature::Bass, 1.5)],
    },
    Word {
        forms: &["muddy", "muddier", "mud"],
        moves: &[(Feature::Warmth, 1.5)],
    },
    Word {
        forms: &["harsh", "harsher", "harshness"],
        moves: &[(Feature::Presence, 1.5)],
    },
    Word {
        forms: &["dull", "duller"],
        moves: &[(Feature::Treble, -1.5)],
    },
    Word {
        forms: &["fizzy", "fizzier", "fizz"],
        moves: &[(Feature::Treble, 1.2), (Feature::Air, 1.5)],
    },
    Word {
        forms: &["tight", "tighter"],
        moves: &[(Feature::Bass, -1.2), (Feature::LowWidth, -3.0)],
    },
    Word {
        forms: &["loud", "louder"],
        moves: &[(Feature::Loudness, 2.0)],
    },
    Word {
        forms: &["quiet", "quieter"],
        moves: &[(Feature::Loudness, -2.0)],
    },
    Word {
        forms: &["open", "opener"],
        moves: &[(Feature::Loudness, -1.2), (Feature::Density, -1.5)],
    },
    Word {
        forms: &["punchy", "punchier"],
        moves: &[(Feature::Bass, 1.2), (Feature::Loudness, -1.2)],
    },
    Word {
        forms: &["dense", "denser"],
        moves: &[(Feature::Density, 1.5)],
    },
    Word {
        forms: &["clean", "cleaner"],
        moves: &[(Feature::Warmth, -1.2), (Feature::Harmonics, -1.5)],
    },
    Word {
        forms: &["vintage", "dirtier"],
        moves: &[
            (Feature::Air, -1.5),
            (Feature::Warmth, 1.2),
            (Feature::Harmonics, 1.5),
        ],
    },
];

/// Shares of the plain degree.
const A_BIT: f64 = 2.0 / 3.0;
const MUCH: f64 = 5.0 / 3.0;
/// Words that say nothing.
const FILLERS: [&str; 9] = [
    "and", "but", "a", "little", "the", "more", "make", "it", "please",
];

/// What is asked of one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    /// Move by this much, in the feature's unit.
    Move(f64),
    /// Stay where it is.
    Hold,
}

/// What was asked for, feature by feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    pub(super) asks: BTreeMap<Feature, Ask>,
}

/// Why words are refused.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum StyleError {
    /// A word that is not in the vocabulary.
    #[error("expected words out of {}, got \"{got}\"{}", known(), near(.got))]
    Word {
        /// The word found.
        got: String,
    },
    /// Words without any that names a sound.
    #[error("expected something like \"warmer, not darker\", got \"{got}\"")]
    Empty {
        /// What was typed.
        got: String,
    },
    /// Two words that cannot both be had.
    #[error("\"{first}\" and \"{second}\" cannot both be had: both speak of {feature}")]
    Conflict {
        /// The earlier word.
        first: String,
        /// The later word.
        second: String,
        /// What both speak of.
        feature: Feature,
    },
}

fn known() -> String {
    let words: Vec<&str> = VOCABULARY.iter().map(|word| word.forms[0]).collect();
    words.join(", ")
}

/// Words at least this like an unknown one are suggested, 0 to 1.
const ALIKE: f64 = 0.8;

/// The word that was perhaps meant.
fn near(got: &str) -> String {
    let forms = VOCABULARY.iter().flat_map(|word| word.forms);
    let likeness = |form: &str| strsim::jaro_winkler(got, form);
    forms
        .map(|form| (likeness(form), form))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, form)| {
            format!("; did you mean \"{form}\"?")
        })
}

impl Style {
    /// Reads words: clauses apart by commas, `and` or `but`; each a word of the vocabulary, with `a
    /// bit`, `slightly`, `much`, `very`, `more`, `less`, `not` or `keep` before it.
    ///
    /// # Errors
    /// [`StyleError`] for unknown words and for words that contradict each other.
    pub fn parse(text: &str) -> Result<Self, StyleError> {
        let lower = text.to_lowercase();
        let mut asks: BTreeMap<Feature, (Ask, String)> = BTreeMap::new();
        for clause in lower.split([',', ';', '.']) {
            let (mut share, mut sign, mut hold) = (1.0, 1.0, false);
            for token in clause.split_whitespace() {
                match token {
                    "bit" | "slightly" | "touch" => share = A_BIT,
                    "much" | "very" | "far" => share = MUCH,
                    "less" => sign = -1.0,
                    "not" | "keep" | "no" | "without" => hold = true,
                    "and" | "but" => (share, sign, hold) = (1.0, 1.0, false),
                    filler if FILLERS.contains(&filler) => {}
                    name => {
                        let word = VOCABULARY.iter().find(|word| word.forms.contains(&name));
                        let word = word.ok_or_else(|| StyleError::Word {
                            got: name.to_owned(),
                        })?;
                        for (feature, steps) in word.moves {
                            let ask = if hold {
                                Ask::Hold
                            } else {
                                Ask::Move(steps * sign * share * JUST_NOTICEABLE)
                            };
                            add(&mut asks, *feature, ask, name)?;
                        }
                    }
                }
            }
        }
        if asks.is_empty() {
            return Err(StyleError::Empty {
                got: text.to_owned(),
            });
        }
        Ok(Self {
            asks: asks
                .into_iter()
                .map(|(feature, (ask, _))| (feature, ask))
                .collect(),
        })
    }

    /// What was asked of a feature.
    pub fn ask(&self, feature: Feature) -> Option<Ask> {
        self.asks.get(&feature).copied()
    }

    /// The wanted move of a feature; 0 where it is not asked for.
    pub fn wanted(&self, feature: Feature) -> f64 {
        match self.ask(feature) {
            Some(Ask::Move(by)) => by,
            _ => 0.0,
        }
    }

    /// Every ask in words.
    pub fn describe(&self) -> String {
        let parts: Vec<String> = self
            .asks
            .iter()
            .map(|(feature, ask)| match ask {
                Ask::Move(by) => format!("{feature} {by:+.1}"),
                Ask::Hold => format!("{feature} held"),
            })
            .collect();
        parts.join(", ")
    }
}

/// Two words of one mind ask for the larger of both; of two minds they are refused.
fn add(
    asks: &mut BTreeMap<Feature, (Ask, String)>,
    feature: Feature,
    ask: Ask,
    name: &str,
) -> Result<(), StyleError> {
    let Some((known, earlier)) = asks.get_mut(&feature) else {
        asks.insert(feature, (ask, name.to_owned()));
        return Ok(());
    };
    match (*known, ask) {
        (Ask::Hold, Ask::Hold) => Ok(()),
        (Ask::Move(a), Ask::Move(b)) if a * b > 0.0 => {
            if b.abs() > a.abs() {
                *known = ask;
            }
            Ok(())
        }
        _ => Err(StyleError::Conflict {
            first: earlier.clone(),
            second: name.to_owned(),
            feature,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_degrees_become_asks() {
        let style = Style::parse("warmer, not darker").unwrap();
        assert_eq!(style.ask(Feature::Warmth), Some(Ask::Move(1.5)));
        assert_eq!(style.ask(Feature::Treble), Some(Ask::Hold));
        let degree = |text: &str| Style::parse(text).unwrap().wanted(Feature::Warmth);
        assert!(degree("a bit warm") >= JUST_NOTICEABLE);
        assert!(degree("a bit warm") < degree("warm") && degree("warm") < degree("much warmer"));
        assert_eq!(degree("less warm"), -degree("more warm"));
        assert_eq!(degree("bright and a bit warm"), degree("a bit warm"));
    }

    #[test]
    fn contradictions_and_unknown_words_are_said() {
        let conflict = Style::parse("brighter, darker").unwrap_err().to_string();
        assert!(
            conflict.contains("brighter") && conflict.contains("darker"),
            "{conflict}"
        );
        assert!(Style::parse("warm, keep warm").is_err());
        let unknown = Style::parse("crunchier").unwrap_err().to_string();
        assert!(
            unknown.contains("crunchier") && unknown.contains("vintage"),
            "{unknown}"
        );
        assert!(matches!(
            Style::parse("a bit"),
            Err(StyleError::Empty { .. })
        ));
    }

    #[test]
    fn what_the_check_says_can_be_asked_away_and_nouns_are_understood() {
        let wanted = |text: &str, feature| Style::parse(text).unwrap().wanted(feature);
        assert!(wanted("less boomy", Feature::Bass) < 0.0);
        assert_eq!(
            wanted("more bass", Feature::Bass),
            wanted("bassier", Feature::Bass)
        );
        for code in ["boomy", "thin", "muddy", "harsh", "dull", "fizzy"] {
            Style::parse(&format!("less {code}")).unwrap();
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_word_that_was_meant() {
        let error = |text: &str| Style::parse(text).unwrap_err().to_string();
        assert!(error("britghter").ends_with("did you mean \"brighter\"?"));
        assert!(!error("xylophonic").contains("did you mean"));
    }

    #[test]
    fn every_plain_word_moves_something_by_what_is_noticed() {
        for word in VOCABULARY {
            for (_, steps) in word.moves {
                assert!(steps.abs() * JUST_NOTICEABLE >= 1.0, "{word:?}");
            }
            for form in word.forms {
                Style::parse(form).unwrap();
            }
        }
    }
}
