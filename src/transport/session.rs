//! One host's session: connect, run scripts, close.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use super::error::{TransportError, TransportErrorKind};
use super::exchange::{Collected, End, Errand, command};
use super::limits::{CHANNELS, LARGEST_ANSWER, Limits};
use super::nonce;
use super::script::{Script, Stay, Text};
use super::simulated::Simulated;
use super::ssh::Connection;
use super::sudo::Dialogue;
use super::target::{Become, Target, TargetKind};
use super::{local, sudo};

/// What a script answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub stdout: Vec<u8>,
    /// Without what sudo said before it let us through.
    pub stderr: Vec<u8>,
    pub exit: Exit,
}

/// Shows sizes only: an answer may hold secrets.
impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Answer({} bytes, {} bytes of errors, {:?})",
            self.stdout.len(),
            self.stderr.len(),
            self.exit
        )
    }
}

/// How the shell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Code(i32),
    /// By a signal; SSH's connection sharing does not tell which.
    Signal,
}

/// What a session has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections opened; more than one only where the server turned us away first. None where an earlier run had kept
    /// one.
    pub connections: u64,
    /// Scripts sent.
    pub round_trips: u64,
}

/// An open way to one host. Close it with [`Session::close`]; when it is dropped instead, its connection is closed
/// too, without waiting for it.
pub struct Session {
    name: String,
    link: Link,
    channels: Semaphore,
    closed: watch::Sender<bool>,
    round_trips: AtomicU64,
    /// Whom we became with a password that sudo asked for and accepted.
    proved: Mutex<Vec<Become>>,
    /// The account whose shell was asked for along with the connection, and the nonce of what is said to sudo there.
    first: Mutex<Option<(Become, String)>>,
}

/// What a shell has to read, and what is known of it.
struct Words<'a> {
    text: Text<'a>,
    stay: Option<Stay>,
    changes_login: bool,
    listens: bool,
}

enum Link {
    Ssh(Box<Connection>),
    Local,
    Simulated(Arc<dyn Simulated>),
}

impl Session {
    /// Opens the session: for SSH one connection, kept until it is closed. The first script will be
    /// [served](Session::serve) as this account: where the connection is new, its shell is asked for along with it, which
    /// costs both sides no more than a plain `ssh HOST COMMAND`.
    ///
    /// # Errors
    /// Everything that makes a host unreachable, with the reason as [`TransportErrorKind`].
    pub async fn connect(
        target: &Target,
        limits: &Limits,
        account: Option<&Become>,
    ) -> Result<Self, TransportError> {
        let mut first = None;
        let link = match &target.kind {
            TargetKind::Ssh(ssh) => {
                let nonce = nonce::nonce();
                let dialogue = account.filter(|_| stays(account)).and_then(|account| {
                    // What is wrong with it, the script is told.
                    Dialogue::new(&target.name, account, false, nonce.clone()).ok()
                });
                let command =
                    (account.is_none() || dialogue.is_some()).then(|| command(dialogue.as_ref()));
                first = dialogue.map(|dialogue| (dialogue.as_user().clone(), nonce));
                let command = command.as_deref();
                let connection = Connection::open(&target.name, ssh, limits, command).await?;
                Link::Ssh(Box::new(connection))
            }
            TargetKind::Local => Link::Local,
            TargetKind::Simulated(simulated) => {
                simulated.connect()?;
                Link::Simulated(Arc::clone(simulated))
            }
        };
        Ok(Self {
            name: target.name.clone(),
            link,
            channels: Semaphore::new(CHANNELS),
            closed: watch::Sender::new(false),
            round_trips: AtomicU64::new(0),
            proved: Mutex::default(),
            first: Mutex::new(first),
        })
    }

    /// The host's name in the inventory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What this session has cost so far.
    pub fn counters(&self) -> Counters {
        Counters {
            connections: match &self.link {
                Link::Ssh(connection) => connection.opened(),
                Link::Local => 0,
                Link::Simulated(_) => 1,
            },
            round_trips: self.round_trips.load(Ordering::Relaxed),
        }
    }

    /// Runs one script in the host's `sh`, as another user if told so. May be called many times at once; what goes
    /// beyond [`CHANNELS`] waits. The time limit covers that waiting too. A script that
    /// [can be stopped](super::script::Orders::stops) is told to when `brake` turns true.
    ///
    /// Over SSH one shell serves script after script, as long as each comes to its end; beside those that become an
    /// account other than root, because an account whose programs run cannot be changed.
    ///
    /// # Errors
    /// The script could not be brought there, or its answer not back. What had arrived is in the error.
    pub async fn serve(
        &self,
        script: &Script,
        as_user: Option<&Become>,
        time_limit: Duration,
        brake: Option<watch::Receiver<bool>>,
    ) -> Result<Answer, TransportError> {
        let is_ssh = matches!(self.link, Link::Ssh(_));
        let stay = script.stay().filter(|_| is_ssh && stays(as_user));
        let words = Words {
            text: script.whole(),
            stay,
            changes_login: script.changes_login(),
            listens: script.listens(),
        };
        self.carry(words, as_user, time_limit, brake).await
    }

