//! Deterministic signal processing for Acetate: audio, settings, measurement and the chain.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate holds
//! `analyze` ([`analyze`]), `render` ([`chain`]) and every measure that `verify` uses
//! ([`measure`]).
//!
//! Key types: [`Audio`] (planar frames), [`Source`] and [`Sink`] (re-readable streams of
//! blocks), [`Analysis`] (measured facts), [`Settings`] and [`PARAMS`] (everything that the
//! renderer needs), [`Processor`] (one stage of the chain).
//!
//! Not its job: files (see `acetate-io`), the net (see `acetate-model`), what to aim for (see
//! `acetate-master`).
//!
//! Conventions: a *frame* is one sample per channel, a *block* is many frames; samples are
//! `f32` with full scale at ±1.0; shapes are `[channels][frames]`; units are suffixes of names.
//!
//! # Examples
//! Measure a signal in memory. A stereo sine of 1 kHz whose peaks are at -23 dBFS has a loudness of
//! -23 LUFS (EBU Tech 3341, case 1):
//! ```
//! use acetate_dsp::stream::AudioSource;
//! use acetate_dsp::units::gain_from_db;
//! use acetate_dsp::{Audio, analyze, signal};
//!
//! let sine = signal::sine(48_000, 1_000.0, gain_from_db(-23.0), 3 * 48_000);
//! let audio = Audio::new(48_000, vec![sine.clone(), sine])?;
//! let analysis = analyze(&mut AudioSource::new(audio))?;
//! assert!((analysis.integrated_lufs + 23.0).abs() < 0.1);
//! assert!((analysis.true_peak_dbtp + 23.0).abs() < 0.1);
//! assert_eq!(analysis.correlation, 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! The default settings change nothing, and every setting has a row in [`PARAMS`]:
//! ```
//! use acetate_dsp::chain::{Bypass, Chain};
//! use acetate_dsp::{PARAMS, ProcessSpec, Settings};
//!
//! let mut settings = Settings::default();
//! settings.validate()?;
//! let spec = ProcessSpec { sample_rate_hz: 44_100, channels: 2, program_lufs: -20.0 };
//! assert!(Chain::new(&settings, &spec, &Bypass::default()).report().is_empty());
//! assert!(PARAMS.iter().any(|param| param.name == "compressor.ratio"));
//!
//! settings.compressor.ratio = 100.0;
//! assert!(settings.validate().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]

pub mod analysis;
pub mod audio;
pub mod chain;
pub mod measure;
pub mod numeric;
pub mod pipeline;
pub mod plain;
pub mod process;
pub mod settings;
pub mod signal;
pub mod solve;
pub mod stream;
pub mod threads;
pub mod units;

pub use analysis::{Analysis, analyze};
pub use audio::Audio;
pub use pipeline::{for_each_block, read_all};
pub use process::{ProcessSpec, Processor};
pub use settings::params::{PARAMS, Param};
pub use settings::{Settings, params};
pub use stream::{Sink, Source, Spec, StreamError};
