//! The bounded loop of renders, each verified on what was written.

use acetate_dsp::measure::levels::{OutputMeasures, verify_pass};
use acetate_dsp::measure::peaks::peak_steps::STEPS_PER_SECOND;
use acetate_dsp::process::ProcessSpec;
use acetate_dsp::process::dither::Dither;
use acetate_dsp::process::limiter::{Limiter, ReductionStatistics, for_each_limited};
use acetate_dsp::settings::{self, Settings, Target};
use acetate_dsp::solve::{self, DriveCurve, Solution};
use acetate_dsp::units::{clock, gain_from_db};
use acetate_dsp::{Analysis, Param, Processor, Source, Spec};

use crate::brief::Brief;
use crate::delivery::{Delivery, Phase, Progress, Scratch};
use crate::error::MasterError;
use crate::render::Solved;
use crate::report::{Attempt, Infeasible};
use crate::verify;

/// A loudness closer to the target than this needs no second render, LU: within the tolerance, with
/// room for the meters' differences.
const GOAL_LU: f64 = 0.07;
/// Renders at most: the solver predicts within a few hundredths, a second one mends the rest.
const MAX_ATTEMPTS: usize = 6;
/// The written file is asked to stay this far below the ceiling, dB: true peak itself depends on the
/// interpolation filter by 0.01 to 0.03 dB.
const CEILING_GUARD_DB: f64 = 0.02;
/// What a correction takes beyond the measured excess, dB, so that it need not be made twice.
const CORRECTION_MARGIN_DB: f64 = 0.005;
/// From this attempt on an excess is scaled away, which is certain, instead of limited away, which
/// costs no loudness.
const TRIM_FROM_ATTEMPT: usize = 3;
/// An excess up to this is scaled away at once, dB: where a peak's last hundredths stay is the
/// interpolation's affair, not the limiter's, and nobody hears them in the loudness.
const SLIGHT_EXCESS_DB: f64 = 0.05;
/// From this attempt on the drive stays: what follows is the same render, scaled.
const DRIVE_STAYS_FROM_ATTEMPT: usize = 4;
/// Seed of the dither: the same noise in every master, so that the same input gives the same
/// bytes.
const DITHER_SEED: u64 = 0xAC37_A7E0;

/// The bounded loop of renders, each verified on what was written.
pub(crate) struct Attempts<'a> {
    pub(crate) settings: &'a mut Settings,
    pub(crate) solved: Solved,
    pub(crate) brief: &'a Brief,
    pub(crate) spec: Spec,
    pub(crate) frames: u64,
    /// How far the arrays' last forecast was above the measured loudness, LU.
    pub(crate) off_lu: f64,
    pub(crate) log: Vec<Attempt>,
}

/// The last attempt's figures.
pub(crate) struct Written {
    pub(crate) measured: OutputMeasures,
    pub(crate) limiting: ReductionStatistics,
}

impl Attempts<'_> {
    /// Renders until the written file holds its ceiling and meets its loudness.
    pub(crate) fn run(
        &mut self,
        curve: &DriveCurve,
        scratch: &mut dyn Scratch,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<Written, MasterError> {
        let target = self.settings.target;
        let mut ceiling_dbtp = target.true_peak_dbtp;
        let mut trim_db = 0.0;
        loop {
            let limiting = self.write(scratch, delivery, ceiling_dbtp, trim_db, progress)?;
            let measured = self.measure(delivery, progress)?;
            let solution = self.solved.solution;
            self.log.push(Attempt {
                drive_db: solution.drive_db,
                ceiling_dbtp,
                trim_db,
                predicted_lufs: solution.predicted_lufs - self.off_lu,
                integrated_lufs: Some(measured.integrated_lufs),
                true_peak_dbtp: Some(measured.true_peak_dbtp),
                limiting_db: limiting.max_db,
            });
            let over_db = measured.true_peak_dbtp - (target.true_peak_dbtp - CEILING_GUARD_DB);
            let miss_lu = target.integrated_lufs - center_lufs(&measured);
            let drive_is_free = solution.limited_by.is_none();
            let loudness_met = miss_lu.abs() <= GOAL_LU || !drive_is_free;
            let last = self.log.len() == MAX_ATTEMPTS;
            let holds = measured.true_peak_dbtp <= target.true_peak_dbtp;
            if (over_db <= 0.0 && loudness_met) || (last && holds) {
                return Ok(Written { measured, limiting });
            }
            if last {
                return Err(MasterError::Ceiling {
                    measured_dbtp: measured.true_peak_dbtp,
                    ceiling_dbtp: target.true_peak_dbtp,
                    attempts: self.log.len(),
                });
            }
            if over_db > 0.0 {
                let correction_db = over_db + CORRECTION_MARGIN_DB;
                let within_bound = limiting.max_db + correction_db <= target.max_limiting_db;
                let limit_more = self.log.len() < TRIM_FROM_ATTEMPT && within_bound;
                if limit_more && correction_db > SLIGHT_EXCESS_DB {
                    ceiling_dbtp -= correction_db;
                } else {
                    trim_db -= correction_db;
                }
            }
            if !loudness_met && self.log.len() < DRIVE_STAYS_FROM_ATTEMPT {
                self.correct_drive(curve, &target, center_lufs(&measured));
            }
        }
    }

    /// Reads back what was written and measures it.
    fn measure(
        &self,
        delivery: &mut dyn Delivery,
        progress: &mut dyn Progress,
    ) -> Result<OutputMeasures, MasterError> {
        let mut written = delivery.reread()?;
        let total = Some(self.frames);
        Ok(verify_pass(
            written.as_mut(),
            self.brief.dual_mono,
            &mut |done| Ok(progress.at(Phase::Verify, done, total)?),
        )?)
    }

    /// Solves again for a target moved by what the last forecast was off.
    fn correct_drive(&mut self, curve: &DriveCurve, target: &Target, measured_lufs: f64) {
        let off_lu = self.solved.solution.predicted_lufs - measured_lufs;
        self.off_lu = off_lu;
        let moved = Target {
            integrated_lufs: target.integrated_lufs + off_lu,
            ..*target
        };
        let solution = curve.solve_drive(&moved, &self.settings.limiter);
        self.settings.limiter.drive_db = solution.drive_db;
        self.solved.solution = solution;
    }

    /// Limiter, trim, dither: from the scratch to a new output.
    fn write(
        &self,
        scratch: &mut dyn Scratch,
        delivery: &mut dyn Delivery,
        ceiling_dbtp: f64,
        trim_db: f64,
        progress: &mut dyn Progress,
    ) -> Result<ReductionStatistics, MasterError> {
        let process = ProcessSpec {
            sample_rate_hz: self.spec.sample_rate_hz,
            channels: self.spec.channels,
            program_lufs: self.settings.target.integrated_lufs,
        };
        let mut limiter = Limiter::new(&self.settings.limiter, ceiling_dbtp, &process);
        let mut dither = Dither::new(self.brief.word_length, DITHER_SEED);
        let trim = gain_from_db(trim_db) as f32;
        let mut source = &mut *scratch as &mut dyn Source;
        let mut sink = delivery.begin(self.spec, self.frames)?;
        let mut done = 0;
        for_each_limited(&mut source, &mut limiter, &mut |block| {
            if trim_db < 0.0 {
                block.scale(trim);
            }
            dither.process(block);
            sink.write(block)?;
            done += block.frames() as u64;
            progress.at(Phase::Write, done, Some(self.frames))?;
            Ok(())
        })?;
        sink.finish()?;
        Ok(limiter.reduction())
    }
}

