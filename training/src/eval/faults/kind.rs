//! [`Kind`]: what is done to an excerpt.

use serde::Serialize;

use crate::eval::expansion::STRENGTHS;
use crate::eval::methods::Method;
use crate::eval::plain::Plain;
use crate::rng::Rng;

/// A family of faults that training never draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Narrow bells.
    Resonances,
    /// A doubled track.
    Comb,
    /// A room's color.
    Room,
    /// MP3 at a low bit rate.
    Lossy,
}

impl Family {
    /// Every family, in the order of the tables.
    pub const ALL: [Self; 4] = [Self::Resonances, Self::Comb, Self::Room, Self::Lossy];

    /// The family's name in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::Resonances => "resonances",
            Self::Comb => "comb filter",
            Self::Room => "room",
            Self::Lossy => "lossy coding",
        }
    }
}

/// What is done to an excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fault")]
pub enum Kind {
    /// A smooth EQ fault; severity 0 is the untouched excerpt.
    Smooth {
        /// dB RMS.
        severity_db: f64,
        /// The curve with every gain negated.
        mirrored: bool,
    },
    /// A fault of another family.
    Unseen {
        /// The family.
        family: Family,
        /// Every gain negated.
        mirrored: bool,
    },
    /// Levels moved away from their mean.
    Expansion {
        /// Strength.
        strength: f64,
    },
    /// A plain fault with a name.
    Plain {
        /// Its name.
        name: Plain,
    },
}

/// Every case of an excerpt: each curve with its mirror.
pub fn kinds(severities_db: &[f64], with_lossy: bool) -> Vec<Kind> {
    let smooth = severities_db.iter().flat_map(|&severity_db| {
        let mirrors: &[bool] = if severity_db == 0.0 {
            &[false]
        } else {
            &[false, true]
        };
        mirrors.iter().map(move |&mirrored| Kind::Smooth {
            severity_db,
            mirrored,
        })
    });
    let unseen = Family::ALL.into_iter().flat_map(|family| {
        let mirrors: &[bool] = match family {
            Family::Resonances => &[false, true],
            Family::Lossy if !with_lossy => &[],
            _ => &[false],
        };
        mirrors
            .iter()
            .map(move |&mirrored| Kind::Unseen { family, mirrored })
    });
    let expansions = STRENGTHS.map(|strength| Kind::Expansion { strength });
    let plain = Plain::ALL.map(|name| Kind::Plain { name });
    smooth
        .chain(unseen)
        .chain(expansions)
        .chain(plain)
        .collect()
}

impl Kind {
    /// The methods that are compared on it.
    pub fn methods(self) -> &'static [Method] {
        match self {
            Self::Smooth { .. } => &Method::SMOOTH,
            Self::Unseen { .. } | Self::Plain { .. } => &Method::UNSEEN,
            Self::Expansion { .. } => &Method::DYNAMICS,
        }
    }

    /// The stream of random numbers of a case: the same for a curve and its mirror, whatever
    /// else is evaluated.
    pub fn rng(self, song: &str, seed: u64) -> Rng {
        let what = match self {
            Self::Smooth { severity_db, .. } => format!("smooth {severity_db}"),
            Self::Unseen { family, .. } => family.label().to_owned(),
            Self::Expansion { .. } => "expansion".to_owned(),
            Self::Plain { name } => name.label().to_owned(),
        };
        rng_of(seed, &what, song)
    }
}

/// The stream of random numbers of a song for one purpose, whatever else is evaluated.
pub(in crate::eval) fn rng_of(seed: u64, what: &str, song: &str) -> Rng {
    let digest = blake3::hash(format!("{seed}\n{what}\n{song}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.as_bytes()[..8]);
    Rng::new(u64::from_le_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_comes_with_its_mirror_and_the_untouched_excerpt_once() {
        let kinds = kinds(&[0.0, 1.0, 3.0], false);
        let count = |wanted: &dyn Fn(&Kind) -> bool| kinds.iter().filter(|k| wanted(k)).count();
        let smooth = |severity: f64, mirror: bool| {
            count(&|kind| {
                *kind
                    == Kind::Smooth {
                        severity_db: severity,
                        mirrored: mirror,
                    }
            })
        };
        assert_eq!((smooth(0.0, false), smooth(0.0, true)), (1, 0));
        assert_eq!((smooth(3.0, false), smooth(3.0, true)), (1, 1));
        assert_eq!(
            count(&|kind| matches!(
                kind,
                Kind::Unseen {
                    family: Family::Lossy,
                    ..
                }
            )),
            0
        );
        assert_eq!(count(&|kind| matches!(kind, Kind::Expansion { .. })), 4);
        assert_eq!(count(&|kind| matches!(kind, Kind::Plain { .. })), 6);
    }

    #[test]
    fn a_case_draws_the_same_whatever_else_is_evaluated() {
        let kind = |mirrored| Kind::Smooth {
            severity_db: 2.0,
            mirrored,
        };
        let first = |kind: Kind, song: &str| kind.rng(song, 1).unit();
        assert_eq!(first(kind(false), "a"), first(kind(true), "a"));
        assert_ne!(first(kind(false), "a"), first(kind(false), "b"));
    }
}
