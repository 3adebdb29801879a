//! Who takes part in a play, as the variables that Ansible has for it.

use crate::model::value::{Map, Value};

/// `all`: the hosts that the play is for; `left`: those of them that have not failed before; `wave`: those that are
/// worked on now.
pub(super) fn taking_part(all: &[String], left: &[String], wave: &[String]) -> Map {
    let list =
        |hosts: &[String]| Value::List(hosts.iter().map(|host| host.as_str().into()).collect());
    Map::from_iter([
        ("ansible_play_hosts_all".to_owned(), list(all)),
        ("ansible_play_hosts".to_owned(), list(left)),
        ("ansible_play_batch".to_owned(), list(wave)),
        ("play_hosts".to_owned(), list(wave)),
    ])
}
