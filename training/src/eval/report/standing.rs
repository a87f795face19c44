//! More rows of the report, from the same cases: plain faults, passages that are not the song, the
//! net against the fixed compressor, what was delivered, and how other programs did.

use acetate_dsp::numeric::quantile;

use crate::eval::case::{Delivered, NoMaster};
use crate::eval::expansion::STRENGTHS;
use crate::eval::foreign::{Movement, Passage};
use crate::eval::kind::Kind;
use crate::eval::methods::{Contenders, Method};
use crate::eval::pairs::PairResult;
use crate::eval::plain::Plain;
use crate::eval::report::{CompressorRow, DeliveryRow, ForeignRow, PlainRow, ToolReport};
use crate::eval::run::SongResult;
use crate::eval::statistics::bootstrap;
use crate::eval::summary::{Songs, of_strength, outcome};

/// Loudness that every method was asked for, LUFS.
pub(crate) const TARGET_LUFS: f64 = -14.0;
/// Distance from it that still complies, LU.
pub(crate) const LOUDNESS_TOLERANCE_LU: f64 = 0.5;
/// True peak that every method was asked to keep, dBTP.
pub(crate) const CEILING_DBTP: f64 = -1.0;

impl Delivered {
    /// Whether loudness and true peak are what was asked for.
    pub fn complies(&self) -> bool {
        (self.integrated_lufs - TARGET_LUFS).abs() <= LOUDNESS_TOLERANCE_LU
            && self.true_peak_dbtp <= CEILING_DBTP
    }
}

impl Songs<'_> {
    /// The net's error of the loudness range less the fixed compressor's, at each strength and over
    /// all.
    pub(in crate::eval) fn against_compressor(&self) -> Vec<CompressorRow> {
        let strengths = STRENGTHS.into_iter().map(Some).chain([None]);
        strengths
            .map(|strength| {
                let differences: Vec<(usize, f64)> = self
                    .cases(&of_strength(strength))
                    .filter_map(|(album, case)| {
                        let error = |method| Some(outcome(case, method)?.errors.lra_lu);
                        Some((album, error(Method::Net)? - error(Method::FixedCompressor)?))
                    })
                    .collect();
                CompressorRow {
                    strength,
                    lra_less_lu: bootstrap(&differences, self.seed),
                }
            })
            .collect()
    }

    /// How far each method eases each plain fault, and all of them.
    pub(in crate::eval) fn plain(&self) -> Vec<PlainRow> {
        // Doing nothing eases nothing, by definition.
        let ours: Vec<Method> = Method::UNSEEN[1..].to_vec();
        let faults = Plain::ALL.into_iter().map(Some).chain([None]);
        faults
            .flat_map(|fault| {
                let methods = self.with_tools(&ours).into_iter();
                methods.map(move |method| (fault, method))
            })
            .map(|(fault, method)| {
                let eased = self.eased(fault, method);
                PlainRow {
                    fault,
                    method,
                    cases: eased.len(),
                    eased_share: bootstrap(&eased, self.seed),
                }
            })
            .filter(|row| row.cases > 0)
            .collect()
    }

    fn eased(&self, fault: Option<Plain>, method: Method) -> Vec<(usize, f64)> {
        let songs = self.songs.iter().zip(&self.albums);
        songs
            .flat_map(|(song, &album)| song.cases.iter().map(move |case| (song, album, case)))
            .filter_map(|(song, album, case)| {
                let Kind::Plain { name } = case.kind else {
                    return None;
                };
                if fault.is_some_and(|fault| fault != name) {
                    return None;
                }
                let mix = &outcome(case, Method::Nothing)?.sound;
                let master = &outcome(case, method)?.sound;
                Some((album, name.eased_share(&song.master, mix, master)?))
            })
            .collect()
    }

    /// How far the songs move beside each passage.
    pub(in crate::eval) fn foreign(&self) -> Vec<ForeignRow> {
        Passage::ALL
            .into_iter()
            .filter_map(|passage| {
                let songs = self.songs.iter().zip(&self.albums);
                let found: Vec<(usize, Movement)> = songs
                    .flat_map(|(song, &album)| song.foreign.iter().map(move |one| (album, *one)))
                    .filter(|(_, movement)| movement.passage == passage)
                    .collect();
                let worst = |value: fn(&Movement) -> Option<f64>| {
                    let values = found.iter().filter_map(|(_, movement)| value(movement));
                    values.max_by(f64::total_cmp)
                };
                let mid: Vec<(usize, f64)> = found.iter().map(|(a, m)| (*a, m.mid_db)).collect();
                Some(ForeignRow {
                    passage,
                    songs: found.len(),
                    mid_db: bootstrap(&mid, self.seed),
                    mid_worst_db: worst(|movement| Some(movement.mid_db))?,
                    side_worst_db: worst(|movement| movement.side_db),
                    width_worst_db: worst(|movement| movement.width_db),
                    lra_worst_lu: worst(|movement| Some(movement.lra_lu))?,
                })
            })
            .collect()
    }

    /// What each method delivered, over all its masters.
    pub(in crate::eval) fn delivery(&self) -> Vec<DeliveryRow> {
        let mut ours = [&Method::SMOOTH[1..], &Method::DYNAMICS[1..]].concat();
        ours.sort_unstable();
        ours.dedup();
        self.with_tools(&ours)
            .into_iter()
            .filter_map(|method| self.delivered_by(method))
            .collect()
    }

    fn delivered_by(&self, method: Method) -> Option<DeliveryRow> {
        let all: Vec<(usize, Delivered)> = self
            .cases(&|_| true)
            .filter_map(|(album, case)| Some((album, outcome(case, method)?.delivered?)))
            .collect();
        let mean = |value: &dyn Fn(&Delivered) -> Option<f64>| {
            let values: Vec<(usize, f64)> = all
                .iter()
                .filter_map(|(album, delivered)| Some((*album, value(delivered)?)))
                .collect();
            bootstrap(&values, self.seed)
        };
        let peaks = all.iter().map(|(_, delivered)| delivered.true_peak_dbtp);
        let spent = || all.iter().filter_map(|(_, delivered)| delivered.spent);
        let cpu_s: Vec<f64> = spent().map(|spent| spent.cpu_s).collect();
        Some(DeliveryRow {
            method,
            masters: all.len(),
            compliant_share: mean(&|one| Some(f64::from(u8::from(one.complies())))),
            loudness_off_lu: mean(&|one| Some((one.integrated_lufs - TARGET_LUFS).abs())),
            true_peak_max_dbtp: peaks.max_by(f64::total_cmp)?,
            distortion_db: mean(&|one| one.distortion_db),
            cpu_median_s: quantile(&cpu_s, 0.5),
            peak_memory_bytes: spent().filter_map(|spent| spent.peak_memory_bytes).max(),
        })
    }
}

