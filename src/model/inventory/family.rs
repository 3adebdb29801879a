//! Which hosts a group holds, its inner groups' hosts included.

use std::collections::HashSet;

use super::Inventory;
use super::group::{Group, GroupId};
use super::host::{Host, HostId};

impl Inventory {
    /// The hosts of a group and of all groups inside it, each once: its own first, then those of its children,
    /// then those of their children.
    pub fn hosts_of(&self, group: &Group) -> Vec<&Host> {
        self.host_ids_of(group)
            .into_iter()
            .map(|id| self.host_at(id))
            .collect()
    }

    pub(super) fn host_ids_of(&self, group: &Group) -> Vec<HostId> {
        let mut hosts: Vec<HostId> = Vec::new();
        let mut seen = vec![false; self.hosts.len()];
        for group in std::iter::once(group).chain(
            self.inner_groups(group)
                .into_iter()
                .map(|id| self.group_at(id)),
        ) {
            for host in &group.hosts {
                if !std::mem::replace(&mut seen[host.0], true) {
                    hosts.push(*host);
                }
            }
        }
        hosts
    }

    /// All groups inside a group, level by level, each once.
    fn inner_groups(&self, group: &Group) -> Vec<GroupId> {
        let mut ordered: Vec<GroupId> = Vec::new();
        let mut seen: HashSet<GroupId> = HashSet::new();
        let mut level: Vec<GroupId> = group.children.keys().copied().collect();
        while !level.is_empty() {
            level.retain(|id| seen.insert(*id));
            ordered.extend(&level);
            level = level
                .iter()
                .flat_map(|id| self.group_at(*id).children.keys().copied())
                .collect();
        }
        ordered
    }
}
