//! One judgment of the tone behind check and master, and the dial that turns it.

use acetate_dsp::signal::{Random, white};
use serde_json::Value;

use crate::dir::{Dir, read_wav, write_wav};
use crate::mastering::EXCERPTS;

/// Faults that are put on an excerpt: what the check calls them, and the knots that are raised or lowered, dB.
const FAULTS: [(&str, std::ops::RangeInclusive<usize>, f64); 4] = [
    ("boomy", 1..=2, 9.0),
    ("muddy", 3..=4, 9.0),
    ("harsh", 7..=8, 9.0),
    ("fizzy", 10..=11, 9.0),
];

/// An excerpt with gains on some knots, as a mix of -20 LUFS.
fn faulty(dir: &Dir, excerpt: &str, knots: &std::ops::RangeInclusive<usize>, gain_db: f64) {
    let gains: Vec<String> = (0..12)
        .map(|knot| if knots.contains(&knot) { gain_db } else { 0.0 })
        .map(|gain_db| format!("{gain_db:.1}"))
        .collect();
    let settings = format!(
        "schema = \"acetate.settings/1\"\n[eq]\nmid_db = [{}]\n",
        gains.join(", ")
    );
    dir.write("fault.toml", settings.as_bytes());
    let args = [
        "master",
        excerpt,
        "-o",
        "mix.wav",
        "--settings",
        "fault.toml",
        "--lufs",
        "-20",
    ];
    dir.run(&[&args[..], &["--overwrite"]].concat()).expect(0);
}

fn knots_db(report: &Value) -> Vec<f64> {
    let knots = report["mastering"]["settings"]["eq"]["mid_db"].as_array();
    knots
        .unwrap()
        .iter()
        .map(|db| db.as_f64().unwrap())
        .collect()
}

#[test]
fn what_the_check_tells_of_the_tone_is_what_the_next_master_does() {
    let mut told = 0;
    for excerpt in [EXCERPTS[0], EXCERPTS[2], EXCERPTS[5]] {
        let dir = Dir::new();
        dir.excerpt(excerpt);
        for (code, knots, gain_db) in FAULTS {
            faulty(&dir, excerpt, &knots, gain_db);
            let check: Value = dir.run(&["check", "mix.wav", "--json"]).json();
            let report = dir
                .run(&["master", "mix.wav", "--dry-run", "--json"])
                .json();
            let in_master = report["findings"].as_array().unwrap();
            for finding in check["findings"].as_array().unwrap() {
                let same = |other: &&Value| other["code"] == finding["code"];
                if finding["part"] != "tone" || finding["code"] == "sibilance" {
                    continue;
                }
                let short = in_master
                    .iter()
                    .find(same)
                    .expect("master tells it as well");
                for field in ["evidence", "points"] {
                    // The check reads true peaks with two meters, a master those of its mix with one.
                    let of = |finding: &Value| finding[field].as_f64().unwrap();
                    assert!((of(short) - of(finding)).abs() < 0.01, "{excerpt} {code}");
                }
                assert_eq!(short["mastering_does"], finding["mastering_does"]);
                if finding["code"] == code {
                    told += 1;
                    let knots_db = knots_db(&report);
                    let own = knots_db[knots.clone()].iter().sum::<f64>() / 2.0;
                    let all = knots_db.iter().sum::<f64>() / 12.0;
                    assert!(own < all, "{excerpt} {code}: {knots_db:?}");
                }
            }
        }
    }
    assert!(told >= 2, "of 12 plain faults {told} were told");
}

/// What check and a dry run say that mastering does about the tone, by code.
fn promises(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap().iter();
    let mut told: Vec<(String, String)> = findings
        .filter(|finding| finding["part"] == "tone")
        .map(|finding| {
            let of = |field: &str| finding[field].as_str().unwrap().to_owned();
            (of("code"), of("mastering_does"))
        })
        .collect();
    told.sort();
    told
}

/// The left channel of a file, and its sample rate.
fn left_of(dir: &Dir, name: &str) -> (u32, Vec<f32>) {
    let (spec, samples) = read_wav(&dir.path(name));
    let frames = samples.chunks(usize::from(spec.channels));
    (
        spec.sample_rate,
        frames.map(|frame| frame[0] as f32).collect(),
    )
}

