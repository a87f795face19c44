//! What hands type: short ways and words of other programs work, or the answer says what to type.

use crate::dir::{Dir, Ran, program, write_wav};

/// Three seconds, which master in no time.
fn mix(dir: &Dir, name: &str) {
    write_wav(&dir.path(name), 44_100, 2, &program(44_100, 3.0));
}

/// Command lines, and the same as the manual has them. Every run ends with 0 and writes the same bytes.
const SAME: [(&str, &str, &str); 14] = [
    ("mix.wav", "master mix.wav", "mix.master.wav"),
    ("-q mix.wav -o a.wav", "master mix.wav -o a.wav", "a.wav"),
    (
        "-t apple mix.wav -o a.wav",
        "master mix.wav -o a.wav --target apple",
        "a.wav",
    ),
    (
        "master -i mix.wav -o a.wav",
        "master mix.wav -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav -o out/",
        "master mix.wav --out-dir out",
        "out/mix.master.wav",
    ),
    (
        "master mix.wav -t -16 -o a.wav",
        "master mix.wav --lufs -16 -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav --target=-16LUFS -o a.wav",
        "master mix.wav --lufs -16 -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav --preset APPLE -o a.wav",
        "master mix.wav --target apple -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav --tp -2 -o a.wav",
        "master mix.wav --ceiling -2 -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav -tp -2 -o a.wav",
        "master mix.wav --ceiling -2 -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav -b 32 -o a.wav",
        "master mix.wav --bits 32f -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav --sample-rate 48k -b16 -o a.wav",
        "master mix.wav --rate 48000 --bits 16 -o a.wav",
        "a.wav",
    ),
    (
        "master mix.wav --ref mix.wav -j 2 -o a.wav",
        "master mix.wav --reference mix.wav --threads 2 -o a.wav",
        "a.wav",
    ),
    (
        "master --input-list list.txt -o a.wav",
        "master mix.wav -o a.wav",
        "a.wav",
    ),
];

#[test]
fn short_ways_are_the_long_ones() {
    for (habit, manual, output) in SAME {
        let made = [habit, manual].map(|line| {
            let dir = Dir::new();
            mix(&dir, "mix.wav");
            dir.write("list.txt", b"\nmix.wav\n");
            let words: Vec<&str> = line.split(' ').chain(["--no-codec-safe"]).collect();
            let ran = dir.run(&words);
            assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
            dir.bytes(output)
        });
        assert!(made[0] == made[1], "{habit} is not {manual}");
    }
}

#[test]
fn what_is_there_is_replaced_by_every_name_of_overwrite() {
    let dir = Dir::new();
    mix(&dir, "mix.wav");
    for word in ["-f", "-y", "--force", "--overwrite"] {
        dir.write("mix.master.wav", b"mine");
        dir.run(&["mix.wav", word, "-q"]).expect(0);
        assert_ne!(dir.bytes("mix.master.wav"), b"mine", "{word}");
    }
    dir.run(&["mix.wav", "-n", "-o", "b.wav"]).expect(0);
    assert_eq!(dir.names(), ["mix.master.wav", "mix.wav"]);
    for word in ["analyse", "info"] {
        assert!(
            dir.run(&[word, "mix.wav"])
                .expect(0)
                .text()
                .contains("LUFS")
        );
    }
}

/// Command lines that end with 2, and what the answer says.
const ANSWERS: [(&str, &str); 23] = [
    ("master mix.wav --csv -", "--csv: expected a file name"),
    ("mastr mix.wav", "did you mean \"acetate master\"?"),
    ("verfy mix.wav", "did you mean \"acetate verify\"?"),
    ("xyzzy", "neither here"),
    (
        "My song.wav",
        "did you mean \"My song.wav\"? Put the name in quotes",
    ),
    (
        "master My song.wav",
        "did you mean \"My song.wav\"? Put the name in quotes",
    ),
    ("missing.wav", "missing.wav"),
    ("master mix.wav --lufs 14", "did you mean -14?"),
    ("master mix.wav -t 14", "did you mean -14?"),
    ("master mix.wav --ceiling 1", "did you mean -1?"),
    ("master mix.wav --rate 48q", "as 48000 or 48k"),
    ("master mix.wav --bits 20", "16"),
    ("master mix.wav -o a.mp3", "ffmpeg -i \"a.wav\""),
    ("master mix.wav -o a.txt", "ends in .wav or .flac"),
    ("master mix.wav --name {lufs}", "{stem}, {title}"),
    ("master mix.wav --name a/{stem}", "--out-dir"),
    ("master empty", "expected sound files"),
    ("master deep", "use --recursive"),
    ("master --input-list none.txt", "on each line"),
    // Values come before the existence of the output.
    (
        "master mix.wav -o there.wav --lufs -99",
        "target.integrated_lufs",
    ),
    ("master mix.wav -o there.wav --style blurple", "blurple"),
    ("master mix.wav -o there.wav --bypass reverb", "reverb"),
    ("master mix.wav -o there.wav", "exists already"),
];

