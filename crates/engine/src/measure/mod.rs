//! What is measured without making anything: sounds, and masters against their certificates.

mod recheck;
mod sound;

pub use self::recheck::{Recheck, verify_certificate};
pub use self::sound::{Checked, Sound, analyze, check, verify};
