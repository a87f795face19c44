//! What every detector and the embedded corpus have to keep.

use std::collections::BTreeSet;

use acetate_check::corpus::{CORPUS_FORMAT, Corpus};
use acetate_check::detect::{DETECTORS, Limits};
use acetate_check::{CheckError, FindingCode, Remedy, Severity, check};
use acetate_dsp::Audio;
use acetate_dsp::signal::white;
use acetate_dsp::solve::stems::{LeadFigures, LeadStretch, StemStudy};
use acetate_dsp::stream::AudioSource;

const RATE: u32 = 44_100;

fn stereo(left: Vec<f32>, right: Vec<f32>) -> AudioSource {
    AudioSource::new(Audio::new(RATE, vec![left, right]).expect("equal lengths"))
}

#[test]
fn every_fitted_detector_has_its_figure_and_every_code_is_one_of_a_kind() {
    let corpus = Corpus::embedded().expect("the corpus is whole");
    assert_eq!(corpus.format, CORPUS_FORMAT);
    assert!(corpus.record.tracks >= 100, "{:?}", corpus.record);
    let mut codes = BTreeSet::new();
    for detector in DETECTORS {
        let info = detector.info();
        assert!(codes.insert(info.code), "{} twice", info.code);
        match info.limits {
            Limits::Fitted => {
                let figure = corpus.figures.get(info.code.as_str());
                let figure = figure.unwrap_or_else(|| panic!("{} has no figure", info.code));
                let (from, to) = (
                    info.worse.place(figure.remark),
                    info.worse.place(figure.full),
                );
                assert!(from <= to, "{}: {figure:?}", info.code);
            }
            Limits::Given { remark, full } => {
                assert!(info.worse.place(remark) <= info.worse.place(full));
            }
        }
    }
}

#[test]
fn a_corpus_of_another_format_or_shape_is_refused_in_words() {
    let good = include_str!("../corpus.json");
    let other = good.replace(CORPUS_FORMAT, "acetate.check-corpus/0");
    let error = Corpus::parse(&other).expect_err("another format");
    assert!(
        error.contains("expected format") && error.contains("/0"),
        "{error}"
    );
    assert!(Corpus::parse("{").is_err());
}

#[test]
fn silence_and_nothing_are_refused_in_words() {
    for frames in [0, 1, 100_000] {
        let error = check(
            &mut stereo(vec![0.0; frames], vec![0.0; frames]),
            &mut |_| Ok(()),
        )
        .expect_err("no loudness");
        assert!(matches!(error, CheckError::NoLoudness { .. }), "{error}");
        assert!(error.to_string().contains("expected"), "{error}");
    }
}

#[test]
fn hostile_programs_are_checked_without_a_panic_and_with_finite_figures() {
    let frames = 60_000;
    let square: Vec<f32> = (0..frames)
        .map(|n| if n % 100 < 50 { 1.0 } else { -1.0 })
        .collect();
    let mut broken = white(frames, 3);
    broken[1_000] = f32::NAN;
    broken[2_000] = f32::INFINITY;
    let huge: Vec<f32> = white(frames, 4).iter().map(|x| x * 1e5).collect();
    let mut impulse = vec![0.0; frames];
    impulse[30_000] = 1.0;
    for (name, left, right) in [
        ("square", square.clone(), square.clone()),
        ("one side", white(frames, 1), vec![0.0; frames]),
        ("broken", broken.clone(), broken),
        ("huge", huge.clone(), huge),
        ("impulse", impulse.clone(), impulse),
        ("constant", vec![0.5; frames], vec![0.5; frames]),
    ] {
        let Ok((check, _)) = check(&mut stereo(left, right), &mut |_| Ok(())) else {
            continue;
        };
        assert!(
            (0.0..=100.0).contains(&check.score),
            "{name}: {}",
            check.score
        );
        for finding in &check.findings {
            assert!(finding.evidence.is_finite(), "{name}: {finding:?}");
        }
        if name == "broken" {
            assert_eq!(check.findings[0].code, FindingCode::NotANumber);
        }
        if name == "one side" {
            assert!(
                check
                    .findings
                    .iter()
                    .any(|f| f.code == FindingCode::DeadChannel),
                "{check:?}"
            );
        }
    }
}

