//! The check: is a mix ready to be mastered, why not, and what to do about it.
//!
//! It stands beside the flow *decode → analyze → predict → render → verify → deliver*: it reads a
//! [`Source`](acetate_dsp::Source) with its [`Analysis`](acetate_dsp::Analysis) and changes nothing.
//!
//! Key types: [`Check`] (verdict, score, findings), [`Finding`], [`Detector`](detect::Detector) (one
//! figure and its words), [`Corpus`] (what released music shows, and where findings begin).
//! [`check()`] is the whole, [`short`] what an analysis alone can tell.
//!
//! Not its job: files (see `acetate-io`), printing (the binary), fitting the corpus
//! (`crates/check/fit`).
//!
//! # Examples
//! Check a mix whose peaks were cut off:
//! ```
//! use acetate_check::{Verdict, check};
//! use acetate_dsp::signal;
//! use acetate_dsp::stream::AudioSource;
//!
//! let mut mix = signal::mix(44_100, 8.0);
//! mix.scale(3.0);
//! for channel in mix.channels_mut() {
//!     channel.iter_mut().for_each(|sample| *sample = sample.clamp(-0.99, 0.99));
//! }
//! let (check, _analysis) = check(&mut AudioSource::new(mix), &mut |_| Ok(()))?;
//! assert_eq!(check.verdict, Verdict::NotReady);
//! assert!(check.findings.iter().any(|finding| finding.code.as_str() == "clipping"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! Figures that were measured before give a short check without another pass:
//! ```
//! use acetate_dsp::stream::AudioSource;
//! use acetate_dsp::{analyze, signal};
//!
//! let analysis = analyze(&mut AudioSource::new(signal::mix(44_100, 8.0)))?;
//! let check = acetate_check::short(&analysis, None)?;
//! assert!((0.0..=100.0).contains(&check.score));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]

pub mod check;
pub mod corpus;
pub mod detect;
mod devices;
pub mod error;
pub mod facts;
pub mod fault_eq;
pub mod finding;
pub mod judge;
pub mod picture;
pub mod scan;
mod section;
pub mod tone;
mod translation;

pub use check::{Check, PartScore, Verdict, check, judged, lead_move_db, measure, short};
pub use corpus::Corpus;
pub use devices::{DEVICES, Device};
pub use error::CheckError;
pub use facts::Facts;
pub use finding::{
    Band, Category, Finding, FindingCode, Released, Remedy, Severity, TimeSpan, damaged,
    decoded_elsewhere,
};
pub use scan::Scan;
pub use tone::ToneJudgment;
pub use translation::{Translation, translate};
