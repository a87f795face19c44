use acetate_model::features::BANDS;

use super::*;
use crate::eval::case::{Delivered, NoMaster};
use crate::eval::foreign::{Movement, Passage};
use crate::eval::markdown::markdown;
use crate::eval::metric::Errors;
use crate::eval::plain::{PLAIN_DB, Plain};
use crate::eval::report::EvalReport;
use crate::eval::tools::Spent;

fn sound(mid_db: [f64; BANDS]) -> Sound {
    Sound {
        integrated_lufs: -14.0,
        loudness_range_lu: 5.0,
        plr_db: 12.0,
        level_spread_db: 3.0,
        mid_db,
        side_db: None,
        width_db: None,
    }
}

/// A flat master with the share of a plain fault on it.
fn with_fault(fault: Plain, share: f64) -> Sound {
    let gains = crate::eval::faults::band_curve(|hz| share * fault.gain_db(hz));
    sound(gains.map(|gain_db| gain_db - 20.0))
}

fn outcome_of(method: Method, mid_db: f64, lra_lu: f64) -> Outcome {
    Outcome {
        method,
        errors: Errors {
            mid_db,
            side_db: None,
            lra_lu,
            plr_db: 0.0,
            width_db: None,
        },
        eq_move_db: Some(0.1),
        delivered: None,
        sound: sound([-20.0; BANDS]),
    }
}

fn case(kind: Kind, outcomes: Vec<Outcome>) -> CaseResult {
    CaseResult {
        kind,
        outcomes,
        failures: Vec::new(),
        predicted_error: None,
    }
}

const SMOOTH: Kind = Kind::Smooth {
    severity_db: 2.0,
    mirrored: false,
};

/// A song of which the net leaves a share of every error.
fn song(name: &str, music: Music, left: f64) -> SongResult {
    let smooth = |severity_db: f64| Kind::Smooth {
        severity_db,
        mirrored: false,
    };
    let expansion = Kind::Expansion { strength: 0.3 };
    let plain = CaseResult {
        outcomes: vec![
            Outcome {
                sound: with_fault(Plain::Boomy, 1.0),
                ..outcome_of(Method::Nothing, 1.0, 0.0)
            },
            Outcome {
                sound: with_fault(Plain::Boomy, left),
                ..outcome_of(Method::Net, left, 0.0)
            },
        ],
        ..case(Kind::Plain { name: Plain::Boomy }, Vec::new())
    };
    SongResult {
        name: name.to_owned(),
        album: name.to_owned(),
        music,
        excerpt_s: 20.0,
        master: sound([-20.0; BANDS]),
        cases: vec![
            case(
                smooth(0.0),
                vec![
                    outcome_of(Method::Nothing, 0.0, 0.0),
                    outcome_of(Method::Net, 0.05, 0.2),
                ],
            ),
            case(
                smooth(2.0),
                vec![
                    outcome_of(Method::Nothing, 2.0, 0.0),
                    outcome_of(Method::Net, 2.0 * left, 0.0),
                ],
            ),
            case(
                expansion,
                vec![
                    outcome_of(Method::FixedCompressor, 0.0, 0.5),
                    outcome_of(Method::Net, 0.0, 0.2),
                ],
            ),
            plain,
        ],
        foreign: vec![Movement {
            passage: Passage::Talk,
            mid_db: left,
            side_db: None,
            width_db: None,
            lra_lu: 0.1,
        }],
    }
}

fn report(songs: Vec<SongResult>, tools: usize) -> SongsReport {
    let options = Options {
        excerpt_s: 20.0,
        severities_db: vec![0.0, 2.0],
        seed: 1,
    };
    let evaluation = Evaluation {
        songs,
        left_out: Vec::new(),
        families_left_out: Vec::new(),
    };
    summarize(evaluation, &options, tools)
}

fn text_of(songs: SongsReport) -> String {
    markdown(&EvalReport {
        schema: "",
        version: "",
        input: String::new(),
        weights_hash: String::new(),
        methods: vec![
            (Method::Nothing, "do nothing".to_owned()),
            (Method::Net, "net".to_owned()),
        ],
        tools: Vec::new(),
        songs: Some(songs),
        pairs: None,
    })
}

