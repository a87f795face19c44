//! One case: a fault on an excerpt, every method's master of it, and how far each is from the
//! excerpt.

use acetate_dsp::settings::{MID_KNOTS, mid_knot_hz};
use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, analyze};
use acetate_master::{Brief, master_measured};
use acetate_model::features::{BANDS, FRAME_WIDTH};
use acetate_model::outputs::side_curve_db;
use acetate_model::predictor::centred_knots;
use acetate_model::{Features, NetPredictor, Predictor};
use serde::Serialize;

use super::EvalError;
use super::baselines::Baselines;
use super::expansion::{STRENGTHS, expand};
use super::faults::{self, Smooth, smooth};
use super::lossy;
use super::memory::MemoryDelivery;
use super::methods::Method;
use super::metric::{Errors, Sound, errors};
use super::projection::eq_move_db;
use super::unseen::{Resonances, comb, room};
use crate::rng::Rng;
use crate::simulator::loudness_change_db;

/// Sample peak of every mix, full scale = 1: mixes leave headroom.
const MIX_PEAK: f32 = 0.5;
/// Knots inside the judged range, 39 Hz to 16 kHz: the outer two lie beyond it.
const JUDGED_KNOTS: std::ops::Range<usize> = 1..MID_KNOTS - 1;

/// A family of faults that training never draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Narrow bells.
    Resonances,
    /// A doubled track.
    Comb,
    /// A room's colour.
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
    smooth.chain(unseen).chain(expansions).collect()
}

impl Kind {
    fn methods(self) -> &'static [Method] {
        match self {
            Self::Smooth { .. } => &Method::SMOOTH,
            Self::Unseen { .. } => &Method::UNSEEN,
            Self::Expansion { .. } => &Method::DYNAMICS,
        }
    }

    /// The stream of random numbers of a case: the same for a curve and its mirror, whatever
    /// else is evaluated.
    fn rng(self, song: &str, seed: u64) -> Rng {
        let what = match self {
            Self::Smooth { severity_db, .. } => format!("smooth {severity_db}"),
            Self::Unseen { family, .. } => family.label().to_owned(),
            Self::Expansion { .. } => "expansion".to_owned(),
        };
        let digest = blake3::hash(format!("{seed}\n{what}\n{song}").as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest.as_bytes()[..8]);
        Rng::new(u64::from_le_bytes(first))
    }
}

/// An untouched excerpt and its figures.
#[derive(Clone, Debug)]
pub struct Excerpt {
    /// The samples.
    pub audio: Audio,
    /// K-weighted power of each 10 ms.
    pub k_power_10ms: Vec<f32>,
    /// The figures that everything is compared with.
    pub sound: Sound,
}

impl Excerpt {
    /// Measures an excerpt.
    ///
    /// # Errors
    /// [`EvalError`] when it cannot be measured or is silent.
    pub fn new(audio: Audio) -> Result<Self, EvalError> {
        let analysis = measured(&audio)?;
        if !analysis.integrated_lufs.is_finite() {
            return Err(EvalError::Silent);
        }
        Ok(Self {
            sound: Sound::of(&analysis),
            k_power_10ms: analysis.sequences.k_power_10ms,
            audio,
        })
    }
}

/// One method's master of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The method.
    pub method: Method,
    /// How far it is from the excerpt.
    #[serde(flatten)]
    pub errors: Errors,
    /// RMS of the EQ that it applied, centred, dB.
    pub eq_move_db: f64,
    /// Its figures, for the two-sample test.
    #[serde(skip)]
    pub sound: Sound,
}

/// What the net foretold of its error at each judged knot, and the error.
#[derive(Clone, Debug, PartialEq)]
pub struct Foretold {
    /// Predicted standard deviation, dB.
    pub sd_db: Vec<f64>,
    /// What the net's proposal, before any gate, leaves of the fault after a loudness match, dB.
    pub residual_db: Vec<f64>,
}

/// A case with every method's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// What was done to the excerpt.
    #[serde(flatten)]
    pub kind: Kind,
    /// Every method, in table order; one that made no master is missing.
    pub outcomes: Vec<Outcome>,
    /// Why methods are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// The net's error and what it foretold, where the fault's curve is known.
    #[serde(skip)]
    pub foretold: Option<Foretold>,
}

/// The compared methods.
#[derive(Clone, Copy, Debug)]
pub struct Contenders<'a> {
    /// The simple ones.
    pub baselines: &'a Baselines,
    /// The net.
    pub net: &'a NetPredictor,
}

