//! The process that compiles one component: from its standard input to its standard output, within bounds that it sets
//! itself before it reads the first byte.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, ensure};
use nix::sys::signal::{SaFlags, SigAction, SigEvent, SigHandler, SigSet, SigevNotify, Signal as Alarm, sigaction};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use rustix::process::{Pid, Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};

use crate::connectors::guest::{TICK, engine};

/// The hidden command of the program that runs this.
pub const COMMAND: &str = "compile-connector";

/// The exit status of a component that is none.
pub(super) const REFUSED: u8 = 3;

/// Its own failure.
const FAILED: u8 = 4;

/// What the child is told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Bytes of address space.
    #[arg(long)]
    max_memory_bytes: u64,
    /// Seconds of CPU time.
    #[arg(long)]
    max_cpu_s: u64,
    /// The process that this one ends with.
    #[arg(long)]
    parent: i32,
}

/// Compiles standard input to standard output.
pub fn run(arguments: &Arguments) -> ExitCode {
    let outcome = confine(arguments).and_then(|()| {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("cannot read the component")?;
        Ok(bytes)
    });
    let bytes = match outcome {
        Ok(bytes) => bytes,
        Err(error) => return fail(FAILED, &format!("{error:#}")),
    };
    // Without it, requests wait for the compiler a little longer.
    let _timer = give_way_at_ticks().ok();
    match engine::compiler().and_then(|compiler| compiler.precompile_component(&bytes)) {
        Ok(code) => match io::stdout().lock().write_all(&code) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(FAILED, &error.to_string()),
        },
        Err(error) => fail(REFUSED, &format!("{error:#}")),
    }
}

fn fail(code: u8, message: &str) -> ExitCode {
    // Without a standard error there is nobody to tell.
    let _ = io::stderr().lock().write_all(message.as_bytes());
    ExitCode::from(code)
}

/// Gives up everything that compiling does not need.
fn confine(arguments: &Arguments) -> anyhow::Result<()> {
    close_inherited().context("cannot close inherited descriptors")?;
    set_parent_process_death_signal(Some(Signal::KILL)).context("cannot be bound to the parent")?;
    // It may have ended before that.
    ensure!(getppid().map(Pid::as_raw_pid) == Some(arguments.parent), "the parent is gone");
    let same = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    let cpu = Rlimit { current: Some(arguments.max_cpu_s), maximum: Some(arguments.max_cpu_s + 1) };
    for (resource, limit) in [
        (Resource::As, same(arguments.max_memory_bytes)),
        (Resource::Cpu, cpu),
        (Resource::Core, same(0)),
        (Resource::Fsize, same(0)),
        (Resource::Nproc, same(0)),
        (Resource::Nofile, same(3)),
    ] {
        setrlimit(resource, limit).with_context(|| format!("cannot limit {resource:?}"))?;
    }
    Ok(())
}

/// Gives way to other threads at every [`TICK`], as guests do, while the timer is there.
#[expect(unsafe_code, reason = "a handler of a signal is the only way to interrupt the compiler")]
fn give_way_at_ticks() -> nix::Result<Timer> {
    extern "C" fn yield_now(_signal: i32) {
        thread::yield_now();
    }
    let action = SigAction::new(SigHandler::Handler(yield_now), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler makes one system call, which touches nothing of this process.
    unsafe { sigaction(Alarm::SIGALRM, &action) }?;
    let event = SigEvent::new(SigevNotify::SigevSignal { signal: Alarm::SIGALRM, si_value: 0 });
    let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, event)?;
    timer.set(Expiration::Interval(TICK.into()), TimerSetTimeFlags::empty())?;
    Ok(timer)
}

/// A descriptor of the parent's that is not marked to be closed would be open here.
fn close_inherited() -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        open.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()).filter(|&number| number > 2));
    }
    // The one that listed them has been closed since.
    let is_open = |descriptor: &i32| std::fs::symlink_metadata(format!("/proc/self/fd/{descriptor}")).is_ok();
    open.into_iter().filter(is_open).for_each(close);
    Ok(())
}

#[expect(unsafe_code, reason = "a descriptor that nobody in this process owns has no other way to be closed")]
fn close(descriptor: i32) {
    // SAFETY: this runs before anything else in this process has opened a descriptor, so it is nobody's.
    unsafe { rustix::io::close(descriptor) }
}
