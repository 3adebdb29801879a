//! What sudo's words mean.

use super::Dialogue;
use crate::transport::error::{TransportError, TransportErrorKind as Kind};
use crate::transport::session::Exit;
use crate::transport::target::Become;

/// sudo's words (in English, we ask for the C locale) and what they mean. The first that is found decides, so the more
/// telling words come first. From the sources of sudo (`plugins/sudoers/{auth,check,sudoers,logging}.c`,
/// `src/{sudo,tgetpass}.c`) and of sudo-rs (`src/common/error.rs`, `src/pam/error.rs`), which newer Ubuntu has in its place.
const WORDS: [(&str, Kind); 27] = [
    ("unknown user", Kind::SudoUnknownUser),
    ("unknown group", Kind::SudoFailed),
    ("must have a tty to run sudo", Kind::SudoNeedsTerminal),
    ("is not in the sudoers file", Kind::SudoNotAllowed),
    ("NOT in sudoers", Kind::SudoNotAllowed),
    ("is not allowed to run sudo", Kind::SudoNotAllowed),
    ("is not allowed to execute", Kind::SudoNotAllowed),
    ("is not allowed to authenticate as", Kind::SudoNotAllowed),
    ("may not run ", Kind::SudoNotAllowed),
    ("I'm afraid I can't do that", Kind::SudoNotAllowed),
    (
        "not allowed to preserve the environment",
        Kind::SudoNotAllowed,
    ),
    ("ccount validation failure", Kind::SudoFailed),
    ("ccount expired", Kind::SudoFailed),
    ("assword is expired", Kind::SudoFailed),
    ("assword expired", Kind::SudoFailed),
    ("incorrect password attempt", Kind::SudoPasswordWrong),
    ("ncorrect authentication attempt", Kind::SudoPasswordWrong),
    ("no password was provided", Kind::SudoPasswordWrong),
    ("try again", Kind::SudoPasswordWrong),
    ("a password is required", Kind::SudoPasswordRequired),
    (
        "nteractive authentication is required",
        Kind::SudoPasswordRequired,
    ),
    ("nteraction is required", Kind::SudoPasswordRequired),
    ("terminal is required to", Kind::SudoPasswordRequired),
    ("no tty present", Kind::SudoPasswordRequired),
    ("o askpass program", Kind::SudoPasswordRequired),
    ("sudo-rs: user '", Kind::SudoUnknownUser),
    ("sudo: user '", Kind::SudoUnknownUser),
];

/// Says why the other user's shell was not reached.
pub(in crate::transport) fn explain(
    host: &str,
    dialogue: &Dialogue<'_>,
    exit: Exit,
) -> TransportError {
    let kind = if dialogue.says_missing() {
        Kind::SudoMissing
    } else {
        classify(&dialogue.noise())
    };
    tell(host, dialogue.as_user(), kind, &dialogue.noise(), exit)
}

fn tell(host: &str, as_user: &Become, mut kind: Kind, noise: &str, exit: Exit) -> TransportError {
    let (user, exe) = (&as_user.user, &as_user.exe);
    let said = one_line(noise);
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
            .help("allow it to run `sh` as that user in a file of /etc/sudoers.d: `USER ALL=(ALL) ALL`; `sudo -l` on the host shows what is allowed"),
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

/// sudo's lines in one, without its name.
fn one_line(noise: &str) -> String {
    noise
        .lines()
        .map(str::trim)
        .map(|line| {
            ["sudo: ", "sudo-rs: "]
                .iter()
                .find_map(|name| line.strip_prefix(name))
                .unwrap_or(line)
                .trim_end_matches('.')
        })
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::{Kind, classify, tell};
    use crate::model::secret::Secret;
    use crate::transport::session::Exit;
    use crate::transport::target::Become;
    use crate::transport::tests::cases;

    /// The folder names the kind; the snapshot beside a text is what a person reads.
    #[test]
    fn every_complaint_of_sudo_is_explained() {
        for case in cases("sudo", "txt") {
            let kind = classify(&case.text);
            let password = (kind != Kind::SudoPasswordRequired).then(|| Secret::new("wrong"));
            let as_user = Become {
                password,
                ..Become::user("redis")
            };
            let error = tell("cache01", &as_user, kind, &case.text, Exit::Code(1));
            case.check(&error);
        }
    }
}
