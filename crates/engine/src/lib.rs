//! The engine: sound files in, verified files out.
//!
//! Everything that stands between a face (the command line, a page, a script) and the samples: inputs and
//! their hashes, where outputs go and what they may replace, the staged delivery, the record of a batch,
//! the cache of analyses, references and words, codecs, variants, the report page, the pack and the second
//! render of a certificate.
//!
//! A face resolves what was asked for into [`Options`] and one [`Job`] for each mix, then enters once:
//! [`Engine::new`] reads what is common to all (weights, references), [`Engine::master`] makes one master.
//! [`analyze`], [`check`] and [`verify`] measure without making anything.
//! An [`Observer`] is told how far the work is, and can stop it at the next block.
//!
//! ```no_run
//! use acetate_engine::{Job, Options, Silent, master};
//!
//! # fn main() -> Result<(), acetate_engine::EngineError> {
//! let job = Job::beside("mix.wav")?;
//! let delivered = master(&job, &Options::default(), &Silent)?;
//! println!("{}: {}", job.output.display(), delivered.all_met);
//! # Ok(())
//! # }
//! ```
//!
//! Not its job: arguments, printing, progress bars, exit codes (the binary), and training.

#![warn(unreachable_pub)]

mod analyses;
mod conflicts;
mod delivery;
mod error;
mod extras;
mod ffmpeg;
mod input;
mod job;
mod master;
mod measure;
mod observer;
mod options;
mod record;
mod request;

pub use conflicts::Conflicts;
pub use delivery::tell_tag_warnings;
pub use error::{EngineError, NameTaken};
pub use extras::settings_text::settings_text;
pub use extras::variants::{MAX_VARIANTS, VARIANTS, Variant};
pub use ffmpeg::Ffmpeg;
pub use input::{Input, declare};
pub use job::{Job, PIPE, is_pipe};
pub use master::{Delivered, Engine, JobForecast, Outcome, master};
pub use measure::{
    Checked, Recheck, Sound, Stems, analyze, check, check_beside, verify, verify_certificate,
};
pub use observer::{FileProgress, Observer, Silent, Step, go_on};
pub use options::{Cache, Options};
pub use request::{OwnAmounts, REFERENCE_SHARE, Reference, Request, net, sound_files};
