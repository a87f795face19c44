//! What others wrote is not trusted: names, tags, links, pipes, records and folders that somebody else made.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::dir::{Dir, Ran, programme, write_wav};

/// A name that sets a terminal's title, clears it, turns letters around and forges a line of ours.
const HOSTILE: &str = "x\u{1b}]0;t\u{7}\u{1b}[2J\nerror: forged\u{202e}\u{9b}1m.wav";
/// Longest run of a command that must not wait for a pipe, s.
const PATIENCE_S: &str = "20";

fn short_mix(dir: &Dir, name: &str) {
    write_wav(&dir.path(name), 44_100, 2, &programme(44_100, 1.0));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn make_pipe(dir: &Dir, name: &str) {
    let made = Command::new("mkfifo").arg(dir.path(name)).status().unwrap();
    assert!(made.success());
}

/// Runs with a limit of time: a run that waits ends with code 124.
fn run_in_time(dir: &Dir, args: &[&str]) -> Ran {
    let own = dir.command(args);
    let mut limited = Command::new("timeout");
    limited
        .arg(PATIENCE_S)
        .arg(own.get_program())
        .args(own.get_args())
        .current_dir(dir.path(""))
        .stdin(Stdio::null());
    for (name, value) in own.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    Ran::of(limited.output().unwrap())
}

#[track_caller]
fn is_plain(what: &str, text: &str) {
    let is_loose = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_loose), "{what}: {text:?}");
    let forged = text.lines().any(|line| line.starts_with("error: forged"));
    assert!(!forged, "{what}: {text:?}");
}

#[test]
fn no_output_is_wider_than_the_umask_or_the_file_that_it_replaces() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let args = [
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--report",
        "r.html",
        "--certificate",
        "c.json",
        "--save-settings",
        "s.toml",
        "--overwrite",
    ];
    dir.run(&args).expect(0);
    let outputs = ["m.wav", "r.html", "c.json", "s.toml"].map(|name| dir.path(name));
    let usual = mode(&outputs[0]);
    assert_eq!(usual & 0o7111, 0);
    for (old, new) in [(0o6777, usual), (0o600, 0o600), (0o4640, 0o640 & usual)] {
        outputs.iter().for_each(|path| set_mode(path, old));
        dir.run(&args).expect(0);
        for path in &outputs {
            assert_eq!(mode(path), new, "{} over {old:o}", path.display());
        }
    }
}

#[test]
fn a_folder_with_sums_or_a_certificate_of_somebodys_own_is_no_earlier_pack() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    dir.run(&[
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--certificate",
        "c.json",
    ])
    .expect(0);
    fs::create_dir_all(dir.path("album/stems")).unwrap();
    dir.write("album/song.wav", b"work");
    dir.write("album/stems/kick.wav", b"stem");
    let hash = "0".repeat(64);
    let sums = format!("{hash}  song.wav\n{hash}  stems\n{hash}  certificate.json\n");
    dir.write("album/SHA256SUMS", sums.as_bytes());
    let replace = [
        "master",
        "mix.wav",
        "-o",
        "n.wav",
        "--pack",
        "album",
        "--overwrite",
    ];
    let ran = dir.run(&replace).expect(2);
    assert!(ran.stderr.contains("found song.wav"), "{}", ran.stderr);
    fs::copy(dir.path("c.json"), dir.path("album/certificate.json")).unwrap();
    let ran = dir.run(&replace).expect(2);
    assert!(
        ran.stderr.contains("added: song.wav, stems"),
        "{}",
        ran.stderr
    );
    assert_eq!(dir.bytes("album/stems/kick.wav"), b"stem");
    assert_eq!(dir.bytes("album/song.wav"), b"work");
}

#[test]
fn an_engineers_work_in_a_pack_is_named_and_kept() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let replace = [
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--pack",
        "pack",
        "--overwrite",
    ];
    dir.run(&replace).expect(0);
    dir.run(&replace).expect(0);
    dir.write("pack/session.rpp", b"edited");
    dir.write("pack/mine.rpp", b"new");
    let ran = dir.run(&replace).expect(2);
    let said = "changed: session.rpp; added: mine.rpp";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(dir.bytes("pack/session.rpp"), b"edited");
    fs::remove_file(dir.path("pack/mine.rpp")).unwrap();
    fs::remove_file(dir.path("pack/session.rpp")).unwrap();
    fs::create_dir(dir.path("pack/session.rpp")).unwrap();
    dir.write("pack/session.rpp/take.wav", b"take");
    dir.run(&replace).expect(2);
    assert_eq!(dir.bytes("pack/session.rpp/take.wav"), b"take");
}

