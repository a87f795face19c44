//! Settings files as people read them: the very numbers of [`settings_file::to_toml`], each with its unit,
//! and what it does as a comment, and with two digits where it has more.

use std::fmt::Write;

use acetate_dsp::{Param, Settings};
use acetate_master::settings_file::{self, SettingsFileError};

/// Writes settings for people. Reading them gives the very same numbers, and so the same master.
///
/// # Errors
/// [`SettingsFileError::Write`] when they have no TOML form.
pub fn settings_text(settings: &Settings) -> Result<String, SettingsFileError> {
    let mut text = String::from(
        "# Settings of a master, for `acetate master --settings`. Every number may be changed; `acetate params` has\n\
         # the ranges.\n",
    );
    let mut section = String::new();
    for line in settings_file::to_toml(settings)?.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
        }
        let Some((key, value)) = line.split_once(" = ") else {
            let _ = writeln!(text, "{line}");
            continue;
        };
        let name = format!("{section}.{key}");
        match value
            .strip_prefix('[')
            .and_then(|list| list.strip_suffix(']'))
        {
            Some(list) if Param::named(&format!("{name}.0")).is_some() => {
                let _ = writeln!(text, "{key} = [");
                for (index, value) in list.split(',').map(str::trim).enumerate() {
                    let told = told(&format!("{name}.{index}"), value);
                    let _ = writeln!(text, "    {value},{told}");
                }
                text.push_str("]\n");
            }
            _ => {
                let _ = writeln!(text, "{line}{}", told(&name, value));
            }
        }
    }
    Ok(text)
}

/// The comment behind a number: its unit and what it does, and two digits of it where it has more. Nothing
/// behind what is no parameter.
fn told(name: &str, value: &str) -> String {
    let (Some(param), Ok(value)) = (Param::named(name), value.parse::<f64>()) else {
        return String::new();
    };
    let rounded = format!("{value:.2}");
    let is_short = rounded.parse() == Ok(value);
    let unit = param.unit.trim_start_matches(":1");
    let before = match (is_short, unit) {
        (true, "") => String::new(),
        (true, unit) => format!("{unit}: "),
        (false, "") => format!("{rounded}: "),
        (false, unit) => format!("{rounded} {unit}: "),
    };
    format!("  # {before}{}", param.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_change_no_number_and_say_the_frequency() {
        let mut settings = Settings::default();
        settings.eq.mid_db[4] = 0.1 + 0.2;
        settings.eq.mid_db[5] = -1.25;
        settings.eq.fine_side_db[3] = -1.0 / 3.0;
        settings.limiter.drive_db = std::f64::consts::PI;
        let text = settings_text(&settings).unwrap();
        assert_eq!(settings_file::from_toml(&text).unwrap(), settings);
        assert!(text.contains("# 0.30 dB: gain at 316 Hz"), "{text}");
        assert!(text.contains("-1.25,  # dB: gain at 562 Hz"), "{text}");
        assert!(text.contains("# 3.14 dB: "), "{text}");
    }
}
