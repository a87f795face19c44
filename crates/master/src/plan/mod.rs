//! [`Plan`]: what will be rendered, and whether a mix can be mastered at all.

pub(crate) mod cleanup;
mod deesser;
pub mod judgment;
mod planned;
mod sections;

pub(crate) use self::cleanup::cleanup;
pub use self::planned::Planned;

use acetate_check::Check;
use acetate_dsp::chain;
use acetate_dsp::settings::Settings;
use acetate_dsp::stream::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use acetate_dsp::{Analysis, Spec};
use acetate_model::{Confidence, Predictor, Tone};

use crate::brief::Brief;
use crate::error::MasterError;
use crate::plan::deesser::deesser;
use crate::plan::judgment::judgment;
use crate::plan::sections::sections;
use crate::repair::{RepairReport, Repaired};

/// Sample rates that are rendered, Hz.
const SAMPLE_RATES_HZ: (u32, u32) = (MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ);

/// Highest sample peak that is mastered, dBFS: float mixes go some dB over full scale; this is far
/// beyond, and far below where squares of single precision overflow.
const MAX_PEAK_DBFS: f64 = 100.0;

/// What will be rendered, before a sample is touched.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything the renderer needs but the solved drive.
    pub settings: Settings,
    /// The predictor's confidence; `None` where settings were given.
    pub confidence: Option<Confidence>,
    /// Hash of the weights behind the prediction.
    pub weights_hash: String,
    /// What is known of the mix's tone; `None` where nothing was judged, as with a reference.
    pub tone: Option<Tone>,
    /// What a person should know of the settings beside what they do, a sentence each.
    pub notes: Vec<String>,
    /// What stands against mastering the mix.
    pub check: Check,
    /// What was repaired where that was asked for.
    pub repair: Option<RepairReport>,
}

/// Refuses a program without a loudness, and one so loud that it is no sound.
pub(crate) fn can_be_mastered(analysis: &Analysis) -> Result<(), MasterError> {
    if analysis.sample_peak_dbfs > MAX_PEAK_DBFS {
        return Err(MasterError::TooLoud {
            max_dbfs: MAX_PEAK_DBFS,
            got_dbfs: analysis.sample_peak_dbfs,
        });
    }
    if analysis.integrated_lufs.is_finite() {
        return Ok(());
    }
    Err(MasterError::NoLoudness {
        duration_s: analysis.duration_s,
    })
}

/// Predicts and resolves the settings: amounts, target, bypassed stages.
///
/// # Errors
/// [`MasterError`] when settings or weights do not fit.
pub(crate) fn plan(
    analysis: &Analysis,
    repaired: Option<&Repaired>,
    predictor: &dyn Predictor,
    brief: &Brief,
) -> Result<Plan, MasterError> {
    let program = repaired.and_then(|repaired| repaired.of_repaired.as_ref());
    let program = program.unwrap_or(analysis.program());
    let prediction = predictor.predict(program)?;
    let mut notes = prediction.notes;
    let (settings, confidence, weights_hash) = match &brief.settings {
        Some(settings) => {
            // What the prediction has to say is not what is done.
            notes.clear();
            (settings.clone(), None, String::new())
        }
        None => {
            let mut settings = prediction.settings;
            settings.eq.phase = brief.eq_phase;
            settings.cleanup = match repaired {
                Some(repaired) => repaired.cleanup.clone(),
                None => cleanup(analysis, brief.repair),
            };
            settings.deesser = deesser(program, &brief.treatment(&settings).eq)?;
            if brief.sections {
                settings.sections = sections(program);
                if settings.sections.is_empty() {
                    notes.push("found no parts in the song that could be compared".to_owned());
                }
            }
            (
                settings,
                Some(prediction.confidence),
                predictor.hash().to_owned(),
            )
        }
    };
    let mut settings = brief.treatment(&settings);
    if brief.settings.is_none() || brief.target_overrides {
        settings.target = brief.target;
    }
    if brief.keep_loudness {
        settings.target.integrated_lufs = analysis.integrated_lufs;
    }
    allow_no_limiting_without_limiter(&mut settings, brief);
    settings.validate()?;
    let check = acetate_check::short(
        analysis,
        prediction
            .tone
            .as_ref()
            .map(|tone| judgment(tone, &settings, program))
            .as_ref(),
    )?;
    Ok(Plan {
        settings,
        confidence,
        weights_hash,
        tone: prediction.tone,
        notes,
        repair: repaired.map(|repaired| repaired.report.clone()),
        check,
    })
}

/// Without a limiter the drive may go as far as the peaks allow, whatever the settings fix.
pub(crate) fn allow_no_limiting_without_limiter(settings: &mut Settings, brief: &Brief) {
    if brief.bypass.contains(chain::Stage::Limiter) {
        settings.target.max_limiting_db = 0.0;
        settings.limiter.drive_fixed = false;
    }
}

/// The sample rate and channels of the master.
pub(crate) fn delivery_spec(input: Spec, brief: &Brief) -> Result<Spec, MasterError> {
    let (min_hz, max_hz) = SAMPLE_RATES_HZ;
    let sample_rate_hz = brief.sample_rate_hz.unwrap_or(input.sample_rate_hz);
    if !(min_hz..=max_hz).contains(&sample_rate_hz) {
        return Err(MasterError::SampleRate {
            min_hz,
            max_hz,
            got_hz: sample_rate_hz,
        });
    }
    Ok(Spec {
        sample_rate_hz,
        ..input
    })
}
