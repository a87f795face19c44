//! [`Proposal`]: what the engine proposes for a song, and what a [`Turn`] makes of it.

use std::path::Path;
use std::sync::Arc;

use acetate_dsp::{Analysis, Settings};
use acetate_engine::{Cache, Engine, Options, Silent};
use acetate_master::{Brief, Plan};
use acetate_model::outputs::knots_of_curve;
use schemars::JsonSchema;
use serde::Serialize;

use super::turn::Turn;

/// What the engine proposes for a song by some words.
pub(crate) struct Proposal {
    words: String,
    pub(crate) settings: Settings,
    pub(crate) view: ProposalView,
}

/// The proposal as the page draws it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProposalView {
    /// The proposed settings in full.
    pub settings: Settings,
    /// Where the net would move the tone if nothing held it back, at the EQ's knots, dB; `None` where nothing
    /// was judged.
    pub open_db: Option<Vec<f64>>,
    /// How unsure it is, at the EQ's knots, dB.
    pub sd_db: Option<Vec<f64>>,
    /// Share of its own move that it dares.
    #[schemars(with = "Option<serde_json::Value>")]
    pub confidence: Option<acetate_model::Confidence>,
}

impl Proposal {
    /// Asks the engine, which reads the words of the turn and nothing else of it.
    pub(crate) fn ask(turn: &Turn, analysis: &Analysis, cache: &Cache) -> anyhow::Result<Self> {
        let options = Options {
            request: turn.request(),
            cache: cache.clone(),
            ..Options::default()
        };
        let plan = Engine::new(&[], &options, &Silent)?.plan(analysis)?;
        let tone = plan.tone.as_ref();
        Ok(Self {
            words: turn.words.clone(),
            view: ProposalView {
                settings: plan.settings.clone(),
                open_db: tone.map(|tone| knots_of_curve(&tone.open_db).to_vec()),
                sd_db: tone.map(|tone| knots_of_curve(&tone.sd_db).to_vec()),
                confidence: plan.confidence,
            },
            settings: plan.settings,
        })
    }

    /// Whether it answers this turn.
    pub(crate) fn answers(&self, turn: &Turn) -> bool {
        self.words == turn.words
    }
}

/// What the engine is asked for by a turn, with the proposal that the turn stands on.
pub(crate) fn options_of(
    turn: &Turn,
    proposal: &Proposal,
    cache: &Cache,
) -> anyhow::Result<Options> {
    Ok(Options {
        brief: Brief {
            settings: turn.turned(&proposal.settings),
            ..turn.brief()?
        },
        request: turn.request(),
        overwrite: true,
        cache: cache.clone(),
        ..Options::default()
    })
}

/// The settings that a turn comes to, but for the drive.
pub(crate) fn planned(
    turn: &Turn,
    proposal: &Proposal,
    analysis: &Analysis,
    cache: &Cache,
) -> anyhow::Result<(Plan, Brief)> {
    let options = options_of(turn, proposal, cache)?;
    let plan = Engine::new(&[], &options, &Silent)?.plan(analysis)?;
    Ok((plan, options.brief))
}

/// The job of a master with its settings beside it.
pub(crate) fn job(turn: &Turn, input: &Path, output: &Path) -> anyhow::Result<acetate_engine::Job> {
    let mut job = acetate_engine::Job::new(input, output, turn.format.output()?);
    job.settings = Some(output.with_extension("settings.toml"));
    job.certificate = Some(output.with_extension("certificate.json"));
    Ok(job)
}

/// Shared by whoever asks for the same.
pub(crate) type SharedProposal = Arc<Proposal>;
