//! [`Pair`]: a mix and its master, measured, and the settings that come closest.

use acetate_dsp::analysis::{AnalyzeOptions, analyze_with};
use acetate_dsp::settings::{SIDE_KNOTS, Settings};
use acetate_dsp::units::db_from_power;
use acetate_dsp::{Analysis, PARAMS, Source};
use acetate_model::dynamics;
use acetate_model::reference::{set_side, tone_knots_db, width_knots_db};
use acetate_model::{NeutralPredictor, Predictor, Signature};

use super::criterion::{BLOCK_S, BLOCK_STEPS, Left};
use super::render::{drive_db, rendered};
use super::stretch::{Stretch, fades_from, lag_steps};
use crate::error::MasterError;
use crate::plan::can_be_mastered;

/// Corrections on what the chain renders.
pub(super) const CORRECTIONS: usize = 3;
/// Corrections of settings that were close already.
pub(super) const REFINEMENTS: usize = 3;
/// Threshold of the compressor whose ratio is recovered, LU.
const THRESHOLD_LU: f64 = -4.0;
/// A smaller recovered move of the ratio is none.
const SMALLEST_RATIO: f64 = 1.03;
/// Blocks quieter than this tell nothing of a compressor, relative to the loudness, LU.
const HEARD_BLOCK_LU: f64 = -25.0;
/// What a compressor adds to be fitted: that it is there, and its ratio.
pub(super) const COMPRESSOR_PARAMETERS: f64 = 2.0;

/// A mix and its master, measured.
pub(super) struct Pair {
    pub(super) before: Analysis,
    /// As if it started where the mix does.
    pub(super) after: Analysis,
    pub(super) own: Signature,
    pub(super) wanted: Signature,
    /// The master's length less the mix's, s.
    pub(super) longer_s: f64,
    /// Where the master begins to fade out, from the mix's start, s: only what is before is compared.
    pub(super) fades_from_s: Option<f64>,
}

/// Settings under correction.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) settings: Settings,
    side_db: [f64; SIDE_KNOTS],
    spread_change_db: f64,
    /// Highest ratio of the compressor, solved for the spread of levels; `None` if it is not touched.
    max_ratio: Option<f64>,
}

/// Settings that come close, and what they make of the mix.
pub(super) struct Fit {
    pub(super) draft: Draft,
    pub(super) found: Analysis,
}

impl Fit {
    pub(super) fn ratio(&self) -> f64 {
        self.draft.settings.compressor.ratio
    }
}

impl Draft {
    /// Everything neutral but for the targets.
    fn new(pair: &Pair, max_ratio: f64) -> Result<Self, MasterError> {
        let mut settings = NeutralPredictor.predict(&pair.before)?.settings;
        settings.target.integrated_lufs = pair.after.integrated_lufs;
        settings.target.true_peak_dbtp = pair.after.true_peak_dbtp.min(0.0);
        settings.compressor.threshold_lu = THRESHOLD_LU;
        clamp(&mut settings);
        Ok(Self {
            settings,
            side_db: [0.0; SIDE_KNOTS],
            spread_change_db: 0.0,
            max_ratio: Some(max_ratio),
        })
    }

    /// The same with a ratio that the spread of levels no longer decides.
    pub(super) fn with_ratio(&self, ratio: f64) -> Self {
        let mut draft = Self {
            max_ratio: None,
            ..self.clone()
        };
        draft.settings.compressor.ratio = ratio;
        draft
    }

    /// Takes what the sound `now` has of tone, width and spread otherwise than the master into the settings.
    fn correct(&mut self, pair: &Pair, now: &Signature) {
        let Pair { before, wanted, .. } = pair;
        let settings = &mut self.settings;
        let more = tone_knots_db(&now.mid_db, &wanted.mid_db);
        for (knot, more) in settings.eq.mid_db.iter_mut().zip(more) {
            *knot += more;
        }
        if before.channels == 2
            && let Some(more) = width_knots_db(now, wanted)
        {
            for (knot, more) in self.side_db.iter_mut().zip(more) {
                *knot += more;
            }
            set_side(&self.side_db, settings);
        }
        self.spread_change_db += wanted.level_spread_db - now.level_spread_db;
        if let Some(max_ratio) = self.max_ratio {
            settings.compressor.ratio = if max_ratio > 1.0 {
                dynamics::solve_ratio(
                    &before.sequences.k_power_10ms,
                    before.integrated_lufs,
                    &settings.compressor,
                    self.spread_change_db,
                    max_ratio,
                )
            } else {
                1.0
            };
        }
        clamp(settings);
    }
}

