//! Left and right: levels, delay, polarity, bass, mono.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::Spectrum;
use acetate_dsp::measure::bands::edges_hz;
use acetate_dsp::units::{db_from_power, power_from_db};

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::{Facts, bands_between};
use crate::finding::FindingCode;
use crate::finding::{Category, Finding, Severity};

/// From this difference of the channels one counts as dead, dB.
const DEAD_DB: f64 = 18.0;
/// A channel that the spectrum alone tells to be silent lies at least this far below the other, dB.
const SILENT_DB: f64 = 55.0;
/// Mid and side within this are the same, dB: a channel 55 dB down makes 0.03 dB.
const SAME_DB: f64 = 0.03;
/// A band below this holds nothing, dBFS.
const ABSENT_DB: f64 = -150.0;
/// Bass that must survive mono lies below this, Hz.
const BASS_HZ: f64 = 120.0;
/// Bands this far below the program are not missed, dB.
const MISSED_DB: f64 = 25.0;
/// Side that is not a quarter of a turn from mid counts so much less: mono loses its power and nothing else, dB.
const BESIDE_DB: f64 = 5.0;
/// Where it is heard what mono loses, Hz.
const MONO_HZ: (f64, f64) = (100.0, 10_000.0);
/// A turned channel shows in this share of the audible bands.
const TURNED_SHARE: f64 = 0.6;
/// Bass this far below the program has no image, dB.
const NO_BASS_DB: f64 = 45.0;

/// From so many standard deviations a delay is no accident …
const DELAY_SIGMA: f64 = 3.0;
/// … and from so many it is that of the whole program, as in a delayed mono mix: halfway between the most
/// that a released training track shows (20) and the middle of the plain faults in training albums (47).
const CERTAIN_DELAY_SIGMA: f64 = 33.0;

fn louder_and_quieter(balance_db: f64) -> (&'static str, &'static str) {
    if balance_db > 0.0 {
        ("left", "right")
    } else {
        ("right", "left")
    }
}

/// One channel is silent, or nearly.
pub(super) struct DeadChannel;

impl Detector for DeadChannel {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::DeadChannel,
            part: Category::Stereo,
            figure: "difference of the channels' levels",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 20.0,
            limits: Limits::Given {
                remark: DEAD_DB,
                full: 25.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        match facts.scan {
            Some(scan) => Some(Reading::of(scan.channels?.balance_db.abs())),
            None => one_is_silent(facts.analysis).then(|| Reading::of(SILENT_DB)),
        }
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let text = match facts.scan.and_then(|scan| scan.channels) {
            Some(channels) => {
                let (_, quieter) = louder_and_quieter(channels.balance_db);
                if reading.value >= SILENT_DB {
                    format!("the {quieter} channel is silent")
                } else {
                    format!(
                        "the {quieter} channel is {:.0} dB below the other: as good as dead",
                        reading.value
                    )
                }
            }
            None => "one of the two channels is silent".to_owned(),
        };
        Message::in_the_mix(
            text,
            "check the routing, pan and cable of the mix bus and export again; if it is meant to be mono, \
             export it as mono and master it with --dual-mono",
            "mastering never moves sound from one channel to the other",
        )
    }
}

/// Whether the spectrum alone tells that one channel is silent: mid and side are the same then in every band, which two
/// channels with sound in them never are, however independent.
fn one_is_silent(analysis: &Analysis) -> bool {
    let bands = || {
        let Spectrum {
            mid_db, side_db, ..
        } = &analysis.spectrum;
        mid_db
            .iter()
            .zip(side_db)
            .filter(|(mid, _)| **mid > ABSENT_DB)
    };
    analysis.channels == 2
        && bands().count() > 0
        && bands().all(|(mid, side)| (mid - side).abs() <= SAME_DB)
}

/// One side is louder.
pub(super) struct Imbalance;

impl Detector for Imbalance {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Imbalance,
            part: Category::Stereo,
            figure: "difference of the channels' levels",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 8.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let balance_db = facts.scan?.channels?.balance_db.abs();
        (balance_db < DEAD_DB).then(|| Reading::of(balance_db))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let balance_db = facts
            .scan
            .and_then(|s| s.channels)
            .map_or(0.0, |c| c.balance_db);
        let (louder, _) = louder_and_quieter(balance_db);
        Message::in_the_mix(
            format!("the {louder} side is {:.1} dB louder", reading.value),
            "check the bus balance first; unless it is meant, as with an orchestra's basses, pan something of equal \
             weight against what plays there, or bring the lead and the bass back to the middle",
            "mastering keeps the balance that it is given",
        )
    }
}

