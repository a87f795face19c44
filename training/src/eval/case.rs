//! One case: a fault on an excerpt, every method's master of it, and how far each is from the
//! excerpt.

use acetate_dsp::stream::AudioSource;
use acetate_dsp::{Analysis, Audio, analyze};
use acetate_master::report::Measures;
use acetate_master::{Brief, MasterError, Mastered, Measured, MemoryDelivery};
use acetate_model::Predictor;
use serde::Serialize;

use crate::rng::Rng;

use super::EvalError;
use super::expansion::expand;
use super::faults::{Smooth, smooth};
use super::kind::{Family, Kind};
use super::linear_part::distortion_db;
use super::lossy;
pub use super::methods::Contenders;
use super::methods::Method;
use super::metric::{Errors, Sound, errors};
use super::predicted_error::{PredictedError, predicted_error};
use super::projection::eq_move_db;
use super::tools::{Heard, Reference, Spent, hear};
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
    /// RMS of the EQ that it applied, centered, dB; `None` where nobody knows, as of another
    /// program.
    pub eq_move_db: Option<f64>,
    /// What was delivered; `None` where nothing was rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Delivered>,
    /// Its figures, for the two-sample test.
    #[serde(skip)]
    pub sound: Sound,
}

/// Figures of a master as it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Delivered {
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// True peak, dBTP.
    pub true_peak_dbtp: f64,
    /// Sample rate, Hz.
    pub sample_rate_hz: u32,
    /// Noise-to-mask ratio against the mix through the linear filter that comes closest, dB; of
    /// untouched excerpts only.
    pub distortion_db: Option<f64>,
    /// What the run cost; of other programs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
}

/// A method that made no master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoMaster {
    /// The method.
    pub method: Method,
    /// Why.
    pub reason: String,
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
    pub failures: Vec<NoMaster>,
    /// The net's error and what it predicted, where the fault's curve is known.
    #[serde(skip)]
    pub predicted_error: Option<PredictedError>,
}

/// A mix that is to be mastered.
#[derive(Clone, Copy, Debug)]
pub struct Mix<'a> {
    /// Its samples.
    pub audio: &'a Audio,
    /// Its figures.
    pub analysis: &'a Analysis,
    /// What is wrong with it, where that is a known curve.
    pub fault: Option<&'a Smooth>,
    /// Another song of the album, for programs that ask for one.
    pub reference: &'a Reference,
    /// Whether distortion is measured.
    pub with_distortion: bool,
}

