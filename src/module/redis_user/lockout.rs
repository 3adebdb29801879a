//! A task must not shut out the account that it comes in with: nobody could take it back.

use super::running::Running;
use super::wanted::Request;
use crate::module::{Failure, Stop};
use crate::redis::acl::{Rules, fingerprint};

/// What the account that asks has to run, with the categories that each command has in every version.
const NEEDED: [(&str, &[&str]); 9] = [
    ("ping", &["fast", "connection"]),
    ("info", &["slow", "dangerous"]),
    ("config|get", &["admin", "slow", "dangerous"]),
    ("config|set", &["admin", "slow", "dangerous"]),
    ("acl|list", &["admin", "slow", "dangerous"]),
    ("acl|setuser", &["admin", "slow", "dangerous"]),
    ("acl|deluser", &["admin", "slow", "dangerous"]),
    ("multi", &["fast", "transaction"]),
    ("exec", &["slow", "transaction"]),
];

/// # Errors
/// Where the account would lose what the next task, and the way back, need.
pub(super) fn refuse(request: &Request, running: &Running<'_>, wanted: &Rules) -> Result<(), Stop> {
    let address = running.address();
    let login = address.user.as_deref().unwrap_or("default");
    if request.name != login {
        return Ok(());
    }
    let refused = |why: &str, help: &str| -> Result<(), Stop> {
        Err(Failure::new(format!(
            "the tasks of this host log in as `{login}`, and {why}: nothing could be set or taken back any more"
        ))
        .help(help)
        .into())
    };
    if !request.is_present() {
        return refused("the account is to go", "log in as another (`login_user`)");
    }
    if !wanted.enabled {
        return refused("nobody could", "log in as another (`login_user`)");
    }
    let comes_in = wanted.open
        || address
            .password
            .as_ref()
            .is_some_and(|password| wanted.passwords.contains(&fingerprint(password.expose())));
    if !comes_in {
        return refused(
            "the password that they come in with is not among the new ones",
            "give both in `password` for one run, change `login_password`, and leave the old one out in the next",
        );
    }
    match NEEDED
        .iter()
        .find(|(command, categories)| !wanted.may(command, categories))
    {
        Some((command, _)) => refused(
            &format!(
                "the new rules do not let it run `{}`",
                command.replace('|', " ")
            ),
            "log in as another (`login_user`), or leave this account +ping, +info, +config, +acl, +multi and +exec",
        ),
        None => Ok(()),
    }
}
