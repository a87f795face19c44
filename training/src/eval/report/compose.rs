//! How an [`EvalReport`] is put together.

use acetate_model::Predictor;

use crate::eval::methods::{Contenders, Method};
use crate::eval::pairs::PairsResult;
use crate::eval::report::{EVAL_SCHEMA, EvalReport};
use crate::eval::run::{Evaluation, Options};
use crate::eval::standing::{tools_on_pairs, tools_on_songs};
use crate::eval::summary::summarize;

impl EvalReport {
    /// The report of degraded songs.
    pub fn of_songs(
        input: String,
        evaluation: Evaluation,
        options: &Options,
        contenders: &Contenders<'_>,
    ) -> Self {
        let tools = tools_on_songs(&evaluation.songs, contenders);
        Self {
            songs: Some(summarize(evaluation, options, contenders.tools.len())),
            tools,
            ..Self::empty(input, contenders)
        }
    }

    /// The report of real pairs.
    pub fn of_pairs(input: String, pairs: PairsResult, contenders: &Contenders<'_>) -> Self {
        Self {
            tools: tools_on_pairs(&pairs.pairs, contenders),
            pairs: Some(pairs),
            ..Self::empty(input, contenders)
        }
    }

    fn empty(input: String, contenders: &Contenders<'_>) -> Self {
        let ours = [&Method::SMOOTH[..], &Method::DYNAMICS[..]].concat();
        let all = contenders.with_tools(&ours).into_iter();
        let mut methods: Vec<(Method, String)> = all
            .map(|method| (method, method.label(contenders)))
            .collect();
        methods.sort_by_key(|(method, _)| *method);
        methods.dedup_by_key(|(method, _)| *method);
        Self {
            schema: EVAL_SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            input,
            weights_hash: contenders.net.hash().to_owned(),
            methods,
            tools: Vec::new(),
            songs: None,
            pairs: None,
        }
    }

    /// Songs or pairs that were left out.
    pub fn left_out(&self) -> usize {
        let songs = self.songs.as_ref().map_or(0, |songs| songs.left_out.len());
        songs + self.pairs.as_ref().map_or(0, |pairs| pairs.left_out.len())
    }
}
