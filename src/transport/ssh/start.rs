//! Starts a master process and waits until it has logged in.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::channel::ChildPipes;
use super::control::Control;
use super::explain::Ending;
use super::foreground::{Foreground, OwnSession};
use super::log::{has_exchanged_keys, has_logged_in, read_log};
use super::process::Process;
use crate::transport::arrivals::{Arrival, Arrivals};
use crate::transport::exchange::Pipes;
use crate::transport::place::Place;
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
    pub(super) session: Option<(ChildPipes, OwnSession)>,
}

/// Starts a master that goes to the background once it has logged in: its first process ends then.
pub(super) async fn in_background(
    arguments: &[OsString],
    place: &Place,
    connect_timeout: Duration,
) -> Result<Started, Ending> {
    let log = File::options().append(true).create(true).open(&place.log);
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
    let (Some(pid), Some(stdin), Some(stdout), Some(mut stderr)) = (
        ssh.id(),
        ssh.stdin.take(),
        ssh.stdout.take(),
        ssh.stderr.take(),
    ) else {
        return Err(Ending::NotStarted("it has no pipes".to_owned()));
    };
    let login = wait_for_login(&mut ssh, Some(socket), connect_timeout, &place.log).await;
    let foreword = take_foreword(&mut stderr).await;
    if let Err(ending) = login {
        // What ssh says before it has its log, and what a ProxyCommand says.
        let log = File::options().append(true).create(true).open(&place.log);
        if let Err(error) = log.and_then(|mut log| log.write_all(&foreword)) {
            tracing::debug!(%error, "cannot add to the log of a connection");
        }
        return Err(ending);
    }
    let foreground = Foreground::new(pid, ssh, place);
    let session = OwnSession::new(&foreground);
    let pipes = Pipes {
        stdin: Some(stdin),
        stdout,
        stderr,
    };
    Ok(Started {
        process: Process::Foreground(foreground),
        session: Some((pipes, session)),
    })
}

/// What stands in a session's errors before the session has begun: the server's banner, words of a ProxyCommand. It is
/// there already.
async fn take_foreword(stderr: &mut ChildStderr) -> Vec<u8> {
    let mut foreword = Vec::new();
    while let Ok(Ok(1..)) = timeout(Duration::ZERO, stderr.read_buf(&mut foreword)).await {}
    foreword
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

/// Waits until the master has logged in or failed. It has when its socket is there; where nobody waits for that, when its
/// first process has ended well. The `ConnectTimeout` of ssh ends with the server's banner, so a server that falls silent
/// after it is our own to notice: ssh's log says how far it came.
async fn wait_for_login(
    ssh: &mut Child,
    mut socket: Option<Arrival>,
    connect_timeout: Duration,
    log: &Path,
) -> Result<(), Ending> {
    let started = Instant::now();
    let connected_by = started + connect_timeout + MARGIN;
    let mut outcome = timeout_at(connected_by, login(ssh, &mut socket)).await;
    if outcome.is_err() && has_exchanged_keys(&read_log(log)) {
        outcome = timeout_at(connected_by + AUTHENTICATION, login(ssh, &mut socket)).await;
    }
    match outcome {
        Ok(Ok(None)) => Ok(()),
        // Its own session was refused or ended before we heard of its socket.
        Ok(Ok(Some(_))) if socket.is_some() && has_logged_in(&read_log(log)) => Ok(()),
        Ok(Ok(Some(status))) => Err(Ending::Exited(status)),
        Ok(Err(error)) => Err(Ending::NoControl(error.to_string())),
        Err(_) => {
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
    socket: &mut Option<Arrival>,
) -> std::io::Result<Option<ExitStatus>> {
    match socket {
        None => Ok(Some(ssh.wait().await?).filter(|status| !status.success())),
        Some(socket) => tokio::select! {
            biased;
            Ok(()) = socket => Ok(None),
            status = ssh.wait() => status.map(Some),
        },
    }
}
