//! [`Proposal`]: what the engine proposes for a song, and what a [`Turn`] makes of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acetate_dsp::{Analysis, Settings};
use acetate_engine::{Cache, Engine, Job, Options, Request, Silent};
use acetate_master::{Brief, Plan};
use acetate_model::outputs::knots_of_curve;
use schemars::JsonSchema;
use serde::Serialize;

use super::turn::Turn;

/// What the engine proposes for a song by some words and a reference.
pub(crate) struct Proposal {
    asked: Asked,
    /// It has read what was asked for, once.
    pub(crate) engine: Arc<Engine>,
    pub(crate) view: ProposalView,
}

/// What of a turn is put to the engine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    words: String,
    genre: String,
    reference: Option<PathBuf>,
    way_share: f64,
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

impl Asked {
    /// By a turn whose reference has this signature.
    pub(crate) fn of(turn: &Turn, reference: Option<PathBuf>) -> Self {
        Self {
            words: turn.words.clone(),
            genre: turn.genre.clone(),
            way_share: reference.as_ref().map_or(0.0, |_| turn.way_share()),
            reference,
        }
    }
}

impl Proposal {
    /// Asks an engine that has read what was asked for: the words and the reference of the turn, nothing else of it.
    pub(crate) fn ask(
        asked: Asked,
        engine: Arc<Engine>,
        analysis: &Analysis,
    ) -> anyhow::Result<Self> {
        let plan = engine.plan(analysis)?;
        let tone = plan.tone.as_ref();
        let is_nets_own = asked.reference.is_none();
        Ok(Self {
            asked,
            engine,
            view: ProposalView {
                settings: plan.settings,
                open_db: tone
                    .filter(|_| is_nets_own)
                    .map(|tone| knots_of_curve(&tone.open_db).to_vec()),
                sd_db: tone
                    .filter(|_| is_nets_own)
                    .map(|tone| knots_of_curve(&tone.sd_db).to_vec()),
                confidence: plan.confidence,
            },
        })
    }

    /// Whether it answers this.
    pub(crate) fn answers(&self, asked: &Asked) -> bool {
        self.asked == *asked
    }

    /// What the engine is asked for by a turn that stands on this proposal.
    pub(crate) fn options(&self, turn: &Turn) -> anyhow::Result<Options> {
        Ok(Options {
            brief: Brief {
                settings: turn.turned(&self.view.settings),
                ..turn.brief()?
            },
            request: turn.request(self.asked.reference.clone()),
            overwrite: true,
            ..Options::default()
        })
    }

    /// The settings that a turn comes to, but for the drive.
    pub(crate) fn planned(
        &self,
        turn: &Turn,
        analysis: &Analysis,
    ) -> anyhow::Result<(Plan, Brief)> {
        let options = self.options(turn)?;
        let plan = self.engine.again(&[], &options)?.plan(analysis)?;
        Ok((plan, options.brief))
    }
}

/// What an engine reads for what is asked, before any brief.
pub(crate) fn reading(asked: &Asked, cache: &Cache) -> Options {
    let turn = Turn {
        words: asked.words.clone(),
        genre: asked.genre.clone(),
        ..Turn::default()
    };
    Options {
        request: Request {
            // As asked to the last bit, which the way through percent would change.
            way_share: asked.way_share,
            ..turn.request(asked.reference.clone())
        },
        overwrite: true,
        cache: cache.clone(),
        ..Options::default()
    }
}

/// An engine that has read it.
pub(crate) fn engine(asked: &Asked, cache: &Cache) -> anyhow::Result<Engine> {
    Ok(Engine::new(&[], &reading(asked, cache), &Silent)?)
}

/// The job of a master with its settings and certificate beside it.
pub(crate) fn job(turn: &Turn, input: &Path, output: &Path) -> anyhow::Result<Job> {
    let mut job = Job::new(input, output, turn.format.output()?);
    job.settings = Some(output.with_extension("settings.toml"));
    Ok(job)
}

/// Shared by whoever asks for the same.
pub(crate) type SharedProposal = Arc<Proposal>;
