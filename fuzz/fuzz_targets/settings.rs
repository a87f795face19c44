//! Any text as a settings file (repairs too) or a signature: refused, or one that is written and read back
//! the same.

#![no_main]

use acetate_fuzz::only_uncaught_panics_count;
use acetate_master::settings_file::{from_toml, signature_from_toml, signature_to_toml, to_toml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |text: &str| {
    if let Ok(settings) = from_toml(text) {
        let again = to_toml(&settings).unwrap_or_else(|error| panic!("{error}"));
        match from_toml(&again) {
            Ok(again) => assert_eq!(settings, again),
            Err(error) => panic!("{error}"),
        }
    }
    if let Ok(signature) = signature_from_toml(text) {
        let written = signature_to_toml(&signature).unwrap_or_else(|error| panic!("{error}"));
        let again = signature_from_toml(&written).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(signature_to_toml(&again).ok(), Some(written));
    }
});
