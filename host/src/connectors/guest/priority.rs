//! Who goes first on a core: threads that serve go before those that compute, and both before what nobody waits for.
//!
//! Linux lets a thread that wakes wait for its own tick of 4 ms (`CONFIG_HZ=250`) when it protects the slice of the one
//! that runs (`RUN_TO_PARITY` of its EEVDF scheduler), whatever the niceness: one request in fifty would wait for it.
//! Who yields is charged a whole slice, so who gives way at every tick stands behind the others without being nice.

use std::cell::Cell;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::getpriority_process;

/// How often what computes gives way to threads that wait for its core, and a running guest's deadline is looked at.
pub(in crate::connectors) const TICK: Duration = Duration::from_micros(500);

/// On a full machine, who stands back and gives way at every tick has a hundredth of a core. With more niceness, to compile
/// a large component would take hours there.
const NICENESS: i32 = 10;

/// Longer than what other threads have, 0.7 ms to 2.8 ms by the number of cores (`base_slice_ns`): a thread that wakes goes
/// before one with a longer slice at once (`PREEMPT_SHORT`), even before that one can give way.
const SLICE: Duration = Duration::from_millis(4);

thread_local! {
    static GAVE_WAY: Cell<Option<Instant>> = const { Cell::new(None) };
    static STANDS_BACK: Cell<bool> = const { Cell::new(false) };
}

/// Gives way, at most once in a [`TICK`]: for work that takes longer than that.
pub(in crate::connectors) fn give_way() {
    if GAVE_WAY.get().is_none_or(|last| last.elapsed() >= TICK) {
        thread::yield_now();
        GAVE_WAY.set(Some(Instant::now()));
    }
}

/// Puts the calling thread, and the processes that it starts, behind others for good. Where that is forbidden, requests
/// wait for it a little longer.
pub(in crate::connectors) fn stand_back() {
    match lower() {
        Ok(()) => STANDS_BACK.set(true),
        Err(error) => tracing::warn!(%error, "a thread cannot stand back behind those that serve"),
    }
}

/// Linux before 6.12 has no slice for each thread and ignores that part (`sched_setattr(2)`).
#[expect(unsafe_code, reason = "this system call has no safe wrapper")]
fn lower() -> io::Result<()> {
    let mut attributes = libc::sched_attr {
        size: 0,
        sched_policy: libc::SCHED_OTHER.cast_unsigned(),
        sched_flags: 0,
        // Nobody may raise a priority.
        sched_nice: getpriority_process(None)?.max(NICENESS),
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    attributes.size = u32::try_from(size_of_val(&attributes)).map_err(io::Error::other)?;
    attributes.sched_runtime = u64::try_from(SLICE.as_nanos()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads as many bytes as the structure says that it has, and keeps no pointer to it.
    let result = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether the calling thread does.
pub(super) fn stands_back() -> bool {
    STANDS_BACK.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_further_back_already_stays_there() {
        for (before, after) in [(0, NICENESS), (15, 15)] {
            let niceness = thread::spawn(move || {
                assert_eq!(rustix::process::nice(before).unwrap(), before);
                stand_back();
                assert!(stands_back());
                getpriority_process(None).unwrap()
            });
            assert_eq!(niceness.join().unwrap(), after);
        }
    }
}
