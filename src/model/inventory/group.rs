//! Groups of hosts.

use indexmap::{IndexMap, IndexSet};

use super::host::HostId;
use super::variables::Variables;
use crate::model::source::At;

/// The number of a group in its inventory, in the order in which groups were first named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub(super) usize);

/// The group that every host and group belongs to.
pub const ALL: GroupId = GroupId(0);

/// The group of the hosts that are in no other group.
pub const UNGROUPED: GroupId = GroupId(1);

/// A group: hosts, other groups and variables.
#[derive(Clone, Debug)]
pub struct Group {
    pub(super) name: String,
    pub(super) at: Option<At>,
    /// The hosts named in this group itself, in order.
    pub(super) hosts: IndexSet<HostId>,
    /// The groups inside this one, in order, each with the place that put it there.
    pub(super) children: IndexMap<GroupId, Option<At>>,
    pub(super) parents: Vec<GroupId>,
    /// The longest way up to `all`, which has depth 0. Variables of deeper groups win.
    pub(super) depth: usize,
    /// `ansible_group_priority`: among groups of one depth, the higher one wins.
    pub(super) priority: i64,
    /// What inventory sources set; files of `group_vars` are kept in folders.
    pub(super) variables: Variables,
}

impl Group {
    pub(super) fn new(name: &str, at: Option<&At>) -> Self {
        Self {
            name: name.to_owned(),
            at: at.cloned(),
            hosts: IndexSet::new(),
            children: IndexMap::new(),
            parents: Vec::new(),
            depth: 0,
            priority: 1,
            variables: Variables::new(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the group was first named; `None` for the two groups that always exist.
    pub fn at(&self) -> Option<&At> {
        self.at.as_ref()
    }

    /// The longest way up to `all`.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// `ansible_group_priority`, 1 where nothing is set.
    pub fn priority(&self) -> i64 {
        self.priority
    }

    /// By what variables are merged: the later group wins.
    pub(super) fn rank(&self) -> (usize, i64, &str) {
        (self.depth, self.priority, &self.name)
    }
}