#[test]
fn kinds_of_music_have_figures_of_their_own() {
    let songs = vec![
        song("a", Music::Game, 0.8),
        song("b", Music::WithVocals, 0.4),
        song("c", Music::Game, 0.6),
    ];
    let report = report(songs, 0);
    let kinds: Vec<(Music, usize)> = report.music.iter().map(|m| (m.music, m.songs)).collect();
    assert_eq!(kinds, [(Music::WithVocals, 1), (Music::Game, 2)]);
    let share = |rows: &[SmoothRow]| {
        let mut rows = rows.iter();
        let row = rows.find(|row| row.method == Method::Net && row.severity_db == 2.0);
        row.unwrap().share.unwrap().mean
    };
    assert!((share(&report.smooth) - 0.6).abs() < 1e-12);
    assert!((share(&report.music[0].smooth) - 0.4).abs() < 1e-12);
    assert!((share(&report.music[1].smooth) - 0.7).abs() < 1e-12);
    let untouched = report.smooth.iter().filter(|row| row.severity_db == 0.0);
    assert!(untouched.into_iter().all(|row| row.share.is_none()));
    let row = report.untouched.unwrap();
    assert_eq!((row.eq_move_median_db, row.lra_p95_lu), (0.1, 0.2));
    let text = text_of(report);
    assert!(
        text.contains("| songs with vocals: net | 0.05 [0.05, 0.05] | 0.40 [0.40, 0.40] |"),
        "{text}"
    );
    assert!(text.contains("| game music: net |"), "{text}");
}

#[test]
fn a_plain_fault_is_eased_by_what_is_gone_of_it() {
    assert_eq!(PLAIN_DB, 8.0);
    let report = report(vec![song("a", Music::Own, 0.25)], 0);
    let eased = |fault: Option<Plain>| {
        let mut rows = report.plain.iter();
        let row = rows.find(|row| row.fault == fault && row.method == Method::Net);
        row.map(|row| row.eased_share.unwrap().mean)
    };
    assert!((eased(Some(Plain::Boomy)).unwrap() - 0.75).abs() < 1e-9);
    assert!((eased(None).unwrap() - 0.75).abs() < 1e-9);
    assert_eq!(eased(Some(Plain::Dull)), None);
}

#[test]
fn the_worst_song_and_the_better_method_are_found() {
    let songs = vec![song("a", Music::Own, 0.2), song("b", Music::Own, 0.7)];
    let report = report(songs, 0);
    let [row] = &report.foreign[..] else {
        panic!("one passage");
    };
    assert_eq!(
        (row.passage, row.songs, row.mid_worst_db),
        (Passage::Talk, 2, 0.7)
    );
    assert!((row.mid_db.unwrap().mean - 0.45).abs() < 1e-12);
    assert_eq!(row.side_worst_db, None);
    let all = report.against_compressor.last().unwrap();
    assert_eq!(all.strength, None);
    assert!((all.lra_less_lu.unwrap().mean + 0.3).abs() < 1e-12);
    let strengths = report.against_compressor.iter();
    let known = strengths.filter(|row| row.lra_less_lu.is_some());
    assert_eq!(known.count(), 2);
}

#[test]
fn deliveries_are_counted_and_judged_at_their_limits() {
    let delivered = |integrated_lufs: f64, true_peak_dbtp: f64, cpu_s: f64| Delivered {
        integrated_lufs,
        true_peak_dbtp,
        sample_rate_hz: 44_100,
        distortion_db: Some(-20.0),
        spent: Some(Spent {
            cpu_s,
            peak_memory_bytes: Some(1000 * cpu_s as u64),
        }),
    };
    assert!(delivered(-14.5, -1.0, 1.0).complies());
    assert!(!delivered(-14.51, -1.0, 1.0).complies());
    assert!(!delivered(-13.4, -1.0, 1.0).complies());
    assert!(!delivered(-14.0, -0.99, 1.0).complies());
    let made = |file: Delivered| Outcome {
        delivered: Some(file),
        ..outcome_of(Method::Tool(0), 1.0, 0.0)
    };
    let files = [
        delivered(-14.0, -1.5, 1.0),
        delivered(-13.0, -2.0, 3.0),
        delivered(-14.0, -0.5, 2.0),
    ];
    let mut one = song("a", Music::Own, 0.5);
    one.cases = files
        .into_iter()
        .map(|file| case(SMOOTH, vec![made(file)]))
        .collect();
    one.cases.push(CaseResult {
        failures: vec![NoMaster {
            method: Method::Tool(0),
            reason: "broken".to_owned(),
        }],
        ..case(SMOOTH, Vec::new())
    });
    let report = report(vec![one], 1);
    let [row] = &report.delivery[..] else {
        panic!("one method");
    };
    assert_eq!((row.method, row.masters), (Method::Tool(0), 3));
    assert!((row.compliant_share.unwrap().mean - 1.0 / 3.0).abs() < 1e-12);
    assert!((row.loudness_off_lu.unwrap().mean - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(row.true_peak_max_dbtp, -0.5);
    assert_eq!(
        (row.cpu_median_s, row.peak_memory_bytes),
        (Some(2.0), Some(3000))
    );
}
