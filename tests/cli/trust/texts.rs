//! Text of others in terminals, lists and pages.

use super::*;

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
fn a_blank_album_or_a_formula_leaves_a_list_readable() {
    let dir = Dir::new();
    short_mix(&dir, "mix.wav");
    write_wav(&dir.path("m.wav"), 44_100, 2, &program(44_100, 1.1));
    write_wav(&dir.path("n.wav"), 44_100, 2, &program(44_100, 1.2));
    write_wav(&dir.path("o.wav"), 44_100, 2, &program(44_100, 1.3));
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
