//! A master in the foreground: a child of ours, with a session of its own.
//!
//! It costs what a plain `ssh HOST COMMAND` costs. A master that goes to the background is forked once more, and a first
//! session that is asked for at its socket costs messages: together 1.5 to 2 ms of this machine's CPU a host.
//!
//! ssh ends when its own session has ended and nobody is at its control socket. So whoever wants more of it than its
//! session has to hold it first. Where it is held, pipes of a session that has ended stay open: only its log tells. And what
//! a ProxyCommand leaves behind keeps the pipe for errors open when ssh has ended.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::process::Child;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::control::Control;
use super::log::{read_log, session_is_over};
use super::process::SETTLING;
use super::tcp::{Socket, acknowledging};
use crate::transport::place::Place;
use crate::transport::processes::signal_group;

/// How often the log of a master that is held is looked at; and how long after a session's end its pipes have been read.
const PAUSE: Duration = Duration::from_millis(100);

/// A master that is a child of this process.
#[derive(Debug)]
pub(super) struct Foreground {
    pub(super) pid: u32,
    state: watch::Receiver<State>,
    waiting: JoinHandle<()>,
    socket: PathBuf,
    log: PathBuf,
    /// Our line to its control socket, where it is held.
    line: OnceCell<Control>,
    /// Whether nobody has its own session any more.
    left: AtomicBool,
    /// Turns true when its own session has ended, also where its pipes do not tell.
    over: Arc<watch::Sender<bool>>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Lives,
    /// `None` where nobody could tell how.
    Ended(Option<ExitStatus>),
}

/// The master's own session, for whoever has its pipes.
#[derive(Debug)]
pub(super) struct OwnSession(Arc<Foreground>);

impl Foreground {
    /// Takes a child over that has logged in, and its connection where that could be had.
    pub(super) fn new(
        pid: u32,
        mut ssh: Child,
        socket: Option<Socket>,
        place: &Place,
    ) -> Arc<Self> {
        let (told, state) = watch::channel(State::Lives);
        let over: Arc<watch::Sender<bool>> = Arc::default();
        let is_over = Arc::clone(&over);
        let waiting = tokio::spawn(async move {
            let status = acknowledging(socket, ssh.wait()).await;
            told.send_replace(State::Ended(status.ok()));
            sleep(PAUSE).await;
            is_over.send_replace(true);
        });
        Arc::new(Self {
            pid,
            state,
            waiting,
            socket: place.socket.clone(),
            log: place.log.clone(),
            line: OnceCell::new(),
            left: AtomicBool::new(false),
            over,
        })
    }

    /// Lets it live on when its own session has ended.
    ///
    /// # Errors
    /// It has ended, or does not answer at its socket.
    pub(super) async fn hold(&self) -> io::Result<()> {
        let line = self.line.get_or_try_init(|| async {
            let line = Control::connect(&self.socket).await?;
            tokio::spawn(watch_session(self.log.clone(), Arc::clone(&self.over)));
            Ok(line)
        });
        line.await.map(|_| ())
    }

    /// How it ended, once it has. `None` where nobody could tell how.
    pub(super) async fn ended(&self) -> Option<ExitStatus> {
        let mut state = self.state.clone();
        let ended = state.wait_for(|state| matches!(state, State::Ended(_)));
        match ended.await.as_deref() {
            Ok(State::Ended(status)) => *status,
            _ => None,
        }
    }

    /// Whether it has ended, or will any moment, because nobody has its session and nobody holds it.
    pub(super) fn is_over(&self) -> bool {
        self.left.load(Ordering::Acquire) && !self.line.initialized()
    }

    /// Tells it to end now, whatever runs on it, and what is on its way to the host.
    pub(super) fn terminate(&self) {
        // When it has ended, its number may be another process's.
        if matches!(*self.state.borrow(), State::Lives) {
            signal_group(self.pid, Signal::TERM);
        }
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        self.terminate();
        // A child that nobody waits for is killed.
        self.waiting.abort();
    }
}

impl OwnSession {
    pub(super) fn new(foreground: &Arc<Foreground>) -> Self {
        Self(Arc::clone(foreground))
    }

    /// See [`Foreground::hold`].
    pub(super) async fn hold(&self) -> io::Result<()> {
        self.0.hold().await
    }

    /// One of its outputs, which ends with it.
    pub(super) fn output<R>(&self, pipe: R) -> Output<R> {
        let mut over = self.0.over.subscribe();
        Output {
            pipe,
            over: Some(Box::pin(async move {
                // Where nobody tells any more, the pipe tells.
                if over.wait_for(|over| *over).await.is_err() {
                    std::future::pending::<()>().await;
                }
            })),
        }
    }

    /// How the master ended with it. `None` where the master lives on, or nobody could tell how.
    pub(super) async fn ended(&self) -> Option<ExitStatus> {
        if *self.0.over.borrow() {
            return timeout(SETTLING, self.0.ended()).await.ok().flatten();
        }
        self.0.ended().await
    }
}

impl Drop for OwnSession {
    fn drop(&mut self) {
        self.0.left.store(true, Ordering::Release);
    }
}

/// Tells when the session of a master that is held has ended, as long as somebody listens.
async fn watch_session(log: PathBuf, over: Arc<watch::Sender<bool>>) {
    let length = |log: &Path| log.metadata().map(|metadata| metadata.len()).ok();
    let mut seen = None;
    while over.receiver_count() > 0 {
        let now = length(&log);
        if now != seen && session_is_over(&read_log(&log)) {
            // What it said is in its pipes already; now it has been read, too.
            sleep(PAUSE).await;
            over.send_replace(true);
            return;
        }
        seen = now;
        sleep(PAUSE).await;
    }
}

/// An output of a session.
pub(super) struct Output<R> {
    pipe: R,
    /// `None` once it has ended.
    over: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Output<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.pipe).poll_read(context, buffer) {
            return Poll::Ready(read);
        }
        if let Some(over) = &mut self.over {
            ready!(over.as_mut().poll(context));
            self.over = None;
        }
        // Nothing was read: this is the end.
        Poll::Ready(Ok(()))
    }
}
