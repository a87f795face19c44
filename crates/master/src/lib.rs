//! The story: a mix goes in, a verified master comes out.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate tells all but
//! the first and the last: it reads a [`Source`](acetate_dsp::Source), writes to a
//! [`Delivery`], and judges what the delivery reads back.
//!
//! Key types: [`Brief`] (what is asked for), [`Report`] (what was done and measured),
//! [`Certificate`] (the same, to be checked later),
//! [`Delivery`] (where the samples go). [`master()`] is the whole story, [`verify()`] its last
//! chapter for any programme.
//!
//! Not its job: files, formats and names (see `acetate-io`), printing (the binary).
//!
//! # Examples
//! Master in memory, and hold the result against its target:
//! ```
//! use acetate_dsp::signal;
//! use acetate_dsp::stream::AudioSource;
//! use acetate_master::{Brief, MemoryDelivery, master, verify};
//! use acetate_model::NetPredictor;
//!
//! let mut mix = AudioSource::new(signal::mix(44_100, 8.0));
//! let predictor = NetPredictor::embedded()?;
//! let brief = Brief::default();
//! let mut delivery = MemoryDelivery::default();
//! let report = master(&mut mix, &predictor, &brief, &mut delivery, &mut ())?;
//! assert!(report.all_met);
//!
//! let written = delivery.into_written().ok_or("nothing was written")?;
//! let verified = verify(&mut AudioSource::new(written), &brief.target, false, &mut |_| Ok(()))?;
//! assert!(verified.all_met);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! Settings are a text that gives the same settings again:
//! ```
//! use acetate_dsp::Settings;
//! use acetate_master::settings_file::{from_toml, to_toml};
//!
//! let mut settings = Settings::default();
//! settings.compressor.ratio = 1.5;
//! assert_eq!(from_toml(&to_toml(&settings)?)?, settings);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! Targets have names:
//! ```
//! let target = acetate_master::presets::find("apple").ok_or("no such target")?.target();
//! assert_eq!(target.integrated_lufs, -16.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]

pub mod brief;
pub mod certificate;
pub mod codec;
pub mod delivery;
pub mod error;
pub mod plan;
pub mod presets;
pub mod recover;
mod render;
pub mod report;
pub mod settings_file;
pub mod story;
pub mod variants;
pub mod verify;

pub use brief::Brief;
pub use certificate::Certificate;
pub use codec::{master_codec_safe, master_codec_safe_measured};
pub use delivery::{Delivery, MemoryDelivery, Progress, Scratch, Stage};
pub use error::MasterError;
pub use plan::{Plan, judgement, plan};
pub use render::passage::{self, Passage, PassageLevel, RenderedPassage};
pub use render::replay;
pub use report::check_name::CheckName;
pub use report::{Report, advice, check_name, findings, words};
pub use story::{master, master_measured, measure_input, rehearse, rehearse_measured};
pub use verify::verify;
