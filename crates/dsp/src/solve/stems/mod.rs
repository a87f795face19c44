//! Stems beside a mix: where each lies in it and how loud, what they leave of it, and how its lead stands against the
//! rest.
//!
//! Each stem is moved by whole frames ([`align`](align::align)) and scaled by one gain. The gains are those that leave
//! the least of the mix, both seen through a first difference. What they leave, the residual, says whether the stems are those of the mix. The rest is the mix
//! less the lead, so that it is known with the lead's stem alone.

mod align;
mod aligned;
mod lead;
mod sum;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::align::{Alignment, MAX_DELAY_S, align};
pub use self::aligned::{Added, Aligned};
pub use self::lead::{LeadFigures, LeadStretch, lead_figures};
use crate::stream::{Source, Spec, StreamError};
use crate::units::db_from_gain;

/// Stems that leave more than this of the mix are not its stems, dB.
pub const MAX_RESIDUAL_DB: f64 = -12.0;
/// An alignment is believed from this clearness on, dB.
pub const CLEAR_DB: f64 = 26.0;
/// A stem that leaves less than this of the mix is the mix itself, as power.
const ITSELF: f64 = 1e-3;

/// A stem to be looked for in a mix.
pub struct Stem<S> {
    /// Its name in figures and messages.
    pub name: String,
    /// It is the lead, or a part of it.
    pub is_lead: bool,
    /// Its sound, with the sample rate of the mix.
    pub source: S,
}

/// How stems add up to a mix, and how its lead stands against the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StemStudy {
    /// Every stem as it lies in the mix.
    pub stems: Vec<StemFigures>,
    /// K-weighted level of what the stems leave of the mix against the mix, dB; none beside a lead alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_db: Option<f64>,
    /// The same over time; silent stretches are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub residual_by_time: Vec<ResidualStretch>,
    /// The lead against the rest; none if no stem is the lead, or if the stems are not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadFigures>,
    /// Why the stems are not believed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A stem as it lies in the mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StemFigures {
    /// Its name.
    pub name: String,
    /// It is the lead, or a part of it.
    pub is_lead: bool,
    /// How much later than in its file it sounds in the mix, frames of the mix.
    pub delay_frames: i64,
    /// Its level in the mix against that in its file, dB; none if it is silent, or not in the mix.
    pub gain_db: Option<f64>,
    /// It lies in the mix with the opposite sign.
    pub inverted: bool,
    /// How far the agreement at its delay stands over that at others, dB.
    pub clearness_db: Option<f64>,
}

/// What the stems leave of a stretch of the mix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidualStretch {
    /// Where it begins, s.
    pub from_s: f64,
    /// Where it ends, s.
    pub to_s: f64,
    /// Level against the mix, dB.
    pub residual_db: f64,
}

/// Why stems could not be held against a mix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StemError {
    /// A sound failed.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A stem has another sample rate than the mix.
    #[error("{name}: expected the mix's sample rate of {expected_hz} Hz, found {got_hz} Hz")]
    Rate {
        /// The stem.
        name: String,
        /// Of the mix.
        expected_hz: u32,
        /// Of the stem.
        got_hz: u32,
    },
    /// The lead is silent.
    #[error("{name}: expected the sound of the lead, found silence: export it again")]
    SilentLead {
        /// The stem.
        name: String,
    },
    /// A stem holds the whole mix.
    #[error("{name}: expected one part of the mix, found the mix itself: name stems only")]
    Itself {
        /// The stem.
        name: String,
    },
}

/// What a study found, with the gain that each stem has in the mix.
pub struct Studied {
    /// The figures.
    pub study: StemStudy,
    /// Gain of each stem in the mix; 0 for silent ones.
    pub gains: Vec<f64>,
}

