//! Panics of the parsers behind this crate become errors.
//!
//! Their authors hold that no input may make them panic; where one does (an arithmetic check of a
//! debug build, an index), the file is at fault and the program must not die of it, so this is
//! the last line of defense. What the closure leaves behind is thrown away or cleared by the
//! caller, so that no half-made state is used.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// A parser panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Calls a parser; its panic is an error.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    result.map_err(|_| Panicked)
}

/// From now on a panic that this crate turns into an error prints nothing: the error says all.
/// Any other panic goes to the hook that was there. For `main`, once.
pub fn silence_caught_panics() {
    let inner = take_hook();
    set_hook(Box::new(move |info| {
        if !GUARDED.get() {
            inner(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_the_guard_ends_with_the_call() {
        assert!(guarded(|| assert_eq!(guarded(|| 3).ok(), Some(3))).is_ok());
        assert!(guarded(|| panic!("a broken file")).is_err());
        assert!(!GUARDED.get());
    }
}
