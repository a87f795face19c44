//! What was done to a mix, in the chain's terms, from the mix and the master that somebody made of it.
//!
//! Tone, width and the spread of levels are fitted on both programs' own figures, then corrected on
//! what the chain really renders. Nothing is aligned in time: an edit or a fade changes little there,
//! and is said. What the figures do not hold (time constants, the limiter's character, the
//! compressor's threshold) keeps its default.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::chain::Bypass;
use acetate_dsp::for_each_block;
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::settings::{SIDE_KNOTS, Settings};
use acetate_dsp::solve::DriveCurveBuilder;
use acetate_dsp::{Analysis, PARAMS, Source, StreamError};
use acetate_model::dynamics;
use acetate_model::features::{BANDS, FIRST_BAND};
use acetate_model::reference::{set_side, tone_knots_db, width_knots_db};
use acetate_model::{NeutralPredictor, Predictor, Signature};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::MasterError;
use crate::plan::can_be_mastered;
use crate::render::PreLimiter;

/// Corrections on what the chain renders.
const CORRECTIONS: usize = 3;
/// Highest ratio that is tried.
const MAX_RATIO: f64 = 2.5;
/// Threshold of the compressor whose ratio is recovered, LU.
const THRESHOLD_LU: f64 = -4.0;
/// Bands below this, relative to the loudness, tell nothing, dB.
const HEARD_DB: f64 = acetate_dsp::measure::bands::AUDIBLE_DB;
/// A smaller recovered move of the ratio is none.
const SMALLEST_RATIO: f64 = 1.03;
/// Residuals that are worth a sentence: tone in dB, levels in dB, length in seconds.
const TOLD_TONE_DB: f64 = 0.3;
const TOLD_LEVEL_DB: f64 = 0.3;
const TOLD_LENGTH_S: f64 = 0.1;

/// What was recovered, and what was not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recovered {
    /// The settings that come closest.
    pub settings: Settings,
    /// Distance of the mix from the master in third octaves of mid, mean, dB.
    pub tone_before_db: f64,
    /// Distance of our render from the master, mean, dB.
    pub tone_left_db: f64,
    /// The band that is left furthest off: center in Hz, dB.
    pub tone_worst: (f64, f64),
    /// What is left of side against mid, mean over the bands, dB.
    pub width_left_db: f64,
    /// What is left of the spread of levels, dB.
    pub spread_left_db: f64,
    /// What is left of peak to loudness, dB.
    pub plr_left_db: f64,
    /// What is left of the loudness, LU.
    pub loudness_left_lu: f64,
    /// The master's length less the mix's, seconds.
    pub longer_s: f64,
    /// What the chain cannot explain, one sentence each.
    pub unexplained: Vec<String>,
}

