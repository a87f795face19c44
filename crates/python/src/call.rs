//! [`run`]: work on a thread of its own, while the caller's thread listens to Python.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use acetate_engine::{Observer, Step};
use anyhow::anyhow;
use pyo3::prelude::*;

use crate::errors::to_python;
use crate::pool::with_threads;

/// Between two looks at Python: signals, and how far the work is.
const TICK: Duration = Duration::from_millis(50);
/// The Python module that tells messages.
const MESSAGES: &str = "acetate._errors";

/// Where the work is.
type At = (&'static str, u64, Option<u64>);

/// The engine's observer: keeps what it is told until the caller's thread looks.
#[derive(Default)]
struct Watch {
    is_canceled: AtomicBool,
    at: Mutex<Option<At>>,
    /// Whether it is a warning, and the text.
    messages: Mutex<Vec<(bool, String)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Watch {
    fn progress(&self, _input: &Path, step: Step, done: u64, total: Option<u64>) {
        *locked(&self.at) = Some((step.name(), done, total));
    }

    fn note(&self, text: &str) {
        locked(&self.messages).push((false, text.to_owned()));
    }

    fn warn(&self, text: &str) {
        locked(&self.messages).push((true, text.to_owned()));
    }

    fn is_canceled(&self) -> bool {
        self.is_canceled.load(Ordering::SeqCst)
    }
}

impl Watch {
    /// Lets Python raise what a signal asks for, and tells it how far the work is.
    fn look(&self, py: Python<'_>, progress: Option<&Py<PyAny>>) -> PyResult<()> {
        py.check_signals()?;
        let at = locked(&self.at).take();
        if let (Some(progress), Some(at)) = (progress, at) {
            progress.call1(py, at)?;
        }
        Ok(())
    }

    fn tell_messages(&self, py: Python<'_>) -> PyResult<()> {
        let messages = std::mem::take(&mut *locked(&self.messages));
        if messages.is_empty() {
            return Ok(());
        }
        let tell = py.import(MESSAGES)?.getattr("tell")?;
        messages
            .into_iter()
            .try_for_each(|message| tell.call1(message).map(drop))
    }
}

/// Does the work without the interpreter, on a thread of its own. `progress` is called with the step's name,
/// what is done and what there is in all, at most 20 times a second and from the caller's thread. Ctrl-C and
/// whatever `progress` raises stop the work at its next block, and are raised.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&dyn Observer) -> anyhow::Result<T> + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    let (outcome, raised) = py.detach(|| {
        thread::scope(|scope| {
            let (say_done, done) = mpsc::channel::<()>();
            let worker = scope.spawn(|| {
                // Dropped at the end, however it ends.
                let _say_done = say_done;
                guarded(|| work(&watch))
            });
            let mut raised = None;
            while done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                if raised.is_none()
                    && let Err(error) = Python::attach(|py| watch.look(py, progress.as_ref()))
                {
                    watch.is_canceled.store(true, Ordering::SeqCst);
                    raised = Some(error);
                }
            }
            let outcome = worker.join().unwrap_or_else(|_| Err(internal()));
            (outcome, raised)
        })
    });
    if let Some(error) = raised {
        return Err(error);
    }
    // A short call ends before the first look.
    watch.look(py, progress.as_ref())?;
    let value = outcome.map_err(|error| to_python(py, &error))?;
    watch.tell_messages(py)?;
    Ok(value)
}

/// With threads that are alive, and a panic, which is a bug of ours, as an error.
fn guarded<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    let work = || with_threads(work).and_then(|result| result);
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(internal()))
}

fn internal() -> anyhow::Error {
    anyhow!(crate::errors::Internal)
}
