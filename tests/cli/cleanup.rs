//! Offsets, clicks and bumps: taken away, told, and never what decides about the rest.

use crate::dir::{Dir, program, read_wav, write_wav};

const RATE_HZ: usize = 44_100;

/// Ten seconds of a soft song.
fn song(gain: f32) -> Vec<f32> {
    program(44_100, 10.0).iter().map(|x| gain * x).collect()
}

/// Adds the same to both channels from a time on.
fn add(samples: &mut [f32], at_s: f64, event: impl Iterator<Item = f32>) {
    let at = (at_s * RATE_HZ as f64) as usize;
    for (frame, x) in samples[2 * at..].chunks_exact_mut(2).zip(event) {
        frame[0] += x;
        frame[1] += x;
    }
}

/// A bump of a microphone: 50 Hz, gone within 50 ms.
fn bump() -> impl Iterator<Item = f32> {
    (0..4_410).map(|n| {
        let t = n as f32 / RATE_HZ as f32;
        0.9 * (-t / 0.012).exp() * (std::f32::consts::TAU * 50.0 * t).sin()
    })
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().step_by(2).sum::<f64>() / (samples.len() / 2) as f64
}

fn numbers(value: &toml::Value) -> Vec<f64> {
    match value {
        toml::Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_float().unwrap()],
    }
}

fn text(dir: &Dir, name: &str) -> String {
    String::from_utf8(dir.bytes(name)).unwrap()
}

fn integrated_lufs(dir: &Dir, name: &str) -> f64 {
    let report = dir.run(&["analyze", name, "--json"]).expect(0).json();
    report["analysis"]["integrated_lufs"].as_f64().unwrap()
}

#[test]
fn a_lone_click_or_bump_is_named_repaired_and_does_not_shape_the_rest() {
    let dir = Dir::new();
    write_wav(&dir.path("clean.wav"), 44_100, 2, &song(0.03));
    let mut clicked = song(0.03);
    add(&mut clicked, 6.0, std::iter::repeat_n(0.9, 60));
    write_wav(&dir.path("clicked.wav"), 44_100, 2, &clicked);
    let mut bumped = song(0.03);
    add(&mut bumped, 6.0, bump());
    write_wav(&dir.path("bumped.wav"), 44_100, 2, &bumped);
    dir.run(&["master", "clean.wav", "--save-settings", "clean.toml"])
        .expect(0);
    let clean = text(&dir, "clean.toml");
    for (song, told) in [
        ("clicked", "repaired a click at 0:06.00"),
        ("bumped", "turned a bump at 0:06.0"),
    ] {
        let mix = format!("{song}.wav");
        let checked = dir.run(&["check", &mix]).text();
        assert!(
            checked.contains("lone-transient") && checked.contains("0:06.0"),
            "{checked}"
        );
        let settings = format!("{song}.toml");
        let ran = dir
            .run(&["master", &mix, "--save-settings", &settings])
            .expect(0);
        assert!(ran.text().contains(told), "{}", ran.text());
        let master = format!("{song}.master.wav");
        assert!((integrated_lufs(&dir, &master) + 14.0).abs() < 0.2);
        // The treatment is that of the song without the event.
        let (own, without): (toml::Table, toml::Table) = (
            text(&dir, &settings).parse().unwrap(),
            clean.parse().unwrap(),
        );
        for (stage, field) in [
            ("eq", "mid_db"),
            ("eq", "side_db"),
            ("compressor", "ratio"),
            ("saturation", "amount"),
            ("stereo", "mid_db"),
        ] {
            for (own, without) in numbers(&own[stage][field])
                .iter()
                .zip(numbers(&without[stage][field]))
            {
                assert!(
                    (own - without).abs() < 1.0,
                    "{song}, {stage}.{field}: {own} {without}"
                );
            }
        }
        // The settings hold the repair: they render the same bytes.
        dir.run(&[
            "master",
            &mix,
            "--settings",
            &settings,
            "-o",
            "again.wav",
            "--overwrite",
        ])
        .expect(0);
        assert_eq!(dir.bytes("again.wav"), dir.bytes(&master));
        let left = dir.run(&[
            "master",
            &mix,
            "--no-repair",
            "-o",
            "left.wav",
            "--overwrite",
        ]);
        assert!(!left.text().contains(told), "{}", left.text());
    }
}

