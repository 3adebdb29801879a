//! A master in the foreground: a child of ours, with a session of its own.
//!
//! It costs what a plain `ssh HOST COMMAND` costs. A master that goes to the background is forked once more, and a first
//! session that is asked for at its socket costs messages: together 2 to 3 ms of this machine's CPU a host.
//!
//! ssh ends when its own session has ended and nobody is at its control socket. So whoever wants more of it than its
//! session has to hold it first. Where it is held, it keeps the pipes of a session that has ended open: only its log tells.

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
use tokio::sync::{Mutex, OnceCell, watch};
use tokio::time::sleep;

use super::control::Control;
use super::log::{read_log, session_is_over};
use crate::transport::place::Place;
use crate::transport::processes::signal;

/// How often the log of a master that is held is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// A master that is a child of this process.
#[derive(Debug)]
pub(super) struct Foreground {
    pub(super) pid: u32,
    ssh: Mutex<Child>,
    socket: PathBuf,
    log: PathBuf,
    /// Our line to its control socket, where it is held.
    line: OnceCell<Control>,
    /// Whether nobody has its own session any more.
    left: AtomicBool,
    /// Turns true when its own session has ended while it is held.
    over: Arc<watch::Sender<bool>>,
}

/// The master's own session, for whoever has its pipes.
#[derive(Debug)]
pub(super) struct OwnSession(Arc<Foreground>);

impl Foreground {
    /// Takes a child over that has logged in.
    pub(super) fn new(pid: u32, ssh: Child, place: &Place) -> Arc<Self> {
        Arc::new(Self {
            pid,
            ssh: Mutex::new(ssh),
            socket: place.socket.clone(),
            log: place.log.clone(),
            line: OnceCell::new(),
            left: AtomicBool::new(false),
            over: Arc::default(),
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

    /// How it ended, once it has.
    pub(super) async fn ended(&self) -> io::Result<ExitStatus> {
        self.ssh.lock().await.wait().await
    }

    /// Whether it has ended, or will any moment, because nobody has its session and nobody holds it.
    pub(super) fn is_over(&self) -> bool {
        self.left.load(Ordering::Acquire) && !self.line.initialized()
    }

    /// Tells it to end now, whatever runs on it.
    pub(super) fn terminate(&self) {
        // Where somebody has waited for it, its number may be another process's.
        if self.ssh.try_lock().is_ok_and(|ssh| ssh.id().is_none()) {
            return;
        }
        signal(self.pid, Signal::TERM);
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
            over: Box::pin(async move {
                // Where nobody tells any more, the pipe ends with the master.
                if over.wait_for(|over| *over).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }),
        }
    }

    /// How it ended: the master says it with its own end. `None` where the master lives on.
    pub(super) async fn ended(&self) -> io::Result<Option<ExitStatus>> {
        if *self.0.over.borrow() {
            return Ok(None);
        }
        self.0.ended().await.map(Some)
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
    over: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
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
        // Nothing was read: this is the end.
        ready!(self.over.as_mut().poll(context));
        Poll::Ready(Ok(()))
    }
}
