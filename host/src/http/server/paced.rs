//! A client's connection that has to keep to a pace while it has no request that is being answered.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a request's head may take: from its first byte, and on a new connection from the start.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may stay idle between two requests: longer than the minute after which proxies close theirs, so
/// that none of them sends a request into a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// How long a client may take nothing of an answer.
const TAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// What a connection is doing. Clones are the same connection's.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A head has to be there by then.
    Head(Instant),
    /// The next head has to begin by then.
    Idle(Instant),
    /// A request is being answered, so that nothing has to come.
    Answering,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(super) struct Answering(Activity);

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State::Head(Instant::now() + HEAD_TIMEOUT))))
    }
}

impl Activity {
    /// Begins to answer a request, whose head is there.
    pub(super) fn begin(&self) -> Answering {
        *self.lock() = State::Answering;
        Answering(self.clone())
    }

    /// Notes that something came.
    fn heard(&self) {
        let mut state = self.lock();
        if matches!(*state, State::Idle(_)) {
            *state = State::Head(Instant::now() + HEAD_TIMEOUT);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match *self.lock() {
            State::Head(deadline) | State::Idle(deadline) => Some(deadline),
            State::Answering => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        *self.0.lock() = State::Idle(Instant::now() + IDLE_TIMEOUT);
    }
}

/// A stream that fails once its client is too slow, in sending a head or in taking an answer.
#[derive(Debug)]
pub(super) struct Paced<S> {
    stream: S,
    activity: Activity,
    alarm: Pin<Box<Sleep>>,
    /// While the client takes nothing.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, activity: Activity) -> Self {
        Self { stream, activity, alarm: Box::pin(tokio::time::sleep(HEAD_TIMEOUT)), stuck: None }
    }

    /// Lets what was written pass, and fails when nothing has been for too long.
    fn poll_taken<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep(TAKE_TIMEOUT)));
        if stuck.as_mut().poll(context).is_ready() { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { written }
    }

    /// Fails after the deadline, and is woken for it before.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let Some(deadline) = self.activity.deadline() else { return Ok(()) };
        if self.alarm.deadline() != deadline {
            self.alarm.as_mut().reset(deadline);
        }
        if self.alarm.as_mut().poll(context).is_ready() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer)?;
        if buffer.filled().len() > before {
            this.activity.heard();
        }
        // A head that comes byte by byte is late all the same.
        this.poll_deadline(context)?;
        read.map(Ok)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.poll_taken(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.poll_taken(context, written)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// How long until a read fails, while something comes every second.
    async fn patience(activity: &Activity, trickle: bool) -> Duration {
        let (mut client, server) = tokio::io::duplex(64);
        let begun = Instant::now();
        let mut paced = Paced::new(server, activity.clone());
        let writing = tokio::spawn(async move {
            while trickle && client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            // Held, and silent.
            std::future::pending::<()>().await;
            drop(client);
        });
        let mut byte = [0];
        while paced.read(&mut byte).await.is_ok() {}
        writing.abort();
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_however_it_comes() {
        let about =
            |limit: Duration, measured: Duration| measured >= limit && measured < limit + Duration::from_secs(2);
        for trickle in [false, true] {
            assert!(about(HEAD_TIMEOUT, patience(&Activity::default(), trickle).await), "a new one, {trickle}");
        }
        let idle = Activity::default();
        drop(idle.begin());
        assert!(about(IDLE_TIMEOUT, patience(&idle, false).await));
        drop(idle.begin());
        assert!(about(HEAD_TIMEOUT, patience(&idle, true).await), "from the first byte of the next head");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_to_be_taken_little_by_little() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut paced = Paced::new(server, Activity::default());
        let taking = tokio::spawn(async move {
            for _ in 0..10 {
                tokio::time::sleep(TAKE_TIMEOUT / 2).await;
                client.read_exact(&mut [0; 8]).await.unwrap();
            }
            client
        });
        let begun = Instant::now();
        let error = paced.write_all(&[0; 1024]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= 6 * TAKE_TIMEOUT, "{:?}", begun.elapsed());
        drop(taking.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_has_to_come_while_a_request_is_answered() {
        let activity = Activity::default();
        let answering = activity.begin();
        let waited = tokio::time::timeout(Duration::from_hours(1), patience(&activity, false)).await;
        assert!(waited.is_err());
        drop(answering);
    }
}
