//! A run that is stopped at any step leaves nothing behind.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use acetate_engine::{Cache, EngineError, Job, Observer, Options, Step, master};

/// Asks to stop as soon as a step begins.
struct StopAt {
    step: Step,
    reached: AtomicBool,
}

impl Observer for StopAt {
    fn progress(&self, _input: &Path, step: Step, _done: u64, _total: Option<u64>) {
        if step == self.step {
            self.reached.store(true, Ordering::SeqCst);
        }
    }

    fn is_canceled(&self) -> bool {
        self.reached.load(Ordering::SeqCst)
    }
}

#[test]
fn a_run_that_is_stopped_at_any_step_leaves_nothing_behind() {
    let mix = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/audio/rock_excerpt.flac");
    for step in [
        Step::Analyze,
        Step::Render,
        Step::Write,
        Step::Verify,
        Step::ReportPage,
        Step::Pack,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::copy(&mix, at("mix.flac")).unwrap();
        let mut job = Job::beside(at("mix.flac")).unwrap();
        job.report = Some(at("report.html"));
        job.pack = Some(at("pack"));
        let options = Options {
            cache: Cache::Off,
            ..Options::default()
        };
        let observer = StopAt {
            step,
            reached: AtomicBool::new(false),
        };
        let result = master(&job, &options, &observer);
        assert!(observer.is_canceled(), "{step:?} was never reached");
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        match step {
            // The master was delivered before; what stands beside it is whole or absent.
            Step::ReportPage | Step::Pack => {
                assert!(
                    names.iter().all(|name| !name.starts_with('.')),
                    "{step:?}: {names:?}"
                );
                assert!(names.contains(&"mix.master.wav".to_owned()), "{names:?}");
            }
            _ => {
                assert!(matches!(result, Err(EngineError::Canceled)), "{step:?}");
                assert_eq!(names, ["mix.flac"], "{step:?}");
            }
        }
    }
}