/// One channel comes later.
pub(super) struct ChannelDelay;

impl Detector for ChannelDelay {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::ChannelDelay,
            part: Category::Stereo,
            figure: "how much better the channels agree with a delay, in standard deviations of chance",
            unit: "sigma",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 12.0,
            limits: Limits::Given {
                remark: DELAY_SIGMA,
                full: CERTAIN_DELAY_SIGMA,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let channels = facts.scan?.channels?;
        (channels.balance_db.abs() < DEAD_DB).then(|| Reading::of(channels.delay_sigma))
    }

    fn message(&self, facts: &Facts<'_>, _: &Reading) -> Message {
        let delay_ms = facts
            .scan
            .and_then(|s| s.channels)
            .map_or(0.0, |c| c.delay_ms);
        let (earlier, later) = louder_and_quieter(delay_ms);
        Message::in_the_mix(
            format!(
                "the {later} channel comes {:.2} ms after the {earlier} one, which hollows it out in mono",
                delay_ms.abs()
            ),
            "look for a plug-in without delay compensation or a Haas delay on the bus or on a loud track, and \
             move the late side back",
            "mastering does not move the channels against each other",
        )
    }
}

/// Disappears in mono.
pub(super) struct AntiPhase;

impl Detector for AntiPhase {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::AntiPhase,
            part: Category::Stereo,
            figure: "loudness lost in mono",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 20.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        if !facts.is_stereo() {
            return None;
        }
        let [mid, side] = facts.k_weighted_mid_side();
        Some(Reading::of(
            db_from_power((mid + side) / mid.max(1e-30)).min(60.0),
        ))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let lost_db = reading.value;
        if !is_upside_down(facts) {
            return Message::in_the_mix(
                format!("in mono {lost_db:.1} dB of it disappear: left and right are out of phase"),
                "listen in mono and solo the tracks: what vanishes has a widener to take off, or one of its two \
                 channels or microphones to flip (the button with the crossed circle)",
                "mastering never flips a channel: a phone or a kitchen radio would lose this much",
            );
        }
        let [mid, side] = facts.k_weighted_mid_side();
        Message {
            severity: Some(Severity::Problem),
            ..Message::in_the_mix(
                format!(
                    "one channel is upside down: with its polarity flipped, mono would be {:.1} dB louder; as it is, \
                     {lost_db:.1} dB of the mix disappear there",
                    db_from_power(side / mid.max(1e-30)).min(60.0)
                ),
                "flip the polarity of the left or the right channel on the mix bus (a utility or gain plug-in has the \
                 button, often a crossed circle) and listen in mono: the middle comes back; then look for the cable, \
                 plug-in or stem that turned it",
                "mastering never flips a channel: a phone or a kitchen radio would lose this much",
            )
        }
    }

    fn explains(&self, _: &Finding, other: &Finding, facts: &Facts<'_>) -> bool {
        [FindingCode::MonoBand, FindingCode::WideBass].contains(&other.code)
            && is_upside_down(facts)
    }
}

/// Whether side is louder than mid in most bands, as where one channel was turned: music that is wide by its
/// instruments is so in some bands.
fn is_upside_down(facts: &Facts<'_>) -> bool {
    let least = least_missed(facts);
    let bands = bands_between(MONO_HZ.0, MONO_HZ.1).filter_map(|band| {
        let (from_hz, to_hz) = edges_hz(band);
        let [mid, side] = facts.mid_side_power(from_hz, to_hz);
        (mid + side > least).then_some(side > mid)
    });
    let turned: Vec<bool> = bands.collect();
    let count = turned.iter().filter(|turned| **turned).count();
    let [mid, side] = facts.k_weighted_mid_side();
    side > mid && count as f64 >= TURNED_SHARE * turned.len() as f64
}

/// Power from which a band is missed where it is gone, full scale = 1.
fn least_missed(facts: &Facts<'_>) -> f64 {
    let [mid, side] = facts.mid_side_power(MONO_HZ.0, MONO_HZ.1);
    (mid + side) * power_from_db(-MISSED_DB)
}

/// A band disappears in mono.
pub(super) struct MonoBand;

