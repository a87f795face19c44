//! The mastering pipeline: a mix goes in, a verified master comes out.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate does all but
//! the first and the last: it reads a [`Source`](acetate_dsp::Source), writes to a
//! [`Delivery`], and judges what the delivery reads back.
//!
//! Key types: [`Brief`] (what is asked for), [`Measured`] → [`Planned`] → [`Rendered`] → [`Mastered`] (the
//! stages; a kept [`Rendered`] is delivered to several targets for the price of a limiter each),
//! [`Delivery`] (where the samples go), [`Certificate`] (what was done, to be checked later), [`Report`] (the
//! JSON of every command). [`master()`] runs all stages, [`verify()`] judges any program.
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
//! let mastered = master(&mut mix, &predictor, &brief, &mut delivery, &mut ())?;
//! assert!(mastered.all_met());
//! assert!((mastered.after.integrated_lufs + 14.0).abs() < 0.1);
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
mod pipeline;
pub mod plan;
pub mod presets;
pub mod recover;
mod render;
pub mod repair;
pub mod report;
pub mod settings_file;
pub mod verify;

pub use brief::Brief;
pub use certificate::Certificate;
pub use delivery::{Delivery, MemoryDelivery, Phase, Progress, Scratch};
pub use error::MasterError;
pub use pipeline::{
    Assessment, Forecast, MasterFile, Mastered, Measured, Planned, Rendered, master,
};
pub use plan::{Plan, judgment};
pub use render::passage::{self, Passage, PassageLevel, RenderedPassage};
pub use render::{PreLimiter, Unlimited};
pub use report::VERSION;
pub use report::check_name::CheckName;
pub use report::{Report, advice, check_name, findings};
pub use verify::verify;