#[test]
fn the_sums_of_a_pack_check_whatever_the_mix_is_called() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let name = "s.w\n0000  x\\";
    fs::copy(dir.path("mix.wav"), dir.path(name)).unwrap();
    dir.run(&["master", name, "-o", "m.wav", "--pack", "pack"])
        .expect(0);
    assert!(dir.names_in("pack").contains(&"mix.wav".to_owned()));
    let checked = Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
        .current_dir(dir.path("pack"))
        .status()
        .unwrap();
    assert!(checked.success());
}

#[test]
fn no_name_steers_the_terminal_or_forges_a_line() {
    let dir = Dir::new();
    short_mix(&dir, HOSTILE);
    short_mix(&dir, "mix.wav");
    dir.write("broken.wav", b"RIFF");
    fs::copy(dir.path("broken.wav"), dir.path(&format!("b{HOSTILE}"))).unwrap();
    let broken = format!("b{HOSTILE}");
    let absent = format!("a{HOSTILE}");
    let option = format!("--{HOSTILE}");
    let commands: [&[&str]; 17] = [
        &["analyze", HOSTILE],
        &["analyze", HOSTILE, "--json"],
        &["check", HOSTILE, "-v"],
        &["verify", HOSTILE],
        &["master", HOSTILE, "-v"],
        &["master", HOSTILE],
        &["master", HOSTILE, "mix.wav", "--out-dir", "d"],
        &["master", HOSTILE, "mix.wav", "--out-dir", "d", "--resume"],
        &["master", HOSTILE, "-o", "-"],
        &["analyze", &broken],
        &["analyze", &absent, "--json"],
        &["master", "mix.wav", "-o", "n.wav", "--settings", &absent],
        &["learn", "--mix", "mix.wav", "--master", HOSTILE],
        &[
            "learn",
            "--mix",
            "mix.wav",
            "--master",
            HOSTILE,
            "--catalog",
            "c.csv",
        ],
        &["verify", "mix.wav", "--certificate", &absent],
        &["dataset", "list", "--datasets", &absent],
        &["analyze", &option],
    ];
    for args in commands {
        let ran = dir.run(args);
        is_plain(&format!("{args:?}"), &ran.stderr);
        if !args.ends_with(&["-o", "-"]) {
            is_plain(&format!("{args:?}"), &ran.text());
        }
    }
}

#[test]
fn no_text_file_steers_the_terminal_or_is_quoted_whole() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let hostile = "\u{1b}]0;t\u{7}\nerror: forged";
    let toml = "\\u001b]0;t\\u0007\\nerror: forged";
    dir.write("key.toml", format!("\"{toml}\" = 1\n").as_bytes());
    dir.write("raw.toml", hostile.as_bytes());
    dir.write(
        "long.toml",
        format!("{} = 1\n", "x".repeat(500_000)).as_bytes(),
    );
    dir.write("large.toml", &vec![b'#'; 20 << 20]);
    dir.write("c.json", format!("{{\"schema\": \"{toml}\"}}").as_bytes());
    dir.write("list.csv", format!("mix,master,{hostile}\n").as_bytes());
    dir.write(
        "d.toml",
        format!("format = 1\n[[package]]\nname = \"{toml}\"\n").as_bytes(),
    );
    for name in ["key.toml", "raw.toml", "long.toml", "large.toml"] {
        for args in [
            &["master", "mix.wav", "-o", "m.wav", "--settings", name][..],
            &["master", "mix.wav", "-o", "m.wav", "--reference", name],
            &["train", "--recipe", name, "--offline", "--out-dir", "t"],
            &["dataset", "list", "--datasets", name],
        ] {
            let ran = dir.run(args).expect(2);
            is_plain(&format!("{args:?}"), &ran.stderr);
            assert!(
                ran.stderr.len() < 3_000,
                "{args:?}: {} bytes",
                ran.stderr.len()
            );
            assert_eq!(ran.stderr.lines().count(), 1, "{args:?}: {}", ran.stderr);
            if name == "large.toml" {
                let is_told = ran.stderr.contains("at most") && ran.stderr.contains("20971520");
                assert!(is_told, "{args:?}: {}", ran.stderr);
            }
        }
    }
    for args in [
        &["verify", "mix.wav", "--certificate", "c.json"][..],
        &["train", "--pairs", "list.csv", "--out-dir", "t"],
        &["dataset", "list", "--datasets", "d.toml"],
    ] {
        let ran = dir.run(args).expect(2);
        is_plain(&format!("{args:?}"), &ran.stderr);
    }
}