/// Holds stems against a mix. `is_whole`: they are all of it, so that what they leave is told. Reads all three times.
///
/// # Errors
/// [`StemError`].
pub fn study<S: Source>(
    mix: &mut dyn Source,
    stems: &mut [Stem<S>],
    is_whole: bool,
) -> Result<Studied, StemError> {
    let spec = mix.spec();
    check_rates(stems, spec)?;
    let mut sources: Vec<&mut S> = stems.iter_mut().map(|stem| &mut stem.source).collect();
    let found = align(mix, &mut sources)?;
    let mut silent = stems.iter().zip(&found);
    if let Some((lead, _)) = silent.find(|(stem, found)| stem.is_lead && found.is_none()) {
        return Err(StemError::SilentLead {
            name: lead.name.clone(),
        });
    }
    let delays = delays(&found);
    let mut parts = placed(stems, &delays, spec);
    let sum::Gains { gains, explained } = sum::gains(mix, &mut parts)?;
    drop(parts);
    let itself = explained.iter().position(|share| 1.0 - share < ITSELF);
    if let Some(index) = itself {
        return Err(StemError::Itself {
            name: stems[index].name.clone(),
        });
    }
    let is_lead: Vec<bool> = stems.iter().map(|stem| stem.is_lead).collect();
    let mut parts = placed(stems, &delays, spec);
    let levels = sum::levels(mix, &mut parts, &gains, &is_lead)?;
    drop(parts);
    let figures = stems.iter().zip(found.iter().zip(&delays)).zip(&gains);
    let stems: Vec<StemFigures> = figures
        .map(|((stem, (found, delay_frames)), gain)| StemFigures {
            name: stem.name.clone(),
            is_lead: stem.is_lead,
            delay_frames: *delay_frames,
            gain_db: (*gain != 0.0).then(|| db_from_gain(gain.abs())),
            inverted: *gain < 0.0,
            clearness_db: found.map(|found| found.clearness_db),
        })
        .collect();
    let mut study = StemStudy {
        stems,
        residual_db: is_whole.then(|| levels.residual_db()),
        residual_by_time: levels.residual_by_time(is_whole),
        lead: lead_figures(&levels.lead, &levels.rest),
        refused: None,
    };
    study.refused = study.refusal(spec);
    if study.refused.is_some() {
        study.lead = None;
    }
    Ok(Studied { study, gains })
}

/// Refuses a stem at another rate than the mix.
fn check_rates<S: Source>(stems: &[Stem<S>], mix: Spec) -> Result<(), StemError> {
    let expected_hz = mix.sample_rate_hz;
    let other = stems
        .iter()
        .map(|stem| (stem, stem.source.spec().sample_rate_hz))
        .find(|(_, got_hz)| *got_hz != expected_hz);
    match other {
        None => Ok(()),
        Some((stem, got_hz)) => Err(StemError::Rate {
            name: stem.name.clone(),
            expected_hz,
            got_hz,
        }),
    }
}

/// The stems where they lie in the mix.
fn placed<'a, S: Source>(
    stems: &'a mut [Stem<S>],
    delays: &[i64],
    mix: Spec,
) -> Vec<Aligned<&'a mut S>> {
    let stems = stems.iter_mut().zip(delays);
    stems
        .map(|(stem, delay)| Aligned::new(&mut stem.source, *delay, mix))
        .collect()
}

/// The delay of each stem: its own where it is clear, else the middle one of those that are clear: exports of one
/// session start together.
fn delays(found: &[Option<Alignment>]) -> Vec<i64> {
    let clear = |found: &Alignment| found.clearness_db >= CLEAR_DB;
    let mut known: Vec<i64> = found
        .iter()
        .flatten()
        .filter(|found| clear(found))
        .map(|found| found.delay_frames)
        .collect();
    known.sort_unstable();
    let common = known.get(known.len() / 2).copied().unwrap_or(0);
    found
        .iter()
        .map(|found| match found {
            Some(found) if clear(found) => found.delay_frames,
            _ => common,
        })
        .collect()
}

impl StemStudy {
    /// Why the stems are not those of the mix, in words; `None` if they are.
    fn refusal(&self, mix: Spec) -> Option<String> {
        if let Some(residual_db) = self.residual_db {
            return (residual_db > MAX_RESIDUAL_DB).then(|| {
                format!(
                    "the stems do not add up to the mix: expected at most {MAX_RESIDUAL_DB:.0} dB of it to be left, found {residual_db:.1} dB; export all stems of this mix from the same start, with the effects that it has"
                )
            });
        }
        let lost = self
            .stems
            .iter()
            .find(|stem| stem.is_lead && stem.clearness_db.is_none_or(|clear| clear < CLEAR_DB))?;
        Some(format!(
            "{}: not found in the mix at any delay of up to {MAX_DELAY_S:.0} s (agreement expected {CLEAR_DB:.0} dB over the usual, found {:.0} dB, {} Hz); export it from the start of this mix, with the effects that it has",
            lost.name,
            lost.clearness_db.unwrap_or(0.0),
            mix.sample_rate_hz
        ))
    }

    /// One sentence on what was found of the stems.
    pub fn sentence(&self) -> String {
        let count = self.stems.len();
        let added = match self.residual_db {
            Some(residual_db) => format!(
                "{count} stem{} add up to the mix but for {residual_db:.1} dB of it",
                if count == 1 { "" } else { "s" }
            ),
            None => "the lead was found in the mix".to_owned(),
        };
        match (&self.refused, &self.lead) {
            (Some(refused), _) => refused.clone(),
            (None, None) => format!("{added}; no stem is known as the lead"),
            (None, Some(lead)) => format!(
                "{added}; the lead stands {:+.1} dB against the rest while it sounds ({:.0} s{})",
                lead.lead_to_rest_db,
                lead.sounds_s,
                if lead.is_enough() {
                    ""
                } else {
                    ", too short to judge"
                }
            ),
        }
    }
}
