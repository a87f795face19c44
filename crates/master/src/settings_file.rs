//! [`Settings`] as TOML: what `--save-settings` writes and `--settings` reads; and [`Signature`] the
//! same way, for `--save-signature`.

use acetate_dsp::settings::SettingsError;
use acetate_dsp::{Settings, plain};
use acetate_model::Signature;
use acetate_model::signature::SignatureError;
use thiserror::Error;

/// Why settings cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsFileError {
    /// Not a settings file, an unknown field, or a value of another type.
    #[error("expected a settings file: {}", toml_in_words(.0))]
    Parse(#[from] Box<toml::de::Error>),
    /// A value outside its range.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Not a signature, an unknown field, or a value of another type.
    #[error("expected the signature of a reference: {}", toml_in_words(.0))]
    ParseSignature(Box<toml::de::Error>),
    /// A signature with a value outside its range.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The settings have no TOML form.
    #[error("settings as TOML: {0}")]
    Write(#[from] toml::ser::Error),
}

/// What is wrong in a TOML file, in one line and without quoting the file: its own text shows the whole
/// line, which may be all of it.
pub fn toml_in_words(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let place = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("TOML parse error at "));
    let found = plain::field(error.message());
    match place {
        Some(place) => format!("{}: {found}", plain::field(place)),
        None => found.into_owned(),
    }
}

/// A cause of an error in one line: as it says itself, but for TOML.
pub fn cause_in_words(cause: &(dyn std::error::Error + 'static)) -> String {
    match cause.downcast_ref::<toml::de::Error>() {
        Some(error) => toml_in_words(error),
        None => match cause.downcast_ref::<Box<toml::de::Error>>() {
            Some(error) => toml_in_words(error),
            None => cause.to_string(),
        },
    }
}

/// Reads and checks settings.
///
/// # Errors
/// [`SettingsFileError`] with the line of the first field that does not fit.
pub fn from_toml(text: &str) -> Result<Settings, SettingsFileError> {
    let settings: Settings = toml::from_str(text).map_err(Box::new)?;
    settings.validate()?;
    Ok(settings)
}

/// Writes settings so that reading them gives the very same numbers.
///
/// # Errors
/// [`SettingsFileError::Write`] when they have no TOML form.
pub fn to_toml(settings: &Settings) -> Result<String, SettingsFileError> {
    Ok(toml::to_string(settings)?)
}

/// Reads and checks a signature.
///
/// # Errors
/// [`SettingsFileError`] with the line of the first field that does not fit.
pub fn signature_from_toml(text: &str) -> Result<Signature, SettingsFileError> {
    let signature: Signature =
        toml::from_str(text).map_err(|error| SettingsFileError::ParseSignature(Box::new(error)))?;
    signature.validate()?;
    Ok(signature)
}

/// Writes a signature so that reading it gives the very same numbers.
///
/// # Errors
/// [`SettingsFileError::Write`] when it has no TOML form.
pub fn signature_to_toml(signature: &Signature) -> Result<String, SettingsFileError> {
    Ok(toml::to_string(signature)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_the_file_to_the_last_bit() {
        let mut settings = Settings::default();
        settings.eq.mid_db[4] = 0.1 + 0.2;
        settings.limiter.drive_db = std::f64::consts::PI;
        assert_eq!(from_toml(&to_toml(&settings).unwrap()).unwrap(), settings);
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_name() {
        let text = format!(
            "{}\n[eq]\nloudness = 3\n",
            "schema = \"acetate.settings/1\""
        );
        let error = from_toml(&text).unwrap_err().to_string();
        assert!(error.contains("loudness"), "{error}");
    }
}
