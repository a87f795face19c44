//! What lies beside the mix: its stems, what they tell, and the lead that is moved by them.

use acetate_dsp::Analysis;
use acetate_dsp::solve::stems::StemStudy;
use acetate_master::Assessment;
use acetate_master::report::{Rebalance, Treatment};

use super::Engine;
use crate::input::Input;
use crate::measure::added;
use crate::observer::Observer;

/// What the stems of a mix told.
pub(super) struct Beside {
    study: StemStudy,
    rebalance: Option<Rebalance>,
}

impl Engine {
    /// Holds the stems against the mix, and moves its lead where that is asked for; `None` without stems.
    pub(super) fn beside<'a>(
        &self,
        input: &mut Input<'a>,
        observer: &'a dyn Observer,
    ) -> anyhow::Result<Option<Beside>> {
        let Some(stems) = &self.options.stems else {
            return Ok(None);
        };
        let name = input.given().to_owned();
        let told = stems.told(&name, input.source(), observer)?;
        let rebalance = self.options.rebalance.then(|| told.rebalance());
        let rebalance = rebalance.transpose()?;
        if let Some(rebalance) = rebalance.as_ref().filter(|moved| !moved.parts.is_empty()) {
            let spec = input.source().spec();
            input.add(added(rebalance, &told.lead_paths(), spec, observer)?);
        }
        Ok(Some(Beside {
            study: told.study,
            rebalance,
        }))
    }
}

impl Beside {
    /// Puts it into what is said of the mix and of what was done.
    pub(super) fn tell(
        self,
        analysis: &Analysis,
        assessment: &mut Assessment,
        treatment: &mut Treatment,
    ) -> anyhow::Result<()> {
        treatment.done.insert(0, self.study.sentence());
        if let Some(rebalance) = &self.rebalance {
            treatment.done.insert(1, rebalance.sentence());
        }
        treatment.rebalance = self.rebalance;
        assessment.add_stems(analysis, self.study)?;
        Ok(())
    }
}
