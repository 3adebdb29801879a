//! One SSH connection: a master process of the machine's own `ssh`, and the channels on it.
//!
//! We start the master ourselves and give it to the `openssh` crate by its socket: the crate's own start takes
//! no free options, and leaves the process behind when it is given up in the middle.

use std::ffi::OsString;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use openssh::Stdio as ChannelStdio;
use rustix::process::Signal;
use tokio::time::{timeout, timeout_at};

use super::channel::{Channel, Channels, Ended, SharedSession};
use super::command_line::{Life, SESSION, arguments};
use super::control::Control;
use super::explain::{Ending, explain, lost, lost_before, no_shell};
use super::log::{SessionEnd, classify, goes_through, has_answered, read_log, session_end};
use super::process::{Process, SETTLING};
use super::resolved::Resolved;
use super::start::{self, Started};
use super::words::SshWords;
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::exchange::{Collected, End, Errand};
use crate::transport::place::Place;
use crate::transport::processes::signal_group;
use crate::transport::session::Exit;
use crate::transport::sudo::Dialogue;
use crate::transport::target::SshTarget;

/// How long a master may take to end once it was told to.
const ENDING: Duration = Duration::from_secs(2);

/// How often a channel is asked for again when it is refused and none of ours is open.
const REFUSALS: u32 = 3;

/// An open connection.
#[derive(Debug)]
pub(in crate::transport) struct Master {
    process: Process,
    ssh: Arc<openssh::Session>,
    place: Place,
    closed: AtomicBool,
    channels: Arc<Channels>,
    /// Whether a channel was opened on it, or a login, since this process has it: it leads to a server that answers.
    answers: AtomicBool,
    /// Scripts that did not come to their end, or not yet.
    unfinished: AtomicUsize,
    /// Whether a new login may be another one than this.
    outdated: AtomicBool,
    /// Whether the connection ended while somebody had it.
    lost: AtomicBool,
}

/// A connection that did not come about.
pub(super) struct NotOpened {
    arguments: Vec<OsString>,
    said: String,
    ending: Ending,
}

impl NotOpened {
    /// Whether ssh is too old to know an option that a master with a session needs.
    pub(super) fn is_not_understood(&self) -> bool {
        let said = self.said.to_lowercase();
        let names = SESSION.iter().filter_map(|option| option.split_once('='));
        classify(&self.said) == Kind::Arguments
            && names
                .into_iter()
                .any(|(name, _)| said.contains(&name.to_lowercase()))
    }

    /// Whether it failed at a jump host or in a ProxyCommand, before the host itself said anything.
    pub(super) fn is_on_the_way(&self) -> bool {
        goes_through(&self.said) && !has_answered(&self.said)
    }

    /// Says why, for people.
    pub(super) async fn explain(&self, name: &str, target: &SshTarget) -> TransportError {
        let resolved = Resolved::ask(target, &self.arguments).await;
        explain(name, target, &resolved, &self.said, &self.ending)
    }
}

impl Master {
    /// Opens one connection; returns once we are logged in.
    pub(super) async fn open(
        target: &SshTarget,
        words: &SshWords,
        place: Place,
        life: Life<'_>,
    ) -> Result<Self, NotOpened> {
        let connect_timeout = words.connect_timeout.unwrap_or(target.connect_timeout);
        let arguments = arguments(target, words, &place.socket, &place.log, life);
        let started = match life {
            Life::Session { arrivals, .. } => {
                start::with_session(&arguments, &place, arrivals, connect_timeout).await
            }
            Life::Background(_) => start::in_background(&arguments, &place, connect_timeout).await,
        };
        match started {
            Ok(Started { process, session }) => {
                let master = Self::at(place, process, true);
                if let (Life::Session { command, .. }, Some(session)) = (life, session) {
                    master.channels.set_first(command.to_owned(), session);
                }
                Ok(master)
            }
            Err(ending) => {
                let said = read_log(&place.log);
                place.remove();
                Err(NotOpened {
                    arguments,
                    said,
                    ending,
                })
            }
        }
    }

    /// Takes a connection over that another run left. What is below it may be long dead.
    pub(super) fn take_over(place: Place, control: Control) -> Self {
        place.empty_log();
        Self::at(place, Process::Background(control), false)
    }

    fn at(place: Place, process: Process, answers: bool) -> Self {
        let ssh = openssh::Session::resume_mux(
            place.socket.clone().into_boxed_path(),
            Some(place.log.clone().into_boxed_path()),
        );
        Self {
            process,
            ssh: Arc::new(ssh),
            place,
            closed: AtomicBool::new(false),
            channels: Arc::default(),
            answers: AtomicBool::new(answers),
            unfinished: AtomicUsize::new(0),
            outdated: AtomicBool::new(false),
            lost: AtomicBool::new(false),
        }
    }

    /// Whether it has ended because its first shell has, so that another connection can take its place. One that was lost
    /// stays lost.
    pub(super) fn is_over(&self) -> bool {
        self.process.is_over() && !self.lost.load(Ordering::Acquire)
    }

