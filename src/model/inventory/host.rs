//! Hosts.

use std::sync::Arc;

use super::group::GroupId;
use super::variables::Variables;
use crate::model::source::At;

/// The number of a host in its inventory, in the order in which hosts were first named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub(super) usize);

/// The names that mean this machine.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The inventory source that named something first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The absolute path of the file or program, or the list of hosts as given.
    pub file: Option<String>,
    /// The folder that the file is in.
    pub directory: Option<String>,
}

/// A host that can be asked and changed.
#[derive(Clone, Debug)]
pub struct Host {
    pub(super) name: String,
    pub(super) at: Option<At>,
    pub(super) provenance: Arc<Provenance>,
    /// The groups that name this host themselves.
    pub(super) groups: Vec<GroupId>,
    /// The index of its set of groups in the inventory's memberships.
    pub(super) membership: usize,
    /// What inventory sources set; files of `host_vars` are kept in folders.
    pub(super) variables: Variables,
    /// This machine, used by name without being written in an inventory.
    pub(super) implicit: bool,
}

impl Host {
    pub(super) fn new(name: &str, at: Option<&At>, provenance: &Arc<Provenance>) -> Self {
        Self {
            name: name.to_owned(),
            at: at.cloned(),
            provenance: Arc::clone(provenance),
            groups: Vec::new(),
            membership: 0,
            variables: Variables::new(),
            implicit: false,
        }
    }

    /// The name in the inventory, `inventory_hostname`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name up to its first dot, `inventory_hostname_short`; an address is not shortened.
    pub fn short_name(&self) -> &str {
        if super::address::is_ip(&self.name) {
            return &self.name;
        }
        self.name.split('.').next().unwrap_or(&self.name)
    }

    /// Where the host was first named; `None` where it is this machine, by its name alone.
    pub fn at(&self) -> Option<&At> {
        self.at.as_ref()
    }

    /// The inventory source that named the host first.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether this is the machine Cachesmith runs on, used by name without being written in an inventory.
    pub fn is_implicit(&self) -> bool {
        self.implicit
    }
}
