//! End-to-end tests of the real binary on real audio. Each file reads like the promise it checks.

mod any_settings;
mod bad_input;
mod batch;
mod caching;
mod certificate;
mod checking;
mod cleanup;
mod codec_safe;
mod conformance;
#[path = "../../crates/dsp/tests/conformance_signals/mod.rs"]
mod conformance_signals;
mod deciding;
mod determinism;
mod differential;
mod dir;
mod evaluating;
mod formats;
mod golden;
mod hostile;
mod keeping;
mod mastering;
mod packing;
mod reference;
mod report_page;
mod resuming;
mod retraining;
mod settings;
mod shell;
mod verifying;
