//! The variables that are set for every host without being written: its name, its groups, everybody's groups.

use std::sync::Arc;

use super::Inventory;
use super::host::Host;
use crate::model::value::{Map, Value};

impl Inventory {
    /// The groups of a host, ancestors included, without `all`, in alphabetical order.
    pub fn group_names(&self, host: &Host) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .groups_of(host)
            .iter()
            .map(|id| self.group_at(*id).name())
            .collect();
        names.sort_unstable();
        names
    }

    /// What is known of a host by its place in the inventory: `inventory_hostname`, `inventory_hostname_short`,
    /// `group_names`, `inventory_file`, `inventory_dir`. They win over all variables. [`Inventory::group_map`] is
    /// apart, because it is large and the same for all hosts.
    pub fn magic(&self, host: &Host) -> Map {
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
        let names = self.group_names(host);
        [
            ("inventory_hostname", host.name().into()),
            ("inventory_hostname_short", host.short_name().into()),
            (
                "group_names",
                Value::List(names.into_iter().map(Into::into).collect()),
            ),
            ("inventory_file", text(&host.provenance.file)),
            ("inventory_dir", text(&host.provenance.directory)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// The magic variable `groups`: every group's name and the names of its hosts. Made once.
    pub fn group_map(&self) -> Arc<Map> {
        Arc::clone(self.group_map.get_or_init(|| {
            let groups = self.groups().map(|group| {
                let hosts = self.hosts_of(group);
                let names = hosts.into_iter().map(|host| host.name().into()).collect();
                (group.name().to_owned(), Value::List(names))
            });
            Arc::new(groups.collect())
        }))
    }
}
