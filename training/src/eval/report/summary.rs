//! From cases to the rows of the report.

use std::collections::BTreeSet;

use acetate_dsp::numeric::quantile;

use crate::eval::calibration::Calibration;
use crate::eval::case::{CaseResult, Outcome};
use crate::eval::expansion::STRENGTHS;
use crate::eval::kind::{Family, Kind};
use crate::eval::methods::Method;
use crate::eval::metric::Sound;
use crate::eval::music::Music;
use crate::eval::predicted_error::PredictedError;
use crate::eval::report::{
    DynamicsRow, ErrorMeans, MusicReport, NetRow, SmoothRow, SongsReport, TwoSample, UnseenRow,
    UntouchedRow,
};
use crate::eval::run::{Evaluation, Options, SongResult};
use crate::eval::statistics::{Interval, bootstrap, bootstrap_ratio};
use crate::eval::two_sample::{NEEDED_ACCURACY, Sample, accuracy, judges};

/// Severity of the two-sample test, dB RMS.
const TWO_SAMPLE_SEVERITY_DB: f64 = 3.0;
/// Methods of the two-sample test.
const TWO_SAMPLE: [Method; 3] = [Method::Nothing, Method::BestShare, Method::Net];
/// Levels below this are read as this in the two-sample test, dB relative to loudness.
const FLOOR_DB: f64 = -80.0;

/// Songs with the number of their album.
pub(in crate::eval) struct Songs<'a> {
    pub(in crate::eval) songs: Vec<&'a SongResult>,
    /// Album of each song.
    pub(in crate::eval) albums: Vec<usize>,
    pub(in crate::eval) seed: u64,
    /// Other programs.
    tools: usize,
}

/// Sums an evaluation up, with so many other programs in it.
pub(in crate::eval) fn summarize(
    evaluation: Evaluation,
    options: &Options,
    tools: usize,
) -> SongsReport {
    let severities_db = &options.severities_db;
    let of = |wanted: &dyn Fn(&SongResult) -> bool| {
        let songs = evaluation.songs.iter().filter(|song| wanted(song));
        Songs::new(songs.collect(), options.seed, tools)
    };
    let songs = of(&|_| true);
    let music = Music::ALL.into_iter().filter_map(|music| {
        let songs = of(&|song| song.music == music);
        (!songs.songs.is_empty()).then(|| MusicReport {
            music,
            songs: songs.songs.len(),
            albums: songs.album_count(),
            smooth: songs.smooth(severities_db),
            net: songs.nets(severities_db),
            untouched: songs.untouched(),
            calibration: songs.calibration(),
            plain: songs.plain(),
        })
    });
    SongsReport {
        options: options.clone(),
        songs: evaluation.songs.len(),
        albums: songs.album_count(),
        smooth: songs.smooth(severities_db),
        net: songs.nets(severities_db),
        untouched: songs.untouched(),
        calibration: songs.calibration(),
        unseen: songs.unseen(),
        families_left_out: evaluation.families_left_out.clone(),
        dynamics: songs.dynamics(),
        against_compressor: songs.against_compressor(),
        plain: songs.plain(),
        foreign: songs.foreign(),
        delivery: songs.delivery(),
        music: music.collect(),
        two_sample: songs.two_sample(),
        left_out: evaluation.left_out.clone(),
        cases: evaluation.songs,
    }
}

/// True for the smooth cases of a severity.
fn of_severity(severity_db: f64) -> impl Fn(&Kind) -> bool {
    move |kind| matches!(kind, Kind::Smooth { severity_db: of, .. } if *of == severity_db)
}

/// True for expansions of a strength, or of any.
pub(in crate::eval) fn of_strength(strength: Option<f64>) -> impl Fn(&Kind) -> bool {
    move |kind| {
        matches!(kind, Kind::Expansion { strength: of }
            if strength.is_none_or(|strength| strength == *of))
    }
}

pub(in crate::eval) fn outcome(case: &CaseResult, method: Method) -> Option<&Outcome> {
    case.outcomes
        .iter()
        .find(|outcome| outcome.method == method)
}

impl<'s> Songs<'s> {
    fn new(songs: Vec<&'s SongResult>, seed: u64, tools: usize) -> Self {
        let names: BTreeSet<&str> = songs.iter().map(|song| song.album.as_str()).collect();
        let number = |album: &str| names.iter().position(|name| *name == album).unwrap_or(0);
        Self {
            albums: songs.iter().map(|song| number(&song.album)).collect(),
            songs,
            seed,
            tools,
        }
    }

    fn album_count(&self) -> usize {
        self.albums.iter().collect::<BTreeSet<_>>().len()
    }