/// The loudness midway between the meters' readings: what is solved for, so that neither is missed.
fn center_lufs(measured: &OutputMeasures) -> f64 {
    let readings = || {
        measured
            .integrated_by_meter
            .iter()
            .map(|reading| reading.value)
    };
    let low = readings().fold(f64::INFINITY, f64::min);
    let high = readings().fold(f64::NEG_INFINITY, f64::max);
    0.5 * (low + high)
}

/// What kept the loudness out of reach, in the report's words; `lufs` is what was reached.
pub(crate) fn infeasible(
    solution: &Solution,
    settings: &Settings,
    lufs: f64,
    curve: &DriveCurve,
    analysis: &Analysis,
) -> Option<Infeasible> {
    let Settings {
        target, limiter, ..
    } = settings;
    let short_by_lu = target.integrated_lufs - lufs;
    if short_by_lu.abs() <= verify::LOUDNESS_TOLERANCE_LU {
        return None;
    }
    let needed_limiting_db = needed_limiting_db(curve, target, limiter);
    let reason = match solution.limited_by? {
        solve::LimitedBy::MaxLimiting { .. } => format!(
            "{:.1} LUFS would need more than {:.1} dB of limiting; this is the loudest within it ({}turn the \
             tallest peaks down in the mix, the one at {} first)",
            target.integrated_lufs,
            target.max_limiting_db,
            // Without a limiter, or where no amount of limiting is enough, that would be no help.
            match needed_limiting_db {
                Some(needed_db)
                    if needed_db <= most_limiting_db() && target.max_limiting_db > 0.0 =>
                    "allow more with --max-limiting, or ",
                _ => "",
            },
            clock(tallest_peak_s(analysis), 1)
        ),
        solve::LimitedBy::Saturated { .. } => format!(
            "{:.1} LUFS is out of reach: more drive makes this mix no louder",
            target.integrated_lufs
        ),
        solve::LimitedBy::DriveRange { .. } => format!(
            "{:.1} LUFS is out of the drive's range for this mix",
            target.integrated_lufs
        ),
        solve::LimitedBy::DriveFixed { .. } => format!(
            "the settings fix the drive at {:.2} dB, which does not reach {:.1} LUFS",
            solution.drive_db, target.integrated_lufs
        ),
        solve::LimitedBy::NoLoudness => "nothing of the render has a loudness".to_owned(),
    };
    Some(Infeasible {
        short_by_lu,
        needed_limiting_db,
        reason,
    })
}

/// The 10 ms with the highest sample of the mix, seconds from its start.
fn tallest_peak_s(analysis: &Analysis) -> f64 {
    let peaks = analysis.program().sequences.peak_10ms.iter();
    // The first one of several as high.
    let tallest = peaks
        .enumerate()
        .rev()
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    tallest.map_or(0.0, |(step, _)| step as f64 / STEPS_PER_SECOND as f64)
}

/// The most that `target.max_limiting_db` can be, dB.
fn most_limiting_db() -> f64 {
    Param::named("target.max_limiting_db").map_or(0.0, |param| param.max)
}

/// Gain reduction at which the target would be reached; `None` where no drive reaches it.
fn needed_limiting_db(
    curve: &DriveCurve,
    target: &Target,
    limiter: &settings::Limiter,
) -> Option<f64> {
    let unbounded = Target {
        max_limiting_db: f64::INFINITY,
        ..*target
    };
    let free = settings::Limiter {
        drive_fixed: false,
        ..*limiter
    };
    let solution = curve.solve_drive(&unbounded, &free);
    solution
        .limited_by
        .is_none()
        .then_some(solution.max_reduction_db)
}
