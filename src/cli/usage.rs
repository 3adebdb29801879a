//! What is wrong with the command line itself.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Exit;

/// Options of `ansible-playbook` that people bring along, and what to do here.
const INSTEAD: &[(&str, &str)] = &[
    (
        "--check -C",
        "the command `plan` shows what would change, and changes nothing",
    ),
    ("--diff -D", "differences are always shown; leave it out"),
    (
        "--become -b",
        "write `become: true` into the play, or `ansible_become: true` into the inventory",
    ),
    ("--become-user", "write `become_user` into the play"),
    (
        "--ask-become-pass -K",
        "set `ansible_become_password`, for example with `--extra-vars @FILE` and a file that only you can read",
    ),
    (
        "--ask-pass -k",
        "log in with a key; passwords for SSH are not supported",
    ),
    (
        "--user -u",
        "set `ansible_user` in the inventory, or `User` in ~/.ssh/config",
    ),
    (
        "--private-key --key-file",
        "set `ansible_ssh_private_key_file` in the inventory, or `IdentityFile` in ~/.ssh/config",
    ),
    (
        "--syntax-check",
        "the command `plan` checks everything before it connects",
    ),
    ("--list-hosts", "`inventory --hosts-of PATTERN` lists hosts"),
    (
        "--list-tasks --list-tags",
        "the command `plan` shows the tasks that would change something",
    ),
    (
        "--start-at-task --step",
        "use `--tags`; what is as it should be is left alone anyway",
    ),
    (
        "--vault-password-file --ask-vault-pass --vault-id",
        "encrypted variables are not read",
    ),
    (
        "--flush-cache",
        "facts are asked anew in every run; leave it out",
    ),
    (
        "--force-handlers",
        "handlers that were earned always run; leave it out",
    ),
];

/// Tells what is wrong, or shows the help or the version that was asked for. The exit code: 0 where help was asked for.
/// A reader that has gone (`cachesmith --help | head`) is no failure.
pub fn tell(mut error: clap::Error) -> Exit {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _ = error.print();
        return Exit::Done;
    }
    if let Some(help) = instead(&error) {
        // Clap's own advice, to pass the option on as a value, would mislead.
        error.remove(ContextKind::SuggestedArg);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![help.into()]),
        );
    }
    let _ = error.print();
    Exit::Usage
}

/// What to do instead of an option of `ansible-playbook`.
fn instead(error: &clap::Error) -> Option<&'static str> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    INSTEAD
        .iter()
        .find(|(names, _)| names.split(' ').any(|name| name == given))
        .map(|(_, help)| *help)
}