/// How every other program did on degraded songs.
pub(in crate::eval) fn tools_on_songs(
    songs: &[SongResult],
    contenders: &Contenders<'_>,
) -> Vec<ToolReport> {
    let cases = || songs.iter().flat_map(|song| &song.cases);
    tool_reports(contenders, |method| {
        let masters = cases().filter(|case| outcome(case, method).is_some());
        let failures = cases().flat_map(|case| &case.failures);
        let resampled = cases().filter(|case| {
            let rate_hz = |method| Some(outcome(case, method)?.delivered?.sample_rate_hz);
            // Our own masters have the rate of the mix.
            let rates_hz = rate_hz(method).zip(rate_hz(Method::LoudnessOnly));
            rates_hz.is_some_and(|(its, ours)| its != ours)
        });
        Tally {
            masters: masters.count(),
            failures: failures.filter(|one| one.method == method).collect(),
            resampled: resampled.count(),
        }
    })
}

/// How every other program did on real pairs.
pub(in crate::eval) fn tools_on_pairs(
    pairs: &[PairResult],
    contenders: &Contenders<'_>,
) -> Vec<ToolReport> {
    tool_reports(contenders, |method| {
        let masters = pairs.iter().flat_map(|pair| &pair.outcomes);
        let failures = pairs.iter().flat_map(|pair| &pair.failures);
        let resampled = pairs.iter().flat_map(|pair| &pair.resampled);
        Tally {
            masters: masters.filter(|(of, _)| *of == method).count(),
            failures: failures.filter(|one| one.method == method).collect(),
            resampled: resampled.filter(|of| **of == method).count(),
        }
    })
}

/// A program's runs.
struct Tally<'a> {
    masters: usize,
    failures: Vec<&'a NoMaster>,
    resampled: usize,
}

fn tool_reports<'a>(
    contenders: &Contenders<'_>,
    tally: impl Fn(Method) -> Tally<'a>,
) -> Vec<ToolReport> {
    let tools = contenders.tools.iter().enumerate();
    tools
        .map(|(index, tool)| {
            let method = Method::Tool(index);
            let tally = tally(method);
            ToolReport {
                method,
                name: tool.name.clone(),
                command: tool.command.clone(),
                runs: tally.masters + tally.failures.len(),
                failed: tally.failures.len(),
                first_failure: tally.failures.first().map(|first| first.reason.clone()),
                resampled: tally.resampled,
            }
        })
        .collect()
}
