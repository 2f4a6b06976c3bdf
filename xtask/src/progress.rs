//! What is being done, how long it takes, and the sum at the end.

use std::io::IsTerminal;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::interrupt::Interrupt;

/// The steps of one run.
pub(crate) struct Progress {
    pub(crate) interrupt: Interrupt,
    start: Instant,
    done: Vec<(String, Duration)>,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn new(interrupt: Interrupt) -> Self {
        Self { interrupt, start: Instant::now(), done: Vec::new() }
    }

    /// Does something silent: a spinner on a terminal, a line elsewhere.
    pub(crate) fn step<T>(&mut self, title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.interrupt.check()?;
        let start = Instant::now();
        let spinner = std::io::stderr().is_terminal().then(|| spinner(title));
        let result = work();
        if let Some(spinner) = spinner {
            spinner.finish_and_clear();
        }
        match &result {
            Ok(_) => self.finish(title, start),
            Err(_) => println!("✗ {title}"),
        }
        result
    }

    /// Runs a command that shows its own progress. `advice` says what to do when it fails.
    pub(crate) fn run(&mut self, title: &str, command: &mut Command, advice: &str) -> Result<()> {
        self.shown(title, |interrupt| {
            let status = interrupt.run(command, None)?;
            let program = command.get_program().display();
            ensure!(status.success(), "{title}: `{program}` ended with {status}; {advice}");
            Ok(())
        })
    }

    /// Does something that shows its own progress.
    pub(crate) fn shown(&mut self, title: &str, work: impl FnOnce(&Interrupt) -> Result<()>) -> Result<()> {
        println!("… {title}");
        let start = Instant::now();
        work(&self.interrupt)?;
        self.finish(title, start);
        Ok(())
    }

    /// Prints the time of every step that took any.
    pub(crate) fn summary(&self) {
        println!("\nDone in {}:", seconds(self.start.elapsed()));
        for (title, time) in &self.done {
            println!("{:>9}  {title}", seconds(*time));
        }
    }

    fn finish(&mut self, title: &str, start: Instant) {
        let time = start.elapsed();
        println!("✓ {title} ({})", seconds(time));
        self.done.push((title.to_owned(), time));
    }
}

fn spinner(title: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style).with_message(title.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
