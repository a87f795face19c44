//! [`find`]: what of a mix is to be repaired, decided on the closer look of the check.

use acetate_check::scan::{Scan, Scanned};
use acetate_check::{Check, Finding, FindingCode, Severity, judged};
use acetate_dsp::analysis::{AnalyzeOptions, analyze_program, analyze_with};
use acetate_dsp::chain::Bypass;
use acetate_dsp::measure::lone_transients::LoneTransient;
use acetate_dsp::process::repair::{ClickLimits, FoundClick, find_clicks, merged};
use acetate_dsp::settings::{
    Cleanup, ClipLevels, Hum, HumLine, MAX_REPAIRS, Repair, RepairKind, RepairedChannel,
};
use acetate_dsp::stream::Canceled;
use acetate_dsp::units::db_from_gain;
use acetate_dsp::{Analysis, Settings, Source, StreamError};

use super::list::{Extent, RepairList};
use super::report::{Fault, RepairCheck, RepairPlace, RepairReport, RepairUnit};
use crate::delivery::{Phase, Progress};
use crate::error::MasterError;
use crate::plan::cleanup::{DC_HIGHPASS_HZ, offset_db};
use crate::render::PreLimiter;

/// How far clicks stand over what surrounds them, dB: for certain …
const CERTAIN_CLICKS: ClickLimits = ClickLimits {
    few_db: 26.0,
    many_db: 26.0,
};
/// … and where clicks are looked for.
const CLICKS: ClickLimits = ClickLimits {
    few_db: 18.0,
    many_db: 10.0,
};
/// A line stands so far over its neighbors in nine of ten windows, dB: for certain …
const CERTAIN_LINE_DB: f64 = 12.0;
/// … and where hum is looked for.
const LINE_DB: f64 = 6.0;
/// So many lines of one mains frequency are a hum for certain …
const CERTAIN_LINES: usize = 3;
/// … and where hum is looked for.
const LINES: usize = 2;
/// An offset this far below the loudness is filtered out where offsets are looked for, dB.
const OFFSET_DB: f64 = -60.0;
/// Fades at edges that are cut off, ms.
const FADE_IN_MS: f64 = 5.0;
const FADE_OUT_MS: f64 = 20.0;

/// What of a mix is repaired.
#[derive(Clone, Debug)]
pub struct Repaired {
    /// The analysis of the mix as it is.
    pub analysis: Analysis,
    /// All repairs.
    pub cleanup: Cleanup,
    /// The analysis of the repaired mix, on which the rest is decided; `None` where nothing was repaired.
    pub of_repaired: Option<Analysis>,
    /// What was found and what is left.
    pub report: RepairReport,
}

/// Finds what the list asks for; `cleanup` gives what is done without one. Reads `source` several times.
///
/// # Errors
/// [`MasterError`]: the source failed, has no loudness, or `progress` stopped the work.
pub fn find(
    source: &mut dyn Source,
    list: &RepairList,
    options: &AnalyzeOptions,
    cleanup: &dyn Fn(&Analysis) -> Cleanup,
    progress: &mut dyn Progress,
) -> Result<Repaired, MasterError> {
    let total = source.frames_hint();
    let mut told = |done| -> Result<(), Canceled> { progress.at(Phase::Analyze, done, total) };
    let mut scanned = Scanned::of_repairs(source);
    let analysis = analyze_program(&mut scanned, options, &mut |done| Ok(told(done)?))?;
    let scan = scanned.finish();
    let check = judged(&analysis, Some(&scan), None)?;
    let found = Found {
        list,
        analysis: &analysis,
        scan: &scan,
        check: &check,
    };
    let clicks = match list.clicks {
        Extent::Default => Vec::new(),
        Extent::Certain if found.finding(FindingCode::Clicks).is_none() => Vec::new(),
        Extent::Certain => find_clicks(source, CERTAIN_CLICKS, &mut |done| Ok(told(done)?))?,
        Extent::All => find_clicks(source, CLICKS, &mut |done| Ok(told(done)?))?,
    };
    let (cleanup, places) = found.repairs(cleanup(&analysis), &clicks);
    let before = RepairCheck::from(&check);
    let is_neutral = cleanup == Cleanup::default();
    let (of_repaired, after) = if is_neutral {
        (None, before.clone())
    } else {
        let (repaired, check) = after(source, &analysis, &cleanup, options, &mut |done| {
            Ok(told(done)?)
        })?;
        (Some(repaired), RepairCheck::from(&check))
    };
    Ok(Repaired {
        report: RepairReport::new(list.to_string(), places, before, after),
        of_repaired,
        cleanup,
        analysis,
    })
}

