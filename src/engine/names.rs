//! Who takes part in a play, as the variables that Ansible has for it.

use crate::model::value::{Map, Value};

/// The hosts of a play.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Those that the play is for.
    pub(super) all: Vec<String>,
    /// Those of them that have not failed before.
    pub(super) left: Vec<String>,
}

impl Names {
    /// What hosts see that are only asked, all of them at once.
    pub(super) fn among(hosts: Vec<String>) -> Map {
        let names = Self {
            all: hosts.clone(),
            left: hosts,
        };
        names.variables(&names.left)
    }

    /// What a host sees of them; `wave`: those that are worked on with it.
    pub(super) fn variables(&self, wave: &[String]) -> Map {
        let list =
            |hosts: &[String]| Value::List(hosts.iter().map(|host| host.as_str().into()).collect());
        Map::from_iter([
            ("ansible_play_hosts_all".to_owned(), list(&self.all)),
            ("ansible_play_hosts".to_owned(), list(&self.left)),
            ("ansible_play_batch".to_owned(), list(wave)),
            ("play_hosts".to_owned(), list(wave)),
        ])
    }
}
