//! End-to-end tests of `acetate album` on real audio: each reads like the promise it checks.

mod deliverables;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../cli/dir.rs"]
mod dir;
mod going_on;
mod plans;
mod records;
mod songs;