/// Recovers the settings behind a master. `progress` is told the share that is done, 0 to 1.
///
/// # Errors
/// [`MasterError`]: a source fails or has no loudness.
pub fn recover(
    mix: &mut dyn Source,
    master: &mut dyn Source,
    progress: &mut dyn FnMut(f64),
) -> Result<Recovered, MasterError> {
    let passes = (CORRECTIONS + 4) as f64;
    let measure = |source: &mut dyn Source| -> Result<Analysis, MasterError> {
        let analysis = analyze_with(source, &AnalyzeOptions::default(), &mut |_| Ok(()))?;
        can_be_mastered(&analysis)?;
        Ok(analysis)
    };
    let before = measure(mix).map_err(|error| MasterError::Mix(Box::new(error)))?;
    progress(1.0 / passes);
    let after = measure(master)?;
    progress(2.0 / passes);
    let (own, wanted) = (signature(&before)?, signature(&after)?);

    let mut settings = NeutralPredictor.predict(&before)?.settings;
    settings.target.integrated_lufs = after.integrated_lufs;
    settings.target.true_peak_dbtp = after.true_peak_dbtp.min(0.0);
    settings.compressor.threshold_lu = THRESHOLD_LU;
    clamp(&mut settings);
    let mut side_db = [0.0; SIDE_KNOTS];
    let mut spread_change_db = 0.0;
    let mut now = own.clone();
    for round in 0..=CORRECTIONS {
        for (knot, more) in settings
            .eq
            .mid_db
            .iter_mut()
            .zip(tone_knots_db(&now.mid_db, &wanted.mid_db))
        {
            *knot += more;
        }
        if before.channels == 2
            && let Some(more) = width_knots_db(&now, &wanted)
        {
            for (knot, more) in side_db.iter_mut().zip(more) {
                *knot += more;
            }
            set_side(&side_db, &mut settings);
        }
        spread_change_db += wanted.level_spread_db - now.level_spread_db;
        settings.compressor.ratio = dynamics::solve_ratio(
            &before.sequences.k_power_10ms,
            before.integrated_lufs,
            &settings.compressor,
            spread_change_db,
            MAX_RATIO,
        );
        clamp(&mut settings);
        if round < CORRECTIONS {
            settings.limiter.drive_db = drive_db(mix, &before, &settings)?;
            now = signature(&rendered(mix, &before, &settings)?)?;
        }
        progress((3 + round) as f64 / passes);
    }
    if settings.compressor.ratio < SMALLEST_RATIO {
        settings.compressor.ratio = 1.0;
    }
    settings.limiter.drive_db = drive_db(mix, &before, &settings)?;
    let found = rendered(mix, &before, &settings)?;
    progress(1.0);
    told(settings, &before, &after, &found, &own, &wanted)
}

fn signature(analysis: &Analysis) -> Result<Signature, MasterError> {
    Signature::of(analysis).ok_or(MasterError::NoLoudness {
        duration_s: analysis.duration_s,
    })
}

/// Every value into its range.
fn clamp(settings: &mut Settings) {
    for param in PARAMS {
        let value = param.get(settings).clamp(param.min, param.max);
        param.set(settings, value);
    }
}

/// The drive that reaches the master's loudness.
fn drive_db(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
) -> Result<f64, MasterError> {
    let spec = mix.spec();
    let mut curve = DriveCurveBuilder::new(spec.sample_rate_hz, spec.channels, false);
    let bypass = Bypass::default();
    let chain = PreLimiter {
        analysis: before,
        settings,
        bypass: &bypass,
    };
    chain.render(mix, spec, &mut |source| {
        for_each_block(source, &mut |block| {
            curve.push(block);
            Ok(())
        })
    })?;
    let curve = curve.finish(settings.target.true_peak_dbtp);
    let mut target = settings.target;
    // What a person has done may take more than we would.
    target.max_limiting_db = f64::INFINITY;
    Ok(curve.solve_drive(&target, &settings.limiter).drive_db)
}

/// The figures of the whole chain's output.
fn rendered(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
) -> Result<Analysis, MasterError> {
    let spec = mix.spec();
    let process = ProcessSpec {
        sample_rate_hz: spec.sample_rate_hz,
        channels: spec.channels,
        program_lufs: settings.target.integrated_lufs,
    };
    let mut found: Option<Analysis> = None;
    let bypass = Bypass::default();
    let chain = PreLimiter {
        analysis: before,
        settings,
        bypass: &bypass,
    };
    chain.render(mix, spec, &mut |source| {
        let limiter = Limiter::new(&settings.limiter, settings.target.true_peak_dbtp, &process);
        let mut limited = Processed::new(source, limiter);
        found = Some(analyze_with(
            &mut limited,
            &AnalyzeOptions::default(),
            &mut |_| Ok(()),
        )?);
        Ok::<(), StreamError>(())
    })?;
    let found = found.ok_or(MasterError::NoLoudness {
        duration_s: before.duration_s,
    })?;
    can_be_mastered(&found)?;
    Ok(found)
}

/// Mean distance of two spectra, and the band where it is largest.
fn tone_distance_db(from: &Signature, to: &Signature) -> (f64, (f64, f64)) {
    let differences: Vec<(f64, f64)> = (0..BANDS)
        .filter(|&band| to.mid_db[band] > HEARD_DB)
        .map(|band| {
            let hz = acetate_dsp::measure::bands::center_hz(FIRST_BAND + band);
            (hz, to.mid_db[band] - from.mid_db[band])
        })
        .collect();
    let mean = acetate_dsp::measure::bands::mean_distance_db(differences.iter().map(|(_, db)| *db));
    let worst = differences
        .into_iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    (mean, worst.unwrap_or((1000.0, 0.0)))
}

