//! A seeded part of the injection campaign on the excerpts of tests/audio: what `crates/check/fit` does at
//! length on whole albums.

#[path = "../../crates/check/fit/faults.rs"]
mod faults;
#[path = "../../crates/check/fit/filters.rs"]
mod filters;
#[allow(dead_code, reason = "the campaign uses the rest of it")]
#[path = "../../crates/check/fit/lossy.rs"]
mod lossy;
#[allow(dead_code, reason = "the campaign uses the rest of it")]
#[path = "../../crates/check/fit/protocol.rs"]
mod protocol;
mod signals;
#[allow(dead_code, reason = "the campaign uses the rest of it")]
#[path = "../../crates/check/fit/tracks.rs"]
mod tracks;

use acetate_check::{Check, Severity, check};
use acetate_dsp::Audio;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::units::gain_from_db;
use acetate_training::rng::Rng;

use crate::signals::{EXCERPTS, excerpt};

/// Fades of the excerpts, s.
const FADE_S: f64 = 0.5;

fn checked(audio: Audio) -> Check {
    check(&mut AudioSource::new(audio), &mut |_| Ok(()))
        .expect("the excerpt can be checked")
        .0
}

fn found(check: &Check, code: &str) -> Option<Severity> {
    let finding = check
        .findings
        .iter()
        .find(|finding| finding.code.as_str() == code);
    finding.map(|finding| finding.severity)
}

/// Faults that short excerpts can show, each at its plain strength; hum needs 17 s, ten clicks are as many
/// as belong to the sound of 11 s, and the lossy source needs ffmpeg.
const SHOWN: [&str; 9] = [
    "clipped",
    "dropouts",
    "cut start",
    "cut tail",
    "dead channel",
    "inverted channel",
    "imbalance",
    "too hot",
    "too quiet",
];

#[test]
fn plain_faults_are_found_and_the_untouched_excerpts_have_none_of_them() {
    let protocol = protocol::read().expect("the protocol reads");
    let mut missed = Vec::new();
    let mut injected = 0;
    for (index, name) in EXCERPTS.iter().enumerate() {
        let raw = excerpt(name);
        let clean = checked(tracks::faded(raw.clone(), FADE_S));
        for fault in protocol
            .fault
            .iter()
            .filter(|f| SHOWN.contains(&f.name.as_str()))
        {
            let mut rng = Rng::new(protocol.seed + index as u64);
            let changed = faults::inject(&fault.name, fault.plain, &raw, FADE_S, &mut rng)
                .expect("the fault is known");
            let Some(changed) = changed else { continue };
            injected += 1;
            assert_eq!(found(&clean, &fault.code), None, "{name}: {}", fault.code);
            if found(&checked(changed), &fault.code).is_none() {
                missed.push(format!("{name}: {}", fault.name));
            }
        }
    }
    assert!(injected >= 45, "{injected}");
    // The protocol's own bound.
    let share = 1.0 - missed.len() as f64 / injected as f64;
    assert!(share >= protocol.detection_target, "{missed:?}");
}

#[test]
fn untouched_excerpts_are_never_called_not_ready() {
    for name in EXCERPTS {
        let check = checked(tracks::faded(excerpt(name), FADE_S));
        assert!(
            found(&check, "not-a-number").is_none()
                && check
                    .findings
                    .iter()
                    .all(|f| f.severity < Severity::Problem),
            "{name}: {:?}",
            check.findings
        );
    }
}

/// These were Ogg Vorbis before they were changed in level, partly in tone, and dithered (tests/audio/README.md).
#[test]
fn what_was_decoded_from_ogg_vorbis_is_told_so_and_a_new_sound_is_not() {
    let told: Vec<&str> = EXCERPTS
        .into_iter()
        .filter(|name| {
            let check = checked(excerpt(name));
            let finding = check
                .findings
                .iter()
                .find(|f| f.code.as_str() == "lossy-source");
            finding.is_some_and(|f| f.text.contains("Ogg Vorbis"))
        })
        .collect();
    assert!(told.len() >= 5, "{told:?}");
    let mut rng = Rng::new(3);
    let fresh: Vec<f32> = (0..12 * 44_100)
        .map(|n| {
            let beat = 1.0 - (n % 11_025) as f64 / 11_025.0;
            (0.2 * beat * rng.uniform(-1.0, 1.0)) as f32
        })
        .collect();
    let fresh = Audio::new(44_100, vec![fresh.clone(), fresh]).expect("equal lengths");
    assert_eq!(found(&checked(fresh), "lossy-source"), None);
}

#[test]
fn gain_changes_neither_verdict_nor_score() {
    for name in EXCERPTS {
        let quiet = tracks::faded(excerpt(name), FADE_S);
        let mut loud = quiet.clone();
        loud.scale(gain_from_db(6.0) as f32);
        let (before, after) = (checked(quiet), checked(loud));
        assert_eq!(before.verdict, after.verdict, "{name}");
        assert!((before.score - after.score).abs() < 0.5, "{name}");
    }
}

#[test]
fn what_a_fault_brings_with_it_is_not_told_beside_it() {
    for (index, name) in EXCERPTS.iter().enumerate() {
        let raw = excerpt(name);
        let mut rng = Rng::new(index as u64);
        let mut with = |fault, strength| {
            let faulty = faults::inject(fault, strength, &raw, FADE_S, &mut rng);
            faulty.expect("the fault is known").map(checked)
        };
        let told_once = |check: &Check, cause: &str, others: &[&str]| {
            assert_eq!(found(check, cause), Some(Severity::Problem), "{name}");
            for code in others {
                assert_eq!(found(check, code), None, "{name}: {cause}");
            }
            let sum: f64 = check.parts.iter().map(|part| part.points).sum();
            assert_eq!(check.score, sum, "{name}");
        };
        // A mono excerpt has no channels to turn.
        if let Some(check) = with("inverted channel", 50.0) {
            told_once(&check, "anti-phase", &["mono-band", "wide-bass"]);
            let mut findings = check.findings.iter();
            let turned = findings.find(|finding| finding.code.as_str() == "anti-phase");
            assert!(turned.is_some_and(|finding| finding.text.contains("upside down")));
        }
        let check = with("dropouts", 30.0).expect("every excerpt can drop out");
        told_once(&check, "dropout", &["clicks"]);
        let check = with("clipped", 10_000.0).expect("every excerpt can be clipped");
        told_once(&check, "clipping", &["limited"]);
    }
}

#[test]
fn a_broken_mix_is_not_ready_and_says_what_to_do() {
    let raw = excerpt(EXCERPTS[0]);
    let mut rng = Rng::new(1);
    let turned = faults::inject("inverted channel", 50.0, &raw, FADE_S, &mut rng)
        .expect("the fault is known")
        .expect("the excerpt is stereo");
    let check = checked(turned);
    assert_eq!(
        check.verdict,
        acetate_check::Verdict::NotReady,
        "{:?}",
        check.findings
    );
    for finding in &check.findings {
        assert!(finding.advice.len() > 20, "{finding:?}");
        assert!(
            finding.text.len() > 10 && finding.mastering_does.len() > 10,
            "{finding:?}"
        );
    }
    let sum: f64 = check.parts.iter().map(|part| part.points).sum();
    assert!((sum - check.score).abs() < 1e-9);
}
