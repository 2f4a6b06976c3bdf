//! Named points at which a development build ends as by `kill -9`, for tests of what a crash leaves. A release build has
//! none.

/// The variable that names the point.
#[cfg(debug_assertions)]
const VARIABLE: &str = "PATCHPANEL_CRASH_POINT";

/// Ends the process here if that was asked for.
#[cfg(debug_assertions)]
#[expect(clippy::disallowed_methods, reason = "no setting: a release build has no such points")]
pub(crate) fn point(name: &str) {
    if std::env::var_os(VARIABLE).is_some_and(|asked| asked == name) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // The signal ends this thread, too, in a moment.
        loop {
            std::thread::park();
        }
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_: &str) {}
