//! Errors for people, made of what ssh's log says: why no connection came about, or why one ended.

use std::process::ExitStatus;
use std::time::Duration;

use super::log::{
    DEBUG, authenticating, classify, errors, failed_on_the_way, goes_through, has_exchanged_keys,
    server_key,
};
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
    /// There is no such program, or this machine cannot run one more.
    NotStarted(String),
}

impl Ending {
    pub(super) fn not_started(error: &std::io::Error) -> Self {
        Self::NotStarted(error.to_string())
    }
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
        Ending::NoControl(_) | Ending::NotStarted(_) => Kind::Local,
    };
    let on_the_way = failed_on_the_way(log);
    let jump;
    let resolved = if on_the_way {
        jump = resolved.jump_host(log);
        &jump
    } else {
        resolved
    };
    let at = &resolved.destination();
    let said = errors(log);
    let error = |message: String| TransportError::new(kind, host, message);
    let error = match kind {
        Kind::NameNotResolved if on_the_way => error(format!("`{}` has no address", resolved.host())),
        Kind::NameNotResolved => error(format!("`{}` has no address", resolved.host()))
            .help(format!("set `ansible_host`, or add a `Host {}` to ~/.ssh/config", target.host)),
        Kind::Refused => error(format!("{at} refuses the connection: nothing listens there"))
            .help("is sshd running, and is `ansible_port` right?"),
        Kind::NoRoute => error(format!("no way to {at}: {said}"))
            .help("is the host up, and the network between: a VPN, a route, a firewall?"),
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
            Ending::NotStarted(reason) => error(format!("cannot start `ssh`: {reason}"))
                .help("install OpenSSH's client on this machine"),
            Ending::NoControl(reason) => error(format!("ssh's control socket cannot be used: {reason}")),
            Ending::Exited(status) if said.is_empty() => error(format!("ssh failed ({status}) and said nothing")),
            _ => error(format!("ssh failed: {said}")),
        },
    };
    if on_the_way {
        error.help(format!(
            "it failed on the way to {}: at its jump host or in its ProxyCommand",
            target.host
        ))
    } else if goes_through(log) {
        error.help("this is what its jump host says")
    } else {
        error
    }
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
    if log.contains("marked as revoked") || log.contains("REVOKED HOST KEY") {
        return TransportError::new(
            Kind::HostKeyChanged,
            host,
            format!("the host key of {} is revoked", resolved.destination()),
        )
        .help(format!(
            "{} says so: somebody else may have this key, and the host needs a new one",
            resolved.known_hosts()
        ));
    }
    let message = format!(
        "the host key of {} is another one than in {place}",
        resolved.destination()
    );
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

fn permission_denied(host: &str, resolved: &Resolved, whole: &str) -> TransportError {
    let user = authenticating(whole).map_or_else(|| resolved.user(), |(_, user)| user.to_owned());
    // What stands before it was said to a jump host.
    let last = whole.rfind("debug1: Authenticating to ").unwrap_or(0);
    let log = &whole[last..];
    let offered: Vec<&str> = log
        .lines()
        .filter_map(|line| {
            line.strip_prefix(DEBUG)?
                .strip_prefix("Offering public key: ")
                .map(|key| key.trim_end_matches(" explicit"))
        })
        .collect();
    let missing: Vec<&str> = whole
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
    error = if offered.is_empty() && missing.is_empty() {
        error.help("no key was offered: there is none in ~/.ssh, none in the agent, and `ansible_ssh_private_key_file` names none")
    } else if offered.is_empty() {
        error.help("no key was offered")
    } else {
        error.help(format!("keys offered: {}", offered.join("; ")))
    };
    for missing in missing {
        error = error.help(
            missing
                .trim_start_matches("Warning: ")
                .trim_end_matches('.')
                .replacen("Identity file", "the key file", 1)
                .replacen("not accessible", "cannot be read", 1),
        );
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

/// Says why a connection had ended before a script could be sent.
pub(super) fn lost_before(host: &str, log: &str) -> TransportError {
    let said = with_reason(
        "the connection had been lost before the script was sent",
        log,
    );
    TransportError::new(Kind::Closed, host, said)
}

/// Says why a connection ended while a script was running.
pub(super) fn lost(host: &str, log: &str) -> TransportError {
    let said = with_reason("the connection was lost", log);
    TransportError::new(Kind::ConnectionLost, host, said).help(
        "what was running on the host may have stopped anywhere: it has to be looked at again",
    )
}

fn with_reason(message: &str, log: &str) -> String {
    let said = errors(log);
    if said.is_empty() {
        message.to_owned()
    } else {
        format!("{message}: {said}")
    }
}

/// How login shells say that there is no `sh`: dash and busybox, bash, csh, fish.
const NO_SHELL: [&str; 5] = [
    ": sh: not found",
    ": sh: command not found",
    "sh: Command not found",
    "Unknown command: sh",
    "Unknown command 'sh'",
];

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
    let missing = exit == Exit::Code(127) && NO_SHELL.iter().any(|words| err.contains(words));
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

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{Ending, explain};
    use crate::transport::ssh::resolved::Resolved;
    use crate::transport::target::SshTarget;
    use crate::transport::tests::cases;

    /// The folder names the kind; the snapshot beside a log is what a person reads.
    #[test]
    fn every_log_is_explained() {
        for case in cases("ssh", "log") {
            let target = SshTarget::new("cache01.example");
            let configuration = "hostname 192.0.2.7\nport 22\nuser ann\nuserknownhostsfile /home/ann/.ssh/known_hosts\n";
            let error = explain(
                "cache01",
                &target,
                &Resolved::read(&target, configuration),
                &case.text,
                &Ending::Exited(ExitStatus::from_raw(255 << 8)),
            );
            case.check(&error);
        }
    }
}
