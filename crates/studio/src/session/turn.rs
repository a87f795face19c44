//! [`Turn`]: how the knobs of a song stand, and what that asks of the engine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use acetate_dsp::Settings;
use acetate_dsp::chain::{Bypass, Stage};
use acetate_dsp::settings::{
    Amounts, Compressor, Deesser, MID_KNOTS, SIDE_KNOTS, Saturation, Stereo, Target,
};
use acetate_engine::{OwnAmounts, REFERENCE_SHARE, Reference, Request};
use acetate_io::{Container, OutputFormat, WordLength};
use acetate_master::{Brief, presets};
use acetate_model::Genre;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest text of words for the sound, bytes.
const MAX_WORDS_BYTES: usize = 500;
/// Largest amount, percent, as on the command line.
const MAX_PERCENT: f64 = 200.0;
/// Most slots of settings of a song.
const MAX_SLOTS: usize = 8;

/// How the knobs stand. Whatever is left out is the engine's own proposal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Turn {
    /// A named target, as `--target`; `None` for numbers of one's own.
    pub preset: Option<String>,
    /// Loudness, ceiling and bound on limiting; those of the named target, or the default, where `None`.
    pub target: Option<Target>,
    /// How much of each stage, percent.
    pub amounts: Percents,
    /// Words for the sound, as `--style`.
    pub words: String,
    /// The kind of music, as `--genre`; empty where nobody says it.
    pub genre: String,
    /// The number of the reference to move toward.
    pub reference: Option<u64>,
    /// How much of the way to it, percent; as on the command line where `None`.
    pub reference_share: Option<f64>,
    /// The EQ's knots for mid instead of the proposed ones, dB.
    pub eq_mid_db: Option<[f64; MID_KNOTS]>,
    /// The EQ's knots for the side signal instead of the proposed ones, dB.
    pub eq_side_db: Option<[f64; SIDE_KNOTS]>,
    /// The compressor instead of the proposed one.
    pub compressor: Option<Compressor>,
    /// The de-esser instead of the proposed one.
    pub deesser: Option<Deesser>,
    /// The saturation instead of the proposed one.
    pub saturation: Option<Saturation>,
    /// The width instead of the proposed one.
    pub stereo: Option<Stereo>,
    /// Stages to leave out, by name.
    pub bypass: Vec<String>,
    /// Lossy copies are made and measured, as `--codec-safe`; takes much longer than the master itself.
    pub codecs: bool,
    /// Container and word length of the master.
    pub format: Format,
}

/// The slots of settings of a song.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slots {
    /// The one that is in use.
    pub chosen: String,
    /// Each by its name.
    pub all: BTreeMap<String, Turn>,
}

impl Slots {
    /// Refuses more than a person would have, and turns that cannot be.
    ///
    /// # Errors
    /// A message that says what was expected and what was found.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let is_named = |name: &String| name.chars().count() == 1;
        anyhow::ensure!(
            self.all.len() <= MAX_SLOTS && self.all.keys().all(is_named) && is_named(&self.chosen),
            "slots: expected at most {MAX_SLOTS} with a letter each, found others"
        );
        self.all.values().try_for_each(Turn::check)
    }
}

/// How much of each stage, percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Percents {
    /// Tone.
    pub eq: f64,
    /// Glue compression.
    pub compressor: f64,
    /// Reduction of sibilants.
    pub deesser: f64,
    /// Saturation.
    pub saturation: f64,
    /// Width.
    pub stereo: f64,
}

impl Default for Percents {
    fn default() -> Self {
        Self {
            eq: 100.0,
            compressor: 100.0,
            deesser: 100.0,
            saturation: 100.0,
            stereo: 100.0,
        }
    }
}

/// Container and word length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// WAV, 24 bits.
    #[default]
    Wav24,
    /// WAV, 16 bits, dithered.
    Wav16,
    /// WAV, 32 bits, float.
    Wav32f,
    /// FLAC, 24 bits.
    Flac24,
    /// FLAC, 16 bits, dithered.
    Flac16,
}

