//! Starts a master process and waits until it has logged in.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::channel::OwnPipes;
use super::control::Control;
use super::explain::Ending;
use super::foreground::{Foreground, OwnSession};
use super::log::{SessionEnd, has_exchanged_keys, has_sent_command, read_log, session_end};
use super::process::Process;
use super::tcp::{Socket, without_delay};
use crate::transport::arrivals::{Arrival, Arrivals};
use crate::transport::place::{Place, open_log};
use crate::transport::processes::signal_group;

/// How long proving who we are may take after the key exchange: agents ask people, servers ask directories.
const AUTHENTICATION: Duration = Duration::from_secs(60);

/// What ssh itself gets beyond its own `ConnectTimeout`, so that its own words about it come first.
const MARGIN: Duration = Duration::from_secs(1);

/// How long a killed process may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// A master that has logged in, with its own session where it has one.
pub(super) struct Started {
    pub(super) process: Process,
    pub(super) session: Option<OwnPipes>,
}

/// What tells of a login where the master stays in the foreground.
struct Watched {
    socket: Arrival,
    /// `None` once it has ended.
    stderr: Option<ChildStderr>,
    /// What stood there.
    words: Vec<u8>,
    /// How much of it was there before the session: the server's banner, words of ssh itself and of a ProxyCommand.
    foreword: usize,
}

/// The most that is kept of what stands among the errors before a login, in bytes.
const MOST_WORDS: usize = 64 * 1024;

/// Starts a master that goes to the background once it has logged in: its first process ends then.
pub(super) async fn in_background(
    arguments: &[OsString],
    place: &Place,
    connect_timeout: Duration,
) -> Result<Started, Ending> {
    let log = open_log(&place.log);
    let spawned = log.and_then(|log| {
        command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // A jump host's ssh, or a ProxyCommand, says there why it failed.
            .stderr(log)
            .spawn()
    });
    let mut ssh = spawned.map_err(|error| Ending::not_started(&error))?;
    wait_for_login(&mut ssh, None, connect_timeout, &place.log).await?;
    let control = Control::connect(&place.socket).await;
    let control = control.map_err(|error| Ending::NoControl(error.to_string()))?;
    Ok(Started {
        process: Process::Background(control),
        session: None,
    })
}

/// Starts a master that stays in the foreground and has a session with our pipes.
pub(super) async fn with_session(
    arguments: &[OsString],
    place: &Place,
    arrivals: &Arrivals,
    connect_timeout: Duration,
) -> Result<Started, Ending> {
    let socket = arrivals.expect(place.socket.file_name().unwrap_or_default());
    let mut command = command(arguments);
    // An ssh_config mostly says that the language goes along. No other shell of ours on the host would have it.
    let is_language = |name: &OsString| {
        let name = name.as_bytes();
        name.starts_with(b"LC_") || name.starts_with(b"LANG")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_language(name)) {
        command.env_remove(name);
    }
    let spawned = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut ssh = spawned.map_err(|error| Ending::not_started(&error))?;
    let (Some(pid), Some(stdin), Some(stdout), Some(stderr)) = (
        ssh.id(),
        ssh.stdin.take(),
        ssh.stdout.take(),
        ssh.stderr.take(),
    ) else {
        return Err(Ending::NotStarted("it has no pipes".to_owned()));
    };
    let mut watched = Watched {
        socket,
        stderr: Some(stderr),
        words: Vec::new(),
        foreword: 0,
    };
    let login = wait_for_login(&mut ssh, Some(&mut watched), connect_timeout, &place.log).await;
    let Watched {
        mut words,
        foreword,
        stderr,
        ..
    } = watched;
    let socket = login.inspect_err(|_| {
        let log = open_log(&place.log);
        if let Err(error) = log.and_then(|mut log| log.write_all(&words)) {
            tracing::debug!(%error, "cannot add to the log of a connection");
        }
    })?;
    words.drain(..foreword);
    let foreground = Foreground::new(pid, ssh, socket, place);
    let session = OwnPipes {
        session: OwnSession::new(&foreground),
        stdin,
        stdout,
        words,
        stderr,
    };
    Ok(Started {
        process: Process::Foreground(foreground),
        session: Some(session),
    })
}

fn command(arguments: &[OsString]) -> Command {
    let mut command = Command::new("ssh");
    command
        .args(arguments)
        // A jump host's ssh would ask on our terminal: it gets the same answer everywhere, none.
        .env("SSH_ASKPASS", "false")
        .env("SSH_ASKPASS_REQUIRE", "force")
        // A Ctrl-C at our terminal must not cut connections that a clean end still needs.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Waits until the master has logged in or failed. It has when its socket is there; where nobody watches for that, when its
/// first process has ended well. The `ConnectTimeout` of ssh ends with the server's banner, so a server that falls silent
/// after it is our own to notice: ssh's log says how far it came. Gives ssh's connection where it could be had.
async fn wait_for_login(
    ssh: &mut Child,
    mut watched: Option<&mut Watched>,
    connect_timeout: Duration,
    log: &Path,
) -> Result<Option<Socket>, Ending> {
    let started = Instant::now();
    let connected_by = started + connect_timeout + MARGIN;
    let number = ssh.id();
    let waiting = async {
        let outcome = timeout_at(connected_by, login(ssh, watched.as_deref_mut(), log)).await;
        if outcome.is_err() && has_exchanged_keys(&read_log(log)) {
            let until = connected_by + AUTHENTICATION;
            return timeout_at(until, login(ssh, watched.as_deref_mut(), log)).await;
        }
        outcome
    };
    let (outcome, socket) = without_delay(number, waiting).await;
    match outcome {
        Ok(Ok(None)) => Ok(socket),
        // Its own session was refused, or ended, before we heard of its socket.
        Ok(Ok(Some(_))) if watched.is_some() && session_end(&read_log(log)) != SessionEnd::Lost => {
            Ok(socket)
        }
        Ok(Ok(Some(status))) => Err(Ending::Exited(status)),
        Ok(Err(error)) => Err(Ending::NoControl(error.to_string())),
        Err(_) => {
            drop(socket);
            if let Some(group) = ssh.id() {
                // The group, so that a jump host's ssh ends too.
                signal_group(group, Signal::KILL);
            }
            // Reaps it; killed processes end at once.
            let _ = timeout(ENDING, ssh.wait()).await;
            Err(Ending::TimedOut(started.elapsed()))
        }
    }
}

/// `None` once it has logged in; how it ended where it failed.
async fn login(
    ssh: &mut Child,
    watched: Option<&mut Watched>,
    log: &Path,
) -> std::io::Result<Option<ExitStatus>> {
    let Some(watched) = watched else {
        return Ok(Some(ssh.wait().await?).filter(|status| !status.success()));
    };
    loop {
        let read = async {
            match &mut watched.stderr {
                Some(stderr) => stderr.read_buf(&mut watched.words).await.unwrap_or(0),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // What ssh said before its end is read before that is heard of.
            count = read => {
                watched.words.truncate(MOST_WORDS);
                if count == 0 {
                    watched.stderr = None;
                } else if !has_sent_command(&read_log(log)) {
                    watched.foreword = watched.words.len();
                }
            }
            arrived = &mut watched.socket => {
                return match arrived {
                    Ok(()) => Ok(None),
                    Err(_) => Err(std::io::Error::other("nobody watches for ssh's socket")),
                };
            }
            status = ssh.wait() => return status.map(Some),
        }
    }
}