#[test]
fn an_offset_that_drifts_or_stays_is_gone_from_the_first_sample_on_and_told() {
    let dir = Dir::new();
    write_wav(&dir.path("clean.wav"), 44_100, 2, &song(0.3));
    dir.run(&["master", "clean.wav", "-q"]).expect(0);
    let (_, clean) = read_wav(&dir.path("clean.master.wav"));
    for (name, offset) in [
        ("constant", (|_| 0.2) as fn(f32) -> f32),
        ("drift", |t| 0.03 * (t - 5.0)),
        ("wave", |t| 0.1 * (0.7 * t).sin()),
    ] {
        let mut samples = song(0.3);
        for (n, frame) in samples.chunks_exact_mut(2).enumerate() {
            let offset = offset(n as f32 / RATE_HZ as f32);
            frame.iter_mut().for_each(|x| *x += offset);
        }
        let mix = format!("{name}.wav");
        write_wav(&dir.path(&mix), 44_100, 2, &samples);
        let told = dir.run(&["check", &mix]).text();
        assert!(told.contains("offset"), "{name}: {told}");
        dir.run(&["master", &mix, "-q"]).expect(0);
        let (_, master) = read_wav(&dir.path(&format!("{name}.master.wav")));
        assert_eq!(master.len(), samples.len());
        let edges = [0..2 * 441, clean.len() - 2 * 441..clean.len()];
        let seconds = (0..10).map(|second| 2 * RATE_HZ * second..2 * RATE_HZ * (second + 1));
        for part in edges.into_iter().chain(seconds) {
            let left = mean(&master[part.clone()]) - mean(&clean[part.clone()]);
            assert!(left.abs() < 0.06, "{name}, {part:?}: {left}");
        }
    }
}

#[test]
fn repairs_out_of_range_or_order_are_refused_by_place() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &song(0.3));
    for (repairs, told) in [
        (
            "{ at_s = 2.0, length_ms = 50.0, kind = \"interpolate\" }",
            "cleanup.repairs.0: expected length_ms from 0 to 10",
        ),
        (
            "{ at_s = 2.0, length_ms = 5.0, kind = \"attenuate\", gain_db = 3.0 }",
            "gain_db",
        ),
        (
            "{ at_s = 2.0, length_ms = 5.0, kind = \"interpolate\" }, { at_s = 1.0, length_ms = 5.0, kind = \"interpolate\" }",
            "cleanup.repairs.1: expected at_s from 2.006 s on",
        ),
        (
            "{ at_s = nan, length_ms = 5.0, kind = \"interpolate\" }",
            "at_s",
        ),
    ] {
        let text = format!("schema = \"acetate.settings/1\"\n[cleanup]\nrepairs = [{repairs}]\n");
        dir.write("s.toml", text.as_bytes());
        let ran = dir
            .run(&["master", "mix.wav", "--settings", "s.toml"])
            .expect(2);
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
}

#[test]
fn a_loud_moment_that_is_too_long_to_repair_is_named_where_it_costs_the_target() {
    let dir = Dir::new();
    let mut shouted: Vec<f32> = program(44_100, 30.0).iter().map(|x| 0.03 * x).collect();
    for sample in &mut shouted[2 * 6 * RATE_HZ..2 * (6 * RATE_HZ + RATE_HZ / 10)] {
        *sample *= 25.0;
    }
    write_wav(&dir.path("shouted.wav"), 44_100, 2, &shouted);
    let report = dir
        .run(&["master", "shouted.wav", "--json"])
        .expect(1)
        .json();
    let reason = report["mastering"]["infeasible"]["reason"].as_str();
    assert!(
        reason.is_some_and(|reason| reason.contains("at 0:06")),
        "{reason:?}"
    );
}
