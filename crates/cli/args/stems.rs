//! Stems beside a mix, for `acetate master` and `acetate check`.

use std::path::PathBuf;

use acetate_engine::Stems;
use anyhow::bail;
use clap::Args as ClapArgs;

/// The stems of a mix.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Stems")]
pub struct StemArgs {
    /// All stems of the one mix that is named before them: sound files, or a folder of them. They tell how the lead
    /// stands against the rest; what they leave of the mix is measured and said
    #[arg(long, value_name = "DIR|FILE", num_args = 1.., hide_short_help = true)]
    pub stems: Vec<PathBuf>,
    /// The lead of the mix, such as the voice: a stem by itself, or one of --stems [default: the one of --stems that
    /// is named so, as "lead vox" or "vocals"]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub lead: Option<PathBuf>,
}

impl StemArgs {
    /// The stems that were named, of `count` mixes; `None` without any.
    pub fn resolved(&self, count: usize) -> anyhow::Result<Option<Stems>> {
        if self.stems.is_empty() && self.lead.is_none() {
            return Ok(None);
        }
        if count != 1 {
            bail!(
                "--stems and --lead belong to one mix, got {count}: name each mix in a run of its own"
            );
        }
        Ok(Some(Stems {
            files: self.stems.clone(),
            lead: self.lead.clone(),
        }))
    }
}
