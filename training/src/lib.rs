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

pub mod adamw;
pub mod calibrate;
pub mod catalog;
pub mod checkpoint;
pub mod corpus;
pub mod datasets;
pub mod degrade;
pub mod draw;
pub mod eval;
pub mod evaluate;
pub mod experiment;
pub mod export;
pub mod fetch;
pub mod fit;
pub mod groups;
pub mod manifest;
pub mod pair;
pub mod pairs_list;
pub mod priors;
pub mod recipe;
pub mod report;
pub mod rng;
pub mod run;
pub mod simulator;
pub mod trained;
pub mod walk;

#[cfg(test)]
mod synthetic;