#[test]
fn pipes_and_devices_are_refused_where_a_file_is_meant() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    make_pipe(&dir, "pipe");
    make_pipe(&dir, "pipe.toml");
    for args in [
        &["master", "pipe"][..],
        &["master", "mix.wav", "-o", "m.wav", "--settings", "pipe"],
        &["master", "mix.wav", "-o", "m.wav", "--weights", "pipe"],
        &["master", "mix.wav", "-o", "m.wav", "--reference", "pipe"],
        &[
            "master",
            "mix.wav",
            "-o",
            "m.wav",
            "--reference",
            "pipe.toml",
        ],
        &[
            "master",
            "mix.wav",
            "-o",
            "m.wav",
            "--settings",
            "/dev/zero",
        ],
        &[
            "master",
            "mix.wav",
            "-o",
            "pipe.wav",
            "--save-settings",
            "pipe",
            "--overwrite",
        ],
        &["analyze", "pipe"],
        &["check", "pipe"],
        &["verify", "mix.wav", "--certificate", "pipe"],
        &["verify", "mix.wav", "--certificate", "/dev/zero"],
        &["learn", "--mix", "mix.wav", "--master", "pipe"],
        &["learn", "--mix", "pipe", "--master", "mix.wav"],
        &["dataset", "list", "--datasets", "pipe"],
        &["dataset", "fetch", "--manifest", "pipe"],
        &["train", "--pairs", "pipe", "--out-dir", "t"],
        &["train", "--recipe", "pipe", "--offline", "--out-dir", "t"],
        &["eval", "--pairs", "pipe"],
        &["eval", "--weights", "pipe", "--masters", "."],
        &["eval", "--recipe", "pipe", "--fit-baselines"],
    ] {
        let ran = run_in_time(&dir, args).expect(2);
        let is_told = ran.stderr.contains("a pipe") || ran.stderr.contains("a device");
        assert!(is_told, "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn what_is_no_audio_on_standard_input_is_not_taken_whole() {
    let dir = Dir::new();
    let noise: Vec<u8> = (0_u32..1 << 16)
        .flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..16].to_vec())
        .collect();
    for (name, block) in [("text", vec![b'y'; 1 << 20]), ("noise", noise)] {
        let mut child = dir
            .command(&["master", "-", "-o", "m.wav"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let taken = (0..64)
            .take_while(|_| stdin.write_all(&block).is_ok())
            .count();
        drop(stdin);
        let ran = Ran::of(child.wait_with_output().unwrap()).expect(2);
        assert!(taken < 4, "{name}: {taken} MB were taken");
        assert!(
            ran.stderr.contains("standard input: expected"),
            "{}",
            ran.stderr
        );
        assert!(dir.names().is_empty(), "{:?}", dir.names());
    }
    // Tags before the sound may be longer than what is looked at first.
    short_mix(&dir, "mix.wav");
    let mut tagged = b"ID3\x04\0\0\x01\x00\0\0".to_vec();
    tagged.resize(10 + (1 << 21), 0);
    tagged.extend(fs::read(crate::dir::audio("rock_excerpt.flac")).unwrap());
    let tagged = dir.write("tagged.flac", &tagged);
    dir.run_with_stdin(&["master", "-", "-o", "m.wav"], &tagged)
        .expect(0);
}

#[test]
fn a_name_too_long_for_its_output_is_refused_before_the_work() {
    let dir = Dir::new();
    let long = format!("{}.wav", "x".repeat(251));
    short_mix(&dir, &long);
    short_mix(&dir, "mix.wav");
    let html = format!("{}.html", "y".repeat(252));
    for args in [
        &["master", &long][..],
        &["master", &long, "mix.wav", "--out-dir", "new"],
        &["master", "mix.wav", "-o", "m.wav", "--report", &html],
        &["master", "mix.wav", "-o", "m.wav", "--pack", &html],
        &["master", "mix.wav", "-o", "m.wav", "--save-settings", &html],
    ] {
        let ran = dir.run(args).expect(2);
        assert!(ran.stderr.contains("at most 255 bytes"), "{}", ran.stderr);
        assert_eq!(dir.names().len(), 2, "{args:?}: {:?}", dir.names());
    }
}

/// Two songs, mastered in one batch.
fn batch(dir: &Dir, more: &[&str]) -> Ran {
    dir.run(&[&["master", "a.wav", "b.wav", "--out-dir", "d"], more].concat())
}

fn two_songs() -> Dir {
    let dir = Dir::new();
    short_mix(&dir, "a.wav");
    write_wav(&dir.path("b.wav"), 44_100, 2, &programme(44_100, 1.5));
    batch(&dir, &[]).expect(0);
    dir
}

#[test]
fn a_forged_line_of_the_record_resumes_nothing() {
    let dir = two_songs();
    let record = String::from_utf8(dir.bytes("d/.acetate-delivered.jsonl")).unwrap();
    let line = |name: &str| record.lines().find(|line| line.contains(name)).unwrap();
    let hash = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["output_blake3"].as_str().unwrap().to_owned()
    };
    let (a, b) = (line("\"a.master.wav\""), line("\"b.master.wav\""));
    let forged = a.replace(&hash(a), &hash(b));
    dir.write(
        "d/.acetate-delivered.jsonl",
        format!("{record}\n{forged}\n").as_bytes(),
    );
    let other = dir.bytes("d/b.master.wav");
    dir.write("d/a.master.wav", &other);
    let ran = batch(&dir, &["--resume"]).expect(2);
    assert!(ran.stderr.contains("found a changed one"), "{}", ran.stderr);
    assert!(
        dir.bytes("d/a.master.wav") == other,
        "nothing is replaced unasked"
    );
    batch(&dir, &["--resume", "--overwrite"]).expect(0);
    assert!(dir.bytes("d/a.master.wav") != other);
}

