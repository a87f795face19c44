//! Broken samples: no numbers, flat tops, clicks, dropouts.

use acetate_dsp::units::clock;

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Finding, Severity, TimeSpan};

/// Samples that are no numbers.
pub(super) struct NotANumber;

impl Detector for NotANumber {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::NotANumber,
            part: Category::Integrity,
            figure: "samples that are no numbers",
            unit: "samples",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 30.0,
            limits: Limits::Given {
                remark: 1.0,
                full: 1.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        Some(Reading::of(facts.analysis.non_finite_samples as f64))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        Message::in_the_mix(
            format!(
                "{} samples are not numbers; they are read as silence",
                reading.value
            ),
            "export the mix again: a plug-in has failed; take plug-ins off one by one until it is gone",
            "silence stays where they were",
        )
    }
}

/// Flat tops, at whatever level.
pub(super) struct Clipping;

impl Detector for Clipping {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Clipping,
            part: Category::Integrity,
            figure: "samples in flat tops",
            unit: "ppm",
            worse: Direction::MoreByRatio,
            max_severity: Severity::Problem,
            points: 25.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        if let Some(scan) = facts.scan {
            return Some(Reading::at(scan.tops.ppm, scan.tops.places.clone()));
        }
        let analysis = facts.analysis;
        let clipped: u64 = analysis.clipped_samples.iter().sum();
        let samples = (analysis.frames * analysis.channels as u64).max(1);
        Some(Reading::of(1e6 * clipped as f64 / samples as f64))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let how = match facts.scan {
            Some(scan) => format!(
                "{} peaks are cut off flat, the longest for {:.2} ms",
                scan.tops.runs, scan.tops.longest_ms
            ),
            None => format!("{:.0} of a million samples are cut off flat", reading.value),
        };
        Message::in_the_mix(
            how,
            "find what is over: turn the mix bus down (or the clipped track, plug-in or converter, if the \
             bus itself has room) and export again in float or with the peaks at -3 dBFS",
            "what is cut off cannot be brought back; louder, it only shows more",
        )
    }

    fn explains(&self, own: &Finding, other: &Finding, _: &Facts<'_>) -> bool {
        own.severity == Severity::Problem
            && [FindingCode::Limited, FindingCode::Flat].contains(&other.code)
    }
}

/// Isolated jumps.
pub(super) struct Clicks;

impl Detector for Clicks {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Clicks,
            part: Category::Integrity,
            figure: "strongest clicks over the jumps that belong to the sound",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 15.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let clicks = &facts.scan?.clicks;
        let weakest = clicks.strongest_db - 6.0;
        let strong = clicks.strongest.iter().filter(|&&(db, _)| db >= weakest);
        let mut places: Vec<_> = strong.map(|&(_, place)| place).collect();
        places.truncate(crate::scan::MAX_PLACES);
        places.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        Some(Reading::at(clicks.strongest_db, places))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        let count = reading.places.len();
        Message::in_the_mix(
            format!(
                "clicks: {count} {} of a few samples, the strongest {:.0} dB over the jumps that belong to the sound",
                if count == 1 { "jump" } else { "jumps" },
                reading.value.floor()
            ),
            "listen at these times with the tracks soloed: an edit without a crossfade, a dropped buffer \
             or a bad cable; fade the edit over 2 to 5 ms, record or export that track again",
            "a limiter turns down everything around a click and leaves it audible",
        )
    }
}

/// Single events far above everything else.
pub(super) struct LoneTransient;

impl Detector for LoneTransient {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::LoneTransient,
            part: Category::Integrity,
            figure: "single peaks over the highest of the rest",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 15.0,
            limits: Limits::Given {
                remark: 6.0,
                full: 20.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let analysis = facts.analysis;
        let events = facts.lone_transients;
        let rate_hz = f64::from(analysis.sample_rate_hz);
        let highest_db = events.iter().map(|event| event.over_db).reduce(f64::max)?;
        let place = |frame: u64| frame as f64 / rate_hz;
        let places = events.iter().map(|event| TimeSpan {
            from_s: place(event.start_frame),
            to_s: place(event.start_frame + event.frames),
        });
        Some(Reading::at(
            highest_db,
            places.take(crate::scan::MAX_PLACES).collect(),
        ))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        let count = reading.places.len();
        let first_s = reading.places.first().map_or(0.0, |place| place.from_s);
        Message::mended(
            format!(
                "{} at {}{}: {:.0} dB above everything else",
                if count == 1 {
                    "a single click or bump".to_owned()
                } else {
                    format!("{count} single clicks or bumps")
                },
                clock(first_s, 1),
                if count == 1 { "" } else { " and later" },
                reading.value
            ),
            "listen there: a bump of the microphone, a plug or an edit; cut it out or turn it down in its track",
            "the master redraws clicks and turns bumps down (--no-repair leaves them to the limiter), so that they \
             do not decide how loud the rest becomes",
            0.0,
        )
    }

    fn explains(&self, own: &Finding, other: &Finding, _: &Facts<'_>) -> bool {
        let beside = |place: &TimeSpan| {
            own.places
                .iter()
                .any(|own| (own.from_s - BESIDE_S..=own.to_s + BESIDE_S).contains(&place.from_s))
        };
        other.code == FindingCode::Clicks && other.places.iter().all(beside)
    }
}

/// Sudden silence within the music.
pub(super) struct Dropout;

/// Gaps that come so often, per minute, are how it was made: gated synths stop so with every note …
const OFTEN_PER_MINUTE: f64 = 10.0;
/// … if there are at least so many of them.
const MANY: f64 = 10.0;
/// A click this near to a gap is its edge, s.
const BESIDE_S: f64 = 0.05;

impl Detector for Dropout {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Dropout,
            part: Category::Integrity,
            figure: "sudden gaps of silence",
            unit: "gaps",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 20.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let gaps = &facts.scan?.gaps;
        Some(Reading::at(gaps.count as f64, gaps.places.clone()))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let longest_ms = facts.scan.map_or(0.0, |scan| scan.gaps.longest_ms);
        let first = reading.places.first().map_or(0.0, |place| place.from_s);
        let per_minute = 60.0 * reading.value / facts.analysis.duration_s.max(1e-3);
        let often = reading.value >= MANY && per_minute >= OFTEN_PER_MINUTE;
        let message = Message::in_the_mix(
            format!(
                "the sound drops out at once {} times, for up to {longest_ms:.0} ms, first at {}",
                reading.value,
                clock(first, 1)
            ),
            "unless these stops are meant: export again with a larger buffer or offline, and look for \
             muted or missing audio at these times",
            "what is missing stays missing",
        );
        Message {
            severity: often.then_some(Severity::Remark),
            ..message
        }
    }

    fn explains(&self, own: &Finding, other: &Finding, _: &Facts<'_>) -> bool {
        let beside = |click: &TimeSpan| {
            own.places
                .iter()
                .any(|gap| (gap.from_s - BESIDE_S..=gap.to_s + BESIDE_S).contains(&click.from_s))
        };
        other.code == FindingCode::Clicks && other.places.iter().all(beside)
    }
}
