//! What is being done and how long it took, for people who wait: on standard error, so that output stays output.

use std::io::{IsTerminal as _, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

use indicatif::{ProgressBar, ProgressStyle};

use super::Error;

/// How often the end of a program is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// What is quoted of the output of a program that failed.
const MAX_OUTPUT_LINES: usize = 40;
const MAX_OUTPUT_CHARACTERS: usize = 4000;

/// Says each step of an author's command.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    /// Whether somebody has asked to stop.
    interrupted: Arc<AtomicBool>,
}

impl Steps {
    /// Steps that end when the flag is set: a program that runs then is stopped.
    pub fn until(interrupted: Arc<AtomicBool>) -> Self {
        Self { interrupted }
    }

    /// An error when somebody has asked to stop.
    pub fn check(&self) -> Result<(), Error> {
        if self.interrupted.load(Ordering::SeqCst) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Does something silent: a spinner on a terminal, then a line with its time.
    pub fn step<T, E>(&self, title: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let start = Instant::now();
        let spinner = io::stderr().is_terminal().then(|| spinner(title));
        let result = work();
        if let Some(spinner) = spinner {
            spinner.finish_and_clear();
        }
        match &result {
            Ok(_) => say(&format!("✓ {title} ({:.1} s)", start.elapsed().as_secs_f64())),
            Err(_) => say(&format!("✗ {title}")),
        }
        result
    }

    /// Runs a program that says nothing worth reading unless it fails.
    pub(super) fn run(&self, title: &str, command: &mut Command) -> Result<(), Error> {
        self.step(title, || {
            let (status, output) = self.output(command)?;
            if status.success() { Ok(()) } else { Err(failed(title, command, status, &shown(&output))) }
        })
    }

    /// Runs a program that shows its own progress and its errors.
    pub(super) fn run_openly(&self, title: &str, command: &mut Command) -> Result<(), Error> {
        say(&format!("… {title}"));
        let start = Instant::now();
        // Its output is no answer of this program's.
        let status = self.wait(command.stdin(Stdio::null()).stdout(io::stderr()))?;
        if !status.success() {
            return Err(failed(title, command, status, ""));
        }
        say(&format!("✓ {title} ({:.1} s)", start.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Runs a program and returns what it printed on both of its outputs.
    pub(super) fn output(&self, command: &mut Command) -> Result<(ExitStatus, String), Error> {
        let (mut reader, writer) = io::pipe().map_err(|source| not_started(command, source))?;
        let other = writer.try_clone().map_err(|source| not_started(command, source))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(other);
        let text = thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was read before an error is still worth showing.
            let _ = io::Read::read_to_end(&mut reader, &mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let status = self.wait(command);
        // The pipe ends when its last writer is gone, and the command holds two.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let status = status?;
        Ok((status, text.join().unwrap_or_default()))
    }

    fn wait(&self, command: &mut Command) -> Result<ExitStatus, Error> {
        self.check()?;
        let mut child = command.spawn().map_err(|source| not_started(command, source))?;
        loop {
            if let Some(status) = child.try_wait().map_err(|source| not_started(command, source))? {
                // Ctrl-C reaches the program too: how it ended is then not worth a word.
                self.check()?;
                return Ok(status);
            }
            if self.check().is_err() {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Error::Interrupted);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

fn failed(step: &str, command: &Command, status: ExitStatus, output: &str) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    Error::Tool { step: step.to_owned(), program, status: status.to_string(), output: output.to_owned() }
}

fn not_started(command: &Command, source: io::Error) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    if source.kind() == io::ErrorKind::NotFound {
        let remedy = "install it, and make sure that it is in PATH".to_owned();
        return Error::Missing { what: format!("`{program}` is not there"), remedy };
    }
    Error::File { path: program.into(), source }
}

/// The first and the last lines of a program's output, without what would move a terminal's cursor.
fn shown(output: &str) -> String {
    let mut lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() > MAX_OUTPUT_LINES {
        lines.splice(MAX_OUTPUT_LINES / 2..lines.len() - MAX_OUTPUT_LINES / 2, ["…"]);
    }
    let text = lines.join("\n");
    let characters = text.chars().filter(|character| !character.is_control() || *character == '\n');
    let characters: Vec<char> = characters.collect();
    // The end says why a program failed.
    let text: String = characters[characters.len().saturating_sub(MAX_OUTPUT_CHARACTERS)..].iter().collect();
    if text.is_empty() { text } else { format!(":\n{text}") }
}

/// Says a line to whoever waits.
pub(super) fn say(line: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

fn spinner(title: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style).with_message(title.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_quoted_and_a_missing_one_named() {
        let steps = Steps::default();
        let script = "echo out; echo err >&2; printf '\\033[31m'; exit 3";
        let error = steps.run("Trying", Command::new("sh").args(["-c", script])).unwrap_err().to_string();
        assert!(error.contains("Trying failed: `sh`") && error.contains("out\nerr"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error}");
        let script = "yes | tr -d '\\n' | head -c 9000; echo; echo the end; exit 3";
        let error = steps.run("Trying", Command::new("sh").args(["-c", script])).unwrap_err().to_string();
        assert!(error.ends_with("the end"), "{error}");
        let error = steps.run("Trying", &mut Command::new("no-such-program")).unwrap_err();
        assert!(matches!(&error, Error::Missing { what, .. } if what.contains("no-such-program")), "{error}");
    }

    #[test]
    fn a_program_ends_when_somebody_asks_to_stop() {
        let flag = Arc::new(AtomicBool::new(false));
        let steps = Steps::until(Arc::clone(&flag));
        let asker = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            flag.store(true, Ordering::SeqCst);
        });
        let start = Instant::now();
        let result = steps.run("Sleeping", Command::new("sleep").arg("60"));
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        assert!(start.elapsed() < Duration::from_secs(30));
        asker.join().unwrap();
    }
}