#[test]
fn a_master_that_only_another_users_record_knows_is_made_again_and_compared() {
    let dir = two_songs();
    let record = String::from_utf8(dir.bytes("d/.acetate-delivered.jsonl")).unwrap();
    let mut others = String::new();
    for line in record.lines().filter(|line| !line.is_empty()) {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("by");
        line.as_object_mut().unwrap().remove("mark");
        others += &format!("{line}\n");
    }
    dir.write("d/.acetate-delivered.jsonl", others.as_bytes());
    let ran = batch(&dir, &["--resume"]).expect(0);
    assert!(
        ran.stderr.contains("2 mastered and verified"),
        "{}",
        ran.stderr
    );
    let ran = batch(&dir, &["--resume"]).expect(0);
    assert!(ran.stderr.contains("2 skipped"), "{}", ran.stderr);
    // A line that names what somebody put there.
    dir.write("d/a.master.wav", b"anything");
    let hash = blake3::hash(b"anything").to_hex().to_string();
    let first: serde_json::Value = serde_json::from_str(others.lines().next().unwrap()).unwrap();
    let first = first["output_blake3"].as_str().unwrap().to_owned();
    let second: serde_json::Value = serde_json::from_str(others.lines().nth(1).unwrap()).unwrap();
    let second = second["output_blake3"].as_str().unwrap().to_owned();
    let forged = others.replace(&first, &hash).replace(&second, &hash);
    dir.write("d/.acetate-delivered.jsonl", forged.as_bytes());
    let ran = batch(&dir, &["--resume"]).expect(2);
    assert!(ran.stderr.contains("found another file"), "{}", ran.stderr);
    assert_eq!(dir.bytes("d/a.master.wav"), b"anything");
}

#[test]
fn a_forged_analysis_changes_no_master() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    let render = || {
        dir.run(&["master", "mix.wav", "-o", "m.wav", "--overwrite"])
            .expect(0);
        dir.bytes("m.wav")
    };
    let master = render();
    let [entry] = dir.kept_analyses().try_into().unwrap();
    let whole = fs::read(&entry).unwrap();
    let key = blake3::Hash::from_hex(entry.file_stem().unwrap().to_str().unwrap()).unwrap();
    let (magic, sealed) = whole.split_at(8);
    let mut body = sealed[32..].to_vec();
    let at = body.len() / 2;
    body[at] ^= 1;
    // As anybody can seal it who knows the entry's name.
    let seal = blake3::keyed_hash(key.as_bytes(), &body);
    fs::write(&entry, [magic, seal.as_bytes(), &body].concat()).unwrap();
    assert!(render() == master);
    assert!(fs::read(&entry).unwrap() == whole, "it was measured again");
}

