//! What a person sees: lines, tables, progress bars.

pub mod check_table;
pub mod console;
pub mod progress;
pub mod table;
pub mod watch;
