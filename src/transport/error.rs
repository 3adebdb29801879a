//! Why a script could not be brought to a host, or its answer not brought back.

use std::fmt;

/// What went wrong, so that the caller can decide: try again, leave the host out, or stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransportErrorKind {
    /// The host's name has no address.
    NameNotResolved,
    /// Nothing listens on the port.
    Refused,
    /// No way to the address.
    NoRoute,
    /// The host did not answer within the time limit for connecting.
    ConnectTimedOut,
    /// The server closes new connections before they say anything: it is overloaded, or it shuts this address out.
    ServerBusy,
    /// The host's key is in no known_hosts file.
    HostKeyUnknown,
    /// The host shows another key than the known_hosts file holds, or a revoked one.
    HostKeyChanged,
    /// The server accepts none of our keys.
    PermissionDenied,
    /// Client and server have no algorithm in common.
    NoCommonAlgorithm,
    /// The connection ended while it was needed; the script may have run in part.
    ConnectionLost,
    /// The server allows no further channel on this connection.
    TooManyChannels,
    /// The account's login shell does not start `sh`.
    NoShell,
    /// The script did not end within its time limit; it may still be running on the host.
    TimedOut,
    /// The answer is larger than we accept.
    AnswerTooLarge,
    /// sudo is not installed on the host.
    SudoMissing,
    /// sudo asks for a password and none was given.
    SudoPasswordRequired,
    /// sudo does not accept the password.
    SudoPasswordWrong,
    /// sudo's rules do not allow this account to become that user.
    SudoNotAllowed,
    /// sudo's rules demand a terminal.
    SudoNeedsTerminal,
    /// The user to become does not exist on the host.
    SudoUnknownUser,
    /// sudo failed in another way; the message holds its words.
    SudoFailed,
    /// The words for ssh or sudo (`ansible_ssh_common_args`, `become_flags`) cannot be used.
    Arguments,
    /// This machine cannot do its part: no `ssh` program, no directory for the connection's socket.
    Local,
    /// The session had ended before the script was sent, by us or by a lost connection: nothing was run.
    Closed,
    /// ssh failed in a way we do not know; the message holds its words.
    Other,
}

impl TransportErrorKind {
    /// Whether the host could not be reached at all, so nothing was done to it.
    #[must_use]
    pub fn is_unreachable(self) -> bool {
        use TransportErrorKind as K;
        matches!(
            self,
            K::NameNotResolved
                | K::Refused
                | K::NoRoute
                | K::ConnectTimedOut
                | K::ServerBusy
                | K::HostKeyUnknown
                | K::HostKeyChanged
                | K::PermissionDenied
                | K::NoCommonAlgorithm
                | K::Arguments
                | K::Local
                | K::Closed
                | K::Other
        )
    }

    /// Whether the script may have run, wholly or in part: what it changed has to be observed again.
    #[must_use]
    pub fn may_have_run(self) -> bool {
        use TransportErrorKind as K;
        matches!(self, K::ConnectionLost | K::TimedOut | K::AnswerTooLarge)
    }
}

/// One failure to talk to one host.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {message}")]
pub struct TransportError {
    pub kind: TransportErrorKind,
    /// The host's name in the inventory.
    pub host: String,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do about it; each one sentence.
    pub help: Vec<String>,
    /// What the host had answered before it failed.
    pub partial: Box<Partial>,
}

/// The part of an answer that arrived before a failure.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Partial {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl TransportError {
    pub fn new(kind: TransportErrorKind, host: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            host: host.to_owned(),
            message: message.into(),
            help: Vec::new(),
            partial: Box::default(),
        }
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Keeps what had arrived.
    #[must_use]
    pub fn with_partial(mut self, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        self.partial = Box::new(Partial { stdout, stderr });
        self
    }
}

/// Shows the partial answer's size only: it may hold secrets.
impl fmt::Debug for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("host", &self.host)
            .field("message", &self.message)
            .field("help", &self.help)
            .field("stdout_bytes", &self.partial.stdout.len())
            .field("stderr_bytes", &self.partial.stderr.len())
            .finish()
    }
}
