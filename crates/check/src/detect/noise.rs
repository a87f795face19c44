//! Hum, hiss and offset.

use acetate_dsp::analysis::BandFrame;
use acetate_dsp::measure::bands::edges_hz;
use acetate_dsp::units::{db_from_gain, db_from_power, gain_from_db, power_from_db};

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::{Facts, bands_between};
use crate::finding::FindingCode;
use crate::finding::{Category, Finding, Severity};

/// Lines of the mains.
pub(super) struct Hum;

impl Detector for Hum {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Hum,
            part: Category::Noise,
            figure: "mains lines over what is beside them",
            unit: "dB",
            worse: Direction::More,
            // Steady tones of released music reach as far as plain hum: no ground to refuse a mix or to charge it
            // more than a tonal fault.
            max_severity: Severity::Remark,
            points: 8.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let hum = facts.scan?.hum?;
        Some(Reading::in_band(
            hum.prominence_db,
            hum.mains_hz,
            10.0 * hum.mains_hz,
        ))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let hum = facts.scan.and_then(|scan| scan.hum);
        let (mains_hz, level_db) = hum.map_or((50.0, f64::NAN), |hum| {
            (hum.mains_hz, hum.level_dbfs - facts.rms_dbfs())
        });
        Message::in_the_mix(
            format!(
                "steady hum at {mains_hz:.0} Hz and its multiples, {:.0} dB over what is beside it ({level_db:.0} dB \
                 of the music's level)",
                reading.value
            ),
            "solo the tracks to find it (often a guitar, bass or synth on a cable), gate it in the pauses and \
             notch the multiples on that track alone, or record it again with a DI or a ground lift; if nothing hums in \
             the pauses, a held note or a loop of the same pitch was taken for it, and nothing is to be done",
            "a louder master makes it louder with the music",
        )
    }
}

/// The quietest moments are noisy.
pub(super) struct NoiseFloor;

/// Quietest share of the frames that shows the floor.
const QUIET_SHARE: f64 = 0.05;
/// Noise varies by no more than this between the quietest 2 and 15 % of the frames, dB.
const STEADY_DB: f64 = 1.0;
/// How much what goes beyond takes off.
const UNEVEN_WEIGHT: f64 = 2.0;
/// Frames this far below the program are digital silence, dB.
const SILENCE_DB: f64 = 100.0;
/// The treble that is looked at, Hz: where music is quiet and hiss is not.
const TREBLE_HZ: (f64, f64) = (9_000.0, 16_500.0);

/// Power of mid and side in some bands of a frame.
fn frame_power(frame: &BandFrame, bands: &[usize]) -> f64 {
    let level = |db: f32| power_from_db(f64::from(db));
    bands
        .iter()
        .map(|&band| level(frame.mid_db[band]) + level(frame.side_db[band]))
        .sum()
}

impl Detector for NoiseFloor {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::NoiseFloor,
            part: Category::Noise,
            figure: "treble of the quietest moments, as white noise, relative to the loudness",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Problem,
            points: 12.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let analysis = facts.analysis;
        // Bands beyond the end of the spectrum hold no noise either.
        let end_hz = analysis.bandwidth_hz.min(TREBLE_HZ.1 * 1.1) / 1.12;
        let bands: Vec<usize> = bands_between(TREBLE_HZ.0.min(end_hz / 1.6), end_hz).collect();
        let (from_hz, to_hz) = (edges_hz(*bands.first()?).0, edges_hz(*bands.last()?).1);
        let mut powers: Vec<f64> = analysis
            .sequences
            .band_frames
            .iter()
            .map(|frame| frame_power(frame, &bands))
            .filter(|&power| {
                db_from_power(power.max(1e-30)) > analysis.integrated_lufs - SILENCE_DB
            })
            .collect();
        powers.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| powers.get((share * powers.len() as f64) as usize).copied();
        let floor = at(QUIET_SHARE)?;
        // A floor of noise is steady: many frames lie at it. Music's quietest moments are few.
        let uneven_db = db_from_power(at(3.0 * QUIET_SHARE)? / at(0.4 * QUIET_SHARE)?);
        let share = (to_hz - from_hz) / (f64::from(analysis.sample_rate_hz) / 2.0);
        let value = db_from_power(floor / share)
            - analysis.integrated_lufs
            - UNEVEN_WEIGHT * (uneven_db - STEADY_DB).max(0.0);
        Some(Reading::in_band(value, from_hz, to_hz))
    }

    fn message(&self, _: &Facts<'_>, reading: &Reading) -> Message {
        Message::in_the_mix(
            format!(
                "hiss: even in its quietest moments the treble is as loud as white noise at {:.0} dB of the music",
                reading.value
            ),
            "mute the tracks one by one in a quiet passage: gate or edit the noisy one between its phrases, lower \
             its preamp gain or its distortion, or clean it with a denoiser there",
            "compression and a louder master bring the floor up",
        )
    }

    fn explains(&self, own: &Finding, other: &Finding, _: &Facts<'_>) -> bool {
        own.severity == Severity::Problem && other.code == FindingCode::Fizzy
    }
}

/// An offset of 6 % of the level. It is only a note, so that what released music shows is no reason to be
/// silent about it.
const OFFSET_DB: f64 = -24.0;

/// The signal stands off zero.
pub(super) struct DcOffset;

/// The larger channel's offset relative to the level, dB.
pub(super) fn offset_db(facts: &Facts<'_>) -> f64 {
    let analysis = facts.analysis;
    let offsets = analysis.dc_offset.iter().chain(&analysis.slow_offset);
    let most = offsets.fold(0.0_f64, |most, offset| most.max(offset.abs()));
    (db_from_gain(most) - facts.rms_dbfs()).max(-120.0)
}

/// True where the offset is much larger at times than on the whole.
fn drifts(facts: &Facts<'_>) -> bool {
    let analysis = facts.analysis;
    let largest = |offsets: &[f64]| offsets.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    largest(&analysis.slow_offset) > 2.0 * largest(&analysis.dc_offset)
}

impl Detector for DcOffset {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::DcOffset,
            part: Category::Noise,
            figure: "offset relative to the level",
            unit: "dB",
            worse: Direction::More,
            max_severity: Severity::Note,
            points: 0.0,
            limits: Limits::Given {
                remark: OFFSET_DB,
                full: 0.0,
            },
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        Some(Reading::of(offset_db(facts)))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        Message::mended(
            format!(
                "{} offset as large as {:.0} % of the music's level",
                if drifts(facts) {
                    "a drifting"
                } else {
                    "a constant"
                },
                100.0 * gain_from_db(reading.value)
            ),
            "nothing is needed; a high-pass at 20 Hz on the track that brings it would do the same",
            "the master takes it away",
            -120.0,
        )
    }
}