/// Degrades an excerpt, masters it by every method and compares. `None` where the fault does not
/// exist for this excerpt (MP3 carries no 96 kHz).
///
/// # Errors
/// [`EvalError`] when the mix cannot be made or measured.
pub fn run_case(
    kind: Kind,
    excerpt: &Excerpt,
    song: &str,
    seed: u64,
    contenders: &Contenders<'_>,
) -> Result<Option<CaseResult>, EvalError> {
    let mut rng = kind.rng(song, seed);
    let (mix, fault) = match kind {
        Kind::Smooth {
            severity_db,
            mirrored,
        } => {
            let drawn = smooth(&mut rng, severity_db);
            let fault = if mirrored { drawn.mirrored() } else { drawn };
            let mix = if severity_db == 0.0 {
                excerpt.audio.clone()
            } else {
                fault.applied_to(&excerpt.audio)
            };
            (mix, Some(fault))
        }
        Kind::Unseen { family, mirrored } => {
            let mix = match family {
                Family::Resonances => {
                    let drawn = Resonances::draw(&mut rng);
                    let fault = if mirrored { drawn.mirrored() } else { drawn };
                    fault.applied_to(&excerpt.audio)
                }
                Family::Comb => comb(&excerpt.audio, &mut rng),
                Family::Room => room(&excerpt.audio, &mut rng),
                Family::Lossy => match lossy::recode(&excerpt.audio, &mut rng)? {
                    Some(mix) => mix,
                    None => return Ok(None),
                },
            };
            (mix, None)
        }
        Kind::Expansion { strength } => (
            expand(&excerpt.audio, &excerpt.k_power_10ms, strength),
            None,
        ),
    };
    let mix = with_headroom(mix);
    let analysis = measured(&mix)?;
    let mut result = compare(
        kind.methods(),
        &mix,
        &analysis,
        &excerpt.sound,
        fault.as_ref(),
        contenders,
    )?;
    if let Some(fault) = &fault {
        result.foretold = foretold(fault, excerpt, &analysis, contenders.net)?;
    }
    Ok(Some(CaseResult { kind, ..result }))
}

/// Masters a measured mix by every method and compares each with the untouched master's figures.
///
/// # Errors
/// [`EvalError`] when a master cannot be measured.
pub fn compare(
    methods: &[Method],
    mix: &Audio,
    analysis: &Analysis,
    master: &Sound,
    fault: Option<&Smooth>,
    contenders: &Contenders<'_>,
) -> Result<CaseResult, EvalError> {
    let mut outcomes = Vec::with_capacity(methods.len());
    let mut failures = Vec::new();
    for &method in methods {
        let predictor = method.predictor(contenders.baselines, contenders.net, fault);
        let (sound, eq_move_db) = match predictor {
            None => (Sound::of(analysis), 0.0),
            Some(predictor) => match mastered(mix, analysis, predictor.as_ref())? {
                Ok(mastered) => mastered,
                Err(error) => {
                    failures.push(format!("{}: {error}", method.label(contenders.baselines)));
                    continue;
                }
            },
        };
        outcomes.push(Outcome {
            method,
            errors: errors(master, &sound),
            eq_move_db,
            sound,
        });
    }
    Ok(CaseResult {
        kind: Kind::Smooth {
            severity_db: 0.0,
            mirrored: false,
        },
        outcomes,
        failures,
        foretold: None,
    })
}

type Mastered = Result<(Sound, f64), acetate_master::MasterError>;

/// The whole of the story in memory at 24 bit; the written samples are measured again.
fn mastered(
    mix: &Audio,
    analysis: &Analysis,
    predictor: &dyn Predictor,
) -> Result<Mastered, EvalError> {
    let mut delivery = MemoryDelivery::default();
    let made = master_measured(
        &mut AudioSource::new(mix.clone()),
        analysis.clone(),
        predictor,
        &Brief::default(),
        &mut delivery,
        &mut (),
    );
    let report = match made {
        Ok(report) => report,
        Err(error) => return Ok(Err(error)),
    };
    let eq_move_db = report
        .mastering
        .map_or(0.0, |mastering| eq_move_db(&mastering.settings));
    let written = delivery.into_written().ok_or(EvalError::Silent)?;
    Ok(Ok((Sound::of(&measured(&written)?), eq_move_db)))
}

/// Measures a signal in memory.
///
/// # Errors
/// [`EvalError::Measure`].
pub fn measured(audio: &Audio) -> Result<Analysis, EvalError> {
    analyze(&mut AudioSource::new(audio.clone())).map_err(EvalError::Measure)
}

/// Scaled to the sample peak of mixes.
pub fn with_headroom(mut audio: Audio) -> Audio {
    let peak = audio
        .channels()
        .iter()
        .flatten()
        .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    if peak > 0.0 {
        audio.scale(MIX_PEAK / peak);
    }
    audio
}

fn foretold(
    fault: &Smooth,
    excerpt: &Excerpt,
    mix: &Analysis,
    net: &NetPredictor,
) -> Result<Option<Foretold>, EvalError> {
    let Some(features) = Features::of(mix).filter(|features| !features.frames_db.is_empty()) else {
        return Ok(None);
    };
    let sd_db = net.predict(mix)?.eq_sd_db;
    let raw = net.raw(&features)?.mean_db;
    let proposed = centred_knots(&raw[..MID_KNOTS]);
    let side_left = faults::band_curve(|hz| {
        side_curve_db(
            fault.side_gain_db + raw[MID_KNOTS],
            fault.side_tilt_db + raw[MID_KNOTS + 1],
            hz,
        )
    });
    let bands: [f64; BANDS] = std::array::from_fn(|band| {
        fault.mid_bands_db()[band]
            + (0..MID_KNOTS)
                .map(|knot| proposed[knot] * super::projection::basis()[knot][band])
                .sum::<f64>()
    });
    let master: [f32; FRAME_WIDTH] = std::array::from_fn(|index| {
        let sound = &excerpt.sound;
        if index < BANDS {
            sound.mid_db[index] as f32
        } else {
            sound
                .side_db
                .map_or(-120.0, |side| side[index - BANDS] as f32)
        }
    });
    let shift = loudness_change_db(
        &master,
        |band| bands[band],
        |band| bands[band] + side_left[band],
    );
    Ok(Some(Foretold {
        sd_db: sd_db[JUDGED_KNOTS].to_vec(),
        residual_db: JUDGED_KNOTS
            .map(|knot| fault.mid_db(mid_knot_hz(knot)) + proposed[knot] - shift)
            .collect(),
    }))
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