#[test]
fn blocks_of_any_size_give_the_same_findings() {
    /// A source that gives small blocks whatever it is asked for.
    struct Small(AudioSource, usize);
    impl acetate_dsp::Source for Small {
        fn spec(&self) -> acetate_dsp::Spec {
            self.0.spec()
        }
        fn frames_hint(&self) -> Option<u64> {
            self.0.frames_hint()
        }
        fn read(
            &mut self,
            block: &mut Audio,
            max: usize,
        ) -> Result<usize, acetate_dsp::StreamError> {
            self.0.read(block, max.min(self.1))
        }
        fn rewind(&mut self) -> Result<(), acetate_dsp::StreamError> {
            self.0.rewind()
        }
    }
    let mut left = white(900_000, 5);
    for (n, x) in left.iter_mut().enumerate() {
        let swell = 0.3 + 0.2 * (n as f32 / 30_000.0).sin();
        *x = (*x * swell).clamp(-0.4, 0.4);
    }
    left[400_000..402_000].fill(0.0);
    let right: Vec<f32> = left.iter().map(|x| -0.9 * x).collect();
    let whole = check(&mut stereo(left.clone(), right.clone()), &mut |_| Ok(()))
        .expect("checked")
        .0;
    assert!(whole.findings.len() >= 3, "{:?}", whole.findings);
    for size in [997, 4_096] {
        let mut small = Small(stereo(left.clone(), right.clone()), size);
        let check = check(&mut small, &mut |_| Ok(())).expect("checked").0;
        let codes = |check: &acetate_check::Check| -> Vec<(FindingCode, i64)> {
            let findings = check.findings.iter();
            findings
                .map(|f| (f.code, (1e3 * f.evidence).round() as i64))
                .collect()
        };
        assert_eq!(codes(&check), codes(&whole), "blocks of {size}");
    }
}

#[test]
fn a_delayed_channel_is_told_with_its_delay_and_side() {
    let left = white(400_000, 6);
    let mut right = vec![0.0; 220];
    right.extend_from_slice(&left[..left.len() - 220]);
    let mixed: Vec<f32> = right.iter().map(|x| 0.5 * x).collect();
    let quiet: Vec<f32> = left.iter().map(|x| 0.5 * x).collect();
    let check = check(&mut stereo(quiet, mixed), &mut |_| Ok(()))
        .expect("checked")
        .0;
    let finding = check
        .findings
        .iter()
        .find(|f| f.code == FindingCode::ChannelDelay);
    let finding = finding.unwrap_or_else(|| panic!("{:?}", check.findings));
    assert!(
        finding.text.contains("right channel comes 4.99 ms"),
        "{}",
        finding.text
    );
    assert_eq!(finding.mastering, Remedy::No);
}

#[test]
fn hum_is_told_with_its_frequency() {
    let frames = 20 * RATE as usize;
    for mains in [50.0f32, 60.0] {
        let hum = |n: usize| -> f32 {
            let turns = mains * n as f32 / RATE as f32;
            (1..=8)
                .map(|k| (std::f32::consts::TAU * (k as f32 * turns).fract()).sin() / k as f32)
                .sum::<f32>()
        };
        let music: Vec<f32> = white(frames, 8)
            .iter()
            .enumerate()
            .map(|(n, x)| 0.2 * x + 0.02 * hum(n))
            .collect();
        let check = check(&mut stereo(music.clone(), music), &mut |_| Ok(()))
            .expect("checked")
            .0;
        let finding = check.findings.iter().find(|f| f.code == FindingCode::Hum);
        let finding = finding.unwrap_or_else(|| panic!("{mains}: {:?}", check.findings));
        assert!(
            finding.text.contains(&format!("{mains:.0} Hz")),
            "{}",
            finding.text
        );
    }
}