    /// Methods of ours, and every other program behind them.
    pub(in crate::eval) fn with_tools(&self, ours: &[Method]) -> Vec<Method> {
        let tools = (0..self.tools).map(Method::Tool);
        ours.iter().copied().chain(tools).collect()
    }

    fn calibration(&self) -> Calibration {
        let cases = self.songs.iter().flat_map(|song| &song.cases);
        let predicted_errors: Vec<PredictedError> = cases
            .filter_map(|case| case.predicted_error.clone())
            .collect();
        Calibration::of(&predicted_errors)
    }

    fn nets(&self, severities_db: &[f64]) -> Vec<NetRow> {
        let severities_db = severities_db.iter();
        severities_db.map(|&severity| self.net(severity)).collect()
    }

    /// Each case of a kind with its song's album.
    pub(in crate::eval) fn cases<'a>(
        &'a self,
        wanted: &'a dyn Fn(&Kind) -> bool,
    ) -> impl Iterator<Item = (usize, &'a CaseResult)> {
        self.songs
            .iter()
            .zip(&self.albums)
            .flat_map(|(song, &album)| song.cases.iter().map(move |case| (album, case)))
            .filter(|(_, case)| wanted(&case.kind))
    }

    fn errors(&self, method: Method, wanted: &dyn Fn(&Kind) -> bool) -> ErrorMeans {
        let outcomes: Vec<(usize, &Outcome)> = self
            .cases(wanted)
            .filter_map(|(album, case)| Some((album, outcome(case, method)?)))
            .collect();
        let interval = |value: &dyn Fn(&Outcome) -> Option<f64>| {
            let values: Vec<(usize, f64)> = outcomes
                .iter()
                .filter_map(|(album, outcome)| Some((*album, value(outcome)?)))
                .collect();
            bootstrap(&values, self.seed)
        };
        ErrorMeans {
            cases: outcomes.len(),
            mid_db: interval(&|o| Some(o.errors.mid_db)),
            side_db: interval(&|o| o.errors.side_db),
            lra_lu: interval(&|o| Some(o.errors.lra_lu)),
            plr_db: interval(&|o| Some(o.errors.plr_db)),
            width_db: interval(&|o| o.errors.width_db),
            eq_move_db: interval(&|o| o.eq_move_db),
        }
    }

    fn smooth(&self, severities_db: &[f64]) -> Vec<SmoothRow> {
        self.with_tools(&Method::SMOOTH)
            .into_iter()
            .flat_map(|method| {
                severities_db.iter().map(move |&severity_db| SmoothRow {
                    method,
                    severity_db,
                    share: self.share_of_nothing(method, severity_db),
                    errors: self.errors(method, &of_severity(severity_db)),
                })
            })
            .collect()
    }

    /// A method's mid error as a share of doing nothing's, over the cases that have both; `None` for
    /// untouched excerpts, where doing nothing has no error.
    fn share_of_nothing(&self, method: Method, severity_db: f64) -> Option<Interval> {
        if severity_db == 0.0 {
            return None;
        }
        let values: Vec<(usize, f64, f64)> = self
            .cases(&of_severity(severity_db))
            .filter_map(|(album, case)| {
                let error = outcome(case, method)?.errors.mid_db;
                Some((album, error, outcome(case, Method::Nothing)?.errors.mid_db))
            })
            .collect();
        bootstrap_ratio(&values, self.seed)
    }

    /// The net's mid error less another method's, case by case.
    fn against(&self, method: Method, severity_db: f64) -> Option<Interval> {
        let differences: Vec<(usize, f64)> = self
            .cases(&of_severity(severity_db))
            .filter_map(|(album, case)| {
                let net = outcome(case, Method::Net)?.errors.mid_db;
                Some((album, net - outcome(case, method)?.errors.mid_db))
            })
            .collect();
        bootstrap(&differences, self.seed)
    }

    fn net(&self, severity_db: f64) -> NetRow {
        let wanted = of_severity(severity_db);
        let improved: Vec<(usize, f64)> = self
            .songs
            .iter()
            .zip(&self.albums)
            .filter_map(|(song, &album)| {
                let change: f64 = song
                    .cases
                    .iter()
                    .filter(|case| wanted(&case.kind))
                    .filter_map(|case| {
                        let net = outcome(case, Method::Net)?.errors.mid_db;
                        Some(net - outcome(case, Method::Nothing)?.errors.mid_db)
                    })
                    .reduce(|a, b| a + b)?;
                Some((album, f64::from(u8::from(change < 0.0))))
            })
            .collect();
        NetRow {
            severity_db,
            improved_share: bootstrap(&improved, self.seed),
            against_nothing_db: self.against(Method::Nothing, severity_db),
            against_best_share_db: self.against(Method::BestShare, severity_db),
            against_ridge_db: self.against(Method::Ridge, severity_db),
        }
    }

    fn untouched(&self) -> Option<UntouchedRow> {
        let values = |value: fn(&Outcome) -> Option<f64>| -> Vec<f64> {
            self.cases(&of_severity(0.0))
                .filter_map(|(_, case)| value(outcome(case, Method::Net)?))
                .collect()
        };
        let moves_db = values(|outcome| outcome.eq_move_db);
        let lra_lu = values(|outcome| Some(outcome.errors.lra_lu));
        Some(UntouchedRow {
            eq_move_median_db: quantile(&moves_db, 0.5)?,
            eq_move_p95_db: quantile(&moves_db, 0.95)?,
            lra_median_lu: quantile(&lra_lu, 0.5)?,
            lra_p95_lu: quantile(&lra_lu, 0.95)?,
        })
    }

    fn unseen(&self) -> Vec<UnseenRow> {
        Family::ALL
            .into_iter()
            .flat_map(|family| {
                let methods = self.with_tools(&Method::UNSEEN).into_iter();
                methods.map(move |method| (family, method))
            })
            .map(|(family, method)| UnseenRow {
                family,
                method,
                errors: self.errors(
                    method,
                    &|kind| matches!(kind, Kind::Unseen { family: of, .. } if *of == family),
                ),
            })
            .filter(|row| row.errors.cases > 0)
            .collect()
    }

    fn dynamics(&self) -> Vec<DynamicsRow> {
        let strengths = STRENGTHS.into_iter().map(Some).chain([None]);
        strengths
            .flat_map(|strength| {
                let methods = self.with_tools(&Method::DYNAMICS).into_iter();
                methods.map(move |method| (strength, method))
            })
            .map(|(strength, method)| DynamicsRow {
                strength,
                method,
                errors: self.errors(method, &of_strength(strength)),
            })
            .collect()
    }

    fn two_sample(&self) -> Option<TwoSample> {
        let untreated = self.samples(Method::Nothing);
        let (judge, _) = judges()
            .into_iter()
            .filter_map(|judge| Some((judge, accuracy(&untreated, judge)?.mean)))
            .fold(None, |best: Option<(_, f64)>, next| match best {
                Some(best) if best.1 >= next.1 => Some(best),
                _ => Some(next),
            })?;
        let rows: Vec<(Method, Interval)> = TWO_SAMPLE
            .into_iter()
            .filter_map(|method| Some((method, accuracy(&self.samples(method), judge)?)))
            .collect();
        Some(TwoSample {
            severity_db: TWO_SAMPLE_SEVERITY_DB,
            judge,
            proves_something: rows
                .iter()
                .any(|(method, reads)| *method == Method::Nothing && reads.mean >= NEEDED_ACCURACY),
            rows,
        })
    }

    /// A method's masters at the test's severity, and every untouched excerpt.
    fn samples(&self, method: Method) -> Vec<Sample> {
        let ours = self
            .cases(&of_severity_3)
            .filter_map(|(group, case)| {
                Some(Sample {
                    group,
                    features: features(&outcome(case, method)?.sound),
                    is_ours: true,
                })
            })
            .collect::<Vec<_>>();
        let masters = self
            .songs
            .iter()
            .zip(&self.albums)
            .map(|(song, &group)| Sample {
                group,
                features: features(&song.master),
                is_ours: false,
            });
        ours.into_iter().chain(masters).collect()
    }
}

fn of_severity_3(kind: &Kind) -> bool {
    of_severity(TWO_SAMPLE_SEVERITY_DB)(kind)
}

/// Spectra relative to their own means, the distance of the means, range and spread of the levels.
fn features(sound: &Sound) -> Vec<f64> {
    let centered = |levels: &[f64]| -> (f64, Vec<f64>) {
        let levels: Vec<f64> = levels.iter().map(|db| db.max(FLOOR_DB)).collect();
        let mean = levels.iter().sum::<f64>() / levels.len().max(1) as f64;
        (mean, levels.iter().map(|db| db - mean).collect())
    };
    let (mid_mean, mut features) = centered(&sound.mid_db);
    let side = sound.side_db.unwrap_or(sound.mid_db.map(|_| FLOOR_DB));
    let (side_mean, side) = centered(&side);
    features.extend(side);
    features.extend([
        side_mean - mid_mean,
        sound.loudness_range_lu,
        sound.level_spread_db,
    ]);
    features
}

#[cfg(test)]
mod tests;
