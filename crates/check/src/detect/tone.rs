//! Tonal balance.

use acetate_dsp::measure::bands::THIRD_OCTAVES;
use acetate_dsp::measure::sibilance::Sibilance;

use super::{Detector, DetectorInfo, Direction, Limits, Message, Reading};
use crate::facts::Facts;
use crate::finding::FindingCode;
use crate::finding::{Category, Severity};
use crate::tone::{BANDS, Region, TONE_CODES};

/// One of the faults of tone.
pub(super) struct Tone {
    index: usize,
    info: DetectorInfo,
    region: Region,
    found: &'static str,
    advice: &'static str,
}

const fn info(index: usize, figure: &'static str) -> DetectorInfo {
    DetectorInfo {
        code: TONE_CODES[index],
        part: Category::Tone,
        figure,
        unit: "dB",
        worse: Direction::More,
        max_severity: Severity::Remark,
        points: 14.0,
        limits: Limits::Fitted,
    }
}

/// Too much low end.
pub(super) const BOOMY: Tone = Tone {
    index: 0,
    info: info(0, "estimated excess of the low end"),
    region: Region {
        from_hz: 60.0,
        to_hz: 150.0,
        sign: 1.0,
    },
    found: "boomy: the low end around 90 Hz is {} heavier than songs like it",
    advice: "turn the bass or the kick down, whichever is too loud, or cut 3 to 4 dB around 80 to 120 Hz on \
             it; high-pass what needs no bass (guitars, pads, voices) at 80 Hz",
};
/// Too little low end.
pub(super) const THIN: Tone = Tone {
    index: 1,
    info: info(1, "estimated lack of low end"),
    region: Region {
        from_hz: 30.0,
        to_hz: 200.0,
        sign: -1.0,
    },
    found: "thin: the low end at 80 Hz lies {} under songs like it",
    advice: "bring bass and kick up, lower or remove high-pass filters on them, and check that two low tracks do not \
             cancel each other (flip one's polarity)",
};
/// Too much low-mid.
pub(super) const MUDDY: Tone = Tone {
    index: 2,
    info: info(2, "estimated excess of the low mids"),
    region: Region {
        from_hz: 180.0,
        to_hz: 500.0,
        sign: 1.0,
    },
    found: "muddy: the low mids around 300 Hz stand {} over songs like it",
    advice: "cut 2 to 4 dB around 250 to 400 Hz on the tracks that pile up there (guitars, pads, pianos, room mics), \
             rather than on the bus; decide which one may be warm",
};
/// Too much upper mid.
pub(super) const HARSH: Tone = Tone {
    index: 3,
    info: info(3, "estimated excess of the upper mids"),
    region: Region {
        from_hz: 2_000.0,
        to_hz: 5_000.0,
        sign: 1.0,
    },
    found: "harsh: the upper mids around 3 kHz stand {} over songs like it",
    advice: "find the track that hurts at low volume (distorted guitars, brass, a bright synth, an overdone vocal) \
             and cut 2 to 4 dB between 2.5 and 4 kHz there, or use a dynamic EQ on its loud notes",
};
/// Too little treble.
pub(super) const DULL: Tone = Tone {
    index: 4,
    info: info(4, "estimated lack of treble"),
    region: Region {
        from_hz: 5_000.0,
        to_hz: 16_000.0,
        sign: -1.0,
    },
    found: "dull: the treble above 5 kHz lies {} under songs like it",
    advice: "open the filters, lift cymbals, voices and acoustic instruments above 6 to 10 kHz with a shelf of 2 to \
             4 dB, or use brighter samples; check with a song you know on the same speakers",
};
/// Too much treble.
pub(super) const FIZZY: Tone = Tone {
    index: 5,
    info: info(5, "estimated excess of treble"),
    region: Region {
        from_hz: 8_000.0,
        to_hz: 16_000.0,
        sign: 1.0,
    },
    found: "fizzy: the top above 8 kHz stands {} over songs like it",
    advice: "turn cymbals, hats and exciters down, put a gentle low-pass on distorted guitars and synths around 8 to \
             10 kHz, and look for a treble boost on the bus",
};

/// More than this is no matter of taste, dB.
const LARGE_DB: f64 = 6.0;
/// Sibilants that are less likely a voice's are not told.
const LIKELY_A_VOICE: f64 = 0.5;
/// A share of a fault that is left this small, or an amount, is not worth a word.
const ALL_OF_IT_PERCENT: f64 = 95.0;

