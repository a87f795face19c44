//! `acetate check` as a person and a script meet it.

use serde_json::Value;

use crate::dir::{Dir, program, write_wav};

/// Left as it is, right turned over: gone in mono.
fn turned_over(seconds: f64) -> Vec<f32> {
    let mut samples = program(44_100, seconds);
    for frame in samples.chunks_exact_mut(2) {
        frame[1] = -frame[0];
    }
    samples
}

#[test]
fn an_untouched_mix_is_not_refused_and_a_broken_one_is_with_what_to_do() {
    let dir = Dir::new();
    dir.excerpt("rock_excerpt.flac");
    write_wav(&dir.path("broken.wav"), 44_100, 2, &turned_over(6.0));
    let ran = dir.run(&["check", "rock_excerpt.flac"]).expect(0);
    assert!(ran.text().contains("ready"), "{}", ran.text());
    assert!(ran.text().contains("phone"), "{}", ran.text());
    let text = dir.run(&["check", "broken.wav"]).expect(1).text();
    for words in [
        "NOT READY",
        "anti-phase",
        "do:",
        "mastering: cannot mend it",
        "polarity",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn several_inputs_give_one_object_each_and_the_worst_exit_code() {
    let dir = Dir::new();
    dir.excerpt("rock_excerpt.flac");
    write_wav(&dir.path("broken.wav"), 44_100, 2, &turned_over(6.0));
    let text = dir
        .run(&["check", "rock_excerpt.flac", "broken.wav", "--json"])
        .expect(1)
        .text();
    assert_eq!(text.lines().count(), 2);
    let ran = dir
        .run(&["check", "rock_excerpt.flac", "nowhere.wav"])
        .expect(2);
    assert!(ran.stderr.contains("nowhere.wav"), "{}", ran.stderr);
    write_wav(&dir.path("silence.wav"), 44_100, 2, &[0.0; 88_200]);
    let ran = dir.run(&["check", "silence.wav"]).expect(2);
    assert!(
        ran.stderr.contains("silence.wav: expected"),
        "{}",
        ran.stderr
    );
}

#[test]
fn json_keeps_to_the_published_schema() {
    let dir = Dir::new();
    dir.excerpt("wide_excerpt.flac");
    write_wav(&dir.path("broken.wav"), 44_100, 2, &turned_over(6.0));
    let schema: Value =
        serde_json::from_str(&dir.run(&["check", "--schema"]).expect(0).text()).expect("JSON");
    let same = dir.run(&["schema", "check"]).expect(0).text();
    assert_eq!(schema, serde_json::from_str::<Value>(&same).expect("JSON"));
    for (name, code) in [("wide_excerpt.flac", 0), ("broken.wav", 1)] {
        let check = dir.run(&["check", name, "--json"]).expect(code).json();
        holds(&schema, &schema, &check, "check").unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    // A validator that accepts everything would prove nothing.
    let mut wrong = dir.run(&["check", "broken.wav", "--json"]).expect(1).json();
    wrong["findings"][0]["severity"] = "terrible".into();
    assert!(holds(&schema, &schema, &wrong, "check").is_err());
    let mut wrong = dir.run(&["check", "broken.wav", "--json"]).expect(1).json();
    wrong["surprise"] = 1.into();
    assert!(holds(&schema, &schema, &wrong, "check").is_err());
}

#[test]
fn reports_and_certificates_keep_to_their_schemas_also_where_a_figure_does_not_exist() {
    let dir = Dir::new();
    write_wav(&dir.path("song.wav"), 44_100, 2, &program(44_100, 4.0));
    write_wav(&dir.path("short.wav"), 44_100, 2, &program(44_100, 1.0));
    write_wav(&dir.path("silence.wav"), 44_100, 2, &[0.0; 88_200]);
    let schema = |kind: &str| -> Value {
        let text = dir.run(&["schema", kind]).expect(0).text();
        serde_json::from_str(&text).expect("JSON")
    };
    let report = schema("report");
    for (code, args) in [
        (0, &["master", "song.wav", "--dry-run", "--json"][..]),
        (0, &["master", "song.wav", "-o", "a.wav", "--json"]),
        (
            0,
            &[
                "master",
                "short.wav",
                "-o",
                "b.wav",
                "--json",
                "--certificate",
                "c.json",
            ],
        ),
        (0, &["analyze", "short.wav", "--json"]),
        (0, &["analyze", "silence.wav", "--json"]),
        (1, &["verify", "silence.wav", "--json"]),
        (0, &["verify", "--certificate", "c.json", "b.wav", "--json"]),
    ] {
        let told = dir.run(args).expect(code).json();
        holds(&report, &report, &told, "report")
            .unwrap_or_else(|error| panic!("{args:?}: {error}"));
    }
    // What fails is told in the same place, in a batch and alone.
    dir.write("text.wav", b"no sound");
    let failure = schema("error");
    for args in [
        &["master", "text.wav", "--json"][..],
        &["check", "text.wav", "--json"],
    ] {
        let told = dir.run(args).expect(2).json();
        holds(&failure, &failure, &told, "failure").unwrap();
        assert_eq!(told["input"], "text.wav");
        assert!(told["error"].as_str().unwrap().contains("expected"));
    }
    let text = dir
        .run(&["analyze", "song.wav", "text.wav", "--json"])
        .expect(2)
        .text();
    assert_eq!(text.lines().count(), 2, "{text}");
    let piped = dir
        .run(&["master", "text.wav", "-o", "-", "--json"])
        .expect(2);
    assert!(piped.stdout.is_empty());
    let certificate: Value = serde_json::from_slice(&dir.bytes("c.json")).expect("JSON");
    let schema = schema("certificate");
    holds(&schema, &schema, &certificate, "certificate").unwrap();
}

/// Holds a value against the keywords of JSON Schema that our schemas use.
fn holds(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#'));
        return holds(root, target.ok_or("a reference to nothing")?, value, at);
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[keyword].as_array() {
            let fits = choices
                .iter()
                .any(|choice| holds(root, choice, value, at).is_ok());
            return fits
                .then_some(())
                .ok_or(format!("{at}: no choice fits {value}"));
        }
    }
    if let Some(only) = schema.get("const") {
        return (only == value)
            .then_some(())
            .ok_or(format!("{at}: expected {only}, got {value}"));
    }
    if let Some(choices) = schema["enum"].as_array() {
        return choices
            .contains(value)
            .then_some(())
            .ok_or(format!("{at}: {value} is no choice"));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    if !kinds.is_empty() && !kinds.iter().any(is) {
        return Err(format!("{at}: expected {kinds:?}, got {value}"));
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (index, item) in values.iter().enumerate() {
            holds(root, items, item, &format!("{at}[{index}]"))?;
        }
    }
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        object.get(name).ok_or(format!("{at}: {name} is missing"))?;
    }
    for (name, value) in object {
        match schema["properties"].get(name) {
            Some(property) => holds(root, property, value, &format!("{at}.{name}"))?,
            None if schema["additionalProperties"] == false => {
                return Err(format!("{at}: {name} is not in the schema"));
            }
            None => {}
        }
    }
    Ok(())
}

#[test]
fn the_picture_is_drawn_and_never_over_another_file() {
    let dir = Dir::new();
    dir.excerpt("wide_excerpt.flac");
    dir.run(&["check", "wide_excerpt.flac", "--plot", "mix.svg"])
        .expect(0);
    let picture = String::from_utf8(dir.bytes("mix.svg")).expect("text");
    assert!(picture.starts_with("<svg") && picture.contains("club sub"));
    let ran = dir
        .run(&["check", "wide_excerpt.flac", "--plot", "mix.svg"])
        .expect(2);
    assert!(
        ran.stderr.contains("mix.svg: expected no such file"),
        "{}",
        ran.stderr
    );
    dir.run(&[
        "check",
        "wide_excerpt.flac",
        "--plot",
        "mix.svg",
        "--overwrite",
    ])
    .expect(0);
    let ran = dir
        .run(&["check", "wide_excerpt.flac", "--plot", "no/mix.svg"])
        .expect(2);
    assert!(
        ran.stderr.contains("no: expected a folder"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_master_says_the_verdict_and_keeps_its_exit_code() {
    let dir = Dir::new();
    write_wav(&dir.path("broken.wav"), 44_100, 2, &turned_over(6.0));
    let ran = dir.run(&["master", "broken.wav", "--json"]);
    let report = ran.json();
    assert_eq!(report["readiness"]["verdict"], "not-ready");
    let met = report["all_met"]
        .as_bool()
        .expect("a verdict on the target");
    assert_eq!(
        ran.code,
        i32::from(!met),
        "findings never change the exit code"
    );
    let text = dir.run(&["master", "broken.wav", "--overwrite"]).text();
    assert!(text.contains("the mix: NOT READY, "), "{text}");
}
