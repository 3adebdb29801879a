//! Starts a master process and waits until it has logged in.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::explain::Ending;
use super::log::{has_exchanged_keys, read_log};
use crate::transport::processes::signal_group;

/// How long proving who we are may take after the key exchange: agents ask people, servers ask directories.
const AUTHENTICATION: Duration = Duration::from_secs(60);

/// What ssh itself gets beyond its own `ConnectTimeout`, so that its own words about it come first.
const MARGIN: Duration = Duration::from_secs(1);

/// How long a killed process may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// Starts the master: it stays in the foreground until we are logged in, then goes to the background and its first process
/// ends.
pub(super) fn start(arguments: &[OsString], log: &Path) -> std::io::Result<Child> {
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
pub(super) async fn wait_for_login(
    ssh: &mut Child,
    connect_timeout: Duration,
    log: &Path,
) -> Result<ExitStatus, Ending> {
    let started = Instant::now();
    let connected_by = started + connect_timeout + MARGIN;
    let mut outcome = timeout_at(connected_by, ssh.wait()).await;
    if outcome.is_err() && has_exchanged_keys(&read_log(log)) {
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