/// A mono song with sibilants on top, 80 ms of them somewhere in every half second: noise through a resonance at 6.3 kHz.
fn with_sibilants(song: &[f32], rate_hz: u32, gain: f32) -> Vec<f32> {
    let (radius, step) = (0.95_f32, std::f32::consts::TAU * 6_300.0 / rate_hz as f32);
    let (mut last, mut before) = (0.0, 0.0);
    let (every, length) = (rate_hz as usize / 2, rate_hz as usize * 2 / 25);
    let mut random = Random::new(5);
    let starts: Vec<usize> = (0..=song.len() / every)
        .map(|_| (random.share() * (every - length) as f64) as usize)
        .collect();
    let noise = white(song.len(), 3).into_iter().enumerate();
    let sibilants = noise.map(|(frame, x)| {
        let y = 0.05 * x + 2.0 * radius * step.cos() * last - radius * radius * before;
        (last, before) = (y, last);
        let start = starts[frame / every];
        if (start..start + length).contains(&(frame % every)) {
            gain * y
        } else {
            0.0
        }
    });
    sibilants.zip(song).map(|(s, x)| s + x).collect()
}

#[test]
fn neither_a_click_nor_sibilants_part_what_check_promises_from_what_master_does() {
    let dir = Dir::new();
    let excerpt = EXCERPTS[4];
    dir.excerpt(excerpt);
    dir.run(&[
        "master", excerpt, "-o", "song.wav", "--amount", "0", "--lufs", "-20",
    ])
    .expect(0);
    let (rate_hz, song) = left_of(&dir, "song.wav");
    let mut clicked = song.clone();
    clicked[song.len() / 3] += 8.0;
    let sibilant = with_sibilants(&song, rate_hz, 1.0);
    for mix in [&clicked, &sibilant] {
        write_wav(&dir.path("mix.wav"), rate_hz, 1, mix);
        let check: Value = dir.run(&["check", "mix.wav", "--json"]).json();
        let report = dir
            .run(&["master", "mix.wav", "--dry-run", "--json"])
            .json();
        assert_eq!(promises(&check), promises(&report));
        if std::ptr::eq(mix, &sibilant) {
            let takes_some = |(code, does): &(String, String)| {
                code == "sibilance" && does.contains("de-esser takes")
            };
            assert!(promises(&check).iter().any(takes_some), "{check}");
        } else {
            let transients = &report["analysis"]["lone_transients"];
            assert!(!transients.as_array().unwrap().is_empty());
        }
    }
}

#[test]
fn the_de_esser_is_decided_on_the_tone_that_will_be_rendered() {
    let dir = Dir::new();
    // A dull song, so that the EQ lifts what the S sounds are in.
    dir.excerpt(EXCERPTS[4]);
    faulty(&dir, EXCERPTS[4], &(9..=11), -9.0);
    let (rate_hz, song) = left_of(&dir, "mix.wav");
    let reduction_db = |options: &[&str]| -> f64 {
        let plain = ["master", "mix.wav", "--dry-run", "--json"];
        let report: Value = dir.run(&[&plain[..], options].concat()).json();
        let deesser = &report["mastering"]["settings"]["deesser"];
        deesser["max_reduction_db"].as_f64().unwrap()
    };
    let mut told = Vec::new();
    for gain in [0.4, 0.45, 0.5, 0.55] {
        let sibilant = with_sibilants(&song, rate_hz, gain);
        write_wav(&dir.path("mix.wav"), rate_hz, 1, &sibilant);
        let untreated_db = reduction_db(&["--eq-amount", "0"]);
        assert_eq!(reduction_db(&["--bypass", "eq"]), untreated_db, "{gain}");
        told.push((reduction_db(&[]), untreated_db));
    }
    let differs = |(treated_db, untreated_db): &(f64, f64)| (treated_db - untreated_db).abs() > 0.1;
    assert!(told.iter().any(differs), "the EQ moves S sounds: {told:?}");
}

