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
use crate::transport::target::SshTarget;

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
    // What `-v` gives, whatever a file says.
    "LogLevel=DEBUG1",
];

/// What holds unless the inventory's words say otherwise: a host that is gone is noticed within 15 x 3 seconds.
const DEFAULTS: [&str; 2] = ["ServerAliveInterval=15", "ServerAliveCountMax=3"];

/// How long a master outlives a process of ours that was killed. See `control.rs`.
pub(super) const OUTLIVING: Duration = Duration::from_secs(10);

/// The arguments of the master process for a host, which ends when nobody has used it for the time of `idle`.
pub(super) fn arguments(
    target: &SshTarget,
    words: &SshWords,
    socket: &Path,
    log: &Path,
    idle: Duration,
) -> Vec<OsString> {
    // `-v`: the log, which is ours alone, tells how far it came and which keys it offered; and only with it does ssh let a
    // jump host's ssh say why it failed.
    let mut arguments: Vec<OsString> = ["-M", "-N", "-f", "-T", "-v", "-S"]
        .map(OsString::from)
        .into();
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
    option(format!("ControlPersist={}", idle.as_secs()));
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
    arguments
}
