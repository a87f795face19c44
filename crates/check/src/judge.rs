//! From figures to findings: the same rule for every detector.

use crate::corpus::{Corpus, Figure};
use crate::detect::{DETECTORS, Detector, DetectorInfo, Direction, Limits, Reading};
use crate::facts::Facts;
use crate::finding::{Finding, Released, Severity};

/// All findings, most severe first, then those that cost most. What another one explains is not told; its
/// cause costs its points too.
pub fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let found = DETECTORS
        .iter()
        .filter_map(|detector| Some((*detector, judge(*detector, facts)?)));
    let mut found: Vec<(&dyn Detector, Finding)> = found.collect();
    let mut at = 0;
    while at < found.len() {
        let other = &found[at].1;
        let explains =
            |(detector, own): &(&dyn Detector, Finding)| detector.explains(own, other, facts);
        let cause = found.iter().position(explains);
        match cause {
            Some(cause) => {
                let (points, by_mastering) = (found[at].1.points, found[at].1.points_by_mastering);
                let own = &mut found[cause].1;
                own.points += points;
                own.points_by_mastering += by_mastering;
                found.remove(at);
            }
            None => at += 1,
        }
    }
    let mut findings: Vec<Finding> = found.into_iter().map(|(_, finding)| finding).collect();
    sort(&mut findings);
    findings
}

/// Puts the most severe first, then those that cost most.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then(b.points.total_cmp(&a.points))
    });
}

/// Every figure that could be measured, by code.
pub fn figures(facts: &Facts<'_>) -> Vec<(&'static DetectorInfo, Reading)> {
    DETECTORS
        .iter()
        .filter_map(|detector| Some((detector.info(), detector.measure(facts)?)))
        .collect()
}

/// Where a finding begins and where it is full; `None` where the corpus does not say.
pub fn limits(info: &DetectorInfo, corpus: &Corpus) -> Option<(f64, f64)> {
    match info.limits {
        Limits::Given { remark, full } => Some((remark, full)),
        Limits::Fitted => {
            let figure = corpus.figures.get(info.code.as_str())?;
            Some((figure.remark, figure.full))
        }
    }
}

/// How far a value has come from where a finding begins (0) to where it is full (1 and more); below 0
/// there is none.
pub fn depth(worse: Direction, value: f64, remark: f64, full: f64) -> f64 {
    let (x, from, to) = (worse.place(value), worse.place(remark), worse.place(full));
    if to > from {
        (x - from) / (to - from)
    } else if x >= from {
        1.0
    } else {
        -1.0
    }
}

fn judge(detector: &dyn Detector, facts: &Facts<'_>) -> Option<Finding> {
    let info = detector.info();
    let reading = detector.measure(facts)?;
    let (remark, full) = limits(info, facts.corpus)?;
    let depth_of = |value: f64| depth(info.worse, value, remark, full);
    let deep = depth_of(reading.value);
    if reading.value.is_nan() || deep < 0.0 || !detector.is_the_fault(facts) {
        return None;
    }
    let message = detector.message(facts, &reading);
    let by_depth = if deep >= 1.0 {
        Severity::Problem
    } else {
        Severity::Remark
    };
    let severity = message.severity.unwrap_or(by_depth).min(info.max_severity);
    let cost = |depth: f64| match severity {
        Severity::Note => 0.0,
        _ => info.points * depth.clamp(0.0, 1.0),
    };
    let points = cost(deep);
    let left = message
        .after_mastering
        .map_or(points, |after| cost(depth_of(after)));
    Some(Finding {
        code: info.code,
        severity,
        part: info.part,
        evidence: reading.value,
        unit: info.unit.to_owned(),
        released: facts
            .corpus
            .figures
            .get(info.code.as_str())
            .map(|figure| released(figure, reading.value)),
        text: message.text,
        advice: message.advice,
        mastering: message.mastering,
        mastering_does: message.mastering_does,
        points,
        points_by_mastering: points - left,
        places: reading.places,
        band: reading.band,
    })
}

fn released(figure: &Figure, value: f64) -> Released {
    Released {
        percentile: figure.share_below_percent(value),
        median: figure.median(),
    }
}