    /// Runs any words in a `sh` of their own, with the limits of [`Session::serve`].
    ///
    /// # Errors
    /// As [`Session::serve`]. A script that ends with a status other than 0 is no error here.
    pub async fn run(
        &self,
        script: &[u8],
        as_user: Option<&Become>,
        time_limit: Duration,
    ) -> Result<Answer, TransportError> {
        let words = Words {
            text: Text::foreign(script),
            stay: None,
            changes_login: false,
            listens: false,
        };
        self.carry(words, as_user, time_limit, None).await
    }

    async fn carry(
        &self,
        words: Words<'_>,
        as_user: Option<&Become>,
        time_limit: Duration,
        brake: Option<watch::Receiver<bool>>,
    ) -> Result<Answer, TransportError> {
        let deadline = Instant::now() + time_limit;
        let Ok(permit) = timeout_at(deadline, self.channels.acquire()).await else {
            return Err(self.timed_out(time_limit));
        };
        // The semaphore is never closed, so the permit is always there; `closed` says whether it is of use.
        let _permit = permit.ok();
        if *self.closed.borrow() {
            return Err(TransportError::new(
                TransportErrorKind::Closed,
                &self.name,
                "the session is closed",
            ));
        }
        let dialogue = as_user
            .map(|as_user| {
                let nonce = words.stay.as_ref().and_then(|_| self.first_nonce(as_user));
                let nonce = nonce.unwrap_or_else(nonce::nonce);
                Dialogue::new(&self.name, as_user, self.is_proved(as_user), nonce)
            })
            .transpose()?;
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        let mut errand = Errand {
            script: words.text,
            stay: words.stay,
            changes_login: words.changes_login,
            listens: words.listens,
            dialogue,
            deadline,
            brake,
            cut: self.closed.subscribe(),
        };
        let collected = match &self.link {
            Link::Simulated(simulated) => return simulated.answer(words.text.all(), as_user),
            Link::Local => local::run(&self.name, &mut errand).await?,
            Link::Ssh(connection) => connection.run(&mut errand).await?,
        };
        if let Some(dialogue) = &errand.dialogue
            && dialogue.proved_password()
        {
            self.prove(dialogue.as_user());
        }
        self.judge(collected, errand.dialogue.as_ref(), time_limit)
    }

    /// Closes the connection; what still runs on it loses it, and on this machine is ended. Where connections are kept and
    /// nothing runs on it, it stays open for other runs. Closing twice does nothing.
    pub async fn close(&self) {
        if !self.closed.send_replace(true)
            && let Link::Ssh(connection) = &self.link
        {
            connection.close().await;
        }
    }

    /// Closes the connection for good: whoever connects then has a new login.
    pub async fn end(&self) {
        if !self.closed.send_replace(true)
            && let Link::Ssh(connection) = &self.link
        {
            connection.end().await;
        }
    }

    /// Makes an answer or an error of what came back.
    fn judge(
        &self,
        collected: Collected<Exit>,
        dialogue: Option<&Dialogue<'_>>,
        time_limit: Duration,
    ) -> Result<Answer, TransportError> {
        let Collected {
            stdout,
            stderr,
            end,
        } = collected;
        let error = match (end, dialogue) {
            (End::Stayed, _) => {
                return Ok(Answer {
                    stdout,
                    stderr,
                    exit: Exit::Code(0),
                });
            }
            (End::Exited(exit), Some(dialogue)) if !dialogue.is_ready() => {
                sudo::explain(&self.name, dialogue, exit)
            }
            (End::Exited(exit), _) => {
                return Ok(Answer {
                    stdout,
                    stderr,
                    exit,
                });
            }
            (End::TimedOut, Some(dialogue)) if !dialogue.is_ready() => TransportError::new(
                TransportErrorKind::SudoFailed,
                &self.name,
                format!(
                    "cannot become {}: sudo did not come to an end within {} s",
                    dialogue.as_user().user,
                    time_limit.as_secs_f64()
                ),
            )
            .help("does it wait for a directory service or a name server that does not answer?"),
            (End::TimedOut, _) => self.timed_out(time_limit),
            (End::Cut, _) => TransportError::new(
                TransportErrorKind::ConnectionLost,
                &self.name,
                "the session was closed while its script ran",
            ),
            (End::TooLarge, _) => TransportError::new(
                TransportErrorKind::AnswerTooLarge,
                &self.name,
                format!(
                    "the answer is larger than {} MiB",
                    LARGEST_ANSWER / (1024 * 1024)
                ),
            ),
        };
        Err(error.with_partial(stdout, stderr))
    }

    fn timed_out(&self, time_limit: Duration) -> TransportError {
        TransportError::new(
            TransportErrorKind::TimedOut,
            &self.name,
            format!("no complete answer within {} s", time_limit.as_secs_f64()),
        )
        .help("what was started may still be running on the host")
    }

    fn is_proved(&self, as_user: &Become) -> bool {
        self.proved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(as_user)
    }

    /// The nonce of the shell that was asked for along with the connection, once, where it is this account's.
    fn first_nonce(&self, as_user: &Become) -> Option<String> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = first.take_if(|(account, _)| account == as_user);
        taken.map(|(_, nonce)| nonce)
    }

    fn prove(&self, as_user: &Become) {
        let mut proved = self.proved.lock().unwrap_or_else(PoisonError::into_inner);
        if !proved.contains(as_user) {
            proved.push(as_user.clone());
        }
    }
}

/// Whether an account's shell may serve script after script.
fn stays(as_user: Option<&Become>) -> bool {
    as_user.is_none_or(|account| account.user == "root")
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("name", &self.name)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}
