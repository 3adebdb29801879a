//! One SSH connection: a master process of the machine's own `ssh`, and the channels on it.
//!
//! We start the master ourselves and give it to the `openssh` crate by its socket: the crate's own start takes
//! no free options, and leaves the process behind when it is given up in the middle.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openssh::Stdio as ChannelStdio;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::command_line::arguments;
use super::control::Control;
use super::log::{self, Ending};
use super::resolved::Resolved;
use super::words::SshWords;
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::exchange::{Collected, End, Errand, exchange};
use crate::transport::limits::Limits;
use crate::transport::processes::signal_group;
use crate::transport::runtime_directory::RuntimeDirectory;
use crate::transport::session::Exit;
use crate::transport::shell_words;
use crate::transport::target::SshTarget;

/// How long proving who we are may take after the key exchange: agents ask people, servers ask directories.
const AUTHENTICATION: Duration = Duration::from_secs(60);

/// What ssh itself gets beyond its own `ConnectTimeout`, so that its own words about it come first.
const MARGIN: Duration = Duration::from_secs(1);

/// How long a master may take to end once it was told to.
const ENDING: Duration = Duration::from_secs(2);

/// How long after a channel's end we wait to learn whether the whole connection ended.
const SETTLING: Duration = Duration::from_millis(500);

/// An open connection.
#[derive(Debug)]
pub(in crate::transport) struct Master {
    control: Control,
    channels: openssh::Session,
    socket: PathBuf,
    log: PathBuf,
    closed: AtomicBool,
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
                return Err(log::explain(name, target, &resolved, &said, &ending));
            }
        };
        let channels = openssh::Session::resume_mux(
            socket.clone().into_boxed_path(),
            Some(log.clone().into_boxed_path()),
        );
        Ok(Self {
            control,
            channels,
            socket,
            log,
            closed: AtomicBool::new(false),
            _directory: directory,
        })
    }

    /// Runs one errand on a channel of its own.
    pub(in crate::transport) async fn run(
        &self,
        name: &str,
        errand: &mut Errand<'_>,
    ) -> Result<Collected<Exit>, TransportError> {
        let command = match &errand.dialogue {
            None => "sh".to_owned(),
            Some(dialogue) => shell_words::join(&dialogue.command()),
        };
        let mut command = self.channels.raw_command(command);
        command
            .stdin(ChannelStdio::piped())
            .stdout(ChannelStdio::piped())
            .stderr(ChannelStdio::piped());
        let mut child = match timeout_at(errand.deadline, command.spawn()).await {
            Ok(Ok(child)) => child,
            Ok(Err(error)) => return Err(self.no_channel(name, &error).await),
            Err(_) => {
                return Ok(Collected {
                    stdout: Vec::new(),
                    stderr: Vec::new(),
                    end: End::TimedOut,
                });
            }
        };
        let (Some(stdin), Some(stdout), Some(stderr)) = (
            child.stdin().take(),
            child.stdout().take(),
            child.stderr().take(),
        ) else {
            return Err(TransportError::new(
                Kind::Local,
                name,
                "cannot make pipes to a channel",
            ));
        };
        let Collected {
            stdout,
            stderr,
            end,
        } = exchange(stdin, stdout, stderr, errand).await;
        let end = match end {
            End::TimedOut => End::TimedOut,
            End::TooLarge => End::TooLarge,
            End::Exited(()) => timeout_at(errand.deadline, child.wait())
                .await
                .map_or(End::TimedOut, End::Exited),
        };
        let end = match end {
            End::TimedOut => End::TimedOut,
            End::TooLarge => End::TooLarge,
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
        if let (End::Exited(exit), false) = (&end, errand.dialogue.is_some())
            && let Some(error) = log::no_shell(name, *exit, &stdout, &stderr)
        {
            return Err(error.with_partial(stdout, stderr));
        }
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

    /// Why no channel could be opened.
    async fn no_channel(&self, name: &str, error: &openssh::Error) -> TransportError {
        let gone = timeout(SETTLING, self.control.gone()).await.is_ok();
        if gone || matches!(error, openssh::Error::Disconnected) {
            return self.lost(name);
        }
        TransportError::new(
            Kind::TooManyChannels,
            name,
            format!(
                "the server allows no further channel on the connection: {}",
                chain(error)
            ),
        )
        .help("raise `MaxSessions` in the host's sshd_config; 10 is its default, and enough")
    }

    fn lost(&self, name: &str) -> TransportError {
        if self.closed.load(Ordering::Acquire) {
            return TransportError::new(
                Kind::ConnectionLost,
                name,
                "the connection was closed while a script was running",
            );
        }
        log::lost(name, &read_log(&self.log))
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

/// Starts the master: it stays in the foreground until we are logged in, then goes to the background and its first process
/// ends.
fn start(arguments: &[OsString], log: &Path) -> std::io::Result<Child> {
    let stderr = File::options().append(true).create(true).open(log)?;
    Command::new("ssh")
        .args(arguments)
        // A jump host's ssh would ask on our terminal: it gets the same answer everywhere, none.
        .env("SSH_ASKPASS", "false")
        .env("SSH_ASKPASS_REQUIRE", "force")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // A jump host's ssh, or a ProxyCommand, says there why it failed.
        .stderr(stderr)
        // A Ctrl-C at our terminal must not cut connections that a clean end still needs.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Waits until the master has logged in or failed. The `ConnectTimeout` of ssh ends with the server's banner, so a server
/// that falls silent after it is our own to notice: ssh's log says how far it came.
async fn wait_for_login(
    ssh: &mut Child,
    connect_timeout: Duration,
    log: &Path,
) -> Result<ExitStatus, Ending> {
    let started = Instant::now();
    let connected_by = started + connect_timeout + MARGIN;
    let mut outcome = timeout_at(connected_by, ssh.wait()).await;
    if outcome.is_err() && log::has_exchanged_keys(&read_log(log)) {
        outcome = timeout_at(connected_by + AUTHENTICATION, ssh.wait()).await;
    }
    match outcome {
        Ok(Ok(status)) => Ok(status),
        Ok(Err(error)) => Err(Ending::NoControl(error.to_string())),
        Err(_) => {
            if let Some(group) = ssh.id() {
                // The group, so that a jump host's ssh ends too.
                signal_group(group, "KILL").await;
            }
            // Reaps it; killed processes end at once.
            let _ = timeout(ENDING, ssh.wait()).await;
            Err(Ending::TimedOut(started.elapsed()))
        }
    }
}

fn read_log(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
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
