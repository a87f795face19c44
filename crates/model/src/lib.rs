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

pub mod features;
mod knots;
pub mod net;
pub mod outputs;
pub mod posterior;
pub mod predictor;
pub mod reference;
pub mod rows;
pub mod signature;
pub mod style;
pub mod weights;

use features::bands;
pub use features::body::Body;
pub use features::{FEATURES, Features, body, dynamics, finished};
pub use net::Net;
pub use posterior::{Prior, Priors};
pub use predictor::{Confidence, NetPredictor, NeutralPredictor, Prediction, Predictor, Tone};
pub use reference::ReferencePredictor;
pub use signature::Signature;
pub use weights::{Weights, WeightsError};
