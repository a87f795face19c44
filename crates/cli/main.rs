//! The `acetate` binary: [`acetate_cli::run`] on what was typed.

/// The system's allocator gives every large buffer back at once; training spent over a quarter of its
/// CPU time on getting them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    acetate_cli::run(std::env::args_os().collect()).into()
}