fn told(
    settings: Settings,
    before: &Analysis,
    after: &Analysis,
    found: &Analysis,
    own: &Signature,
    wanted: &Signature,
) -> Result<Recovered, MasterError> {
    let is = signature(found)?;
    let (tone_before_db, _) = tone_distance_db(own, wanted);
    let (tone_left_db, tone_worst) = tone_distance_db(&is, wanted);
    let heard = (0..BANDS)
        .filter(|&band| wanted.mid_db[band] > HEARD_DB && wanted.side_db[band] > HEARD_DB);
    let widths: Vec<f64> = heard
        .map(|band| {
            (wanted.side_db[band] - wanted.mid_db[band]) - (is.side_db[band] - is.mid_db[band])
        })
        .collect();
    let width_left_db = widths.iter().map(|db| db.abs()).sum::<f64>() / widths.len().max(1) as f64;
    let mut recovered = Recovered {
        settings,
        tone_before_db,
        tone_left_db,
        tone_worst,
        width_left_db,
        spread_left_db: wanted.level_spread_db - is.level_spread_db,
        plr_left_db: wanted.plr_db - is.plr_db,
        loudness_left_lu: after.integrated_lufs - found.integrated_lufs,
        longer_s: after.duration_s - before.duration_s,
        unexplained: Vec::new(),
    };
    recovered.unexplained = recovered.sentences(before, after);
    Ok(recovered)
}

impl Recovered {
    fn sentences(&self, before: &Analysis, after: &Analysis) -> Vec<String> {
        let mut all = Vec::new();
        if self.tone_left_db > TOLD_TONE_DB {
            let (hz, db) = self.tone_worst;
            all.push(format!(
                "tone: {:.1} dB on average is left, most around {hz:.0} Hz ({db:+.1} dB): narrow bands, or an EQ that moves",
                self.tone_left_db
            ));
        }
        if self.width_left_db > TOLD_LEVEL_DB {
            all.push(format!(
                "width: {:.1} dB of side against mid is left: a narrow band, or a room",
                self.width_left_db
            ));
        }
        if self.spread_left_db.abs() > TOLD_LEVEL_DB {
            let how = if self.spread_left_db > 0.0 {
                "wider than ours: levels were raised and lowered by hand, or expanded"
            } else {
                "narrower than one compressor of 2.5:1 makes them"
            };
            all.push(format!(
                "levels: {:+.1} dB of their spread is left, {how}",
                self.spread_left_db
            ));
        }
        if self.plr_left_db.abs() > 2.0 * TOLD_LEVEL_DB {
            all.push(format!(
                "peaks: {:+.1} dB from peak to loudness is left: another limiter, or a clipper",
                self.plr_left_db
            ));
        }
        if self.loudness_left_lu.abs() > TOLD_LEVEL_DB {
            all.push(format!(
                "loudness: {:+.1} LU is left: more than our limiter reaches",
                self.loudness_left_lu
            ));
        }
        if self.longer_s.abs() > TOLD_LENGTH_S {
            all.push(format!(
                "length: the master is {:.2} s {} than the mix: cut, faded or moved",
                self.longer_s.abs(),
                if self.longer_s > 0.0 {
                    "longer"
                } else {
                    "shorter"
                }
            ));
        }
        if before.sample_rate_hz != after.sample_rate_hz {
            all.push(format!(
                "rate: {} Hz became {} Hz",
                before.sample_rate_hz, after.sample_rate_hz
            ));
        }
        if before.channels != after.channels {
            all.push(format!(
                "channels: {} became {}",
                before.channels, after.channels
            ));
        }
        all.push("time constants, knee and threshold of the compressor and the limiter's character cannot be told from figures; they are our defaults".to_owned());
        all
    }
}
