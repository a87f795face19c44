//! One case: a fault on an excerpt, every method's master of it, and how far each is from the
//! excerpt.

use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, analyze};
use acetate_master::{Brief, master_measured};
use acetate_model::{NetPredictor, Predictor};
use serde::Serialize;

use super::EvalError;
use super::baselines::Baselines;
use super::expansion::expand;
use super::faults::{Smooth, smooth};
use super::foretold::{Foretold, foretold};
use super::kind::{Family, Kind};
use super::lossy;
use super::memory::MemoryDelivery;
use super::methods::Method;
use super::metric::{Errors, Sound, errors};
use super::projection::eq_move_db;
use super::unseen::{Resonances, comb, room};

/// Sample peak of every mix, full scale = 1: mixes leave headroom.
const MIX_PEAK: f32 = 0.5;
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
        result.foretold = foretold(fault, &excerpt.sound, &analysis, contenders.net)?;
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
    let written = delivery.into_written();
    let parts = report.mastering.zip(written);
    let (mastering, after, written) = parts
        .and_then(|(mastering, written)| {
            let after = mastering.after.clone()?;
            Some((mastering, after, written))
        })
        .ok_or(EvalError::NoMaster)?;
    let sound = Sound::of_written(&after, &written);
    Ok(Ok((sound, eq_move_db(&mastering.settings))))
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
