//! What was done to a mix, in the chain's terms, from the mix and the master that somebody made of it.
//!
//! Tone, width and the spread of levels are fitted on both programs' own figures, then corrected on
//! what the chain really renders. Nothing is aligned in time: an edit or a fade changes little there,
//! and is said. What the figures do not hold (time constants, the limiter's character, the
//! compressor's threshold) keeps its default.

mod recovered;

pub use recovered::{LeftOut, Recovered};

use crate::error::MasterError;
use crate::plan::can_be_mastered;
use crate::render::PreLimiter;
use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::chain::Bypass;
use acetate_dsp::for_each_block;
use acetate_dsp::measure::bands::{AUDIBLE_DB, center_hz, mean_distance_db};
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::settings::{SIDE_KNOTS, Settings};
use acetate_dsp::solve::DriveCurveBuilder;
use acetate_dsp::units::db_from_power;
use acetate_dsp::{Analysis, PARAMS, Source, StreamError};
use acetate_model::dynamics;
use acetate_model::features::{BANDS, FIRST_BAND};
use acetate_model::reference::{set_side, tone_knots_db, width_knots_db};
use acetate_model::{NeutralPredictor, Predictor, Signature};

/// Corrections on what the chain renders.
const CORRECTIONS: usize = 3;
/// Highest ratio that is tried.
const MAX_RATIO: f64 = 2.5;
/// Threshold of the compressor whose ratio is recovered, LU.
const THRESHOLD_LU: f64 = -4.0;
/// Bands below this, relative to the loudness, tell nothing, dB.
const HEARD_DB: f64 = AUDIBLE_DB;
/// A smaller recovered move of the ratio is none.
const SMALLEST_RATIO: f64 = 1.03;

/// Blocks over which levels are held against each other, in steps of 10 ms.
const BLOCK_STEPS: usize = 20;
/// Blocks quieter than this tell nothing of a compressor, relative to the loudness, LU.
const HEARD_BLOCK_LU: f64 = -25.0;
/// Furthest that a master may lie beside its mix, in blocks.
const MAX_LAG: isize = 10;
/// So many blocks tell as much as one that stands alone.
const DEPENDENT_BLOCKS: f64 = 5.0;
/// Levels closer than this are the same, dB.
const SMALLEST_RIDING_DB: f64 = 0.05;
/// What a compressor adds to be fitted: that it is there, and its ratio.
const COMPRESSOR_PARAMETERS: f64 = 2.0;

/// Recovers the settings behind a master. `progress` is told the share that is done, 0 to 1.
///
/// Settings with a compressor are held against the best ones without: the simpler explanation stands unless the other
/// follows the master's level over time better by more than chance would have it.
///
/// # Errors
/// [`MasterError`]: a source fails or has no loudness.
pub fn recover(
    mix: &mut dyn Source,
    master: &mut dyn Source,
    progress: &mut dyn FnMut(f64),
) -> Result<Recovered, MasterError> {
    let passes = (2 * CORRECTIONS + 4) as f64;
    let measure = |source: &mut dyn Source| -> Result<Analysis, MasterError> {
        let analysis = analyze_with(source, &AnalyzeOptions::default(), &mut |_| Ok(()))?;
        can_be_mastered(&analysis)?;
        Ok(analysis)
    };
    let before = measure(mix).map_err(|error| MasterError::Mix(Box::new(error)))?;
    progress(1.0 / passes);
    let after = measure(master)?;
    progress(2.0 / passes);
    let pair = Pair {
        own: signature(&before)?,
        wanted: signature(&after)?,
        before,
        after,
    };
    let mut done = 2.0;
    let mut step = || {
        done += 1.0;
        progress(done / passes);
    };
    let compressed = pair.fit(mix, MAX_RATIO, &mut step)?;
    if compressed.settings.compressor.ratio == 1.0 {
        progress(1.0);
        return pair.told(compressed, None);
    }
    let plain = pair.fit(mix, 1.0, &mut step)?;
    progress(1.0);
    if pair.explains_more(&compressed, &plain) {
        pair.told(compressed, None)
    } else {
        let ratio = compressed.settings.compressor.ratio;
        pair.told(plain, Some((ratio, pair.riding_db(&compressed.found))))
    }
}

