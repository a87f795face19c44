//! Golden reports: the figures and settings of each excerpt, held against tests/golden.
//!
//! `ACETATE_GOLDEN=write cargo test golden` writes them anew, and fails, so that a rewrite never
//! passes unseen.

use serde_json::{Value, json};

use crate::dir::Dir;
use crate::mastering::EXCERPTS;

/// Figures may move by this much between CPUs: the features use the fastest transform there is.
const TOLERANCE: f64 = 0.03;

#[test]
fn reports_are_as_they_were() {
    let rewrite = std::env::var("ACETATE_GOLDEN").is_ok_and(|value| value == "write");
    let mut differences = Vec::new();
    for name in EXCERPTS {
        let dir = Dir::new();
        dir.excerpt(name);
        let report = dir.run(&["master", name, "--json"]).expect(0).json();
        let actual = summary(&report);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(name.replace(".flac", ".json"));
        if rewrite {
            let text = serde_json::to_string_pretty(&actual).unwrap();
            std::fs::write(&path, format!("{text}\n")).unwrap();
            differences.push(format!("{name}: written anew"));
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a golden report");
        let expected: Value = serde_json::from_str(&text).unwrap();
        compare(name, &expected, &actual, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn summary(report: &Value) -> Value {
    let mastering = &report["mastering"];
    let figures = |measures: &Value| {
        let keys = [
            "integrated_lufs",
            "true_peak_dbtp",
            "loudness_range_lu",
            "plr_db",
        ];
        keys.map(|key| (key.to_owned(), measures[key].clone()))
            .into_iter()
            .collect::<serde_json::Map<_, _>>()
    };
    json!({
        "before": figures(&mastering["before"]),
        "after": figures(&mastering["after"]),
        "settings": mastering["settings"],
        "limiting_db": mastering["limiting_db"],
        "findings": report["findings"].as_array().unwrap().iter()
            .map(|finding| finding["code"].clone()).collect::<Vec<_>>(),
    })
}

fn compare(at: &str, expected: &Value, actual: &Value, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let (a, b) = (&expected[key], &actual[key]);
                compare(&format!("{at}.{key}"), a, b, differences);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{at}[{index}]"), a, b, differences);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() > TOLERANCE.max(1e-3 * a.abs()) {
                differences.push(format!(
                    "{at}: expected {a}, got {b}, difference {:.4}",
                    b - a
                ));
            }
        }
        _ if expected == actual => {}
        _ => differences.push(format!("{at}: expected {expected}, got {actual}")),
    }
}
