//! The clock of running guests: while there are any, a thread moves the engine's epoch, and with it every guest looks at its
//! deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

use super::priority::TICK;

/// Counts time for running guests: while there are any, a thread moves the engine's epoch once a tick; else it sleeps.
pub(super) struct Ticker {
    running: Arc<AtomicUsize>,
    thread: Thread,
}

impl Ticker {
    /// Starts the thread. It ends when the engine is gone.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let running = Arc::new(AtomicUsize::new(0));
        let (weak, count) = (engine.weak(), Arc::clone(&running));
        let handle = thread::Builder::new().name("ticker".to_owned()).spawn(move || tick(&weak, &count))?;
        Ok(Self { running, thread: handle.thread().clone() })
    }

    /// Lets time run while a guest does.
    pub(super) fn during<T>(&self, guest: impl FnOnce() -> T) -> T {
        struct Running<'a>(&'a AtomicUsize);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        if self.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.unpark();
        }
        let _running = Running(&self.running);
        guest()
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // To see that the engine is gone.
        self.thread.unpark();
    }
}

fn tick(engine: &EngineWeak, running: &AtomicUsize) {
    loop {
        if running.load(Ordering::SeqCst) == 0 {
            // Bounded, so that the end of the engine is seen even if its last owner was not the ticker's.
            thread::park_timeout(Duration::from_secs(1));
        } else {
            thread::sleep(TICK);
        }
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}