/// Noise with a gap of 30 ms at each of these times, s; `ramp_s` long are its edges.
fn with_gaps(duration_s: usize, gaps_s: &[f64], ramp_s: f64) -> Vec<f32> {
    let rate = f64::from(RATE);
    let mut music = white(duration_s * RATE as usize, 21);
    for &from_s in gaps_s {
        let (from, to) = (from_s * rate, (from_s + 0.03) * rate);
        for (n, x) in music.iter_mut().enumerate() {
            let outside = (from - n as f64).max(n as f64 - to);
            let gain = if outside > 0.0 {
                (outside / (ramp_s * rate).max(1.0)).min(1.0)
            } else {
                0.0
            };
            *x *= gain as f32;
        }
    }
    music.iter().map(|x| 0.3 * x).collect()
}

#[test]
fn gaps_are_dropouts_where_the_sound_breaks_off_and_notes_that_end_are_none() {
    let severity = |gaps_s: &[f64], ramp_s: f64| {
        let music = with_gaps(12, gaps_s, ramp_s);
        let check = check(&mut stereo(music.clone(), music), &mut |_| Ok(()))
            .expect("checked")
            .0;
        let finding = check
            .findings
            .into_iter()
            .find(|f| f.code == FindingCode::Dropout);
        finding.map(|finding| finding.severity)
    };
    let three = [3.1, 5.2, 8.3];
    assert_eq!(severity(&three, 0.0), Some(Severity::Problem));
    assert_eq!(severity(&three, 0.001), None);
    let each_beat: Vec<f64> = (2..22).map(|beat| 0.5 * f64::from(beat)).collect();
    assert_eq!(severity(&each_beat, 0.0), Some(Severity::Remark));
}

#[test]
fn bass_out_of_step_is_wide_and_panned_bass_is_not() {
    let frames = 12 * RATE as usize;
    let treble = white(frames, 33);
    let bass = |turn: f32| -> Vec<f32> {
        let phase = |n: usize| std::f32::consts::TAU * (60.0 * n as f32 / RATE as f32).fract();
        (0..frames).map(|n| (phase(n) + turn).sin()).collect()
    };
    let mix = |bass: &[f32], gain: f32| -> Vec<f32> {
        let both = bass.iter().zip(&treble);
        both.map(|(b, t)| 0.3 * gain * b + 0.1 * t).collect()
    };
    let found = |left: Vec<f32>, right: Vec<f32>| {
        let check = check(&mut stereo(left, right), &mut |_| Ok(()))
            .expect("checked")
            .0;
        check
            .findings
            .iter()
            .any(|f| f.code == FindingCode::WideBass)
    };
    let quarter = std::f32::consts::FRAC_PI_2;
    assert!(found(mix(&bass(0.0), 1.0), mix(&bass(quarter), 1.0)));
    assert!(!found(mix(&bass(0.0), 1.0), mix(&bass(0.0), 0.4)));
}

/// A soft tone of 20 s with something on top of it every 2.5 s.
fn with_events(event: &dyn Fn(usize) -> f32) -> Vec<f32> {
    let turn = std::f32::consts::TAU * 220.0 / RATE as f32;
    let mut samples: Vec<f32> = (0..20 * RATE as usize)
        .map(|n| 0.2 * (turn * n as f32).sin())
        .collect();
    for start in (RATE as usize..19 * RATE as usize).step_by(5 * RATE as usize / 2) {
        for (n, x) in samples[start..].iter_mut().take(4_000).enumerate() {
            *x += event(n);
        }
    }
    samples
}

#[test]
fn jumps_that_stand_alone_are_clicks_and_drums_that_begin_at_once_are_none() {
    let clicks = |samples: Vec<f32>| {
        let check = check(&mut stereo(samples.clone(), samples), &mut |_| Ok(()))
            .expect("checked")
            .0;
        check
            .findings
            .into_iter()
            .find(|f| f.code == FindingCode::Clicks)
    };
    // A synthetic kick: it begins with a step, and has a little noise in it.
    let hiss = white(4_000, 11);
    let drum = |n: usize| {
        let turn = std::f32::consts::TAU * 60.0 * n as f32 / RATE as f32;
        (0.5 * turn.cos() + 0.01 * hiss[n]) * (-(n as f32) / 600.0).exp()
    };
    assert_eq!(clicks(with_events(&drum)), None);
    let shape = [0.5, -0.3, 0.15];
    let click = |n: usize| shape.get(n).copied().unwrap_or(0.0);
    let found = clicks(with_events(&click)).expect("clicks are found");
    assert_eq!(found.severity, Severity::Problem);
    assert!(found.places.len() >= 7, "{:?}", found.places);
    assert!(
        (found.places[0].from_s - 1.0).abs() < 0.002,
        "{:?}",
        found.places
    );
}