/// A mix and its master, measured.
struct Pair {
    before: Analysis,
    after: Analysis,
    own: Signature,
    wanted: Signature,
}

/// Settings that come close, and what they make of the mix.
struct Fit {
    settings: Settings,
    found: Analysis,
}

impl Pair {
    /// The settings that come closest with a ratio of at most `max_ratio`.
    fn fit(
        &self,
        mix: &mut dyn Source,
        max_ratio: f64,
        step: &mut dyn FnMut(),
    ) -> Result<Fit, MasterError> {
        let Self {
            before,
            after,
            own,
            wanted,
        } = self;
        let mut settings = NeutralPredictor.predict(before)?.settings;
        settings.target.integrated_lufs = after.integrated_lufs;
        settings.target.true_peak_dbtp = after.true_peak_dbtp.min(0.0);
        settings.compressor.threshold_lu = THRESHOLD_LU;
        clamp(&mut settings);
        let mut side_db = [0.0; SIDE_KNOTS];
        let mut spread_change_db = 0.0;
        let mut now = own.clone();
        for round in 0..=CORRECTIONS {
            let more = tone_knots_db(&now.mid_db, &wanted.mid_db);
            for (knot, more) in settings.eq.mid_db.iter_mut().zip(more) {
                *knot += more;
            }
            if before.channels == 2
                && let Some(more) = width_knots_db(&now, wanted)
            {
                for (knot, more) in side_db.iter_mut().zip(more) {
                    *knot += more;
                }
                set_side(&side_db, &mut settings);
            }
            spread_change_db += wanted.level_spread_db - now.level_spread_db;
            settings.compressor.ratio = if max_ratio > 1.0 {
                dynamics::solve_ratio(
                    &before.sequences.k_power_10ms,
                    before.integrated_lufs,
                    &settings.compressor,
                    spread_change_db,
                    max_ratio,
                )
            } else {
                1.0
            };
            clamp(&mut settings);
            if round < CORRECTIONS {
                settings.limiter.drive_db = drive_db(mix, before, &settings)?;
                now = signature(&rendered(mix, before, &settings)?)?;
            }
            step();
        }
        if settings.compressor.ratio < SMALLEST_RATIO {
            settings.compressor.ratio = 1.0;
        }
        settings.limiter.drive_db = drive_db(mix, before, &settings)?;
        let found = rendered(mix, before, &settings)?;
        Ok(Fit { settings, found })
    }

    /// How far a render's level and the master's are apart in each block, less their mean, dB. Both are laid over
    /// each other where they agree best.
    fn riding(&self, found: &Analysis) -> Vec<f64> {
        let levels = |analysis: &Analysis| -> Vec<f64> {
            let powers = analysis.sequences.k_power_10ms.chunks(BLOCK_STEPS);
            powers
                .map(|powers| powers.iter().map(|&power| f64::from(power)).sum::<f64>())
                .map(|sum| {
                    db_from_power(sum / BLOCK_STEPS as f64 + 1e-12) - analysis.integrated_lufs
                })
                .collect()
        };
        let (is, wanted) = (levels(found), levels(&self.after));
        let apart = |lag: isize| -> Vec<f64> {
            let pairs = is.iter().enumerate().filter_map(|(n, &level)| {
                let other = *wanted.get(n.checked_add_signed(lag)?)?;
                (level > HEARD_BLOCK_LU && other > HEARD_BLOCK_LU).then_some(other - level)
            });
            let mut apart: Vec<f64> = pairs.collect();
            let mean = apart.iter().sum::<f64>() / apart.len().max(1) as f64;
            apart.iter_mut().for_each(|db| *db -= mean);
            apart
        };
        let spread = |apart: &[f64]| mean_square(apart) + 1e3 / (1.0 + apart.len() as f64);
        let lags = (-MAX_LAG..=MAX_LAG).map(apart);
        lags.min_by(|a, b| spread(a).total_cmp(&spread(b)))
            .unwrap_or_default()
    }

