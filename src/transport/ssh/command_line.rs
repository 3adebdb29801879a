//! The command line of a master process.
//!
//! ssh takes the first value it is given for an option, from the command line before any file. So the order
//! is: what our way of using ssh needs; what the inventory says; the words of the inventory; our defaults. The user's
//! ssh_config comes after all of that and is read as always. Options on the command line do not reach a jump host's own
//! ssh, options in a file given by `-F` would: this is why no file is generated.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::words::SshWords;
use crate::transport::arrivals::Arrivals;
use crate::transport::target::SshTarget;

/// How a master lives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life<'a> {
    /// In the background as soon as it has logged in, without a session of its own, until nobody has used it for so long.
    Background(Duration),
    /// As long as its own session, and longer where others use it.
    Session {
        command: &'a str,
        /// Where its socket will be, which tells that it has logged in.
        arrivals: &'a Arrivals,
    },
}

/// What holds for every master, whatever anybody says. None of these can be set by the inventory's words.
const OURS: [&str; 10] = [
    // Nobody answers questions.
    "BatchMode=yes",
    // The tunnels in a person's ssh_config are for the person's own sessions.
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "PermitLocalCommand=no",
    "Tunnel=no",
    // A picture among the log's lines.
    "VisualHostKey=no",
    // The log, which is ours alone, tells how far it came and which keys it offered.
    "LogLevel=DEBUG1",
];

/// What holds unless the inventory's words say otherwise: a host that is gone is noticed within 15 x 3 seconds.
const DEFAULTS: [&str; 2] = ["ServerAliveInterval=15", "ServerAliveCountMax=3"];

/// A master with a session of its own is to have one, whatever a person's ssh_config says. ssh knows the last three since
/// 8.7; an older one refuses them, and what they mean.
pub(super) const SESSION: [&str; 4] = [
    "ControlPersist=no",
    "SessionType=default",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
];

/// How long a master in the background outlives a process of ours that was killed. See `control.rs`.
pub(super) const OUTLIVING: Duration = Duration::from_secs(10);

/// The arguments of the master process for a host.
pub(super) fn arguments(
    target: &SshTarget,
    words: &SshWords,
    socket: &Path,
    log: &Path,
    life: Life<'_>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["-M".into(), "-T".into()];
    if let Life::Background(_) = life {
        // `-v`: only with it does ssh let a jump host's ssh say why it failed, once it may go to the background. With a
        // session of its own it would have that ssh's whole log among what the session says.
        arguments.extend(["-N", "-f", "-v"].map(OsString::from));
    }
    arguments.push("-S".into());
    arguments.push(socket.into());
    arguments.push("-E".into());
    arguments.push(log.into());
    let mut option = |option: String| {
        arguments.push("-o".into());
        arguments.push(option.into());
    };
    for ours in OURS {
        option(ours.to_owned());
    }
    match life {
        Life::Background(idle) => option(format!("ControlPersist={}", idle.as_secs())),
        Life::Session { .. } => {
            for session in SESSION {
                option(session.to_owned());
            }
        }
    }
    if !target.host_key_checking {
        option("StrictHostKeyChecking=no".to_owned());
    }
    if let Some(port) = target.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    if let Some(user) = &target.user {
        arguments.extend(["-l".into(), user.into()]);
    }
    if let Some(file) = &target.private_key_file {
        // This key only: an agent with many keys would be turned away for too many failures.
        arguments.extend(["-o".into(), "IdentitiesOnly=yes".into(), "-i".into()]);
        arguments.push(file.into());
    }
    arguments.extend(words.arguments.iter().map(OsString::from));
    let mut option = |option: String| {
        arguments.push("-o".into());
        arguments.push(option.into());
    };
    option("StrictHostKeyChecking=yes".to_owned());
    option(format!(
        "ConnectTimeout={}",
        target.connect_timeout.as_secs().max(1)
    ));
    for default in DEFAULTS {
        option(default.to_owned());
    }
    arguments.push("--".into());
    arguments.push(target.host.clone().into());
    if let Life::Session { command, .. } = life {
        arguments.push(command.into());
    }
    arguments
}
