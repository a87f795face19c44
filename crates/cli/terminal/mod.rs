//! What a person sees: lines, tables, progress bars.

pub mod checked;
pub mod console;
pub mod progress;
pub mod table;
pub mod watch;
