//! Formats in and out.

use crate::dir::{Dir, program, read_wav, write_wav};

fn mix(dir: &Dir, name: &str, sample_rate_hz: u32) {
    write_wav(
        &dir.path(name),
        sample_rate_hz,
        2,
        &program(sample_rate_hz, 4.0),
    );
}

#[test]
fn every_word_length_is_written_and_verified() {
    let dir = Dir::new();
    mix(&dir, "mix.wav", 48_000);
    for (bits, expected) in [("16", 16), ("24", 24), ("32f", 32)] {
        let name = format!("master{bits}.wav");
        dir.run(&["master", "mix.wav", "-o", &name, "--bits", bits])
            .expect(0);
        assert_eq!(read_wav(&dir.path(&name)).0.bits_per_sample, expected);
    }
}

#[test]
fn flac_holds_the_same_samples_as_wav() {
    let dir = Dir::new();
    mix(&dir, "mix.wav", 44_100);
    dir.run(&["master", "mix.wav", "-o", "a.wav"]).expect(0);
    dir.run(&["master", "mix.wav", "-o", "a.flac"]).expect(0);
    let read = |name: &str| {
        let mut decoder =
            acetate_io::open(dir.path(name), &acetate_io::OpenOptions::default()).unwrap();
        acetate_dsp::read_all(&mut decoder).unwrap()
    };
    assert_eq!(read("a.wav"), read("a.flac"));
    let ran = dir.run(&[
        "master",
        "mix.wav",
        "-o",
        "a.flac",
        "--bits",
        "32f",
        "--overwrite",
    ]);
    assert!(ran.expect(2).stderr.contains("FLAC"));
}

#[test]
fn a_name_for_one_format_is_not_written_in_another() {
    let dir = Dir::new();
    mix(&dir, "mix.wav", 44_100);
    let ran = dir
        .run(&["master", "mix.wav", "-o", "m.flac", "--format", "wav"])
        .expect(2);
    assert!(ran.stderr.contains("found one for flac"), "{}", ran.stderr);
    assert_eq!(dir.names(), ["mix.wav"]);
    // A name for no format in particular is for any.
    dir.run(&["master", "mix.wav", "-o", "m.out", "--format", "flac"])
        .expect(0);
}

#[test]
fn the_sample_rate_is_kept_or_changed_as_asked() {
    let dir = Dir::new();
    for rate in [8_000, 22_050, 96_000, 192_000] {
        let name = format!("mix{rate}.wav");
        mix(&dir, &name, rate);
        let master = format!("mix{rate}.master.wav");
        dir.run(&["master", &name]).expect(0);
        assert_eq!(read_wav(&dir.path(&master)).0.sample_rate, rate);
    }
    dir.run(&[
        "master",
        "mix96000.wav",
        "-o",
        "cd.wav",
        "--rate",
        "44100",
        "--bits",
        "16",
    ])
    .expect(0);
    let (spec, samples) = read_wav(&dir.path("cd.wav"));
    assert_eq!(spec.sample_rate, 44_100);
    assert_eq!(samples.len(), 2 * 44_100 * 4);
    dir.run(&["master", "mix96000.wav", "-o", "no.wav", "--rate", "400000"])
        .expect(2);
}

#[test]
fn mono_stays_mono() {
    let dir = Dir::new();
    let mono: Vec<f32> = program(44_100, 4.0)
        .chunks(2)
        .map(|frame| frame[0])
        .collect();
    write_wav(&dir.path("mono.wav"), 44_100, 1, &mono);
    dir.run(&["master", "mono.wav"]).expect(0);
    assert_eq!(read_wav(&dir.path("mono.master.wav")).0.channels, 1);
}

#[test]
fn standard_input_and_output_carry_audio() {
    let dir = Dir::new();
    mix(&dir, "mix.wav", 44_100);
    let ran = dir
        .run_with_stdin(&["master", "-", "-o", "-"], &dir.path("mix.wav"))
        .expect(0);
    dir.write("piped.wav", &ran.stdout);
    dir.run(&["verify", "piped.wav"]).expect(0);
    dir.run(&["master", "mix.wav", "-o", "plain.wav"]).expect(0);
    assert!(ran.stdout == dir.bytes("plain.wav"));
    assert_eq!(
        dir.names(),
        ["mix.wav", "piped.wav", "plain.wav"],
        "nothing is left behind"
    );
}