#[test]
fn training_and_fetching_write_through_no_link() {
    let dir = Dir::new();
    fs::create_dir(dir.path("t")).unwrap();
    fs::create_dir(dir.path("c")).unwrap();
    let victim = dir.write("victim", b"precious");
    fs::create_dir(dir.path("own")).unwrap();
    dir.write("own/notes", b"precious");
    for name in ["README.md", "weights.safetensors", "metrics.json"] {
        symlink(&victim, dir.path(&format!("t/.{name}.acetate-tmp"))).unwrap();
    }
    for name in ["lock", "pairs.csv.part", "pairs.csv"] {
        symlink(&victim, dir.path(&format!("c/{name}"))).unwrap();
    }
    symlink(dir.path("own"), dir.path("c/partial")).unwrap();
    dir.write("p.csv", b"mix,master,album\n");
    dir.write("d.toml", b"format = 1\n");
    dir.run(&[
        "train",
        "--pairs",
        "p.csv",
        "--out-dir",
        "t",
        "--datasets",
        "none",
    ]);
    let fetch = ["dataset", "fetch", "--datasets", "d.toml", "--cache", "c"];
    let ran = dir.run(&fetch).expect(2);
    assert!(
        ran.stderr.contains("found a symbolic link"),
        "{}",
        ran.stderr
    );
    fs::remove_file(dir.path("c/lock")).unwrap();
    fs::hard_link(&victim, dir.path("c/lock")).unwrap();
    dir.run(&fetch).expect(2);
    fs::remove_file(dir.path("c/lock")).unwrap();
    dir.run(&fetch).expect(0);
    assert_eq!(dir.bytes("victim"), b"precious");
    assert_eq!(dir.bytes("own/notes"), b"precious");
    assert!(!dir.path("c/partial").is_symlink());
}

#[test]
fn a_blank_album_or_a_formula_leaves_a_list_readable() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    write_wav(&dir.path("m.wav"), 44_100, 2, &programme(44_100, 1.1));
    write_wav(&dir.path("n.wav"), 44_100, 2, &programme(44_100, 1.2));
    write_wav(&dir.path("o.wav"), 44_100, 2, &programme(44_100, 1.3));
    let learn = |master: &str, album: &str| {
        dir.run(&[
            "learn",
            "--mix",
            "mix.wav",
            "--master",
            master,
            "--catalog",
            "c.csv",
            "--album",
            album,
        ])
        .expect(0);
    };
    learn("m.wav", "   ");
    learn("n.wav", "=HYPERLINK(\"x\")");
    learn("o.wav", "a\u{1b}b\nc");
    let list = String::from_utf8(dir.bytes("c.csv")).unwrap();
    assert_eq!(list.lines().count(), 4, "{list}");
    assert!(list.contains(",\"'=HYPERLINK(\"\"x\"\")\""), "{list}");
    is_plain("c.csv", &list);
}

#[test]
fn the_pages_policy_names_its_one_script_by_its_hash() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    dir.run(&["master", "mix.wav", "-o", "m.wav", "--report", "r.html"])
        .expect(0);
    let page = String::from_utf8(dir.bytes("r.html")).unwrap();
    let policy = page.split("script-src ").nth(1).unwrap();
    let policy = policy.split('"').next().unwrap();
    let scripts: Vec<&str> = page
        .split("<script>")
        .skip(1)
        .map(|rest| rest.split("</script>").next().unwrap())
        .collect();
    let [script] = scripts[..] else {
        panic!("{} scripts", scripts.len());
    };
    dir.write("script.js", script.as_bytes());
    let hashed = Command::new("sh")
        .args([
            "-c",
            "sha256sum script.js | cut -c 1-64 | xxd -r -p | base64",
        ])
        .current_dir(dir.path(""))
        .output()
        .unwrap();
    let hash = String::from_utf8(hashed.stdout).unwrap();
    if hash.trim().is_empty() {
        eprintln!("not tested: xxd is not installed");
        return;
    }
    assert_eq!(policy, format!("'sha256-{}'", hash.trim()));
}

#[test]
fn a_check_against_a_certificate_names_what_it_did_not_check() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    dir.run(&[
        "master",
        "mix.wav",
        "-o",
        "m.wav",
        "--certificate",
        "c.json",
    ])
    .expect(0);
    let verify = ["verify", "m.wav", "--certificate", "c.json"];
    let alone = dir.run(&verify).expect(0).text();
    for field in [
        "findings",
        "weights_hash",
        "attempts",
        "before",
        "input.blake3",
    ] {
        assert!(alone.contains(field), "{field}: {alone}");
    }
    let again = dir.run(&[&verify[..], &["--input", "mix.wav"]].concat());
    let again = again.expect(0).text();
    assert!(
        again.contains("findings") && !again.contains("before"),
        "{again}"
    );
    // What is measured again is no claim.
    let mut forged: serde_json::Value = serde_json::from_slice(&dir.bytes("c.json")).unwrap();
    forged["checks"][0]["measured"] = (-3.0).into();
    dir.write("c.json", forged.to_string().as_bytes());
    let ran = dir.run(&verify).expect(1);
    assert!(ran.text().contains("measured"), "{}", ran.text());
}
