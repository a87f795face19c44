//! The frequencies that the help of [`PARAMS`] names are those of the EQ's knots and bands.

use acetate_dsp::PARAMS;
use acetate_dsp::settings::{fine_band_hz, mid_knot_hz, side_knot_hz};

/// The frequency in a help text such as "gain at 1.8 kHz", rounded as it is there.
fn named_hz(help: &str) -> Option<f64> {
    let words: Vec<&str> = help.split_whitespace().collect();
    let unit = words.iter().position(|word| word.ends_with("Hz"))?;
    let number: f64 = words[unit.checked_sub(1)?].parse().ok()?;
    Some(if words[unit].starts_with('k') {
        1000.0 * number
    } else {
        number
    })
}

#[test]
fn help_names_the_frequency_of_each_gain() {
    let mut seen = 0;
    for param in PARAMS {
        let Some((group, index)) = param.name.rsplit_once('.') else {
            continue;
        };
        let Ok(index) = index.parse::<usize>() else {
            continue;
        };
        let expected_hz = match group {
            "eq.mid_db" => mid_knot_hz(index),
            "eq.side_db" => side_knot_hz(index),
            "eq.fine_mid_db" | "eq.fine_side_db" => fine_band_hz(index),
            _ => panic!("{}: no frequencies are known", param.name),
        };
        let named_hz = named_hz(param.help).unwrap_or_else(|| panic!("{}", param.help));
        assert!(
            (named_hz / expected_hz - 1.0).abs() < 0.035,
            "{}: {named_hz} Hz said, {expected_hz} Hz meant",
            param.name
        );
        seen += 1;
    }
    assert_eq!(seen, 12 + 4 + 2 * 27);
}
