//! Records, kept analyses and certificates: what is believed of them.

use super::*;

/// Two songs, mastered in one batch.
fn batch(dir: &Dir, more: &[&str]) -> Ran {
    dir.run(&[&["master", "a.wav", "b.wav", "--out-dir", "d"], more].concat())
}

fn two_songs() -> Dir {
    let dir = Dir::new();
    short_mix(&dir, "a.wav");
    write_wav(&dir.path("b.wav"), 44_100, 2, &program(44_100, 1.5));
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
fn a_check_against_a_certificate_names_what_it_did_not_check() {
    let dir = Dir::new();
    certified(&dir);
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
