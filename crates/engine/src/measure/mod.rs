//! What is measured without making anything: sounds, and masters against their certificates.

mod recheck;
mod sound;
mod stems;

pub use self::recheck::{Recheck, verify_certificate};
pub use self::sound::{Checked, Sound, analyze, check, check_beside, verify};
pub use self::stems::Stems;
pub(crate) use self::stems::added;
