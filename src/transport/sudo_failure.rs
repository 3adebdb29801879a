//! What sudo's words mean.

use super::error::{TransportError, TransportErrorKind as Kind};
use super::session::Exit;
use super::sudo::Dialogue;

/// sudo's words (in English, we ask for the C locale) and what they mean. The first that is found decides, so the more
/// telling words come first. From sudo's sources: `plugins/sudoers/{auth,check,sudoers,logging}.c`, `src/{sudo,tgetpass}.c`.
const WORDS: [(&str, Kind); 22] = [
    ("unknown user", Kind::SudoUnknownUser),
    ("unknown group", Kind::SudoFailed),
    ("must have a tty to run sudo", Kind::SudoNeedsTerminal),
    ("is not in the sudoers file", Kind::SudoNotAllowed),
    ("NOT in sudoers", Kind::SudoNotAllowed),
    ("is not allowed to run sudo", Kind::SudoNotAllowed),
    ("is not allowed to execute", Kind::SudoNotAllowed),
    ("may not run sudo", Kind::SudoNotAllowed),
    (
        "not allowed to preserve the environment",
        Kind::SudoNotAllowed,
    ),
    ("account validation failure", Kind::SudoNotAllowed),
    ("Account expired", Kind::SudoNotAllowed),
    ("incorrect password attempt", Kind::SudoPasswordWrong),
    ("no password was provided", Kind::SudoPasswordWrong),
    ("try again", Kind::SudoPasswordWrong),
    ("a password is required", Kind::SudoPasswordRequired),
    (
        "interactive authentication is required",
        Kind::SudoPasswordRequired,
    ),
    (
        "a terminal is required to read the password",
        Kind::SudoPasswordRequired,
    ),
    ("no tty present", Kind::SudoPasswordRequired),
    ("no askpass program", Kind::SudoPasswordRequired),
    (
        "Interactive authentication required",
        Kind::SudoPasswordRequired,
    ),
    ("command not found", Kind::SudoFailed),
    ("not found", Kind::SudoFailed),
];

/// Says why the other user's shell was not reached.
pub(super) fn explain(host: &str, dialogue: &Dialogue<'_>, exit: Exit) -> TransportError {
    let as_user = dialogue.as_user();
    let (user, exe) = (&as_user.user, &as_user.exe);
    let noise = dialogue.noise();
    let said = last_words(&noise);
    let mut kind = if dialogue.says_missing() {
        Kind::SudoMissing
    } else {
        classify(&noise)
    };
    if kind == Kind::SudoPasswordWrong && as_user.password.is_none() {
        kind = Kind::SudoPasswordRequired;
    }
    if kind == Kind::SudoPasswordRequired && as_user.password.is_some() {
        kind = Kind::SudoPasswordWrong;
    }
    let error = |message: String| TransportError::new(kind, host, message);
    match kind {
        Kind::SudoMissing => error(format!("cannot become {user}: there is no `{exe}` on the host"))
            .help("install sudo there, or connect as the user itself and leave `become` out"),
        Kind::SudoPasswordRequired => {
            error(format!("cannot become {user}: sudo asks for a password and none was given"))
                .help("give it as `ansible_become_password`")
                .help("or allow it without one: `USER ALL=(ALL) NOPASSWD: ALL` in a file of /etc/sudoers.d")
        }
        Kind::SudoPasswordWrong => {
            error(format!("cannot become {user}: sudo does not accept the password"))
                .help("sudo wants the password of the user who connects, unless its rules say otherwise")
        }
        Kind::SudoNotAllowed => error(format!("cannot become {user}: sudo does not allow it: {said}"))
            .help("allow it in a file of /etc/sudoers.d; `sudo -l` on the host shows what is allowed"),
        Kind::SudoNeedsTerminal => error(format!("cannot become {user}: sudo demands a terminal"))
            .help("take `requiretty` out of its rules, or exempt the user: `Defaults:USER !requiretty`"),
        Kind::SudoUnknownUser => error(format!("cannot become {user}: the host has no such user"))
            .help("correct `become_user`, or create the user first"),
        _ => {
            let how = match exit {
                Exit::Code(code) => format!("status {code}"),
                Exit::Signal => "a signal".to_owned(),
            };
            let said = if said.is_empty() {
                "it said nothing".to_owned()
            } else {
                said
            };
            error(format!("cannot become {user}: `{exe}` ended with {how}: {said}"))
        }
    }
}

/// What sudo's words mean.
fn classify(noise: &str) -> Kind {
    WORDS
        .iter()
        .find(|(words, _)| noise.contains(words))
        .map_or(Kind::SudoFailed, |(_, kind)| *kind)
}

/// The last line that says something, without the program's name.
fn last_words(noise: &str) -> String {
    let line = noise
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or_default();
    line.strip_prefix("sudo: ").unwrap_or(line).to_owned()
}
