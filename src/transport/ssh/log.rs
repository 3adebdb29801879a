//! What ssh's log says: why no connection came about, or why one ended.

use std::process::ExitStatus;
use std::time::Duration;

use super::resolved::Resolved;
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::session::Exit;
use crate::transport::target::SshTarget;

/// How the start of a master went wrong.
pub(super) enum Ending {
    /// ssh ended with this status.
    Exited(ExitStatus),
    /// We ended it after so long.
    TimedOut(Duration),
    /// It said that all is well, but its control socket cannot be used.
    NoControl(String),
}

/// ssh's words and what they mean. The first row whose words are found decides: what names a cause comes before what
/// only follows from it, because a jump host's ssh writes into the same log and its failure makes ours fail, too.
/// From OpenSSH's sources: `sshconnect.c`, `sshconnect2.c`, `readconf.c`, `ssh.c`, `kex.c`, `misc.c`.
const WORDS: [(&str, Kind); 34] = [
    ("Could not resolve hostname", Kind::NameNotResolved),
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        Kind::HostKeyChanged,
    ),
    ("REVOKED HOST KEY DETECTED", Kind::HostKeyChanged),
    ("marked as revoked", Kind::HostKeyChanged),
    ("host key is known for", Kind::HostKeyUnknown),
    ("Host key verification failed", Kind::HostKeyUnknown),
    ("ad configuration option", Kind::Arguments),
    ("command-line: line 0:", Kind::Arguments),
    ("command-line line 0:", Kind::Arguments),
    ("Can't open user config file", Kind::Arguments),
    ("Bad owner or permissions on", Kind::Arguments),
    ("Unsupported option", Kind::Arguments),
    ("Bad port", Kind::Arguments),
    ("jumphost loop", Kind::Arguments),
    ("hostname contains invalid characters", Kind::Arguments),
    (
        "remote username contains invalid characters",
        Kind::Arguments,
    ),
    ("Permission denied (", Kind::PermissionDenied),
    ("Too many authentication failures", Kind::PermissionDenied),
    ("Unable to negotiate", Kind::NoCommonAlgorithm),
    ("no matching", Kind::NoCommonAlgorithm),
    ("Connection refused", Kind::Refused),
    ("No route to host", Kind::NoRoute),
    ("Network is unreachable", Kind::NoRoute),
    ("Network is down", Kind::NoRoute),
    ("Host is down", Kind::NoRoute),
    ("administratively prohibited", Kind::NoRoute),
    ("Connection timed out", Kind::ConnectTimedOut),
    ("Operation timed out", Kind::ConnectTimedOut),
    ("timed out", Kind::ConnectTimedOut),
    ("Exceeded MaxStartups", Kind::ServerBusy),
    ("Not allowed at this time", Kind::ServerBusy),
    (
        "exchange_identification: Connection closed",
        Kind::ServerBusy,
    ),
    (
        "exchange_identification: read: Connection reset",
        Kind::ServerBusy,
    ),
    ("exchange_identification: client sent invalid", Kind::Other),
];

/// Begins the log's lines that are no errors.
const DEBUG: &str = "debug1: ";

/// Whether the key exchange with the host is over, so that what takes time now is the login.
pub(super) fn has_exchanged_keys(log: &str) -> bool {
    log.contains("debug1: SSH2_MSG_NEWKEYS received")
}

/// What kind of failure a log tells of.
pub(super) fn classify(log: &str) -> Kind {
    WORDS
        .iter()
        .find(|(words, _)| log.contains(words))
        .map_or(Kind::Other, |(_, kind)| *kind)
}

