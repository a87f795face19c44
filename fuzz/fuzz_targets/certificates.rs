//! Any bytes as a certificate: refused, or one that is written and read back the same.

#![no_main]

use acetate_fuzz::only_uncaught_panics_count;
use acetate_master::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_uncaught_panics_count(), |bytes: &[u8]| {
    let Ok(certificate) = Certificate::from_json(bytes) else {
        return;
    };
    let _ = certificate.brief();
    assert!(!certificate.unchecked(false, &certificate.checks).is_empty());
    let differences = certificate.compare_checks(&certificate.checks);
    let _ = (differences, certificate.compare(&certificate.after));
    let text = certificate.to_json().unwrap_or_else(|error| panic!("{error}"));
    let again = Certificate::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.to_json().ok(), Some(text));
});
