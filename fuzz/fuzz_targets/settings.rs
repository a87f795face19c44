//! Any text as a settings file: refused, or settings that are written and read back the same.

#![no_main]

use acetate_fuzz::only_uncaught_panics_count;
use acetate_master::settings_file::{from_toml, to_toml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |text: &str| {
    let Ok(settings) = from_toml(text) else {
        return;
    };
    let again = to_toml(&settings).unwrap_or_else(|error| panic!("{error}"));
    match from_toml(&again) {
        Ok(again) => assert_eq!(settings, again),
        Err(error) => panic!("{error}"),
    }
});