#[test]
fn the_short_form_tells_a_silent_channel_and_no_independent_ones() {
    let found = |mut source: AudioSource| {
        let analysis = acetate_dsp::analyze(&mut source).expect("it is measured");
        let check = acetate_check::short(&analysis, None).expect("it is judged");
        let mut codes = check.findings.into_iter().map(|finding| finding.code);
        codes.any(|code| code == FindingCode::DeadChannel)
    };
    let frames = 20 * RATE as usize;
    let music = || white(frames, 1);
    assert!(found(stereo(music(), vec![0.0; frames])));
    assert!(found(stereo(vec![0.0; frames], music())));
    assert!(!found(stereo(music(), white(frames, 2))));
    assert!(!found(stereo(music(), music())));
}

#[test]
fn a_lead_is_judged_by_its_stem_alone_and_told_with_its_stretches() {
    let mut mix = AudioSource::new(acetate_dsp::signal::mix(RATE, 8.0));
    let (plain, analysis) = check(&mut mix, &mut |_| Ok(())).expect("it is checked");
    let judged = |lead_to_rest_db: f64, sounds_s: f64| {
        let stretch = |from_s: f64, lead_to_rest_db: f64| LeadStretch {
            from_s,
            to_s: from_s + 10.0,
            lead_to_rest_db,
        };
        let study = StemStudy {
            stems: Vec::new(),
            residual_db: None,
            residual_by_time: Vec::new(),
            lead: Some(LeadFigures {
                lead_to_rest_db,
                sounds_s,
                by_time: vec![stretch(0.0, -4.0), stretch(20.0, lead_to_rest_db)],
            }),
            refused: None,
        };
        let beside = plain
            .clone()
            .with_stems(&analysis, study)
            .expect("it is judged");
        assert!(beside.findings.len() <= plain.findings.len() + 1);
        let lead =
            |code: FindingCode| [FindingCode::BuriedLead, FindingCode::LoudLead].contains(&code);
        let cost = plain.score - beside.score;
        let found = beside
            .findings
            .into_iter()
            .find(|finding| lead(finding.code));
        found.map(|finding| (finding.code, finding.places, cost))
    };
    assert_eq!(judged(-4.0, 20.0), None);
    assert_eq!(
        judged(-14.0, 2.0),
        None,
        "two seconds say nothing of a song"
    );
    let (code, places, cost) = judged(-14.0, 20.0).expect("it is buried");
    assert_eq!(
        (code, places.len(), places[0].from_s),
        (FindingCode::BuriedLead, 1, 20.0)
    );
    assert!(cost > 0.0 && cost <= 5.0, "{cost}");
    assert_eq!(
        judged(12.0, 20.0).expect("it is loud").0,
        FindingCode::LoudLead
    );
    let (up_db, released_db) = acetate_check::lead_move_db(-20.0).expect("it is known");
    let (down_db, _) = acetate_check::lead_move_db(20.0).expect("it is known");
    let (none_db, _) = acetate_check::lead_move_db(released_db).expect("it is known");
    assert_eq!([up_db, down_db, none_db], [2.0, -2.0, 0.0]);
}

/// `docs/CHECK.md` has a row for every code, and none for a code that is gone. In a package of the crate alone the
/// document is not there.
#[test]
fn the_table_of_codes_in_the_documents_is_the_enum() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CHECK.md");
    let Ok(text) = std::fs::read_to_string(path) else {
        return;
    };
    let (_, table) = text.split_once("\n## Codes\n").expect("a table of codes");
    let (table, _) = table.split_once("\n## ").expect("an end");
    let rows = table.lines().filter_map(|row| row.strip_prefix("| `"));
    let listed: BTreeSet<&str> = rows
        .filter_map(|row| row.split_once(" |"))
        .flat_map(|(codes, _)| codes.split(", "))
        .map(|code| code.trim_matches('`'))
        .collect();
    let known: BTreeSet<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed, known);
}