/// Says why no connection came about.
pub(super) fn explain(
    host: &str,
    target: &SshTarget,
    resolved: &Resolved,
    log: &str,
    ending: &Ending,
) -> TransportError {
    let kind = match ending {
        Ending::Exited(_) => classify(log),
        Ending::TimedOut(_) => Kind::ConnectTimedOut,
        Ending::NoControl(_) => Kind::Local,
    };
    let at = &resolved.destination();
    let said = errors(log);
    let error = |message: String| TransportError::new(kind, host, message);
    let error = match kind {
        Kind::NameNotResolved => error(format!("the name of {at} has no address"))
            .help(format!("set `ansible_host`, or add a `Host {}` to ~/.ssh/config", target.host)),
        Kind::Refused => error(format!("{at} refuses the connection: nothing listens there"))
            .help("is sshd running, and is `ansible_port` right?"),
        Kind::NoRoute => error(format!("no way to {at}: {said}")),
        Kind::ConnectTimedOut => timed_out(host, at, log, ending),
        Kind::ServerBusy => error(format!(
            "{at} closes connections before it says anything, again and again: {said}"
        ))
        .help("is its sshd overloaded (`MaxStartups`), or is this address shut out for a while (`PerSourcePenalties`, fail2ban)?")
        .help("fewer hosts at once help where many are reached through one jump host"),
        Kind::HostKeyUnknown => host_key_unknown(host, resolved, log),
        Kind::HostKeyChanged => host_key_changed(host, resolved, log),
        Kind::PermissionDenied => permission_denied(host, resolved, log),
        Kind::NoCommonAlgorithm => {
            error(format!("this machine's ssh and {at} have no algorithm in common: {said}"))
                .help("the host's sshd is very old or very strict; `ssh -vv` to it shows what both offer")
        }
        Kind::Arguments => error(format!("ssh does not understand its options: {said}"))
            .help("they come from `ansible_ssh_common_args`, `ansible_ssh_extra_args` and ~/.ssh/config"),
        _ => match ending {
            Ending::NoControl(reason) => error(format!("ssh's control socket cannot be used: {reason}")),
            Ending::Exited(status) if said.is_empty() => error(format!("ssh failed ({status}) and said nothing")),
            _ => error(format!("ssh failed: {said}")),
        },
    };
    if log.contains("UNKNOWN port 65535") || log.contains("stdio forwarding failed") {
        return error.help("it failed on the way: look at the jump host or the ProxyCommand");
    }
    error
}

fn timed_out(host: &str, at: &str, log: &str, ending: &Ending) -> TransportError {
    let stage = if has_exchanged_keys(log) {
        "it let us in too slowly"
    } else if log.contains("debug1: Connection established") {
        "it accepts connections, but does not speak SSH"
    } else {
        "it does not answer"
    };
    let long = match ending {
        Ending::TimedOut(elapsed) => format!(" within {} s", elapsed.as_secs()),
        _ => " in time".to_owned(),
    };
    TransportError::new(
        Kind::ConnectTimedOut,
        host,
        format!("no connection to {at}{long}: {stage}"),
    )
    .help("is the host up, and does a firewall on the way let SSH through?")
    .help("`ansible_timeout` gives slow hosts more time (seconds)")
}

fn host_key_unknown(host: &str, resolved: &Resolved, log: &str) -> TransportError {
    let files = resolved.known_hosts();
    let key = server_key(log).map_or_else(String::new, |key| format!("; it shows {key}"));
    TransportError::new(
        Kind::HostKeyUnknown,
        host,
        format!(
            "the host key of {} is not known{key}",
            resolved.destination()
        ),
    )
    .help(format!(
        "log in once with `{}` and compare the fingerprint; that adds the key to {files}",
        resolved.ssh_command()
    ))
    .help(format!(
        "or add it from a place you trust: `{} >> {files}`, and check it",
        resolved.keyscan_command()
    ))
    .help("it is never accepted unseen, unless `host_key_checking` is false")
}

fn host_key_changed(host: &str, resolved: &Resolved, log: &str) -> TransportError {
    let key = server_key(log).map_or_else(String::new, |key| format!(" It shows {key} now."));
    let place = log
        .lines()
        .find_map(|line| line.strip_prefix("Offending ")?.split_once(" key in "))
        .map_or_else(
            || resolved.known_hosts(),
            |(_, place)| place.trim().to_owned(),
        );
    let message = if log.contains("evoked") {
        format!("the host key of {} is revoked", resolved.destination())
    } else {
        format!(
            "the host key of {} is another one than in {place}",
            resolved.destination()
        )
    };
    let error = TransportError::new(Kind::HostKeyChanged, host, message).help(format!(
        "if the host was not reinstalled, somebody may be listening in between.{key}"
    ));
    match log
        .lines()
        .find(|line| line.trim().starts_with("ssh-keygen "))
    {
        Some(remove) => error.help(format!(
            "if it was, remove the old key: `{}`",
            remove.trim()
        )),
        None => error,
    }
}

