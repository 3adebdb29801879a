//! A replica takes over from its primary.

use super::action::Line;
use super::config::client;
use super::refused_address;
use crate::model::probe::RedisAddress;
use crate::model::replication::{Endpoint, Handover};
use crate::transport::script::builder::{Builder, command};
use crate::transport::script::library::Part;
use crate::transport::script::probes::client_words;

/// Adds the step.
pub(super) fn failover(
    primary: &RedisAddress,
    handover: &Handover,
    line: &mut Line,
    builder: &mut Builder,
) {
    builder.need(Part::RedisFailover);
    client("c_server", primary, builder);
    peer("c_peer", &client_words(primary), builder);
    // A Sentinel has passwords of its own, and seldom any.
    peer("c_sentinel", &[String::new()], builder);
    line.then(&command(
        "c_failover",
        [
            handover.keeper.word(),
            &handover.pause.to_string(),
            &handover.time_limit.to_string(),
            &list(&handover.to),
            &list(&handover.others),
            &list(&handover.sentinels),
            &handover.sentinel_name,
        ],
    ));
}

/// Defines a function as the client at `$c_host` and `$c_port`, with the account of these words.
fn peer(function: &str, words: &[String], builder: &mut Builder) {
    let secret = command("c_redis_speak", words.first());
    let account = words.iter().skip_while(|word| *word != "--user");
    let account = command("", account);
    builder.raw(&format!(
        "{function}() {{\n{secret} -h \"$c_host\" -p \"$c_port\"{account}\n}}\n"
    ));
}

fn list(endpoints: &[Endpoint]) -> String {
    let words: Vec<String> = endpoints
        .iter()
        .map(|endpoint| format!("{}|{}", endpoint.address, endpoint.port))
        .collect();
    words.join(" ")
}

/// Why the step cannot be put into a script, if so.
pub(super) fn refusal(primary: &RedisAddress, handover: &Handover) -> Option<String> {
    let all = [&handover.to, &handover.others, &handover.sentinels];
    refused_address(primary).or_else(|| {
        if let Some(endpoint) = all
            .into_iter()
            .flatten()
            .find(|endpoint| !is_plain(endpoint))
        {
            return Some(format!(
                "`{}` is no address of a server",
                endpoint.address.escape_debug()
            ));
        }
        let name = &handover.sentinel_name;
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        (!name.bytes().all(plain))
            .then(|| format!("`{}` is no name of a primary", name.escape_debug()))
    })
}

fn is_plain(endpoint: &Endpoint) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b".:_-%".contains(&letter);
    !endpoint.address.is_empty()
        && !endpoint.address.starts_with('-')
        && endpoint.address.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_put_into_a_script() {
        let handover = |address: &str, name: &str| Handover {
            to: vec![Endpoint::new(address, 6379)],
            sentinel_name: name.to_owned(),
            ..Handover::default()
        };
        let refused = |address, name| refusal(&RedisAddress::default(), &handover(address, name));
        assert_eq!(refused("10.0.0.2", "mymaster"), None);
        assert_eq!(refused("fd00::2", ""), None);
        for address in ["", "-h", "a b", "a|b", "$(id)", "a\n"] {
            assert!(refused(address, "").is_some(), "{address:?}");
        }
        assert!(refused("10.0.0.2", "my master").is_some());
    }
}