impl Detector for Tone {
    fn info(&self) -> &'static DetectorInfo {
        // The detectors are constants of this file, in the order of `TONE_CODES`.
        const ALL: [&DetectorInfo; 6] = [
            &BOOMY.info,
            &THIN.info,
            &MUDDY.info,
            &HARSH.info,
            &DULL.info,
            &FIZZY.info,
        ];
        ALL[self.index]
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let value = self.region.contrast_db(&facts.tone?.carried_db);
        Some(Reading::in_band(
            value,
            self.region.from_hz,
            self.region.to_hz,
        ))
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let Some(tone) = facts.tone else {
            return Message::in_the_mix(String::new(), self.advice, "");
        };
        let estimated_db = self
            .region
            .contrast_db(&tone.estimated_db)
            .max(reading.value);
        let planned_db = self.region.contrast_db(&tone.planned_db);
        let (gain_db, taken_db) = (self.region.sign * planned_db, (-planned_db).max(0.0));
        let mended_percent = (100.0 * taken_db / estimated_db.max(1e-9)).clamp(0.0, 100.0);
        let advice = if estimated_db > LARGE_DB {
            format!(
                "{}; begin there, listen, and go on: as much as this is mostly one fader or one EQ gone wrong",
                self.advice
            )
        } else {
            self.advice.to_owned()
        };
        let stages = if tone.deesser_db > 0.0 {
            "EQ with its de-esser"
        } else {
            "EQ"
        };
        let does = if mended_percent >= ALL_OF_IT_PERCENT {
            format!("the master's {stages} ({gain_db:+.1} dB there) takes all of it")
        } else {
            format!(
                "the master's {stages} ({gain_db:+.1} dB there) takes {mended_percent:.0} % of it; the evidence carries no more"
            )
        };
        let after = (reading.value - taken_db).max(0.0);
        Message::partly(
            self.found
                .replace("{}", &format!("about {estimated_db:.0} dB")),
            &advice,
            does,
            after,
        )
    }
}

/// Sibilants of a voice.
pub(super) struct Sibilants;

impl Detector for Sibilants {
    fn info(&self) -> &'static DetectorInfo {
        &DetectorInfo {
            code: FindingCode::Sibilance,
            part: Category::Tone,
            figure: "loud sibilants, 4.5 to 9 kHz of mid, relative to the loudness",
            unit: "LU",
            worse: Direction::More,
            max_severity: Severity::Remark,
            points: 6.0,
            limits: Limits::Fitted,
        }
    }

    fn measure(&self, facts: &Facts<'_>) -> Option<Reading> {
        let sibilance = Sibilance::of(facts.analysis, &[0.0; THIRD_OCTAVES])?;
        Some(Reading::in_band(sibilance.level_lu, 4_500.0, 9_000.0))
    }

    fn is_the_fault(&self, facts: &Facts<'_>) -> bool {
        Sibilance::of(facts.analysis, &[0.0; THIRD_OCTAVES])
            .is_some_and(|sibilance| sibilance.evidence.probability() >= LIKELY_A_VOICE)
    }

    fn message(&self, facts: &Facts<'_>, reading: &Reading) -> Message {
        let text = format!(
            "sibilant: the loud S sounds between 4.5 and 9 kHz stand at {:+.0} LU, higher than released songs have them",
            reading.value
        );
        let advice = "put a de-esser on the voice (5 to 8 kHz, 3 to 6 dB), or turn its S sounds down by hand";
        let taken_db = facts.tone.map_or(0.0, |tone| tone.deesser_db);
        if taken_db <= 0.0 {
            return Message::in_the_mix(text, advice, "the master's de-esser leaves them");
        }
        Message::partly(
            text,
            advice,
            format!("the master's de-esser takes up to {taken_db:.1} dB off them"),
            reading.value - taken_db,
        )
    }
}

/// Every fault of tone, in the order of [`TONE_CODES`].
const TONES: [&Tone; 6] = [&BOOMY, &THIN, &MUDDY, &HARSH, &DULL, &FIZZY];

/// How far a curve shows a fault of tone, dB; `None` for the code of anything else.
pub fn tone_contrast_db(code: FindingCode, curve_db: &[f64; BANDS]) -> Option<f64> {
    let index = TONE_CODES.iter().position(|known| *known == code)?;
    Some(TONES[index].region.contrast_db(curve_db))
}