#[test]
fn answers_say_what_to_type() {
    let dir = Dir::new();
    mix(&dir, "mix.wav");
    mix(&dir, "My song.wav");
    dir.write("there.wav", b"mine");
    dir.write("none.txt", b"\n\n");
    std::fs::create_dir(dir.path("empty")).unwrap();
    std::fs::create_dir_all(dir.path("deep/er")).unwrap();
    mix(&dir, "deep/er/a.wav");
    mix(&dir, "empty/old.master.wav");
    let before = dir.names();
    for (line, said) in ANSWERS {
        let ran = dir.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{line}: {}", ran.stderr);
        assert_eq!(dir.names(), before, "{line}");
    }
}

#[test]
fn a_folder_is_its_sound_files_and_a_batch_ends_with_a_line_each() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("songs/cd 2")).unwrap();
    for name in ["a.wav", "=b.wav", "a.master.wav", "cd 2/c.wav"] {
        mix(&dir, &format!("songs/{name}"));
    }
    dir.write("songs/notes.txt", b"no sound");
    let ran = dir.run(&[
        "songs",
        "--no-codec-safe",
        "--out-dir",
        "one",
        "--csv",
        "t.csv",
    ]);
    let ran = ran.expect(0);
    let is_master = |name: &String| name.ends_with(".wav");
    let made: Vec<String> = dir.names_in("one").into_iter().filter(is_master).collect();
    assert_eq!(made, ["=b.master.wav", "a.master.wav"]);
    for line in ["=b.master.wav", "a.master.wav"] {
        let told = ran
            .stderr
            .lines()
            .find(|told| told.trim_start().starts_with(line));
        let told = told.unwrap_or_else(|| panic!("{line}: {}", ran.stderr));
        assert!(
            told.contains("-14.0 LUFS") && told.ends_with("verified"),
            "{told}"
        );
    }
    let table = String::from_utf8(dir.bytes("t.csv")).unwrap();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(
        table.contains("songs/=b.wav,one/=b.master.wav,verified,-14.0"),
        "{table}"
    );

    let args = [
        "songs",
        "--recursive",
        "--out-dir",
        "tree",
        "--name",
        "{n} {stem} (master)",
        "--no-codec-safe",
        "--report",
        "pages",
        "-q",
    ];
    dir.run(&args).expect(0);
    assert!(dir.path("tree/cd 2/3 c (master).wav").exists());
    assert!(dir.path("tree/1 =b (master).wav").exists());
    let index = String::from_utf8(dir.bytes("pages/index.html")).unwrap();
    assert!(
        index.contains("href=\"./3%20c%20%28master%29.wav.html\""),
        "{index}"
    );
    // The index is ours and may be replaced; anything else may not.
    dir.run(&[&args[..], &["--resume"]].concat()).expect(0);
    dir.write("pages/index.html", b"mine");
    let ran = dir.run(&[&args[..], &["--resume"]].concat()).expect(2);
    assert!(ran.stderr.contains("index.html"), "{}", ran.stderr);
}

#[test]
fn masters_beside_the_mixes_are_not_mixes_the_next_time() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("songs")).unwrap();
    mix(&dir, "songs/a.wav");
    let args = ["songs", "--name", "{stem} (master)", "-q", "--overwrite"];
    dir.run(&args).expect(0);
    dir.run(&args).expect(0);
    let names = dir.names_in("songs");
    assert_eq!(names, ["a (master).wav", "a.wav"]);
}

/// Runs with variables of the environment.
fn with(dir: &Dir, variables: &[(&str, &str)], line: &str) -> Ran {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = dir.command(&words);
    command.env("XDG_CONFIG_HOME", dir.path("config"));
    Ran::of(command.envs(variables.iter().copied()).output().unwrap())
}