#[test]
fn a_named_genre_counts_for_check_and_master_alike_and_a_guess_moves_nothing() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[2]);
    faulty(&dir, EXCERPTS[2], &(7..=8), 9.0);
    let plain = ["master", "mix.wav", "--dry-run", "--json"];
    let report = |genre: &[&str]| dir.run(&[&plain[..], genre].concat()).json();
    let genre_of = |report: &Value| report["mastering"]["tone"]["genre"].clone();

    let guessed = report(&[]);
    assert_eq!(genre_of(&guessed)["given"], false);
    let probability = genre_of(&guessed)["probability"].as_f64().unwrap();
    assert!((1.0 / 3.0..=1.0).contains(&probability), "{probability}");

    let named = report(&["--genre", "Pop"]);
    assert_eq!(genre_of(&named)["name"], "pop");
    assert_eq!(genre_of(&named)["given"], true);
    assert_ne!(knots_db(&guessed), knots_db(&named));
    let check = dir.run(&["check", "mix.wav", "--json", "--genre", "pop"]);
    assert_eq!(promises(&check.json()), promises(&named));

    let said = |report: &Value| report["mastering"]["done"].to_string();
    assert!(said(&named).contains("138 released records"));
    let thin = report(&["--genre", "hip hop"]);
    assert!(said(&thin).contains("no released records of it"));
    let refused = dir.run(&[&plain[..], &["--genre", "metl"]].concat());
    assert!(refused.expect(2).stderr.contains("did you mean \"metal\""));
}

#[test]
fn two_hundred_percent_is_twice_the_move_within_the_same_bounds() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[2]);
    faulty(&dir, EXCERPTS[2], &(7..=8), 9.0);
    let at = |amount: &str| {
        let args = [
            "master",
            "mix.wav",
            "--dry-run",
            "--json",
            "--amount",
            amount,
        ];
        knots_db(&dir.run(&args).json())
    };
    let (whole, twice) = (at("100"), at("200"));
    let most = |knots: &[f64]| knots.iter().fold(0.0_f64, |most, db| most.max(db.abs()));
    assert!(most(&whole) > 0.3, "{whole:?}");
    assert!(most(&twice) <= 9.0 + 1e-6, "{twice:?}");
    for (one, two) in whole.iter().zip(&twice) {
        assert!((two - 2.0 * one).abs() < 0.02, "{whole:?} {twice:?}");
    }
    let ran = dir.run(&["master", "mix.wav", "--dry-run", "--amount", "201"]);
    assert!(ran.expect(2).stderr.contains("0 to 200"));
}

#[test]
fn lufs_keep_leaves_the_loudness_as_it_is() {
    let dir = Dir::new();
    dir.excerpt(EXCERPTS[2]);
    let before = dir
        .run(&["analyze", EXCERPTS[2], "--json"])
        .expect(0)
        .json();
    let args = ["master", EXCERPTS[2], "-o", "kept.wav", "--lufs", "keep"];
    dir.run(&args).expect(0);
    let after = dir.run(&["analyze", "kept.wav", "--json"]).expect(0).json();
    let lufs = |report: &Value| report["integrated_lufs"].as_f64().unwrap();
    assert!((lufs(&after) - lufs(&before)).abs() <= 0.1);
    let ran = dir.run(&["verify", "kept.wav", "--lufs", "keep"]).expect(2);
    assert!(ran.stderr.contains("expected a number"), "{}", ran.stderr);
}

#[test]
fn applause_behind_a_song_leaves_the_song_as_it_would_be_alone() {
    let dir = Dir::new();
    let (spec, samples) = read_wav(&{
        dir.excerpt(EXCERPTS[1]);
        dir.run(&[
            "master",
            EXCERPTS[1],
            "-o",
            "song.wav",
            "--amount",
            "0",
            "--lufs",
            "-20",
        ])
        .expect(0);
        dir.path("song.wav")
    });
    let channels = spec.channels;
    let song: Vec<f32> = samples.iter().map(|&x| x as f32).collect();
    // Three times the excerpt, then noise of its power for half as long.
    let whole = song.repeat(3);
    let power = song.iter().map(|x| f64::from(x * x)).sum::<f64>() / song.len() as f64;
    let noise = white(whole.len() / 2, 7);
    let noise = noise.iter().map(|x| x * (3.0 * power).sqrt() as f32);
    let with_noise: Vec<f32> = whole.iter().copied().chain(noise).collect();
    write_wav(&dir.path("alone.wav"), spec.sample_rate, channels, &whole);
    write_wav(
        &dir.path("both.wav"),
        spec.sample_rate,
        channels,
        &with_noise,
    );
    let knots = |name: &str| knots_db(&dir.run(&["master", name, "--dry-run", "--json"]).json());
    for (alone, both) in knots("alone.wav").iter().zip(knots("both.wav")) {
        assert!((alone - both).abs() <= 0.3, "{alone} {both}");
    }
}
