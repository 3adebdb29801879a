//! Which value of a variable counts, and where it came from.
//!
//! The order is Ansible's, weakest first:
//!
//! 1. `all` in the inventory, then the host's other groups in the inventory
//! 2. `group_vars/all` beside the inventory, then beside the playbook
//! 3. `group_vars/*` beside the inventory, then beside the playbook
//! 4. the host in the inventory
//! 5. `host_vars/*` beside the inventory, then beside the playbook
//!
//! Among groups the deeper one wins, then the one with the higher `ansible_group_priority`, then the later one in
//! alphabetical order. A value replaces an earlier one entirely; mappings are not mixed.

use std::fmt;
use std::sync::Arc;

use super::builder::in_folder;
use super::group::{ALL, GroupId};
use super::host::Host;
use super::variables::Variables;
use super::{Beside, Inventory};
use crate::model::source::At;
use crate::model::value::{Map, Value};

/// Where variables were set, as seen from one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'a> {
    pub holder: Holder<'a>,
    /// `None` where an inventory source sets them itself.
    pub beside: Option<Beside>,
}

/// Whose variables they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'a> {
    Group(&'a str),
    Host(&'a str),
}

/// `group cache, in the inventory`; `host cache01, in host_vars beside the playbook`.
impl fmt::Display for Level<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = match self.holder {
            Holder::Group(name) => {
                write!(formatter, "group {name}, in ")?;
                "group_vars"
            }
            Holder::Host(name) => {
                write!(formatter, "host {name}, in ")?;
                "host_vars"
            }
        };
        match self.beside {
            None => formatter.write_str("the inventory"),
            Some(Beside::Inventory) => write!(formatter, "{folder} beside the inventory"),
            Some(Beside::Playbook) => write!(formatter, "{folder} beside the playbook"),
        }
    }
}

/// One setting of a variable: where, and the value that it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin<'a> {
    pub level: Level<'a>,
    pub at: &'a At,
    pub value: &'a Value,
}

/// The variables of one level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer<'a> {
    pub level: Level<'a>,
    pub variables: &'a Variables,
    /// The group, where it is one; and the number of the folder, counted from 1, where it is from a folder.
    pub group: Option<GroupId>,
    pub folder: usize,
}

impl Inventory {
    /// The variables of a host, merged, not rendered, without magic ones. They are merged at each call; keep them.
    pub fn variables(&self, host: &Host) -> Arc<Map> {
        let groups = self.membership_variables(host);
        let own = self.host_layers(host);
        if own.iter().all(|layer| layer.variables.is_empty()) {
            return groups;
        }
        let mut merged = (*groups).clone();
        for layer in own {
            layer.variables.write_into(&mut merged);
        }
        Arc::new(merged)
    }

    /// Every setting of a variable for a host, weakest first: the last one counts. Empty where nothing sets it.
    pub fn origin<'a>(&'a self, host: &'a Host, variable: &'a str) -> Vec<Origin<'a>> {
        let mut chain: Vec<Origin<'a>> = Vec::new();
        for layer in self.layers(host) {
            for setting in layer.variables.settings(variable) {
                chain.push(Origin {
                    level: layer.level,
                    at: &setting.at,
                    value: &setting.value,
                });
            }
        }
        chain
    }

    /// The place that gave a host's variable the value that counts.
    pub fn place(&self, host: &Host, variable: &str) -> Option<At> {
        self.layers(host)
            .iter()
            .rev()
            .find_map(|layer| layer.variables.get(variable))
            .map(|found| found.at.clone())
    }

    /// What applies to a host, weakest first.
    pub(super) fn layers<'a>(&'a self, host: &'a Host) -> Vec<Layer<'a>> {
        let mut layers = self.group_layers(host);
        layers.extend(self.host_layers(host));
        layers
    }

    /// What applies to a host because of its groups, weakest first.
    pub(super) fn group_layers<'a>(&'a self, host: &Host) -> Vec<Layer<'a>> {
        let groups = self.groups_of(host);
        let mut layers = vec![self.in_sources(ALL)];
        layers.extend(groups.iter().map(|id| self.in_sources(*id)));
        for (index, folder) in self.folders.iter().enumerate() {
            let all = self.group_at(ALL).name();
            layers.extend(in_folder(&folder.groups, all).map(|variables| Layer {
                level: group_level(all, Some(folder.beside)),
                variables,
                group: Some(ALL),
                folder: index + 1,
            }));
        }
        for (index, folder) in self.folders.iter().enumerate() {
            layers.extend(groups.iter().filter_map(|id| {
                let name = self.group_at(*id).name();
                in_folder(&folder.groups, name).map(|variables| Layer {
                    level: group_level(name, Some(folder.beside)),
                    variables,
                    group: Some(*id),
                    folder: index + 1,
                })
            }));
        }
        layers
    }

    fn in_sources(&self, id: GroupId) -> Layer<'_> {
        let group = self.group_at(id);
        Layer {
            level: group_level(group.name(), None),
            variables: &group.variables,
            group: Some(id),
            folder: 0,
        }
    }

    /// What applies to a host by its own name, weakest first.
    pub(super) fn host_layers<'a>(&'a self, host: &'a Host) -> Vec<Layer<'a>> {
        let level = |beside| Level {
            holder: Holder::Host(&host.name),
            beside,
        };
        let mut layers = vec![Layer {
            level: level(None),
            variables: &host.variables,
            group: None,
            folder: 0,
        }];
        for (index, folder) in self.folders.iter().enumerate() {
            layers.extend(in_folder(&folder.hosts, &host.name).map(|variables| Layer {
                level: level(Some(folder.beside)),
                variables,
                group: None,
                folder: index + 1,
            }));
        }
        layers
    }

    /// What the groups of a host give, merged once for all hosts with the same groups.
    fn membership_variables(&self, host: &Host) -> Arc<Map> {
        let membership = &self.memberships[host.membership];
        Arc::clone(membership.merged.get_or_init(|| {
            let mut merged = Map::new();
            for layer in self.group_layers(host) {
                layer.variables.write_into(&mut merged);
            }
            Arc::new(merged)
        }))
    }
}

fn group_level(name: &str, beside: Option<Beside>) -> Level<'_> {
    Level {
        holder: Holder::Group(name),
        beside,
    }
}