/// The mix through its repairs: the analysis and the check of what is left.
fn after(
    source: &mut dyn Source,
    analysis: &Analysis,
    cleanup: &Cleanup,
    options: &AnalyzeOptions,
    progress: &mut dyn FnMut(u64) -> Result<(), StreamError>,
) -> Result<(Analysis, Check), MasterError> {
    let settings = Settings {
        cleanup: cleanup.clone(),
        ..Settings::default()
    };
    let chain = PreLimiter {
        analysis,
        settings: &settings,
        bypass: &Bypass::default(),
    };
    let spec = source.spec();
    let mut found = None;
    chain.render(source, spec, &mut |repaired| {
        let mut scanned = Scanned::of_repairs(repaired);
        let analysis = analyze_with(&mut scanned, options, progress)?;
        found = Some((analysis, scanned.finish()));
        Ok(())
    })?;
    let (found, scan) = found.ok_or(MasterError::NoLoudness {
        duration_s: analysis.duration_s,
    })?;
    let check = judged(&found, Some(&scan), None)?;
    Ok((found, check))
}

/// What is known of a mix.
struct Found<'a> {
    list: &'a RepairList,
    analysis: &'a Analysis,
    scan: &'a Scan,
    check: &'a Check,
}

impl Found<'_> {
    fn finding(&self, code: FindingCode) -> Option<&Finding> {
        self.check
            .findings
            .iter()
            .find(|finding| finding.code == code)
    }

    /// All repairs, on top of those that are made without a list, and each with its measure.
    fn repairs(&self, base: Cleanup, clicks: &[FoundClick]) -> (Cleanup, Vec<RepairPlace>) {
        let mut cleanup = base;
        let mut places = Vec::new();
        self.moments(&mut cleanup, &mut places, clicks);
        self.clipping(&mut cleanup, &mut places);
        self.hum(&mut cleanup, &mut places);
        let offset_db = offset_db(self.analysis);
        if self.list.dc == Extent::All && offset_db > OFFSET_DB {
            cleanup.dc_highpass_hz = DC_HIGHPASS_HZ;
        }
        if cleanup.dc_highpass_hz > 0.0 {
            places.push(self.whole(Fault::Offset, offset_db, RepairUnit::Db));
        }
        (cleanup, places)
    }

    /// A repair of the whole length.
    fn whole(&self, fault: Fault, measure: f64, unit: RepairUnit) -> RepairPlace {
        RepairPlace {
            fault,
            at_s: 0.0,
            length_ms: 1000.0 * self.analysis.duration_s,
            channel: RepairedChannel::Both,
            measure,
            unit,
        }
    }

    /// Clicks, bumps and fades.
    fn moments(&self, cleanup: &mut Cleanup, places: &mut Vec<RepairPlace>, clicks: &[FoundClick]) {
        let rate_hz = f64::from(self.analysis.sample_rate_hz);
        let mut measured: Vec<(Repair, Fault, f64)> = Vec::new();
        let events = &self.analysis.lone_transients;
        for repair in &cleanup.repairs {
            let is_its = |event: &&LoneTransient| {
                (event.start_frame as f64 / rate_hz - repair.at_s).abs() < 0.005
            };
            let fault = if repair.kind == RepairKind::Attenuate {
                Fault::Bump
            } else {
                Fault::Click
            };
            let over_db = events
                .iter()
                .find(is_its)
                .map_or(0.0, |event| event.over_db);
            measured.push((*repair, fault, over_db));
        }
        measured.extend(clicks.iter().map(|click| {
            let repair = Repair {
                at_s: click.start_frame as f64 / rate_hz,
                length_ms: 1000.0 * click.frames as f64 / rate_hz,
                kind: RepairKind::Interpolate,
                gain_db: 0.0,
                channel: click.channel,
            };
            (repair, Fault::Click, click.over_db)
        }));
        measured.extend(
            self.fades()
                .map(|(repair, over_db)| (repair, Fault::CutEdge, over_db)),
        );
        let all = merged(measured.iter().map(|(repair, ..)| *repair));
        cleanup.repairs = all.into_iter().take(MAX_REPAIRS).collect();
        // Rounding moves a time by half a microsecond at most.
        let is_same = |a: &Repair, b: &Repair| {
            (a.at_s - b.at_s).abs() < 1e-6 && a.channel == b.channel && a.kind == b.kind
        };
        measured.sort_by(|a, b| a.0.at_s.total_cmp(&b.0.at_s));
        let mut next = measured.iter();
        for repair in &cleanup.repairs {
            if let Some((_, fault, measure)) = next.find(|(found, ..)| is_same(found, repair)) {
                places.push(RepairPlace {
                    fault: *fault,
                    at_s: repair.at_s,
                    length_ms: repair.length_ms,
                    channel: repair.channel,
                    measure: *measure,
                    unit: RepairUnit::Db,
                });
            }
        }
    }

    /// Fades at edges that are cut off and are not those of a loop.
    fn fades(&self) -> impl Iterator<Item = (Repair, f64)> + '_ {
        let edges = &self.scan.edges;
        let is_cut = |code| {
            let finding = self.finding(code);
            self.list.silence == Extent::All
                && finding.is_some_and(|finding| finding.severity > Severity::Note)
        };
        let fade = |kind, at_s: f64, length_ms| Repair {
            at_s: at_s.max(0.0),
            length_ms,
            kind,
            gain_db: 0.0,
            channel: RepairedChannel::Both,
        };
        let end_s = edges.duration_s - edges.lead_out_s;
        let start = is_cut(FindingCode::StartCut).then(|| {
            (
                fade(RepairKind::FadeIn, edges.lead_in_s, FADE_IN_MS),
                edges.start_db,
            )
        });
        let end = is_cut(FindingCode::TailCut).then(|| {
            let at_s = end_s - FADE_OUT_MS / 1000.0;
            (fade(RepairKind::FadeOut, at_s, FADE_OUT_MS), edges.tail_db)
        });
        start.into_iter().chain(end)
    }

    fn clipping(&self, cleanup: &mut Cleanup, places: &mut Vec<RepairPlace>) {
        let tops = &self.scan.tops;
        let finding = self.finding(FindingCode::Clipping);
        let is_wanted = match self.list.clipping {
            Extent::Default => false,
            Extent::Certain => finding.is_some_and(|found| found.severity == Severity::Problem),
            Extent::All => tops.runs > 0,
        };
        if !is_wanted {
            return;
        }
        let levels = tops
            .levels
            .iter()
            .map(|&[above, below]| ClipLevels { above, below });
        cleanup.clipped = levels.collect();
        let level = tops.levels.iter().flatten().copied().fold(0.0, f64::max);
        places.extend(tops.places.iter().map(|place| RepairPlace {
            fault: Fault::FlatTop,
            at_s: place.from_s,
            length_ms: 1000.0 * (place.to_s - place.from_s),
            channel: RepairedChannel::Both,
            measure: db_from_gain(level),
            unit: RepairUnit::Dbfs,
        }));
    }

    fn hum(&self, cleanup: &mut Cleanup, places: &mut Vec<RepairPlace>) {
        let Some(hum) = self.scan.hum else {
            return;
        };
        let (least_db, least) = match self.list.hum {
            Extent::Default => return,
            Extent::Certain if self.finding(FindingCode::Hum).is_none() => return,
            Extent::Certain => (CERTAIN_LINE_DB, CERTAIN_LINES),
            Extent::All => (LINE_DB, LINES),
        };
        let stands = hum.lines.iter().filter(|line| line.always_db >= least_db);
        let steady = hum.lines.iter().filter(|line| line.always_db >= LINE_DB);
        if stands.count() < least {
            return;
        }
        let lines: Vec<HumLine> = steady
            .map(|line| HumLine {
                multiple: line.multiple,
                level_dbfs: line.level_dbfs,
            })
            .collect();
        places.extend(
            lines
                .iter()
                .map(|line| self.whole(Fault::Hum, line.level_dbfs, RepairUnit::Dbfs)),
        );
        cleanup.hum = Some(Hum {
            mains_hz: hum.found_hz,
            lines,
        });
    }
}