/// Degrades an excerpt (chance by [`Kind::rng`]), masters it by every method and compares. `None` where the fault does not
/// exist for this excerpt (MP3 carries no 96 kHz).
///
/// # Errors
/// [`EvalError`] when the mix cannot be made or measured.
pub fn run_case(
    kind: Kind,
    excerpt: &Excerpt,
    reference: &Reference,
    rng: &mut Rng,
    contenders: &Contenders<'_>,
) -> Result<Option<CaseResult>, EvalError> {
    let (mix, fault) = match kind {
        Kind::Smooth {
            severity_db,
            mirrored,
        } => {
            let drawn = smooth(rng, severity_db);
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
                    let drawn = Resonances::draw(rng);
                    let fault = if mirrored { drawn.mirrored() } else { drawn };
                    fault.applied_to(&excerpt.audio)
                }
                Family::Comb => comb(&excerpt.audio, rng),
                Family::Room => room(&excerpt.audio, rng),
                Family::Lossy => match lossy::recode(&excerpt.audio, rng)? {
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
        Kind::Plain { name } => (name.applied_to(&excerpt.audio), None),
    };
    let mix = with_headroom(mix);
    let analysis = measured(&mix)?;
    let untouched = matches!(kind, Kind::Smooth { severity_db, .. } if severity_db == 0.0);
    let mut result = compare(
        &contenders.with_tools(kind.methods()),
        &Mix {
            audio: &mix,
            analysis: &analysis,
            fault: fault.as_ref(),
            reference,
            with_distortion: untouched,
        },
        &excerpt.sound,
        contenders,
    )?;
    if let Some(fault) = &fault {
        result.predicted_error = predicted_error(fault, &excerpt.sound, &analysis, contenders.net)?;
    }
    Ok(Some(CaseResult { kind, ..result }))
}

/// Masters a measured mix by every method and compares each with the untouched master's figures.
///
/// # Errors
/// [`EvalError`] when a master cannot be measured.
pub fn compare(
    methods: &[Method],
    mix: &Mix<'_>,
    master: &Sound,
    contenders: &Contenders<'_>,
) -> Result<CaseResult, EvalError> {
    let mut outcomes = Vec::with_capacity(methods.len());
    let mut failures = Vec::new();
    for &method in methods {
        let made = match method {
            Method::Nothing => Ok(MethodOutput {
                sound: Sound::of(mix.analysis),
                eq_move_db: Some(0.0),
                delivered: None,
            }),
            Method::Tool(index) => match contenders.tools.get(index) {
                Some(tool) => hear(tool, mix.audio, mix.reference)
                    .map(|heard| output_of_tool(&heard, mix))
                    .map_err(|failure| failure.to_string()),
                None => continue,
            },
            _ => match method.predictor(contenders.baselines, contenders.net, mix.fault) {
                Some(predictor) => {
                    written(mix.audio, mix.analysis, predictor.as_ref(), &method.brief())?
                        .map(|written| output_of_ours(&written, mix))
                        .map_err(|error| error.to_string())
                }
                None => continue,
            },
        };
        match made {
            Ok(made) => outcomes.push(Outcome {
                method,
                errors: errors(master, &made.sound),
                eq_move_db: made.eq_move_db,
                delivered: made.delivered,
                sound: made.sound,
            }),
            Err(reason) => failures.push(NoMaster { method, reason }),
        }
    }
    Ok(CaseResult {
        kind: Kind::Smooth {
            severity_db: 0.0,
            mirrored: false,
        },
        outcomes,
        failures,
        predicted_error: None,
    })
}

/// A method's master, measured.
struct MethodOutput {
    sound: Sound,
    eq_move_db: Option<f64>,
    delivered: Option<Delivered>,
}

fn output_of_tool(heard: &Heard, mix: &Mix<'_>) -> MethodOutput {
    MethodOutput {
        sound: Sound::of(&heard.analysis),
        eq_move_db: None,
        delivered: Some(Delivered {
            integrated_lufs: heard.integrated_lufs,
            true_peak_dbtp: heard.true_peak_dbtp,
            sample_rate_hz: heard.sample_rate_hz,
            distortion_db: mix.distortion_db(&heard.audio),
            spent: Some(heard.spent),
        }),
    }
}

fn output_of_ours(written: &Written, mix: &Mix<'_>) -> MethodOutput {
    MethodOutput {
        sound: Sound::of_written(&written.measures, &written.audio),
        eq_move_db: Some(written.eq_move_db),
        delivered: Some(Delivered {
            integrated_lufs: written.measures.integrated_lufs,
            true_peak_dbtp: written.measures.true_peak_dbtp,
            sample_rate_hz: written.audio.sample_rate_hz(),
            distortion_db: mix.distortion_db(&written.audio),
            spent: None,
        }),
    }
}

impl Mix<'_> {
    fn distortion_db(&self, master: &Audio) -> Option<f64> {
        self.with_distortion
            .then(|| distortion_db(self.audio, master))
            .flatten()
    }
}

/// A master of ours as it was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The samples of the file.
    pub audio: Audio,
    /// What was measured on them.
    pub measures: Measures,
    /// RMS of the EQ applied, centered, dB.
    pub eq_move_db: f64,
}

/// The whole pipeline in memory at 24 bit; the inner error is one of the pipeline's own.
///
/// # Errors
/// [`EvalError::NoMaster`] when the pipeline ends without a master.
pub fn written(
    mix: &Audio,
    analysis: &Analysis,
    predictor: &dyn Predictor,
    brief: &Brief,
) -> Result<Result<Written, MasterError>, EvalError> {
    let mut delivery = MemoryDelivery::default();
    let mut source = AudioSource::new(mix.clone());
    let made = Measured::new(analysis.clone())
        .and_then(|measured| measured.plan(predictor, brief))
        .and_then(|planned| planned.render(&mut source, &mut delivery, &mut ()))
        .and_then(|mut rendered| rendered.deliver(&mut delivery, &mut ()));
    let Mastered {
        treatment, after, ..
    } = match made {
        Ok(mastered) => mastered,
        Err(error) => return Ok(Err(error)),
    };
    Ok(Ok(Written {
        audio: delivery.into_written().ok_or(EvalError::NoMaster)?,
        measures: after,
        eq_move_db: eq_move_db(&treatment.settings),
    }))
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
