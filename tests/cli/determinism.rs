//! Saved settings are the contract: they give the same bytes on any number of threads.
//! `campaigns/other_processors.py` compares processors.

use crate::dir::{Dir, program, write_wav};
use crate::mastering::EXCERPTS;

#[test]
fn settings_give_the_same_bytes_on_1_2_and_4_threads() {
    let dir = Dir::new();
    let mix = EXCERPTS[2];
    dir.excerpt(mix);
    dir.run(&[
        "master",
        mix,
        "-o",
        "first.wav",
        "--save-settings",
        "s.toml",
    ])
    .expect(0);
    for rate in ["44100", "48000"] {
        let mut renders = Vec::new();
        for threads in ["1", "2", "4"] {
            let name = format!("{rate}-{threads}.wav");
            let args = ["master", mix, "-o", &name, "--settings", "s.toml"];
            dir.run(&[&args[..], &["--rate", rate, "--threads", threads]].concat())
                .expect(0);
            renders.push(dir.bytes(&name));
        }
        assert!(
            renders[0] == renders[1] && renders[1] == renders[2],
            "{rate}"
        );
        assert_eq!(renders[0] == dir.bytes("first.wav"), rate == "44100");
    }
}

#[test]
fn a_batch_on_4_threads_is_what_each_of_its_songs_is_alone() {
    let dir = Dir::new();
    let names = ["a", "b", "c", "d"];
    for (index, name) in names.iter().enumerate() {
        let mix = program(44_100, 2.0 + 0.3 * index as f64);
        write_wav(&dir.path(&format!("{name}.wav")), 44_100, 2, &mix);
    }
    dir.run(&[
        "master",
        "a.wav",
        "b.wav",
        "c.wav",
        "d.wav",
        "--threads",
        "4",
        "-q",
    ])
    .expect(0);
    for name in names {
        let mix = format!("{name}.wav");
        dir.run(&[
            "master",
            &mix,
            "-o",
            "alone.wav",
            "--threads",
            "1",
            "--overwrite",
        ])
        .expect(0);
        assert!(
            dir.bytes("alone.wav") == dir.bytes(&format!("{name}.master.wav")),
            "{name}"
        );
    }
}
