//! Becoming another user: the command that starts `sh` through sudo once, and the words exchanged with it.
//!
//! The password travels on standard input only, as its first line, and is read by sudo itself; it is in no argument, no
//! environment and no shell variable that anything runs. When sudo does not ask for it after all (NOPASSWD, a ticket
//! that is still good, a session that is root already), the first line reaches the *guard* instead: a loop that throws away
//! every line until it reads one that only we know, and then turns into the `sh` that reads the script. So a password
//! is never run as a command and never shown.
//!
//! The guard says a mark on standard error when it begins. What stands before the mark is sudo's (its prompt, its
//! lecture, a warning about the host's name) and is taken away; without a mark, sudo failed. As sudo reads the next line
//! as the next attempt when a password was wrong, the script is held back until the mark has been heard; once a
//! password was accepted in a session, later runs send all at once and cost no waiting.

mod failure;
mod flags;

use std::time::Duration;

use zeroize::Zeroizing;

use super::error::{TransportError, TransportErrorKind};
use super::target::Become;
pub(super) use failure::explain;

/// How long sudo may take to let us through with a password: PAM waits 2 to 3 seconds after a wrong one, and may ask a
/// directory service.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Run by the login shell as `sh -c BOOTSTRAP sh GUARD MARK ROOT EXE WORDS...`. A session that is root already needs
/// no sudo to become root. It holds no quote, backslash, exclamation mark or newline, so that it can be
/// quoted for any login shell.
const BOOTSTRAP: &str = r#"guard=$1; mark=$2; root=$3; exe=$4; shift 4; if [ "$root" = yes ] && [ "$(id -u)" = 0 ]; then exec sh -c "$guard"; fi; command -v "$exe" >/dev/null 2>&1 || { echo "$mark-missing" >&2; exit 127; }; LC_ALL=C; export LC_ALL; exec "$exe" "$@" sh -c "$guard""#;

/// One conversation with sudo.
pub(super) struct Dialogue<'a> {
    as_user: &'a Become,
    /// The words of `become_flags` that sudo gets.
    flags: Vec<String>,
    nonce: String,
    /// The password was accepted before in this session.
    trusted: bool,
    ready: bool,
    asked: bool,
    /// What sudo said on standard error, up to the mark.
    noise: Vec<u8>,
}

/// What the conversation means for what we send.
pub(super) enum Heard {
    Nothing,
    /// The guard runs: the script may go.
    Ready,
    /// sudo does not accept the password: send nothing more.
    Refused,
}

impl<'a> Dialogue<'a> {
    /// Prepares to become a user on a host. The nonce, which only we know, tells our words from those of others.
    ///
    /// # Errors
    /// The user's flags for sudo cannot be used.
    pub(super) fn new(
        host: &str,
        as_user: &'a Become,
        trusted: bool,
        nonce: String,
    ) -> Result<Self, TransportError> {
        let flags = flags::read(&as_user.flags).map_err(|reason| {
            TransportError::new(
                TransportErrorKind::Arguments,
                host,
                format!("`become_flags` cannot be used: {reason}"),
            )
        })?;
        Ok(Self {
            as_user,
            flags,
            nonce,
            trusted,
            ready: false,
            asked: false,
            noise: Vec::new(),
        })
    }

    pub(super) fn as_user(&self) -> &'a Become {
        self.as_user
    }

    pub(super) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Whether the shell of the other user was reached.
    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether sudo asked for the password, was given it and let us through.
    pub(super) fn proved_password(&self) -> bool {
        self.ready && self.asked
    }

    /// What sudo said before the shell was reached, or all it said when it was not.
    pub(super) fn noise(&self) -> String {
        String::from_utf8_lossy(&self.noise)
            .replace(&self.prompt(), "")
            // sudo's complaint names the whole command; the person knows nothing of ours.
            .replace(&format!(" -c {}", self.guard()), "")
            .replace(&self.mark(), "")
    }

    /// Whether the host has no such program as sudo.
    pub(super) fn says_missing(&self) -> bool {
        contains(&self.noise, format!("{}-missing", self.mark()).as_bytes())
    }

    fn mark(&self) -> String {
        format!("cachesmith-{}", self.nonce)
    }

    fn prompt(&self) -> String {
        format!("[cachesmith {}]", self.nonce)
    }

    /// What sudo runs, as the other user.
    fn guard(&self) -> String {
        let mark = self.mark();
        match self.as_user.password {
            None => format!("echo {mark}-ready >&2; exec sh"),
            Some(_) => format!(
                "echo {mark}-ready >&2; while IFS= read -r line; do case $line in {mark}-go) exec sh;; esac; done"
            ),
        }
    }

    /// The command's words: a `sh` that becomes the user and then reads the script from standard input.
    pub(super) fn command(&self) -> Vec<String> {
        let (mark, guard) = (self.mark(), self.guard());
        let root = if self.as_user.user == "root" {
            "yes"
        } else {
            "no"
        };
        let mut words: Vec<String> = [
            "sh",
            "-c",
            BOOTSTRAP,
            "sh",
            &guard,
            &mark,
            root,
            &self.as_user.exe,
        ]
        .map(str::to_owned)
        .into();
        words.extend(self.flags.iter().cloned());
        match self.as_user.password {
            None => words.push("-n".to_owned()),
            Some(_) => words.extend(["-S".to_owned(), "-p".to_owned(), self.prompt()]),
        }
        words.extend(["-u".to_owned(), self.as_user.user.clone(), "--".to_owned()]);
        words
    }

    /// With a password: its line, and the line that ends the guard.
    pub(super) fn opening(&self) -> Option<(Zeroizing<Vec<u8>>, Vec<u8>)> {
        let password = self.as_user.password.as_ref()?.expose();
        // Made large enough at once: growing would leave copies behind.
        let mut line = Zeroizing::new(Vec::with_capacity(password.len() + 1));
        line.extend_from_slice(password.as_bytes());
        line.push(b'\n');
        Some((line, format!("{}-go\n", self.mark()).into_bytes()))
    }

    /// Takes sudo's words out of what arrived on standard error.
    pub(super) fn hear(&mut self, stderr: &mut Vec<u8>) -> Heard {
        if self.ready {
            return Heard::Nothing;
        }
        let ready = format!("{}-ready\n", self.mark());
        if let Some(at) = find(stderr, ready.as_bytes()) {
            self.noise.extend_from_slice(&stderr[..at]);
            stderr.drain(..at + ready.len());
            self.ready = true;
            self.asked |= contains(&self.noise, self.prompt().as_bytes());
            return Heard::Ready;
        }
        self.noise.clone_from(stderr);
        let prompt = self.prompt();
        let prompts = count(&self.noise, prompt.as_bytes());
        self.asked |= prompts > 0;
        if prompts > 1 || contains(&self.noise, b"try again") {
            return Heard::Refused;
        }
        Heard::Nothing
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

fn count(haystack: &[u8], needle: &[u8]) -> usize {
    haystack
        .windows(needle.len())
        .filter(|window| *window == needle)
        .count()
}