    /// Root mean square of [`riding`](Self::riding), dB.
    fn riding_db(&self, found: &Analysis) -> f64 {
        mean_square(&self.riding(found)).sqrt()
    }

    /// Whether the compressor is worth its parameters by the Bayesian information criterion over blocks of time.
    fn explains_more(&self, compressed: &Fit, plain: &Fit) -> bool {
        let (with, without) = (self.riding(&compressed.found), self.riding(&plain.found));
        // Neighboring blocks tell much the same.
        let blocks = with.len().min(without.len()) as f64 / DEPENDENT_BLOCKS;
        let variance =
            |apart: &[f64]| mean_square(apart).max(SMALLEST_RIDING_DB * SMALLEST_RIDING_DB);
        let gain = blocks * (variance(&without) / variance(&with)).ln();
        gain > COMPRESSOR_PARAMETERS * blocks.max(2.0).ln()
    }

    fn told(&self, fit: Fit, left_out: Option<(f64, f64)>) -> Result<Recovered, MasterError> {
        let Self {
            before,
            after,
            own,
            wanted,
        } = self;
        let Fit { settings, found } = fit;
        let is = signature(&found)?;
        let (tone_before_db, _) = tone_distance_db(own, wanted);
        let (tone_left_db, tone_worst) = tone_distance_db(&is, wanted);
        let mut recovered = Recovered {
            settings,
            tone_before_db,
            tone_left_db,
            tone_worst,
            width_left_db: width_distance_db(&is, wanted),
            spread_left_db: wanted.level_spread_db - is.level_spread_db,
            plr_left_db: wanted.plr_db - is.plr_db,
            loudness_left_lu: after.integrated_lufs - found.integrated_lufs,
            longer_s: after.duration_s - before.duration_s,
            riding_left_db: self.riding_db(&found),
            compressor_left_out: left_out.map(|(ratio, riding_db)| LeftOut { ratio, riding_db }),
            unexplained: Vec::new(),
        };
        recovered.unexplained = recovered.sentences(before, after);
        Ok(recovered)
    }
}

fn mean_square(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>() / values.len().max(1) as f64
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

/// Hands the whole chain's sound before the limiter to `take`.
fn before_limiter(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
    take: &mut dyn FnMut(&mut dyn Source) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    let spec = mix.spec();
    let chain = PreLimiter {
        analysis: before,
        settings,
        bypass: &Bypass::default(),
    };
    chain.render(mix, spec, take)
}

/// The drive that reaches the master's loudness.
fn drive_db(
    mix: &mut dyn Source,
    before: &Analysis,
    settings: &Settings,
) -> Result<f64, MasterError> {
    let spec = mix.spec();
    let mut curve = DriveCurveBuilder::new(spec.sample_rate_hz, spec.channels, false);
    before_limiter(mix, before, settings, &mut |source| {
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
    before_limiter(mix, before, settings, &mut |source| {
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
            let hz = center_hz(FIRST_BAND + band);
            (hz, to.mid_db[band] - from.mid_db[band])
        })
        .collect();
    let mean = mean_distance_db(differences.iter().map(|(_, db)| *db));
    let worst = differences
        .into_iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    (mean, worst.unwrap_or((1000.0, 0.0)))
}

/// Mean distance of side against mid over the bands that are heard of both, dB.
fn width_distance_db(from: &Signature, to: &Signature) -> f64 {
    let heard =
        (0..BANDS).filter(|&band| to.mid_db[band] > HEARD_DB && to.side_db[band] > HEARD_DB);
    mean_distance_db(heard.map(|band| {
        (to.side_db[band] - to.mid_db[band]) - (from.side_db[band] - from.mid_db[band])
    }))
}
