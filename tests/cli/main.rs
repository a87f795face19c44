//! End-to-end tests of the real binary on real audio. Each file reads like the promise it checks.

mod any_settings;
mod bad_input;
mod batch;
mod dir;
mod evaluating;
mod formats;
mod golden;
mod hostile;
mod mastering;
mod resuming;
mod retraining;
mod settings;
mod shell;
mod verifying;
