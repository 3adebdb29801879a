//! One SSH connection: a master process of the machine's own `ssh`, and the channels on it.
//!
//! We start the master ourselves and give it to the `openssh` crate by its socket: the crate's own start takes
//! no free options, and leaves the process behind when it is given up in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use openssh::Stdio as ChannelStdio;
use tokio::time::{timeout, timeout_at};

use super::channel::{Channel, Channels, Child};
use super::command_line::{OUTLIVING, arguments};
use super::control::Control;
use super::explain::{Ending, explain, lost, lost_before, no_shell};
use super::log::read_log;
use super::resolved::Resolved;
use super::start::{start, wait_for_login};
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

/// How long after a channel's end we wait to learn whether the whole connection ended.
const SETTLING: Duration = Duration::from_millis(500);

/// An open connection.
#[derive(Debug)]
pub(in crate::transport) struct Master {
    control: Control,
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
}

impl Master {
    /// Opens one connection; returns once we are logged in. At a place that is kept it stays for the time of `idle`.
    pub(super) async fn open(
        name: &str,
        target: &SshTarget,
        words: &SshWords,
        place: Place,
        idle: Option<Duration>,
    ) -> Result<Self, TransportError> {
        let connect_timeout = words.connect_timeout.unwrap_or(target.connect_timeout);
        let (socket, log) = (&place.socket, &place.log);
        let arguments = arguments(target, words, socket, log, idle.unwrap_or(OUTLIVING));
        let outcome = match start(&arguments, log) {
            Ok(mut ssh) => wait_for_login(&mut ssh, connect_timeout, log).await,
            Err(error) => {
                place.remove();
                return Err(TransportError::new(
                    Kind::Local,
                    name,
                    format!("cannot start `ssh`: {error}"),
                )
                .help("install OpenSSH's client on this machine"));
            }
        };
        let outcome = match outcome {
            Ok(status) if status.success() => Control::connect(socket)
                .await
                .map_err(|error| Ending::NoControl(error.to_string())),
            Ok(status) => Err(Ending::Exited(status)),
            Err(ending) => Err(ending),
        };
        match outcome {
            Ok(control) => Ok(Self::at(place, control, true)),
            Err(ending) => {
                let said = read_log(log);
                let resolved = Resolved::ask(target, &arguments).await;
                place.remove();
                Err(explain(name, target, &resolved, &said, &ending))
            }
        }
    }

    /// Takes a connection over that another run left. What is below it may be long dead.
    pub(super) fn take_over(place: Place, control: Control) -> Self {
        place.empty_log();
        Self::at(place, control, false)
    }

    fn at(place: Place, control: Control, answers: bool) -> Self {
        let ssh = openssh::Session::resume_mux(
            place.socket.clone().into_boxed_path(),
            Some(place.log.clone().into_boxed_path()),
        );
        Self {
            control,
            ssh: Arc::new(ssh),
            place,
            closed: AtomicBool::new(false),
            channels: Arc::default(),
            answers: AtomicBool::new(answers),
            unfinished: AtomicUsize::new(0),
            outdated: AtomicBool::new(false),
        }
    }

    /// Whether it leads to a server that answered this process.
    pub(super) fn answers(&self) -> bool {
        self.answers.load(Ordering::Acquire)
    }

    /// Opens the first channel, if the server lets us.
    pub(super) async fn first_channel(&self, command: &str) -> Result<Child, openssh::Error> {
        let child = self.channel(command).await?;
        self.answers.store(true, Ordering::Release);
        Ok(child)
    }