impl Format {
    fn parts(self) -> (Container, WordLength) {
        match self {
            Self::Wav24 => (Container::Wav, WordLength::Bits24),
            Self::Wav16 => (Container::Wav, WordLength::Bits16),
            Self::Wav32f => (Container::Wav, WordLength::Float32),
            Self::Flac24 => (Container::Flac, WordLength::Bits24),
            Self::Flac16 => (Container::Flac, WordLength::Bits16),
        }
    }

    /// As the engine has it.
    pub(crate) fn output(self) -> anyhow::Result<OutputFormat> {
        let (container, word_length) = self.parts();
        Ok(OutputFormat::new(container, word_length)?)
    }

    /// The usual ending of such a file.
    pub(crate) fn extension(self) -> &'static str {
        self.parts().0.extension()
    }
}

impl Turn {
    /// Whether any knob stands elsewhere than the proposal.
    pub(crate) fn overrides(&self) -> bool {
        self.eq_mid_db.is_some()
            || self.eq_side_db.is_some()
            || self.compressor.is_some()
            || self.deesser.is_some()
            || self.saturation.is_some()
            || self.stereo.is_some()
    }

    /// Refuses what no command line would take.
    ///
    /// # Errors
    /// A message that says what was expected and what was found.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Percents {
            eq,
            compressor,
            deesser,
            saturation,
            stereo,
        } = self.amounts;
        for (name, percent) in [
            ("eq", eq),
            ("compressor", compressor),
            ("deesser", deesser),
            ("saturation", saturation),
            ("stereo", stereo),
        ] {
            anyhow::ensure!(
                (0.0..=MAX_PERCENT).contains(&percent),
                "amount of {name}: expected 0 to {MAX_PERCENT} percent, found {percent}"
            );
        }
        if let Some(percent) = self.reference_share {
            anyhow::ensure!(
                (0.0..=100.0).contains(&percent),
                "the way to the reference: expected 0 to 100 percent, found {percent}"
            );
        }
        anyhow::ensure!(
            self.words.len() <= MAX_WORDS_BYTES,
            "words: expected at most {MAX_WORDS_BYTES} bytes, found {}",
            self.words.len()
        );
        self.genre()?;
        self.left_out()?;
        Settings::aiming_at(self.target()?).validate()?;
        Ok(())
    }

    fn named(&self) -> anyhow::Result<Option<&'static presets::Preset>> {
        let Some(name) = &self.preset else {
            return Ok(None);
        };
        let preset = presets::find(name);
        preset.map(Some).with_context(|| {
            let names: Vec<&str> = presets::PRESETS.iter().map(|preset| preset.name).collect();
            format!(
                "target: expected one of {}, found \"{name}\"",
                names.join(", ")
            )
        })
    }

    /// What is aimed at.
    pub(crate) fn target(&self) -> anyhow::Result<Target> {
        let named = self.named()?.map(presets::Preset::target);
        Ok(self.target.or(named).unwrap_or_default())
    }

    /// The kind of music, understood.
    fn genre(&self) -> anyhow::Result<Option<Genre>> {
        let named = (!self.genre.is_empty()).then(|| self.genre.parse());
        named.transpose().context("genre")
    }

    fn left_out(&self) -> anyhow::Result<Bypass> {
        let stages: Result<Vec<Stage>, _> = self.bypass.iter().map(|name| name.parse()).collect();
        Ok(Bypass::new(stages?))
    }

    /// How much of the way to the reference, 0 to 1.
    pub(crate) fn way_share(&self) -> f64 {
        self.reference_share
            .map_or(REFERENCE_SHARE, |percent| percent / 100.0)
    }

    /// Who proposes the settings; `reference` is the file that the turn's reference is read from.
    pub(crate) fn request(&self, reference: Option<PathBuf>) -> Request {
        let words = self.words.trim();
        let amounts = self.amounts;
        let own = |percent: f64| Some(percent / 100.0);
        let references = reference.map(|path| Reference { path, weight: 1.0 });
        Request {
            style: (!words.is_empty()).then(|| words.to_owned()),
            // A turn is checked before it is taken.
            genre: self.genre().unwrap_or_default(),
            loudness_named: true,
            references: references.into_iter().collect(),
            way_share: self.way_share(),
            own_amounts: OwnAmounts {
                eq: own(amounts.eq),
                compressor: own(amounts.compressor),
                stereo: own(amounts.stereo),
            },
            ..Request::default()
        }
    }

    /// What is asked of the master, where the knobs stand as proposed.
    pub(crate) fn brief(&self) -> anyhow::Result<Brief> {
        let share = |percent: f64| percent / 100.0;
        Ok(Brief {
            target: self.target()?,
            target_overrides: true,
            amounts: Amounts {
                eq: share(self.amounts.eq),
                compressor: share(self.amounts.compressor),
                deesser: share(self.amounts.deesser),
                saturation: share(self.amounts.saturation),
                stereo: share(self.amounts.stereo),
            },
            bypass: self.left_out()?,
            word_length: self.format.parts().1,
            codec_safe: self.codecs,
            ..Brief::default()
        })
    }

    /// The proposed settings with the knobs that stand elsewhere; `None` where none does.
    pub(crate) fn turned(&self, proposed: &Settings) -> Option<Settings> {
        self.overrides().then(|| {
            let mut settings = proposed.clone();
            settings.eq.mid_db = self.eq_mid_db.unwrap_or(settings.eq.mid_db);
            settings.eq.side_db = self.eq_side_db.unwrap_or(settings.eq.side_db);
            settings.compressor = self.compressor.unwrap_or(settings.compressor);
            settings.deesser = self.deesser.unwrap_or(settings.deesser);
            settings.saturation = self.saturation.unwrap_or(settings.saturation);
            settings.stereo = self.stereo.unwrap_or(settings.stereo);
            settings
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_offers_every_genre_and_a_turn_takes_no_other() {
        let page = include_str!("../../page/index.html");
        for name in Genre::names() {
            assert!(page.contains(&format!("<option>{name}</option>")), "{name}");
        }
        let turn = |genre: &str| Turn {
            genre: genre.to_owned(),
            ..Turn::default()
        };
        turn("pop").check().unwrap();
        let asked = turn("pop").request(None).genre;
        assert_eq!(asked.map(Genre::name), Some("pop"));
        let refused = turn("polka").check().unwrap_err();
        assert!(format!("{refused:#}").contains("expected one of pop"));
    }

    #[test]
    fn knobs_at_rest_ask_for_what_the_command_line_asks_for() {
        let turn = Turn::default();
        let brief = Brief {
            target_overrides: true,
            ..Brief::default()
        };
        assert_eq!(format!("{:?}", turn.brief().unwrap()), format!("{brief:?}"));
        assert_eq!(turn.turned(&Settings::default()), None);
    }

    #[test]
    fn a_knob_replaces_what_was_proposed_and_leaves_the_rest() {
        let mut proposed = Settings::default();
        proposed.compressor.ratio = 1.3;
        let turn = Turn {
            eq_mid_db: Some([1.5; MID_KNOTS]),
            ..Turn::default()
        };
        let turned = turn.turned(&proposed).unwrap();
        assert_eq!(turned.eq.mid_db, [1.5; MID_KNOTS]);
        assert_eq!(turned.compressor, proposed.compressor);
    }

    #[test]
    fn what_is_out_of_range_is_refused_with_what_was_expected() {
        let refused = |turn: Turn| turn.check().unwrap_err().to_string();
        let mut turn = Turn::default();
        turn.amounts.eq = 300.0;
        assert!(refused(turn).contains("0 to 200 percent, found 300"));
        let named = |name: &str| Turn {
            preset: Some(name.to_owned()),
            ..Turn::default()
        };
        assert!(refused(named("loudest")).contains("streaming"));
        assert!(named("apple").check().is_ok());
        let turn = Turn {
            bypass: vec!["kick".to_owned()],
            ..Turn::default()
        };
        assert!(refused(turn).contains("expected stages out of"));
    }
}