    /// Whether it leads to a server that answered this process, as far as we know.
    pub(super) fn is_good(&self) -> bool {
        self.answers.load(Ordering::Acquire) && !self.is_over()
    }

    /// Opens the first channel, if the server lets us.
    pub(super) async fn first_channel(
        &self,
        command: &str,
    ) -> Result<SharedSession, openssh::Error> {
        let child = self.channel(command).await?;
        self.answers.store(true, Ordering::Release);
        Ok(child)
    }

    /// Runs one errand: in a shell that waits for one like it, or else on a channel of its own, which may be open already.
    pub(super) async fn run(
        &self,
        name: &str,
        errand: &mut Errand<'_>,
        opened: Option<SharedSession>,
    ) -> Result<Collected<Exit>, TransportError> {
        if errand.changes_login {
            self.outdated.store(true, Ordering::Release);
        }
        self.unfinished.fetch_add(1, Ordering::AcqRel);
        let collected = self.carry_out(name, errand, opened).await?;
        // Nobody counts down for what failed, was given up or still runs on the host: see `close`.
        if matches!(collected.end, End::Stayed | End::Exited(_)) {
            self.unfinished.fetch_sub(1, Ordering::AcqRel);
        }
        Ok(collected)
    }

    async fn carry_out(
        &self,
        name: &str,
        errand: &mut Errand<'_>,
        opened: Option<SharedSession>,
    ) -> Result<Collected<Exit>, TransportError> {
        let account = errand.dialogue.as_ref().map(Dialogue::as_user).cloned();
        if errand.stay.is_some()
            && opened.is_none()
            && let Some(channel) = self.channels.waiting(account.as_ref())
        {
            // Its shell is that account's already.
            let dialogue = errand.dialogue.take();
            let collected = self.serve(name, channel, errand).await?;
            // A shell that ended while it waited has read nothing of the script: where it says nothing at all, not even
            // that it begins, nothing of it was carried out.
            if !matches!(collected.end, End::Exited(_)) || !collected.stdout.is_empty() {
                return Ok(collected);
            }
            errand.dialogue = dialogue;
        }
        let command = errand.command();
        let channel = if let Some(child) = opened {
            self.take_in(name, child)?
        } else if errand.stay.is_some()
            // Its end is the master's, so it is for a shell that stays.
            && let Some(channel) = self.channels.take_first(&command)
        {
            channel
        } else {
            match timeout_at(errand.deadline, self.open_channel(name, &command)).await {
                Ok(child) => self.take_in(name, child?)?,
                Err(_) => return Ok(Collected::nothing(End::TimedOut)),
            }
        };
        let channel = channel.of(account);
        let collected = self.serve(name, channel, errand).await?;
        if let (End::Exited(exit), false) = (&collected.end, errand.dialogue.is_some())
            && let Some(error) = no_shell(name, *exit, &collected.stdout, &collected.stderr)
        {
            return Err(error.with_partial(collected.stdout, collected.stderr));
        }
        Ok(collected)
    }

    fn take_in(&self, name: &str, child: SharedSession) -> Result<Channel, TransportError> {
        let channel = self.channels.take_in(child);
        channel
            .ok_or_else(|| TransportError::new(Kind::Local, name, "cannot make pipes to a channel"))
    }

    /// Runs one errand in the shell of a channel, which waits for others afterwards if it can.
    async fn serve(
        &self,
        name: &str,
        channel: Channel,
        errand: &mut Errand<'_>,
    ) -> Result<Collected<Exit>, TransportError> {
        let (collected, left) = channel.serve(errand).await;
        if errand.changes_login {
            if let Err(error) = self.process.hold().await {
                tracing::debug!(host = name, %error, "a connection ends with its shells");
            }
            self.channels.end_waiting();
        } else if let Some(channel) = left {
            self.channels.let_wait(channel);
        }
        let Collected {
            stdout,
            stderr,
            end,
        } = collected;
        let end = match end {
            End::Stayed => End::Stayed,
            End::TimedOut => End::TimedOut,
            End::TooLarge => End::TooLarge,
            End::Cut => End::Cut,
            End::Exited(ended) => match self.exit(name, ended).await {
                Ok(exit) => End::Exited(exit),
                Err(error) => return Err(error.with_partial(stdout, stderr)),
            },
        };
        Ok(Collected {
            stdout,
            stderr,
            end,
        })
    }

