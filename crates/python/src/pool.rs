//! The threads that a call may use. A pool of threads does not survive `fork()`: a child that waits for it
//! waits for ever.

use std::mem;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The process that called first: the global pool is its own. 0 before.
static OWNER: AtomicU32 = AtomicU32::new(0);
/// The pool of a forked child, with the child's process id.
static OF_CHILD: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Works with threads that are alive. In the process that called first a song may use the whole global pool;
/// in a forked child each song has one thread of a new pool.
pub(crate) fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
    let process = std::process::id();
    let owner = OWNER.compare_exchange(0, process, Ordering::SeqCst, Ordering::SeqCst);
    match owner {
        Err(owner) if owner != process => Ok(of_child(process)?.install(work)),
        _ => Ok(work()),
    }
}

fn of_child(process: u32) -> anyhow::Result<Arc<ThreadPool>> {
    // Another thread of the parent may have held the lock when it forked; nobody here gives it back then.
    let Ok(mut known) = OF_CHILD.try_lock() else {
        return new_pool();
    };
    match &*known {
        Some((of, pool)) if *of == process => Ok(Arc::clone(pool)),
        _ => {
            let pool = new_pool()?;
            // The threads of a parent's pool are not here: nobody may wait for them.
            mem::forget(known.replace((process, Arc::clone(&pool))));
            Ok(pool)
        }
    }
}

fn new_pool() -> anyhow::Result<Arc<ThreadPool>> {
    Ok(Arc::new(ThreadPoolBuilder::new().build()?))
}