#[test]
fn values_come_from_the_nearest_place() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("album/cd 1")).unwrap();
    std::fs::create_dir_all(dir.path("config/acetate")).unwrap();
    mix(&dir, "album/cd 1/mix.wav");
    std::fs::rename(dir.path("album/cd 1"), dir.path("album/cd1")).unwrap();
    dir.write(
        "config/acetate/config.toml",
        b"[master]\nbits = 16\ntarget = \"loud\"\namount = 50\n",
    );
    dir.write(
        "album/acetate.toml",
        b"# the album\n[master]\ntarget = -16\nout_dir = \"masters\"\n",
    );
    let line = "master album/cd1/mix.wav -v --no-codec-safe -f";
    let lines = |ran: Ran, wanted: &[(&str, &str)]| {
        let ran = ran.expect(0);
        for (value, place) in wanted {
            let told = ran.stderr.lines().find(|told| told.starts_with(value));
            let told = told.unwrap_or_else(|| panic!("{value}: {}", ran.stderr));
            assert!(told.contains(place), "{told}");
        }
    };
    lines(
        with(&dir, &[], line),
        &[
            ("lufs = -16 ", "album/acetate.toml"),
            ("bits = 16 ", "config/acetate/config.toml"),
            ("amount = 50 ", "config/acetate/config.toml"),
            ("overwrite = true ", "command line"),
        ],
    );
    assert!(dir.path("album/masters/mix.master.wav").exists());
    let variables = [
        ("ACETATE_LUFS", "-18"),
        ("ACETATE_BITS", "24"),
        ("ACETATE_CEILING", "-3"),
    ];
    lines(
        with(&dir, &variables, &format!("{line} --ceiling -2")),
        &[
            ("lufs = -18 ", "ACETATE_LUFS"),
            ("bits = 24 ", "ACETATE_BITS"),
            ("ceiling = -2 ", "command line"),
            ("out-dir = masters ", "album/acetate.toml"),
        ],
    );
    // A target that was typed is whole: numbers from further away do not move it.
    let ran = with(&dir, &variables, &format!("{line} --target aes")).expect(0);
    assert!(!ran.stderr.contains("ACETATE_LUFS"), "{}", ran.stderr);
    let ran = with(&dir, &[], &format!("{line} --no-config")).expect(0);
    assert!(!ran.stderr.contains(".toml"), "{}", ran.stderr);
    assert!(dir.path("album/cd1/mix.master.wav").exists());
}

#[test]
fn a_wrong_configuration_is_named_with_what_to_write() {
    let dir = Dir::new();
    mix(&dir, "mix.wav");
    for (text, said) in [
        ("[master]\ntagret = \"apple\"\n", "did you mean \"target\"?"),
        ("[master]\nxyzzy = 1\n", "expected one of target, lufs"),
        ("[master]\noverwrite = true\n", "on the command line only"),
        ("[master]\ntarget = \"appel\"\n", "apple"),
        ("[master]\nlufs = 14\n", "did you mean -14?"),
        ("[master]\nstrict = \"yes\"\n", "expected true or false"),
        ("target = \"apple\"\n", "below a line [master]"),
        ("[mastr]\n", "[master]"),
        ("[master\n", "line 1"),
    ] {
        dir.write("acetate.toml", text.as_bytes());
        let ran = dir.run(&["master", "mix.wav"]);
        assert_eq!(ran.code, 2, "{text}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("acetate.toml") && ran.stderr.contains(said),
            "{text}: {}",
            ran.stderr
        );
    }
    std::fs::remove_file(dir.path("acetate.toml")).unwrap();
    let fifo = std::process::Command::new("mkfifo")
        .arg(dir.path("acetate.toml"))
        .status();
    assert!(fifo.unwrap().success());
    let ran = dir.run(&["master", "mix.wav"]).expect(2);
    assert!(ran.stderr.contains("acetate.toml"), "{}", ran.stderr);
    dir.run(&["master", "mix.wav", "--no-config", "-q"])
        .expect(0);
    let ran = with(
        &dir,
        &[("ACETATE_RATE", "fast")],
        "master mix.wav --no-config",
    );
    assert!(ran.expect(2).stderr.contains("ACETATE_RATE"));
}

#[test]
fn the_short_help_is_short_and_aliases_stay_out_of_it() {
    let dir = Dir::new();
    let short = dir.run(&["master", "-h"]).expect(0).text();
    let long = dir.run(&["master", "--help"]).expect(0).text();
    let options = |text: &str| {
        let lines = text.lines().map(str::trim_start);
        lines.filter(|line| line.starts_with('-')).count()
    };
    assert!((10..=18).contains(&options(&short)), "{short}");
    assert!(options(&long) > 40, "{long}");
    for hidden in ["--preset", "--tp", "--force", "--input ", "--sample-rate"] {
        assert!(!long.contains(hidden), "{hidden}");
    }
}
