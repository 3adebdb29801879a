//! The channels of a connection: each has a shell at its end, which may wait there for further scripts.

use std::fmt;
use std::io::Cursor;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::Notify;
use tokio::time::timeout_at;

use super::foreground::OwnSession;
use crate::transport::exchange::{Collected, End, Errand, Pipes, exchange};
use crate::transport::script::Known;
use crate::transport::target::Become;

/// A channel that was asked for at a master's socket.
pub(super) type SharedSession = openssh::Child<Arc<openssh::Session>>;

/// What tells how a channel's command ended.
#[derive(Debug)]
pub(super) enum Child {
    Shared(Box<SharedSession>),
    /// The master's own session.
    Own(OwnSession),
}

/// What it tells.
pub(super) enum Ended {
    Shared(Result<ExitStatus, openssh::Error>),
    /// How the whole master ended; `None` where it lives on, or nobody can tell.
    Own(Option<ExitStatus>),
}

/// The master's own session, with its pipes.
pub(super) struct OwnPipes {
    pub(super) session: OwnSession,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    /// What its command has said already among its errors.
    pub(super) words: Vec<u8>,
    /// `None` where they have ended already.
    pub(super) stderr: Option<ChildStderr>,
}

type ChannelPipes = Pipes<
    Box<dyn AsyncWrite + Send + Sync + Unpin>,
    Box<dyn AsyncRead + Send + Sync + Unpin>,
    Box<dyn AsyncRead + Send + Sync + Unpin>,
>;

/// All channels of a connection.
#[derive(Debug, Default)]
pub(super) struct Channels {
    open: Arc<Open>,
    /// The master's own session with its command, until that is wanted for the first time.
    first: Mutex<Option<(String, Channel)>>,
    /// Those whose shell waits for a script; one an account, so that they never keep others from a channel.
    waiting: Mutex<Vec<Channel>>,
}

/// How many channels there are.
#[derive(Debug, Default)]
struct Open {
    count: AtomicUsize,
    /// How many there were at all.
    all: AtomicUsize,
    ended: Notify,
}

/// A channel, and the shell at its end.
pub(super) struct Channel {
    pipes: ChannelPipes,
    child: Child,
    /// Whom the shell became.
    account: Option<Become>,
    /// What the shell need not read again.
    known: Known,
    _counted: Counted,
}

impl Channels {
    /// Counts a channel that was opened. `None` where it has no pipes.
    pub(super) fn take_in(&self, mut child: SharedSession) -> Option<Channel> {
        let pipes = Pipes {
            stdin: Some(Box::new(child.stdin().take()?) as _),
            stdout: Box::new(child.stdout().take()?) as _,
            stderr: Box::new(child.stderr().take()?) as _,
        };
        Some(self.channel(pipes, Child::Shared(Box::new(child))))
    }

    /// Counts the master's own session, whose shell waits for whoever wants what its command says.
    pub(super) fn set_first(&self, command: String, opened: OwnPipes) {
        let OwnPipes {
            session,
            stdin,
            stdout,
            words,
            stderr,
        } = opened;
        let words = Cursor::new(words);
        let pipes = Pipes {
            stdin: Some(Box::new(stdin) as _),
            stdout: Box::new(session.output(stdout)) as _,
            stderr: match stderr {
                Some(stderr) => Box::new(words.chain(session.output(stderr))) as _,
                None => Box::new(words) as _,
            },
        };
        let channel = self.channel(pipes, Child::Own(session));
        *self.first() = Some((command, channel));
    }

    /// The master's own session, where its command is this one and nobody had it yet.
    pub(super) fn take_first(&self, command: &str) -> Option<Channel> {
        let first = self.first().take_if(|(other, _)| other == command);
        first.map(|(_, channel)| channel)
    }

    fn channel(&self, pipes: ChannelPipes, child: Child) -> Channel {
        Channel {
            pipes,
            child,
            account: None,
            known: Known::default(),
            _counted: Counted::new(&self.open),
        }
    }

    fn first(&self) -> MutexGuard<'_, Option<(String, Channel)>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shell of an account that waits for a script.
    pub(super) fn waiting(&self, account: Option<&Become>) -> Option<Channel> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let place = waiting
            .iter()
            .position(|channel| channel.account.as_ref() == account)?;
        Some(waiting.swap_remove(place))
    }

    /// Lets a shell wait for further scripts; where another one of its account does, it ends.
    pub(super) fn let_wait(&self, channel: Channel) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.iter().all(|other| other.account != channel.account) {
            waiting.push(channel);
        }
    }

    /// Ends the shells that wait. Tells whether there were any.
    pub(super) fn end_waiting(&self) -> bool {
        let first = self.first().take();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        !std::mem::take(&mut *waiting).is_empty() || first.is_some()
    }

    /// How many channels were ever opened.
    pub(super) fn all(&self) -> usize {
        self.open.all.load(Ordering::Acquire)
    }

    pub(super) fn are_none(&self) -> bool {
        self.open.count.load(Ordering::Acquire) == 0
    }

    /// Returns when a channel has ended.
    pub(super) fn ended(&self) -> impl Future<Output = ()> {
        self.open.ended.notified()
    }
}

impl Channel {
    /// Tells whom the shell became, or becomes with the first script.
    pub(super) fn of(mut self, account: Option<Become>) -> Self {
        self.account = account;
        self
    }

    /// Runs one errand. Where the shell ended, tells what is said of how; where it waits for another script, gives the
    /// channel back.
    pub(super) async fn serve(
        mut self,
        errand: &mut Errand<'_>,
    ) -> (Collected<Ended>, Option<Self>) {
        let Collected {
            stdout,
            stderr,
            end,
        } = exchange(&mut self.pipes, errand, &self.known).await;
        let stays = errand.stay.as_ref();
        let is_left =
            matches!(end, End::Stayed) && stays.is_some_and(|stay| stay.is_whole(&stdout));
        if !is_left && !matches!(end, End::Exited(()) | End::Cut) {
            // The shell is given up, its connection is not.
            self.child.hold().await;
        }
        let mut left = None;
        let end = match end {
            End::Exited(()) => timeout_at(errand.deadline, self.child.ended())
                .await
                .map_or(End::TimedOut, End::Exited),
            End::Stayed => {
                self.known.learn(errand.script);
                left = is_left.then_some(self);
                End::Stayed
            }
            End::TimedOut => End::TimedOut,
            End::TooLarge => End::TooLarge,
            End::Cut => End::Cut,
        };
        let collected = Collected {
            stdout,
            stderr,
            end,
        };
        (collected, left)
    }
}

impl Child {
    /// Makes sure that the connection lives on without it.
    async fn hold(&self) {
        if let Self::Own(session) = self
            && let Err(error) = session.hold().await
        {
            tracing::debug!(%error, "a connection ends with its first shell");
        }
    }

    async fn ended(self) -> Ended {
        match self {
            Self::Shared(session) => Ended::Shared(session.wait().await),
            Self::Own(session) => Ended::Own(session.ended().await),
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channel")
            .field("child", &self.child)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Counts a channel as long as it is there.
#[derive(Debug)]
struct Counted(Arc<Open>);

impl Counted {
    fn new(open: &Arc<Open>) -> Self {
        open.count.fetch_add(1, Ordering::AcqRel);
        open.all.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}
