//! [`Watch`]: the engine's observer on a terminal.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use acetate_engine::{Observer, Step};

use crate::exit;
use crate::terminal::console::Console;
use crate::terminal::progress::{Bars, FileBar};

/// Shows progress as bars, notes and warnings as lines, and stops on a signal.
pub struct Watch<'a> {
    console: &'a Console,
    bars: Bars,
    files: Mutex<HashMap<PathBuf, FileBar>>,
}

impl<'a> Watch<'a> {
    /// On this console.
    pub fn new(console: &'a Console) -> Self {
        Self {
            console,
            bars: Bars::new(console),
            files: Mutex::default(),
        }
    }
}

impl Observer for Watch<'_> {
    fn progress(&self, input: &Path, step: Step, done: u64, total: Option<u64>) {
        if !self.console.bars() {
            return;
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .entry(input.to_owned())
            .or_insert_with(|| self.bars.file(input))
            .at(step, done, total);
    }

    fn finished(&self, input: &Path) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = files.remove(input) {
            bar.finish();
        }
    }

    fn note(&self, text: &str) {
        self.console.say(text);
    }

    fn warn(&self, text: &str) {
        self.console.warn(text);
    }

    fn is_canceled(&self) -> bool {
        exit::is_stopping()
    }
}
