//! What ssh's log says.

use std::path::Path;

use crate::transport::error::TransportErrorKind as Kind;

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
pub(super) const DEBUG: &str = "debug1: ";

/// The log so far; empty where there is none.
pub(super) fn read_log(path: &Path) -> String {
    std::fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// Whether the key exchange with the host is over, so that what takes time now is the login.
pub(super) fn has_exchanged_keys(log: &str) -> bool {
    log.contains("debug1: SSH2_MSG_NEWKEYS received")
}

/// How a master's own session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionEnd {
    /// Its command ended with a status.
    Status,
    /// Its command was ended by a signal.
    Signal,
    /// The server did not allow it.
    Refused,
    /// It has not ended by itself, as far as the log tells: the connection ended first.
    Lost,
}

/// What a log says of how the master's own session ended.
pub(super) fn session_end(log: &str) -> SessionEnd {
    let Some((channel, log)) = own_session(log) else {
        return SessionEnd::Lost;
    };
    let request = |kind: &str| log.contains(&format!(": {channel} rtype {kind} "));
    if request("exit-status") {
        SessionEnd::Status
    } else if request("exit-signal") {
        SessionEnd::Signal
    } else if log.contains(&format!("\n{channel}: open failed: ")) {
        SessionEnd::Refused
    } else {
        SessionEnd::Lost
    }
}

/// Whether a master's own session is gone, also where the master lives on.
pub(super) fn session_is_over(log: &str) -> bool {
    own_session(log).is_some_and(|(channel, log)| log.ends_with(&gone(channel)))
}

/// The master's own session, which is the first that it opens, as the log calls its channel; and the log from there to its
/// end. The number may be another channel's afterwards.
fn own_session(log: &str) -> Option<(&str, &str)> {
    let (place, channel) = log.match_indices(DEBUG).find_map(|(place, _)| {
        let line = log[place + DEBUG.len()..].lines().next()?;
        let (channel, kind) = line.split_once(": new ")?;
        kind.contains("[client-session]")
            .then_some((place, channel))
    })?;
    let log = &log[place..];
    let gone = gone(channel);
    let end = log.find(&gone).map_or(log.len(), |end| end + gone.len());
    Some((channel, &log[..end]))
}

fn gone(channel: &str) -> String {
    format!("{DEBUG}{channel}: free: ")
}

/// Whether ssh has asked for its own session's command, so that what comes now may be what that says.
pub(super) fn has_sent_command(log: &str) -> bool {
    log.contains("debug1: Sending command: ")
}

/// Whether the host itself has answered, behind whatever is on the way.
pub(super) fn has_answered(log: &str) -> bool {
    log.contains("debug1: Remote protocol version ")
}

/// What kind of failure a log tells of.
pub(super) fn classify(log: &str) -> Kind {
    WORDS
        .iter()
        .find(|(words, _)| log.contains(words))
        .map_or(Kind::Other, |(_, kind)| *kind)
}

/// The key that the server showed: its type and fingerprint.
pub(super) fn server_key(log: &str) -> Option<&str> {
    log.lines()
        .rev()
        .find_map(|line| line.strip_prefix(DEBUG)?.strip_prefix("Server host key: "))
}

/// Whether the connection goes through a jump host or a ProxyCommand: then it has no address.
pub(super) fn goes_through(log: &str) -> bool {
    log.contains("UNKNOWN port 65535")
}

/// Whether it was a jump host itself that failed, not its way to the host.
pub(super) fn failed_on_the_way(log: &str) -> bool {
    goes_through(log) && !log.contains("stdio forwarding failed")
}

/// Which `HOST:PORT` ssh logged in to last, and as which user.
pub(super) fn authenticating(log: &str) -> Option<(&str, &str)> {
    let line = log
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(DEBUG)?.strip_prefix("Authenticating to "))?;
    let (address, user) = line.split_once(" as '")?;
    Some((address, user.trim_end_matches('\'')))
}

/// Begins the lines that are no errors: debugging, decoration, notes, and what follows from a failure on the way.
const NOTES: [&str; 9] = [
    "debug",
    "@",
    "OpenSSH_",
    "Warning: Permanently added",
    "Authenticated to ",
    "Transferred: ",
    "Bytes per second: ",
    "Connection closed by UNKNOWN port",
    "** ",
];

/// The log's errors in one line.
pub(super) fn errors(log: &str) -> String {
    let banner = log
        .lines()
        .find_map(|line| line.split_once("exchange_identification: banner line 0: "))
        .map(|(_, banner)| format!("\"{}\"", banner.trim()));
    let mut errors: Vec<String> = log
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !NOTES.iter().any(|note| line.starts_with(note)))
        .map(str::to_owned)
        .chain(banner)
        .collect();
    if goes_through(log) && errors.len() > 1 {
        errors.retain(|line| {
            !line.contains("exchange_identification: Connection closed")
                && line != "stdio forwarding failed"
        });
    }
    errors.join("; ")
}

#[cfg(test)]
mod tests {
    use super::{SessionEnd, session_end, session_is_over};

    const OPENED: &str = "debug1: channel 0: new mux listener [/run/1] (inactive timeout: 0)\n\
        debug1: channel 1: new session [client-session] (inactive timeout: 0)\n";

    #[test]
    fn of_many_sessions_the_first_is_the_masters_own() {
        let other = "debug1: channel 3: new [client-session]\n\
            debug1: client_input_channel_req: channel 3 rtype exit-signal reply 0\n\
            channel 4: open failed: administratively prohibited: open failed\n\
            debug1: channel 3: free: client-session, nchannels 4\n";
        for (own, end) in [
            ("", SessionEnd::Lost),
            (
                "debug1: client_input_channel_req: channel 1 rtype exit-status reply 0\n",
                SessionEnd::Status,
            ),
            (
                "debug1: client_input_channel_req: channel 1 rtype exit-signal reply 0\n",
                SessionEnd::Signal,
            ),
            (
                "channel 1: open failed: administratively prohibited: open failed\n",
                SessionEnd::Refused,
            ),
        ] {
            let log = format!("{OPENED}{other}{own}");
            assert_eq!(session_end(&log), end, "{log}");
            assert!(!session_is_over(&log));
            let log = format!("{log}debug1: channel 1: free: client-session, nchannels 3\n{other}");
            assert_eq!(session_end(&log), end, "{log}");
            assert!(session_is_over(&log));
            // Its number is another session's then.
            let later = log.clone() + &other.replace("channel 3", "channel 1");
            assert_eq!(session_end(&later), end, "{later}");
        }
        assert_eq!(session_end(""), SessionEnd::Lost);
    }
}
