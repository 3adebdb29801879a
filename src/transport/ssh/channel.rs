//! The channels of a connection: each has a shell at its end, which may wait there for further scripts.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::timeout_at;

use crate::transport::exchange::{Collected, End, Errand, Pipes, exchange};
use crate::transport::script::{Known, Stay};
use crate::transport::target::Become;

/// What the `ssh` behind a channel is.
pub(super) type Child = openssh::Child<Arc<openssh::Session>>;

/// All channels of a connection.
#[derive(Debug, Default)]
pub(super) struct Channels {
    open: Arc<Open>,
    /// Those whose shell waits for a script; one an account, so that they never keep others from a channel.
    waiting: Mutex<Vec<Channel>>,
}

/// How many channels there are.
#[derive(Debug, Default)]
struct Open {
    count: AtomicUsize,
    ended: Notify,
}

/// A channel, and the shell at its end.
#[derive(Debug)]
pub(super) struct Channel {
    pipes: Pipes<openssh::ChildStdin, openssh::ChildStdout, openssh::ChildStderr>,
    child: Child,
    /// Whom the shell became.
    account: Option<Become>,
    /// What the shell need not read again.
    known: Known,
    _counted: Counted,
}

impl Channels {
    /// Counts a channel that was opened. `None` where it has no pipes.
    pub(super) fn take_in(&self, mut child: Child, account: Option<Become>) -> Option<Channel> {
        let counted = Counted::new(&self.open);
        let pipes = Pipes {
            stdin: Some(child.stdin().take()?),
            stdout: child.stdout().take()?,
            stderr: child.stderr().take()?,
        };
        Some(Channel {
            pipes,
            child,
            account,
            known: Known::default(),
            _counted: counted,
        })
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
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        !std::mem::take(&mut *waiting).is_empty()
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
    /// Runs one errand. Where the shell ended, tells what is said of how; where it waits for another script, gives the
    /// channel back.
    pub(super) async fn serve(
        mut self,
        errand: &mut Errand<'_>,
    ) -> (Collected<Result<ExitStatus, openssh::Error>>, Option<Self>) {
        let Collected {
            stdout,
            stderr,
            end,
        } = exchange(&mut self.pipes, errand, &self.known).await;
        let mut left = None;
        let end = match end {
            End::Exited(()) => timeout_at(errand.deadline, self.child.wait())
                .await
                .map_or(End::TimedOut, End::Exited),
            End::Stayed => {
                self.known.learn(errand.script);
                let is_whole = |stay: &Stay| stay.is_whole(&stdout);
                left = errand.stay.as_ref().is_some_and(is_whole).then_some(self);
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

/// Counts a channel as long as it is there.
#[derive(Debug)]
struct Counted(Arc<Open>);

impl Counted {
    fn new(open: &Arc<Open>) -> Self {
        open.count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}
