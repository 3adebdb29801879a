//! One SSH connection: a master process of the machine's own `ssh`, and the channels on it.
//!
//! We start the master ourselves and give it to the `openssh` crate by its socket: the crate's own start takes
//! no free options, and leaves the process behind when it is given up in the middle.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openssh::Stdio as ChannelStdio;
use tokio::time::{timeout, timeout_at};

use super::channel::{Channel, Channels, Child};
use super::command_line::arguments;
use super::control::Control;
use super::explain::{Ending, explain, lost, lost_before, no_shell};
use super::log::read_log;
use super::resolved::Resolved;
use super::start::{start, wait_for_login};
use super::words::SshWords;
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::exchange::{Collected, End, Errand};
use crate::transport::limits::Limits;
use crate::transport::processes::signal_group;
use crate::transport::runtime_directory::RuntimeDirectory;
use crate::transport::session::Exit;
use crate::transport::shell_words;
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
    socket: PathBuf,
    log: PathBuf,
    closed: AtomicBool,
    channels: Arc<Channels>,
    /// Holds the socket and the log.
    _directory: Arc<RuntimeDirectory>,
}

impl Master {
    /// Opens one connection; returns once we are logged in.
    pub(super) async fn open(
        name: &str,
        target: &SshTarget,
        words: &SshWords,
        limits: &Limits,
    ) -> Result<Self, TransportError> {
        let local = |what: &str, error: &std::io::Error| {
            TransportError::new(Kind::Local, name, format!("{what}: {error}"))
        };
        let directory = limits
            .directory()
            .map_err(|error| local("cannot make a directory for ssh's socket", &error))?;
        let socket = directory.socket();
        let log = socket.with_extension("log");
        let connect_timeout = words.connect_timeout.unwrap_or(target.connect_timeout);
        let arguments = arguments(target, words, &socket, &log);
        let mut ssh = start(&arguments, &log).map_err(|error| {
            local("cannot start `ssh`", &error).help("install OpenSSH's client on this machine")
        })?;
        let outcome = wait_for_login(&mut ssh, connect_timeout, &log).await;
        let outcome = match outcome {
            Ok(status) if status.success() => Control::connect(&socket)
                .await
                .map_err(|error| Ending::NoControl(error.to_string())),
            Ok(status) => Err(Ending::Exited(status)),
            Err(ending) => Err(ending),
        };
        let control = match outcome {
            Ok(control) => control,
            Err(ending) => {
                let said = read_log(&log);
                let resolved = Resolved::ask(target, &arguments).await;
                remove(&log);
                remove(&socket);
                return Err(explain(name, target, &resolved, &said, &ending));
            }
        };
        let ssh = openssh::Session::resume_mux(
            socket.clone().into_boxed_path(),
            Some(log.clone().into_boxed_path()),
        );
        Ok(Self {
            control,
            ssh: Arc::new(ssh),
            socket,
            log,
            closed: AtomicBool::new(false),
            channels: Arc::default(),
            _directory: directory,
        })
    }

    /// Runs one errand: in a shell that waits for one like it, or else on a channel of its own.
    pub(in crate::transport) async fn run(
        &self,
        name: &str,
        errand: &mut Errand<'_>,
    ) -> Result<Collected<Exit>, TransportError> {
        let account = errand.dialogue.as_ref().map(Dialogue::as_user);
        if errand.stay.is_some()
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
        let command = match &errand.dialogue {
            None => "sh".to_owned(),
            Some(dialogue) => shell_words::join(&dialogue.command()),
        };
        let child = match timeout_at(errand.deadline, self.open_channel(name, &command)).await {
            Ok(child) => child?,
            Err(_) => {
                return Ok(Collected {
                    stdout: Vec::new(),
                    stderr: Vec::new(),
                    end: End::TimedOut,
                });
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
        if errand.stay.as_ref().is_some_and(|stay| stay.changes_login) {
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

    /// Ends the connection and waits until the master is gone.
    pub(in crate::transport) async fn close(&self) {
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
        self.tidy();
    }

    /// Opens a channel. Where the server allows fewer than we use at once, waits for one of ours to end.
    async fn open_channel(&self, name: &str, command: &str) -> Result<Child, TransportError> {
        let mut refused_alone = 0;
        loop {
            let ended = self.channels.ended();
            let outcome = Arc::clone(&self.ssh)
                .arc_raw_command(command)
                .stdin(ChannelStdio::piped())
                .stdout(ChannelStdio::piped())
                .stderr(ChannelStdio::piped())
                .spawn()
                .await;
            let error = match outcome {
                Ok(child) => return Ok(child),
                Err(error) => error,
            };
            if matches!(error, openssh::Error::Disconnected)
                || timeout(SETTLING, self.control.gone()).await.is_ok()
            {
                return Err(lost_before(name, &read_log(&self.log)));
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
        lost(name, &read_log(&self.log))
    }

    fn tidy(&self) {
        remove(&self.socket);
        remove(&self.log);
    }
}

impl Drop for Master {
    /// For what was not closed: a task that was given up, a panic.
    fn drop(&mut self) {
        if !self.closed.load(Ordering::Acquire) {
            self.control.terminate();
            self.tidy();
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(path = %path.display(), %error, "cannot remove a file of a connection");
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
