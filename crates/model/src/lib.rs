//! Acetate's predictor: from an [`Analysis`](acetate_dsp::Analysis) to
//! [`Settings`](acetate_dsp::Settings), with a confidence for each group.
//!
//! In the flow *decode → analyze → predict → render → verify → deliver* this crate is `predict`.
//!
//! Key types: [`FEATURES`] (the one table of the net's inputs), [`Net`] (a set network in
//! candle), [`Weights`] (a checked safetensors file), [`Predictor`] with its implementations
//! [`NetPredictor`] and [`NeutralPredictor`].
//!
//! Not its job: training (see `acetate-training`), choosing targets or solving the drive (see
//! `acetate-master`).
//!
//! # Examples
//! Ask the net for settings. It bounds its own moves:
//! ```
//! use acetate_dsp::stream::AudioSource;
//! use acetate_dsp::{analyze, signal};
//! use acetate_model::predictor::MAX_EQ_BAND_DB;
//! use acetate_model::{NetPredictor, Predictor};
//!
//! let analysis = analyze(&mut AudioSource::new(signal::mix(44_100, 8.0)))?;
//! let prediction = NetPredictor::embedded()?.predict(&analysis)?;
//! prediction.settings.validate()?;
//! let knots = prediction.settings.eq.mid_db;
//! assert!(knots.iter().all(|knot_db| knot_db.abs() <= MAX_EQ_BAND_DB));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! A predictor of your own: here the neutral one with a gentle compressor.
//! ```
//! use acetate_dsp::stream::AudioSource;
//! use acetate_dsp::{Analysis, analyze, signal};
//! use acetate_model::{NeutralPredictor, Prediction, Predictor, WeightsError};
//!
//! struct Gentle;
//!
//! impl Predictor for Gentle {
//!     fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
//!         let mut prediction = NeutralPredictor.predict(analysis)?;
//!         prediction.settings.compressor.ratio = 1.3;
//!         Ok(prediction)
//!     }
//!
//!     fn hash(&self) -> &str {
//!         ""
//!     }
//! }
//!
//! let analysis = analyze(&mut AudioSource::new(signal::mix(44_100, 2.0)))?;
//! assert_eq!(Gentle.predict(&analysis)?.settings.compressor.ratio, 1.3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(unreachable_pub)]

pub mod features;
pub mod genre;
mod interval;
mod knots;
pub mod net;
pub mod outputs;
pub mod posterior;
pub mod predictor;
pub mod reference;
pub mod rows;
pub mod signature;
pub mod style;
pub mod usual;
pub mod weights;

use features::bands;
pub use features::body::Body;
pub use features::{FEATURES, Features, body, dynamics, finished};
pub use genre::Genre;
pub use net::Net;
pub use posterior::{Prior, Priors};
pub use predictor::{Confidence, NetPredictor, NeutralPredictor, Prediction, Predictor, Tone};
pub use reference::ReferencePredictor;
pub use signature::Signature;
pub use weights::{Weights, WeightsError};
