//! `acetate learn`: what was done by section and to S sounds is found again, and nothing is claimed that was not done.

use acetate_dsp::{Audio, read_all};
use serde_json::Value;

use crate::dir::{Dir, write_wav};
use crate::sections::song;

/// Masters `mix` with these settings to theirs.wav.
fn master(dir: &Dir, mix: &str, settings: &str) {
    let settings = format!("schema = \"acetate.settings/1\"\n{settings}");
    dir.write("set.toml", settings.as_bytes());
    let args = ["master", mix, "-o", "theirs.wav", "--settings", "set.toml"];
    dir.run(&[&args[..], &["--overwrite"]].concat()).expect(0);
}

fn learned(dir: &Dir, mix: &str) -> Value {
    let args = ["learn", "--mix", mix, "--master", "theirs.wav", "--json"];
    dir.run(&args).expect(0).json()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn told(found: &Value) -> String {
    let sentences = found["unexplained"].as_array().expect("sentences");
    let sentences: Vec<&str> = sentences.iter().filter_map(Value::as_str).collect();
    sentences.join("\n")
}

fn claims_nothing(found: &Value) {
    let settings = &found["settings"];
    assert_eq!(settings["deesser"]["max_reduction_db"], 0.0, "{found}");
    assert_eq!(settings["sections"], Value::Null, "{found}");
}

fn samples(dir: &Dir, name: &str) -> Audio {
    let options = acetate_io::OpenOptions::default();
    let mut decoder = acetate_io::open(dir.path(name), &options).expect("a file");
    read_all(&mut decoder).expect("its samples")
}

#[test]
fn a_deesser_is_found_again_and_its_sound_is_met() {
    let dir = Dir::new();
    let mix = example(&dir);
    master(
        &dir,
        mix,
        "[deesser]\nfrequency_hz = 6000.0\nthreshold_lu = -26.0\nmax_reduction_db = 5.0\n",
    );
    let found = learned(&dir, mix);
    let deesser = &found["settings"]["deesser"];
    let off = |name: &str, set: f64| (number(&deesser[name]) - set).abs();
    assert!(off("frequency_hz", 6000.0) < 400.0, "{deesser}");
    assert!(off("max_reduction_db", 5.0) < 0.8, "{deesser}");
    assert!(off("threshold_lu", -26.0) < 2.0, "{deesser}");
    assert!(number(&found["treble_left_db"]) < 0.2, "{found}");
    assert!(number(&found["sibilants_left_db"]).abs() < 0.2, "{found}");
    assert_eq!(found["settings"]["sections"], Value::Null);
}

#[test]
fn a_narrow_cut_that_stands_still_is_no_deesser() {
    let dir = Dir::new();
    let mix = example(&dir);
    let fine = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-2,-5,-3,0,0,0";
    master(&dir, mix, &format!("[eq]\nfine_mid_db = [{fine}]\n"));
    let found = learned(&dir, mix);
    claims_nothing(&found);
    let cut_db = number(&found["settings"]["eq"]["mid_db"][9]);
    assert!(cut_db < -2.0, "{found}");
}

#[test]
fn moves_of_parts_are_found_again_beside_a_compressor() {
    let dir = song();
    let bounds = [
        (0.0, 13.0),
        (13.0, 24.0),
        (24.0, 37.0),
        (37.0, 48.0),
        (48.0, 61.0),
    ];
    let set = [(0.0, 0.0), (0.7, -0.8), (0.0, 0.0), (-0.6, 0.0), (0.0, 0.0)];
    let parts = bounds
        .iter()
        .zip(set)
        .map(|((start_s, end_s), (level_db, side_db))| {
            format!(
                "[[sections]]\nstart_s = {start_s:?}\nend_s = {end_s:?}\nletter = \"A\"\n\
             level_db = {level_db:?}\nside_db = {side_db:?}\n"
            )
        });
    let parts: String = parts.collect();
    let compressor = "[compressor]\nthreshold_lu = -4.0\nratio = 1.5\n";
    master(&dir, "song.wav", &format!("{compressor}{parts}"));
    let found = learned(&dir, "song.wav");
    let sections = found["settings"]["sections"].as_array().expect("sections");
    assert_eq!(sections.len(), set.len(), "{found}");
    let moves = |name: &str| -> Vec<f64> {
        let own = sections.iter().map(|section| number(&section[name]));
        let own: Vec<f64> = own.collect();
        // What all parts have in common is the drive's business, or the width's.
        own.iter().map(|db| db - own[0]).collect()
    };
    let (levels, sides) = (moves("level_db"), moves("side_db"));
    for (index, (level_db, side_db)) in set.iter().enumerate() {
        assert!((levels[index] - level_db).abs() < 0.15, "{levels:?}");
        assert!((sides[index] - side_db).abs() < 0.25, "{sides:?}");
    }
    let ratio = number(&found["settings"]["compressor"]["ratio"]);
    assert!((ratio - 1.5).abs() < 0.15, "{ratio}");
    let text = dir
        .run(&["learn", "--mix", "song.wav", "--master", "theirs.wav"])
        .expect(0)
        .text();
    assert!(text.contains("  sections      A 0:00"), "{text}");
}

#[test]
fn a_fade_out_of_the_master_is_told_and_taken_for_nothing_else() {
    let dir = song();
    master(
        &dir,
        "song.wav",
        "[compressor]\nthreshold_lu = -4.0\nratio = 1.6\n",
    );
    let mut faded = samples(&dir, "theirs.wav");
    let rate_hz = faded.sample_rate_hz();
    let (from, frames) = (50 * rate_hz as usize, faded.frames());
    let (left, right) = faded.split_mut();
    let right = right.expect("two channels");
    for frame in from..frames {
        let gain = (frames - frame) as f32 / (frames - from) as f32;
        left[frame] *= gain;
        right[frame] *= gain;
    }
    let pairs = left.iter().zip(right.iter());
    let pairs: Vec<f32> = pairs.flat_map(|(l, r)| [*l, *r]).collect();
    write_wav(&dir.path("theirs.wav"), rate_hz, 2, &pairs);
    let found = learned(&dir, "song.wav");
    claims_nothing(&found);
    let from_s = number(&found["fades_from_s"]);
    assert!((48.0..54.0).contains(&from_s), "{from_s}");
    assert!(
        told(&found).contains("fade: the master fades out from about 0:5"),
        "{found}"
    );
    let ratio = number(&found["settings"]["compressor"]["ratio"]);
    assert!((ratio - 1.6).abs() < 0.15, "{ratio}");
}

#[test]
fn a_master_that_starts_later_is_compared_in_its_place() {
    let dir = song();
    master(&dir, "song.wav", "[stereo]\nmid_db = 1.0\nhigh_db = 1.0\n");
    let straight = learned(&dir, "song.wav");
    let theirs = samples(&dir, "theirs.wav");
    let rate_hz = theirs.sample_rate_hz();
    // 330 ms: no whole number of blocks, nor of band frames.
    let mut later = Audio::silence(rate_hz, 2, rate_hz as usize * 33 / 100);
    later.append(&theirs);
    let pairs = later.channel(0).iter().zip(later.channel(1));
    let pairs: Vec<f32> = pairs.flat_map(|(l, r)| [*l, *r]).collect();
    write_wav(&dir.path("theirs.wav"), rate_hz, 2, &pairs);
    let found = learned(&dir, "song.wav");
    claims_nothing(&found);
    assert!((number(&found["longer_s"]) - 0.33).abs() < 0.001);
    for left in ["riding_left_db", "treble_left_db"] {
        let (is, was) = (number(&found[left]), number(&straight[left]));
        assert!(is < was + 0.1, "{left}: {is} dB, {was} dB in its place");
    }
}

/// mix.flac: the mix of the examples.
fn example(dir: &Dir) -> &'static str {
    let mix = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mix.flac");
    std::fs::copy(mix, dir.path("mix.flac")).expect("the example copies");
    "mix.flac"
}
