//! The methods that are compared, each a [`Predictor`].

pub mod baselines;
pub(super) mod baselines_file;
pub mod fit;
pub mod linear_part;
pub mod logistic;
pub mod projection;
pub mod ridge;
pub mod tools;

use acetate_dsp::Analysis;
use acetate_dsp::settings::{Compressor, Settings};
use acetate_master::Brief;
use acetate_model::predictor::Prediction;
use acetate_model::weights::WeightsError;
use acetate_model::{Features, NetPredictor, NeutralPredictor, Predictor};
use serde::{Serialize, Serializer};

use crate::eval::baselines::Baselines;
use crate::eval::faults::Smooth;
use crate::eval::projection::{Move, settings_of};
use crate::eval::tools::Tool;

/// A compared method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The degraded mix itself.
    Nothing,
    /// Loudness and limiter, no treatment.
    LoudnessOnly,
    /// The whole way to the mean spectrum.
    MeanCurve,
    /// The best fixed share of the way.
    BestShare,
    /// Ridge regression.
    Ridge,
    /// One compressor for every mix.
    FixedCompressor,
    /// The net.
    Net,
    /// The least-squares inverse of the true fault.
    Oracle,
    /// Another program, by its place in [`Contenders::tools`]; `tool-1` in reports is the first.
    #[serde(untagged, serialize_with = "tool_key")]
    Tool(usize),
}

/// The compared methods.
#[derive(Clone, Copy, Debug)]
pub struct Contenders<'a> {
    /// The simple ones.
    pub baselines: &'a Baselines,
    /// The net.
    pub net: &'a NetPredictor,
    /// Other programs.
    pub tools: &'a [Tool],
}

impl Contenders<'_> {
    /// Methods of ours, and every other program behind them.
    pub fn with_tools(&self, ours: &[Method]) -> Vec<Method> {
        let tools = (0..self.tools.len()).map(Method::Tool);
        ours.iter().copied().chain(tools).collect()
    }
}

fn tool_key<S: Serializer>(index: &usize, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("tool-{}", index + 1))
}

impl Method {
    /// Methods on faults whose curve is known.
    pub const SMOOTH: [Self; 7] = [
        Self::Nothing,
        Self::LoudnessOnly,
        Self::MeanCurve,
        Self::BestShare,
        Self::Ridge,
        Self::Net,
        Self::Oracle,
    ];
    /// Methods on faults of other families.
    pub const UNSEEN: [Self; 5] = [
        Self::Nothing,
        Self::LoudnessOnly,
        Self::BestShare,
        Self::Ridge,
        Self::Net,
    ];
    /// Methods on expanded levels.
    pub const DYNAMICS: [Self; 4] = [
        Self::Nothing,
        Self::LoudnessOnly,
        Self::FixedCompressor,
        Self::Net,
    ];

    /// The method's name in tables.
    pub fn label(self, contenders: &Contenders<'_>) -> String {
        let baselines = contenders.baselines;
        match self {
            Self::Nothing => "do nothing".to_owned(),
            Self::LoudnessOnly => "loudness and limiter only".to_owned(),
            Self::MeanCurve => "mean curve, 100 %".to_owned(),
            Self::BestShare => format!(
                "mean curve, {:.0} % (best fixed)",
                100.0 * baselines.best_share
            ),
            Self::Ridge => "ridge regression".to_owned(),
            Self::FixedCompressor => format!(
                "fixed compressor ({} LU, {}:1)",
                baselines.compressor.threshold_lu, baselines.compressor.ratio
            ),
            Self::Net => "net".to_owned(),
            Self::Oracle => "oracle (knows the fault)".to_owned(),
            Self::Tool(index) => contenders
                .tools
                .get(index)
                .map_or_else(String::new, |tool| tool.name.clone()),
        }
    }

    /// What is asked of the master beside the predictor. The de-esser follows what is measured, whoever predicts: it
    /// works in the net's masters, which are those of users, and would hide what the other methods do.
    pub fn brief(self) -> Brief {
        let mut brief = Brief::default();
        if self != Self::Net {
            brief.amounts.deesser = 0.0;
        }
        brief
    }

    /// The method as a predictor; `None` where it renders nothing, is another program, or needs a
    /// fault that is not known.
    pub fn predictor<'a>(
        self,
        baselines: &'a Baselines,
        net: &'a NetPredictor,
        fault: Option<&Smooth>,
    ) -> Option<Box<dyn Predictor + 'a>> {
        let toward =
            |share: f64| -> Box<dyn Predictor + 'a> { Box::new(TowardsMean { baselines, share }) };
        match self {
            Self::Nothing | Self::Tool(_) => None,
            Self::LoudnessOnly => Some(Box::new(NeutralPredictor)),
            Self::MeanCurve => Some(toward(1.0)),
            Self::BestShare => Some(toward(baselines.best_share)),
            Self::Ridge => Some(Box::new(RidgePredictor { baselines })),
            Self::FixedCompressor => Some(Box::new(Fixed {
                compressor: baselines.compressor,
            })),
            Self::Net => Some(Box::new(net)),
            Self::Oracle => fault.map(|fault| -> Box<dyn Predictor> {
                Box::new(Oracle {
                    wanted: Move::undoing(fault),
                })
            }),
        }
    }
}

/// A share of the way to the mean spectrum.
struct TowardsMean<'a> {
    baselines: &'a Baselines,
    share: f64,
}

impl Predictor for TowardsMean<'_> {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        let Some(features) = Features::of(analysis) else {
            return NeutralPredictor.predict(analysis);
        };
        let mix_db = std::array::from_fn(|band| f64::from(features.pooled_db[band]));
        let wanted = Move::toward(&self.baselines.mean_db, &mix_db, self.share);
        Ok(Prediction::from(settings_of(&wanted, analysis)))
    }

    fn hash(&self) -> &str {
        ""
    }
}

/// Ridge regression.
struct RidgePredictor<'a> {
    baselines: &'a Baselines,
}

impl Predictor for RidgePredictor<'_> {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        let Some(features) = Features::of(analysis) else {
            return NeutralPredictor.predict(analysis);
        };
        let inputs = ridge::inputs(
            &features.pooled_db,
            &features.statistics,
            analysis.channels == 2,
        );
        let wanted = self.baselines.ridge.predict(&inputs);
        Ok(Prediction::from(settings_of(&wanted, analysis)))
    }

    fn hash(&self) -> &str {
        ""
    }
}

/// The same compressor for every mix, no EQ.
struct Fixed {
    compressor: Compressor,
}

impl Predictor for Fixed {
    fn predict(&self, _analysis: &Analysis) -> Result<Prediction, WeightsError> {
        Ok(Prediction::from(Settings {
            compressor: self.compressor,
            ..Settings::default()
        }))
    }

    fn hash(&self) -> &str {
        ""
    }
}

/// The inverse of the true fault.
struct Oracle {
    wanted: Move,
}

impl Predictor for Oracle {
    fn predict(&self, analysis: &Analysis) -> Result<Prediction, WeightsError> {
        Ok(Prediction::from(settings_of(&self.wanted, analysis)))
    }

    fn hash(&self) -> &str {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_keys_of_their_own_in_reports() {
        let key = |method: Method| serde_json::to_value(method).unwrap();
        assert_eq!(key(Method::BestShare), "best-share");
        assert_eq!(key(Method::Tool(0)), "tool-1");
        assert_eq!(key(Method::Tool(4)), "tool-5");
    }
}
