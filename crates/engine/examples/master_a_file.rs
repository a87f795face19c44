//! Masters a file, showing how far it is and stopping when the user presses Enter.
//!
//! `cargo run --release -p acetate-engine --example master_a_file -- mix.wav`

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use acetate_engine::{Job, Observer, Options, Step, master};

/// Prints each step once, and asks to stop after Enter.
#[derive(Default)]
struct Terminal {
    stop: AtomicBool,
}

impl Observer for Terminal {
    fn progress(&self, _input: &Path, step: Step, done: u64, total: Option<u64>) {
        if total == Some(done) {
            println!("{} done", step.name());
        }
    }

    fn warn(&self, text: &str) {
        eprintln!("warning: {text}");
    }

    fn is_canceled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mix = std::env::args().nth(1).ok_or("expected a mix")?;
    let terminal = Terminal::default();
    let job = Job::beside(mix)?;
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let delivered = std::thread::scope(|scope| {
        let work = scope.spawn(|| master(&job, &options, &terminal));
        if std::io::stdin()
            .read_line(&mut String::new())
            .is_ok_and(|bytes| bytes > 0)
        {
            terminal.stop.store(true, Ordering::Relaxed);
        }
        work.join()
    });
    let delivered = delivered.map_err(|_| "the master's thread ended")??;
    for (path, file) in &delivered.masters {
        let mastered = &file.mastered;
        println!(
            "{}: every check passed: {}",
            path.display(),
            mastered.all_met()
        );
        for sentence in &mastered.treatment.done {
            println!("  {sentence}");
        }
    }
    Ok(())
}
