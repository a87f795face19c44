//! [`Options`]: what is the same for every mix of a run, resolved.

use std::path::{Path, PathBuf};

use acetate_master::Brief;

use crate::job::is_pipe;
use crate::measure::Stems;
use crate::request::Request;

/// Where analyses are kept, so that a second render need not measure again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// The user's cache folder.
    #[default]
    User,
    /// A folder.
    Folder(PathBuf),
    /// Nowhere.
    Off,
}

/// What is the same for every mix of a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is asked of the master.
    pub brief: Brief,
    /// Who proposes the settings.
    pub request: Request,
    /// Files that were read to make these options, such as settings: nothing may replace them.
    pub read_files: Vec<PathBuf>,
    /// Damaged input is refused instead of mended.
    pub strict: bool,
    /// What exists is replaced: outputs and files beside them, never an input, and no folder but an
    /// earlier pack.
    pub overwrite: bool,
    /// A mix whose output exists is left alone.
    pub skip_existing: bool,
    /// What was delivered before from the same mix for the same options is left alone.
    pub resume: bool,
    /// What is delivered goes into the folder's record, for a later run with `resume`.
    pub keep_record: bool,
    /// Everything but the writing.
    pub dry_run: bool,
    /// So many masters of each mix, along loud and open, dark and bright.
    pub variants: Option<usize>,
    /// The stems of the only mix, which tell how its lead stands.
    pub stems: Option<Stems>,
    /// The lead is moved toward released music before everything else, as far as the stems tell.
    pub rebalance: bool,
    /// Where analyses are kept.
    pub cache: Cache,
    /// What an engineer should know, for the sheet of a pack.
    pub notes: Option<String>,
    /// Files about all mixes that the caller writes when the run is over, with their names in errors, and
    /// whether each may replace what is there: nothing else may go to their places.
    pub written_files: Vec<(PathBuf, &'static str, bool)>,
}

impl Options {
    /// Whether it turns out only later that the master of this output is left as it is.
    pub fn may_be_skipped(&self, output: &Path) -> bool {
        (self.skip_existing || self.resume) && !is_pipe(output) && output.exists()
    }
}