impl MonoBand {
    /// The octave that loses most.
    fn worst(facts: &Facts<'_>) -> Option<(f64, f64, f64)> {
        let least = least_missed(facts);
        let bands: Vec<usize> = bands_between(MONO_HZ.0, MONO_HZ.1).collect();
        bands
            .windows(3)
            .filter_map(|octave| {
                let from_hz = edges_hz(octave[0]).0;
                let to_hz = edges_hz(octave[2]).1;
                let [mid, side] = facts.mid_side_power(from_hz, to_hz);
                let lost_db = db_from_power((mid + side) / mid.max(1e-30)).min(60.0);
                (mid + side > least).then_some((lost_db, from_hz, to_hz))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

impl Detector for MonoBand {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::MonoBand,
            part: Category::Stereo,
            figure: "most that an octave loses in mono",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 6.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        if !facts.is_stereo() {
            return None;
        }
        let (lost_db, from_hz, to_hz) = Self::worst(facts)?;
        Some(Reading::in_band(lost_db, from_hz, to_hz))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        let (from_hz, to_hz) = reading.band.map_or((0.0, 0.0), |b| (b.from_hz, b.to_hz));
        Message::in_the_mix(
            format!(
                "between {from_hz:.0} and {to_hz:.0} Hz {:.1} dB are lost in mono",
                reading.value
            ),
            "listen in mono and solo what lives there (wide pads, doubled guitars, stereo reverbs): narrow it, or \
             replace a widener by two different takes panned apart",
            "mastering can narrow the whole image, not one part of it",
        )
    }
}

/// The low end is wide.
pub(super) struct WideBass;

/// Side over mid, dB.
fn bass_side_db(mid: f64, side: f64) -> f64 {
    db_from_power(side.max(1e-30) / mid.max(1e-30)).clamp(-60.0, 60.0)
}

/// The part of the bass that stands a quarter of a turn apart over the rest, dB; `None` in the short form. Music
/// may be wide down there, and still hardly ever keeps its channels out of step.
fn quadrature_db(facts: &Facts<'_>) -> Option<f64> {
    let share = facts.scan?.channels?.bass_quadrature.clamp(0.0, 1.0);
    Some(db_from_power(share.max(1e-6) / (1.0 - share).max(1e-6)))
}

impl Detector for WideBass {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::WideBass,
            part: Category::Stereo,
            figure: "side against mid below 120 Hz less 5 dB, or what is out of step there against the rest",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 8.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        if !facts.is_stereo() {
            return None;
        }
        let [mid, side] = facts.mid_side_power(25.0, BASS_HZ);
        let bass_db = db_from_power((mid + side).max(1e-30)) - facts.rms_dbfs();
        let beside_db = bass_side_db(mid, side) - BESIDE_DB;
        let value = quadrature_db(facts).map_or(beside_db, |db| db.max(beside_db));
        (bass_db > -NO_BASS_DB).then(|| Reading::in_band(value, 25.0, BASS_HZ))
    }

    fn message(&self, facts: &Facts<'_>, _: &Reading) -> Message {
        let [mid, side] = facts.mid_side_power(25.0, BASS_HZ);
        let side_db = bass_side_db(mid, side);
        let how = if side_db > 0.0 {
            "left and right differ more than they agree"
        } else if quadrature_db(facts).is_some_and(|db| db > side_db - BESIDE_DB) {
            "left and right are out of step"
        } else {
            "left and right hold different things"
        };
        Message::in_the_mix(
            format!("the low end is wide: below 120 Hz {how} (side at {side_db:+.0} dB of mid)"),
            "make kick and bass mono below about 120 Hz (mono bass patches, or a \"mono maker\" or utility plug-in set to \
             120 Hz on the bus), and check the polarity of layered kicks and basses",
            "mastering's width moves broad bands gently; a club's mono sub would still lose this",
        )
    }
}

/// Both channels are the same.
pub(super) struct Mono;

impl Detector for Mono {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Mono,
            part: Category::Stereo,
            figure: "equal channels",
            unit: "",
            worse: Direction::More,
            max_severity: Severity::Note,
            points: 0.0,
            limits: Limits::Given {
                remark: 1.0,
                full: 1.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let identical = facts.scan?.channels?.identical;
        Some(Reading::of(f64::from(u8::from(identical))))
    }

    fn message(&self, _: &Facts<'_>, _: &Reading) -> Message {
        Message::in_the_mix(
            "both channels hold the same: a mono mix in a stereo file".to_owned(),
            "nothing, if mono is meant; else check the pan pots and the export's channel setting",
            "width cannot be made out of nothing",
        )
    }
}
