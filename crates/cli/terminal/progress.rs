//! Progress bars: on a terminal only.

use std::path::Path;
use std::time::Duration;

use acetate_dsp::plain;
use acetate_engine::Step;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::terminal::console::Console;

/// All bars of a run.
#[derive(Clone, Debug)]
pub struct Bars {
    all: Option<MultiProgress>,
}

impl Bars {
    /// Bars, or silence where none are wanted.
    pub fn new(console: &Console) -> Self {
        Self {
            all: console.bars().then(MultiProgress::new),
        }
    }

    /// The bar of one file.
    pub fn file(&self, path: &Path) -> FileBar {
        let bar = self.add(1);
        bar.set_style(style("{prefix:24!} {msg:8} {bar:32} {percent:>3} %"));
        bar.set_prefix(plain::path(Path::new(
            path.file_name().unwrap_or(path.as_os_str()),
        )));
        FileBar { bar, step: None }
    }

    /// A bar of parts in a thousand, for what is made beside a master.
    pub fn parts(&self, path: &Path, what: &'static str) -> ProgressBar {
        let FileBar { bar, .. } = self.file(path);
        bar.set_message(what);
        bar.set_length(1000);
        bar
    }

    /// A bar that counts things.
    #[cfg(feature = "training")]
    pub fn counter(&self, label: &str, total: u64) -> ProgressBar {
        let bar = self.add(total);
        bar.set_style(style("{prefix:12} {bar:32} {pos}/{len} {wide_msg}"));
        bar.set_prefix(label.to_owned());
        bar
    }

    fn add(&self, total: u64) -> ProgressBar {
        match &self.all {
            Some(all) => {
                let bar = all.add(ProgressBar::new(total));
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            }
            None => ProgressBar::hidden(),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The bar of one file.
#[derive(Debug)]
pub struct FileBar {
    bar: ProgressBar,
    step: Option<Step>,
}

impl FileBar {
    /// Takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

impl FileBar {
    /// Shows how far a step is.
    pub fn at(&mut self, step: Step, done: u64, total: Option<u64>) {
        if self.step != Some(step) {
            self.step = Some(step);
            self.bar.set_message(step.name());
        }
        self.bar.set_length(total.unwrap_or(0).max(done));
        self.bar.set_position(done);
    }
}
