//! What the rest of this crate asks of the operating system beyond what `std` gives everywhere.
//!
//! The list below is all of it: no other module of the crate names `std::os` or `rustix`. There are two
//! implementations with the same names. `unix` goes through handles. `portable` needs `std` and two small
//! crates, for any other system. The feature `portable` chooses it on Unix too, so that it is compiled and
//! tested there.
//!
//! Both keep: a file is whole or not there, nothing is replaced unasked, and samples are the same. They differ
//! in what they hold against somebody else who changes the same folder, and against a lack of space:
//!
//! | item | `unix` | `portable` |
//! |---|---|---|
//! | [`Positioned`] | `pread`, `pwrite` | a seek there and back, so one thread a file at a time |
//! | [`FileId`], [`Found`] | device and number | a hash of the number that the crate `same-file` finds |
//! | [`open_to_read`] | waits for no pipe | opens |
//! | [`open_shared`], [`has_other_names`] | no link of either kind | no symbolic link, as far as a look tells |
//! | [`open_secret`], [`is_secret`], [`hide`] | owner and mode | any regular file |
//! | [`fill_random`] | `/dev/urandom` | the crate `getrandom` |
//! | [`kind_of_special`] | tells pipes, sockets and devices | does not tell them apart |
//! | [`max_name_bytes`], [`available_bytes`] | `statvfs` | not known |
//! | [`name_of`], [`cut_name`] | any bytes | Unicode |
//! | [`create_unnamed`] | `O_TMPFILE` on Linux | never |
//! | [`lock`], [`is_locked`] | advisory locks | none: those of Windows keep readers out |
//! | [`may_be_running`], [`is_recent`] | by process number | by age: a temporary file lives for a day |
//! | [`Folder`], [`OpenFolder`] | handles, `renameat2` | paths; hard links, so that nothing is replaced |
//! | [`spawn`], [`Running`], [`end_all_helpers`] | process groups | the child alone |
//! | [`Pipes`] | `poll` | threads that read and write |

#[cfg(not(all(unix, not(feature = "portable"))))]
mod portable;
#[cfg(all(unix, not(feature = "portable")))]
mod unix;

#[cfg(not(all(unix, not(feature = "portable"))))]
use self::portable as system;
#[cfg(all(unix, not(feature = "portable")))]
use self::unix as system;

pub use self::system::{FileId, end_all_helpers};
pub(crate) use self::system::{
    Folder, Found, OpenFolder, Pipes, Positioned, Running, available_bytes, create_unnamed,
    cut_name, fill_random, has_other_names, hide, is_locked, is_recent, is_secret, kind_of_special,
    lock, max_name_bytes, may_be_running, name_of, open_secret, open_shared, open_to_read, spawn,
};

/// What can be done now.
pub(crate) struct Ready {
    /// The pipe that was waited for.
    pub(crate) is_ready: bool,
    /// The program said something, or closed its standard error.
    pub(crate) has_said: bool,
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A program gives something.
    Output,
    /// A program takes something.
    Input,
}