    /// Runs one errand: in a shell that waits for one like it, or else on a channel of its own, which may be open already.
    pub(super) async fn run(
        &self,
        name: &str,
        errand: &mut Errand<'_>,
        opened: Option<Child>,
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
        opened: Option<Child>,
    ) -> Result<Collected<Exit>, TransportError> {
        let account = errand.dialogue.as_ref().map(Dialogue::as_user);
        if errand.stay.is_some()
            && opened.is_none()
            && let Some(channel) = self.channels.waiting(account)
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
        let child = match opened {
            Some(child) => child,
            None => {
                let command = errand.command();
                match timeout_at(errand.deadline, self.open_channel(name, &command)).await {
                    Ok(child) => child?,
                    Err(_) => return Ok(Collected::nothing(End::TimedOut)),
                }
            }
        };
        let account = errand.dialogue.as_ref().map(Dialogue::as_user);
        let channel = self
            .channels
            .take_in(child, account.cloned())
            .ok_or_else(|| {
                TransportError::new(Kind::Local, name, "cannot make pipes to a channel")
            })?;
        let collected = self.serve(name, channel, errand).await?;
        if let (End::Exited(exit), false) = (&collected.end, errand.dialogue.is_some())
            && let Some(error) = no_shell(name, *exit, &collected.stdout, &collected.stderr)
        {
            return Err(error.with_partial(collected.stdout, collected.stderr));
        }
        Ok(collected)
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
            End::Exited(Ok(status)) => End::Exited(status.code().map_or(Exit::Signal, Exit::Code)),
            // The crate's name for status 127.
            End::Exited(Err(openssh::Error::Remote(_))) => End::Exited(Exit::Code(127)),
            End::Exited(Err(
                openssh::Error::RemoteProcessTerminated | openssh::Error::Disconnected,
            )) => {
                // Killed by a signal, or the whole connection gone: only the master knows.
                if timeout(SETTLING, self.control.gone()).await.is_ok() {
                    return Err(self.lost(name).with_partial(stdout, stderr));
                }
                End::Exited(Exit::Signal)
            }
            End::Exited(Err(error)) => {
                return Err(
                    TransportError::new(Kind::ConnectionLost, name, chain(&error))
                        .with_partial(stdout, stderr),
                );
            }
        };
        Ok(Collected {
            stdout,
            stderr,
            end,
        })
    }

    /// Lets go of a connection that is kept, and ends any other one.
    ///
    /// One is kept only where nothing of ours may still be under way on it, and where a new login would be the same.
    pub(in crate::transport) async fn close(&self) {
        let stays = self.place.is_kept()
            && self.unfinished.load(Ordering::Acquire) == 0
            && !self.outdated.load(Ordering::Acquire)
            && timeout(Duration::ZERO, self.control.gone()).await.is_err();
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
        self.control.terminate();
        if timeout(ENDING, self.control.gone()).await.is_err() {
            tracing::warn!(
                pid = self.control.pid,
                "an ssh master does not end by itself"
            );
            signal_group(self.control.pid, "KILL").await;
        }
        self.place.remove();
    }

    async fn channel(&self, command: &str) -> Result<Child, openssh::Error> {
        Arc::clone(&self.ssh)
            .arc_raw_command(command)
            .stdin(ChannelStdio::piped())
            .stdout(ChannelStdio::piped())
            .stderr(ChannelStdio::piped())
            .spawn()
            .await
    }

    /// Opens a channel. Where the server allows fewer than we use at once, waits for one of ours to end.
    async fn open_channel(&self, name: &str, command: &str) -> Result<Child, TransportError> {
        let mut refused_alone = 0;
        loop {
            let ended = self.channels.ended();
            let error = match self.channel(command).await {
                Ok(child) => return Ok(child),
                Err(error) => error,
            };
            if matches!(error, openssh::Error::Disconnected)
                || timeout(SETTLING, self.control.gone()).await.is_ok()
            {
                return Err(lost_before(name, &read_log(&self.place.log)));
            }
            let waited = self.channels.end_waiting();
            refused_alone = if self.channels.are_none() && !waited {
                refused_alone + 1
            } else {
                0
            };
            // More than once, because the server may still be putting our last channel away.
            if refused_alone > REFUSALS {
                return Err(TransportError::new(
                    Kind::TooManyChannels,
                    name,
                    format!(
                        "the server allows no channel on the connection: {}",
                        chain(&error)
                    ),
                )
                .help(
                    "raise `MaxSessions` in the host's sshd_config; 10 is its default, and enough",
                ));
            }
            // A channel of ours that ended meanwhile is not missed for long.
            let _ = timeout(SETTLING, ended).await;
        }
    }

    fn lost(&self, name: &str) -> TransportError {
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
            self.control.terminate();
            self.place.remove();
        }
    }
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