impl Pair {
    /// Measures both; once more in its place if the master lies beside its mix, and without its fade-out.
    pub(super) fn measured(
        mix: &mut dyn Source,
        master: &mut dyn Source,
        step: &mut dyn FnMut(),
    ) -> Result<Self, MasterError> {
        let in_mix = |error| MasterError::Mix(Box::new(error));
        let before = measured(mix).map_err(in_mix)?;
        step();
        let after = measured(master)?;
        step();
        let mut pair = Self {
            own: signature(&before)?,
            wanted: signature(&after)?,
            longer_s: after.duration_s - before.duration_s,
            fades_from_s: None,
            before,
            after,
        };
        let lag_steps = lag_steps(&pair.before, &pair.after);
        if lag_steps != 0 {
            pair.after = measured(&mut Stretch::new(master, lag_steps, None)?)?;
        }
        let riding = pair.riding(&pair.before);
        if let Some(block) = fades_from(&riding) {
            let length_s = Some(BLOCK_S * block as f64);
            pair.before = measured(&mut Stretch::new(mix, 0, length_s)?).map_err(in_mix)?;
            pair.after = measured(&mut Stretch::new(master, lag_steps, length_s)?)?;
            pair.own = signature(&pair.before)?;
            pair.wanted = signature(&pair.after)?;
            pair.fades_from_s = length_s;
        }
        step();
        Ok(pair)
    }

    /// The settings that come closest with a ratio of at most `max_ratio`.
    pub(super) fn fit(
        &self,
        mix: &mut dyn Source,
        max_ratio: f64,
        step: &mut dyn FnMut(),
    ) -> Result<Fit, MasterError> {
        let mut draft = Draft::new(self, max_ratio)?;
        let mut now = self.own.clone();
        for round in 0..=CORRECTIONS {
            draft.correct(self, &now);
            if round < CORRECTIONS {
                let found = self.rendered(mix, &mut draft.settings)?;
                now = signature(&found)?;
            }
            step();
        }
        self.finished(mix, draft)
    }

    /// Corrects settings that are close, to which a stage was added; `again` looks at that stage once more on each
    /// render.
    pub(super) fn refined(
        &self,
        mix: &mut dyn Source,
        mut draft: Draft,
        again: &mut dyn FnMut(&mut Settings, &Analysis),
        step: &mut dyn FnMut(),
    ) -> Result<Fit, MasterError> {
        for _ in 0..REFINEMENTS {
            let found = self.rendered(mix, &mut draft.settings)?;
            again(&mut draft.settings, &found);
            draft.correct(self, &signature(&found)?);
            step();
        }
        self.finished(mix, draft)
    }

    fn finished(&self, mix: &mut dyn Source, mut draft: Draft) -> Result<Fit, MasterError> {
        if draft.settings.compressor.ratio < SMALLEST_RATIO {
            draft.settings.compressor.ratio = 1.0;
        }
        let found = self.rendered(mix, &mut draft.settings)?;
        Ok(Fit { draft, found })
    }

    /// Solves the drive and measures what the chain makes of the mix.
    fn rendered(
        &self,
        mix: &mut dyn Source,
        settings: &mut Settings,
    ) -> Result<Analysis, MasterError> {
        settings.limiter.drive_db = drive_db(mix, &self.before, settings)?;
        rendered(mix, &self.before, settings)
    }

    /// How much louder the master is than a render in each block in which both are heard, less the mean, dB; with the
    /// number of the block.
    pub(super) fn riding(&self, found: &Analysis) -> Vec<(usize, f64)> {
        let level = |powers: &[f32], analysis: &Analysis| {
            let sum = powers.iter().map(|&power| f64::from(power)).sum::<f64>();
            db_from_power(sum / BLOCK_STEPS as f64 + 1e-12) - analysis.integrated_lufs
        };
        let master = &self.after.sequences.k_power_10ms;
        let blocks = found.sequences.k_power_10ms.chunks(BLOCK_STEPS);
        let apart = blocks.enumerate().filter_map(|(block, powers)| {
            let start = block * BLOCK_STEPS;
            let same = master.get(start..start + powers.len())?;
            let (is, wanted) = (level(powers, found), level(same, &self.after));
            (is > HEARD_BLOCK_LU && wanted > HEARD_BLOCK_LU).then_some((block, wanted - is))
        });
        let mut apart: Vec<(usize, f64)> = apart.collect();
        let mean = apart.iter().map(|(_, db)| db).sum::<f64>() / apart.len().max(1) as f64;
        apart.iter_mut().for_each(|(_, db)| *db -= mean);
        apart
    }

    /// What is left of [`riding`](Self::riding).
    pub(super) fn riding_left(&self, found: &Analysis) -> Left {
        let apart: Vec<f64> = self.riding(found).into_iter().map(|(_, db)| db).collect();
        Left::of(&apart)
    }

    /// Root mean square of [`riding`](Self::riding), dB.
    pub(super) fn riding_db(&self, found: &Analysis) -> f64 {
        self.riding_left(found).mean_square.sqrt()
    }

    /// Whether the compressor is worth its parameters.
    pub(super) fn explains_more(&self, compressed: &Fit, plain: &Fit) -> bool {
        let with = self.riding_left(&compressed.found);
        let without = self.riding_left(&plain.found);
        without.is_beaten_by(with, COMPRESSOR_PARAMETERS)
    }
}

fn measured(source: &mut dyn Source) -> Result<Analysis, MasterError> {
    let analysis = analyze_with(source, &AnalyzeOptions::default(), &mut |_| Ok(()))?;
    can_be_mastered(&analysis)?;
    Ok(analysis)
}

pub(super) fn signature(analysis: &Analysis) -> Result<Signature, MasterError> {
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