fn permission_denied(host: &str, resolved: &Resolved, log: &str) -> TransportError {
    let user = log
        .lines()
        .find_map(|line| line.strip_prefix(DEBUG)?.strip_prefix("Authenticating to "))
        .and_then(|line| line.split_once(" as '"))
        .map_or_else(
            || resolved.user(),
            |(_, user)| user.trim_end_matches('\'').to_owned(),
        );
    let offered: Vec<&str> = log
        .lines()
        .filter_map(|line| {
            line.strip_prefix(DEBUG)?
                .strip_prefix("Offering public key: ")
        })
        .collect();
    let missing: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("Warning: Identity file "))
        .collect();
    let methods = log
        .lines()
        .rev()
        .find_map(|line| line.split_once("Permission denied (")?.1.split_once(')'))
        .map_or("", |(methods, _)| methods);
    let mut error = TransportError::new(
        Kind::PermissionDenied,
        host,
        format!("{} does not let {user} in", resolved.destination()),
    );
    if log.contains("debug1: Server accepts key: ") {
        error = error.help(
            "the server would accept a key of ours, but its passphrase or PIN cannot be asked for here: load it with `ssh-add`",
        );
    }
    error = if offered.is_empty() {
        error.help("no key was offered: there is none in ~/.ssh, none in the agent, and `ansible_ssh_private_key_file` names none")
    } else {
        error.help(format!("keys offered: {}", offered.join("; ")))
    };
    for missing in missing {
        error = error.help(missing.trim_start_matches("Warning: ").to_owned());
    }
    if !methods.is_empty() && !methods.contains("publickey") {
        error = error.help(format!(
            "the server accepts no keys at all, only: {methods}"
        ));
    }
    if log.contains("Too many authentication failures") {
        error = error
            .help("too many keys were tried: name the right one as `ansible_ssh_private_key_file`");
    }
    error
}

/// Says why a connection ended that had been opened.
pub(super) fn lost(host: &str, log: &str) -> TransportError {
    let said = errors(log);
    let message = if said.is_empty() {
        "the connection was lost".to_owned()
    } else {
        format!("the connection was lost: {said}")
    };
    TransportError::new(Kind::ConnectionLost, host, message).help(
        "what was running on the host may have stopped anywhere: it has to be looked at again",
    )
}

/// An error where the login shell cannot start `sh`.
pub(super) fn no_shell(
    host: &str,
    exit: Exit,
    stdout: &[u8],
    stderr: &[u8],
) -> Option<TransportError> {
    let (out, err) = (
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr),
    );
    let missing = exit == Exit::Code(127)
        && out.is_empty()
        && err.contains("sh")
        && err.contains("not found");
    let closed = out.contains("This account is currently not available");
    (missing || closed).then(|| {
        let said = if closed { out.trim() } else { err.trim() };
        TransportError::new(
            Kind::NoShell,
            host,
            format!("the account's login shell does not start `sh`: {said}"),
        )
        .help("connect as a user with an ordinary login shell")
    })
}

/// The key that the server showed: its type and fingerprint.
fn server_key(log: &str) -> Option<&str> {
    log.lines()
        .rev()
        .find_map(|line| line.strip_prefix(DEBUG)?.strip_prefix("Server host key: "))
}

/// The log's errors in one line: what is no debugging line, no decoration and no note.
fn errors(log: &str) -> String {
    let notes = [
        "debug",
        "@",
        "Warning: Permanently added",
        "Authenticated to ",
        "Transferred: ",
        "Bytes per second: ",
    ];
    let banner = log
        .lines()
        .find_map(|line| line.split_once("exchange_identification: banner line 0: "))
        .map(|(_, banner)| format!("\"{}\"", banner.trim()));
    log.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !notes.iter().any(|note| line.starts_with(note)))
        .map(str::to_owned)
        .chain(banner)
        .collect::<Vec<_>>()
        .join("; ")
}
