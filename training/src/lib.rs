//! How Acetate's weights are made: real finished masters are degraded into pseudo-mixes, and the
//! net learns to undo it.
//!
//! ```text
//! datasets.toml ─fetch─▶ audio ─corpus─▶ cached features ─degrade + simulator─▶ fit ─▶ weights
//!                                                                       └─evaluate─▶ model card
//! ```
//! No gradient passes through audio: a static EQ applies exactly to band frames, so the chain is
//! simulated on them ([`simulator`]) and thousands of virtual mixes train in minutes on two cores.
//!
//! Key types: [`Datasets`](datasets::Datasets), [`Track`](corpus::Track),
//! [`Recipe`](recipe::Recipe).
//!
//! Not its job: running the net on a mix (see `acetate-model`).
//!
//! # Examples
//! Every random choice comes from a seed and can be taken up again:
//! ```
//! use acetate_training::rng::Rng;
//!
//! let mut rng = Rng::new(1);
//! rng.shuffle(&mut [1, 2, 3]);
//! let mut resumed = Rng::at(1, rng.position());
//! assert_eq!(rng.unit(), resumed.unit());
//! ```
//! Faults add up:
//! ```
//! use acetate_training::degrade::Fault;
//!
//! let wide = Fault { side_gain_db: 2.0, ..Fault::NONE };
//! assert_eq!(wide.plus(&wide).side_gain_db, 4.0);
//! ```

#![warn(unreachable_pub)]

pub mod catalog;
pub mod data;
pub mod eval;
pub mod fit;
pub mod recipe;
pub mod rng;
pub mod run;
pub mod validation;

#[cfg(test)]
use data::synthetic;
pub use data::{corpus, datasets, fetch, manifest, pair};
pub use fit::{adamw, checkpoint, degrade, experiment, sampler, simulator};
pub use run::{export, report, trained};
pub use validation::{calibrate, groups, priors};
