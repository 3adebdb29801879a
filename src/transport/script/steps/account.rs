//! Accounts of running servers: ACL LIST as a guard, ACL SETUSER and ACL DELUSER as a step.

use super::action::Line;
use super::config::client;
use crate::model::blob::Blob;
use crate::model::probe::RedisAddress;
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::library::Part;
use crate::transport::script::quote::{Heredoc, client_word};

/// Adds the guard that an account has the rules that were looked at, or is not there.
pub(super) fn guard(
    address: &RedisAddress,
    name: &str,
    rules: Option<&[String]>,
    line: &mut Line,
    builder: &mut Builder,
) {
    builder.need(Part::RedisUser);
    client("c_guarded_server", address, builder);
    let expected = rules.map_or(String::new(), |rules| {
        format!("user {name} {}", rules.join(" "))
    });
    line.then(&command("c_guard_account", [name, expected.trim_end()]));
}

/// Adds the step that gives an account its rules, all others being taken away, or removes it.
pub(super) fn set(
    address: &RedisAddress,
    name: &str,
    rules: Option<&[String]>,
    line: &mut Line,
    builder: &mut Builder,
) {
    builder.need(Part::RedisUser);
    client("c_server", address, builder);
    let mut input = match rules {
        Some(_) => format!("ACL SETUSER {} reset", client_word(name.as_bytes())),
        None => format!("ACL DELUSER {}", client_word(name.as_bytes())),
    };
    for word in rules.unwrap_or_default() {
        input.push(' ');
        input.push_str(&client_word(word.as_bytes()));
    }
    let heredoc = Heredoc::new(&Blob::from(input), &builder.nonce().frame);
    line.then("c_account").feed(&heredoc);
}