    /// How a channel's shell ended, if it was not the connection that did.
    async fn exit(&self, name: &str, ended: Ended) -> Result<Exit, TransportError> {
        match ended {
            Ended::Shared(Ok(status)) => Ok(status.code().map_or(Exit::Signal, Exit::Code)),
            // The crate's name for status 127.
            Ended::Shared(Err(openssh::Error::Remote(_))) => Ok(Exit::Code(127)),
            Ended::Shared(Err(
                openssh::Error::RemoteProcessTerminated | openssh::Error::Disconnected,
            )) => {
                // Killed by a signal, or the whole connection gone: only the master knows.
                if timeout(SETTLING, self.process.gone()).await.is_ok() {
                    return Err(self.lost(name));
                }
                Ok(Exit::Signal)
            }
            Ended::Shared(Err(error)) => Err(TransportError::new(
                Kind::ConnectionLost,
                name,
                chain(&error),
            )),
            Ended::Own(ended) => self.own_exit(name, ended),
        }
    }

    /// How the shell of the master's own session ended, where ssh ended so, or lives on.
    fn own_exit(&self, name: &str, ended: Option<ExitStatus>) -> Result<Exit, TransportError> {
        let status = ended.and_then(|status| status.code());
        // ssh's own failure has a command's status, too.
        if let Some(code @ 0..255) = status {
            return Ok(Exit::Code(code));
        }
        match session_end(&read_log(&self.place.log)) {
            // Where ssh lives on, nobody tells of the status.
            SessionEnd::Status => Ok(status.map_or(Exit::Signal, Exit::Code)),
            SessionEnd::Signal => Ok(Exit::Signal),
            SessionEnd::Refused => Err(no_channel(name, "it refuses the first one")),
            SessionEnd::Lost => Err(self.lost(name)),
        }
    }

    /// Lets go of a connection that is kept, and ends any other one.
    ///
    /// One is kept only where nothing of ours may still be under way on it, and where a new login would be the same.
    pub(in crate::transport) async fn close(&self) {
        let stays = self.place.is_kept()
            && self.unfinished.load(Ordering::Acquire) == 0
            && !self.outdated.load(Ordering::Acquire)
            && timeout(Duration::ZERO, self.process.gone()).await.is_err();
        if !stays {
            return self.end().await;
        }
        if !self.closed.swap(true, Ordering::AcqRel) {
            self.channels.end_waiting();
            self.place.let_go();
        }
    }

    /// Ends the connection and waits until the master is gone.
    pub(in crate::transport) async fn end(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.channels.end_waiting();
        self.process.terminate();
        if timeout(ENDING, self.process.gone()).await.is_err() {
            tracing::warn!(
                pid = self.process.pid(),
                "an ssh master does not end by itself"
            );
            signal_group(self.process.pid(), Signal::KILL);
        }
        self.place.remove();
    }

    async fn channel(&self, command: &str) -> Result<SharedSession, openssh::Error> {
        Arc::clone(&self.ssh)
            .arc_raw_command(command)
            .stdin(ChannelStdio::piped())
            .stdout(ChannelStdio::piped())
            .stderr(ChannelStdio::piped())
            .spawn()
            .await
    }

    /// Opens a channel. Where the server allows fewer than we use at once, waits for one of ours to end.
    async fn open_channel(
        &self,
        name: &str,
        command: &str,
    ) -> Result<SharedSession, TransportError> {
        let mut refused_alone = 0;
        if self.process.hold().await.is_err() {
            // It ended with its first shell, whether or not anybody wanted that.
            self.channels.end_waiting();
            return Err(lost_before(name, &read_log(&self.place.log)));
        }
        loop {
            let (ended, all) = (self.channels.ended(), self.channels.all());
            let error = match self.channel(command).await {
                Ok(child) => return Ok(child),
                Err(error) => error,
            };
            if matches!(error, openssh::Error::Disconnected)
                || timeout(SETTLING, self.process.gone()).await.is_ok()
            {
                return Err(lost_before(name, &read_log(&self.place.log)));
            }
            let waited = self.channels.end_waiting();
            let alone = self.channels.are_none() && self.channels.all() == all;
            refused_alone = if alone && !waited {
                refused_alone + 1
            } else {
                0
            };
            // More than once, because the server may still be putting our last channel away.
            if refused_alone > REFUSALS {
                return Err(no_channel(name, &chain(&error)));
            }
            // A channel of ours that ended meanwhile is not missed for long.
            let _ = timeout(SETTLING, ended).await;
        }
    }

    fn lost(&self, name: &str) -> TransportError {
        self.lost.store(true, Ordering::Release);
        if self.closed.load(Ordering::Acquire) {
            return TransportError::new(
                Kind::ConnectionLost,
                name,
                "the connection was closed while a script was running",
            );
        }
        lost(name, &read_log(&self.place.log))
    }
}

impl Drop for Master {
    /// For what was not closed: a task that was given up, a panic.
    fn drop(&mut self) {
        if !self.closed.load(Ordering::Acquire) {
            self.process.terminate();
            self.place.remove();
        }
    }
}

fn no_channel(name: &str, why: &str) -> TransportError {
    TransportError::new(
        Kind::TooManyChannels,
        name,
        format!("the server allows no channel on the connection: {why}"),
    )
    .help("raise `MaxSessions` in the host's sshd_config; 10 is its default, and enough")
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
