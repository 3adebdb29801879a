//! The inventory: which hosts there are, in which groups, with which variables.
//!
//! What is read, how variables are merged and what a pattern selects is Ansible's; `docs/differences-from-ansible.md`
//! names the few places where it is not. Everything here is pure: `load::inventory` reads files and programs
//! and feeds a [`builder::Builder`].
//!
//! Where to look: [`select`] for patterns, [`precedence`] for variables and where they come from, [`conflicts`] for
//! the warning about groups that disagree, [`json`] and [`graph`] for what the `inventory` command prints,
//! [`connection`] for how a host is reached.

pub mod address;
pub mod become_settings;
pub mod builder;
pub mod conflicts;
pub mod connection;
pub mod family;
pub mod finish;
pub mod glob;
pub mod graph;
pub mod group;
pub mod host;
pub mod json;
pub mod literal;
mod literal_number;
mod literal_text;
pub mod magic;
pub mod names;
mod nesting;
pub mod pattern;
pub mod precedence;
pub mod range;
pub mod select;
pub mod settings;
pub mod ssh_arguments;
pub mod variables;
pub mod words;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use group::{Group, GroupId};
use host::{Host, HostId};
use variables::Variables;

use super::value::Map;

/// Hosts, groups and variables of all inventory sources together.
#[derive(Debug)]
pub struct Inventory {
    groups: IndexMap<String, Group>,
    hosts: IndexMap<String, Host>,
    /// This machine under each of its names, for patterns that name it although no source does.
    local: Vec<Host>,
    /// Each set of groups that some host is in; a fleet has many hosts and few of these.
    memberships: Vec<Membership>,
    /// `group_vars` and `host_vars`, weakest first.
    folders: Vec<Folder>,
    /// The magic variable `groups`, made when first asked for.
    group_map: OnceLock<Arc<Map>>,
}

/// The groups that some hosts have in common.
#[derive(Debug, Default)]
struct Membership {
    /// All groups but `all`, ancestors included, the weakest first.
    groups: Vec<GroupId>,
    /// The variables of `all` and of these groups, merged when first asked for.
    merged: OnceLock<Arc<Map>>,
}

/// The `group_vars` and `host_vars` beside one inventory or playbook.
#[derive(Clone, Debug)]
pub struct Folder {
    pub beside: Beside,
    pub groups: HashMap<String, Variables>,
    pub hosts: HashMap<String, Variables>,
}

/// What a folder of variables lies beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    Inventory,
    Playbook,
}

impl Inventory {
    /// A host by its exact name; this machine too, by `localhost`, `127.0.0.1` or `::1`.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name).or_else(|| self.this_machine(name))
    }

    /// The hosts that sources name, in the order in which they were first named.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.values()
    }

    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// `all`, `ungrouped` and the groups that sources name, in the order in which they were first named.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values()
    }

    /// A host that means this machine: the first one that a source names, else an implicit one.
    fn this_machine(&self, name: &str) -> Option<&Host> {
        if !host::LOCAL_NAMES.contains(&name) {
            return None;
        }
        self.hosts
            .values()
            .find(|host| host::LOCAL_NAMES.contains(&host.name.as_str()))
            .or_else(|| self.local.iter().find(|host| host.name == name))
    }

    fn group_at(&self, id: GroupId) -> &Group {
        &self.groups[id.0]
    }

    fn host_at(&self, id: HostId) -> &Host {
        &self.hosts[id.0]
    }

    /// All groups of a host but `all`, the weakest first.
    fn groups_of(&self, host: &Host) -> &[GroupId] {
        &self.memberships[host.membership].groups
    }
}
