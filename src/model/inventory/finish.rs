//! The last step of building: every group below `all`, depths, `ungrouped`, memberships, and what is doubtful.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use super::builder::Builder;
use super::group::{ALL, Group, GroupId, UNGROUPED};
use super::host::{Host, HostId, LOCAL_NAMES};
use super::variables::Variable;
use super::{Inventory, Membership, conflicts};
use crate::model::diagnostic::Diagnostic;
use crate::model::source::{At, Source};

impl Builder {
    /// The inventory and everything doubtful about it.
    pub fn finish(mut self) -> (Inventory, Vec<Diagnostic>) {
        for index in 0..self.groups.len() {
            if self.groups[index].parents.is_empty() && GroupId(index) != ALL {
                self.link(ALL, GroupId(index), None);
            }
        }
        set_depths(&mut self.groups);
        self.settle_ungrouped();
        let memberships = memberships(&self.groups, &mut self.hosts);
        self.warn_about_names();
        let mut warnings = self.warnings;
        let inventory = Inventory {
            groups: self.groups,
            hosts: self.hosts,
            local: implicit_hosts(),
            memberships,
            folders: self.folders,
            group_map: OnceLock::new(),
        };
        warnings.extend(conflicts::find(&inventory));
        (inventory, warnings)
    }

    /// `ungrouped` holds exactly the hosts that are in no group but `all`.
    fn settle_ungrouped(&mut self) {
        for (index, host) in self.hosts.values_mut().enumerate() {
            let grouped = host
                .groups
                .iter()
                .any(|group| *group != ALL && *group != UNGROUPED);
            let ungrouped = host.groups.contains(&UNGROUPED);
            if grouped && ungrouped {
                host.groups.retain(|group| *group != UNGROUPED);
                self.groups[UNGROUPED.0].hosts.shift_remove(&HostId(index));
            } else if !grouped && !ungrouped {
                host.groups.push(UNGROUPED);
                self.groups[UNGROUPED.0].hosts.insert(HostId(index));
            }
        }
    }

    fn warn_about_names(&mut self) {
        let mut odd = self
            .odd_groups
            .iter()
            .map(|group| &self.groups[group.0])
            .filter_map(|group| Some((&group.name, group.at.as_ref()?)));
        if let Some((first, at)) = odd.next() {
            let mut warning = Diagnostic::warning(format!(
                "group name `{first}` holds characters other than letters, digits and `_`"
            ))
            .at(at);
            for (name, at) in odd {
                warning = warning.related(at, format!("`{name}` does, too"));
            }
            self.warnings.push(warning.help(
                "it works, but a template must write `groups['name']` where `groups.name` would do otherwise",
            ));
        }
        for (name, group) in &self.groups {
            if let Some(host) = self.hosts.get(name) {
                let mut warning = Diagnostic::warning(format!("`{name}` names a host and a group"));
                if let Some(at) = &host.at {
                    warning = warning.at(at).label("the host");
                }
                if let Some(at) = &group.at {
                    warning = warning.related(at, "the group");
                }
                self.warnings
                    .push(warning.help("a pattern with this name selects the host only"));
            }
        }
    }
}

/// The longest way from `all` to each group. There are no circles: they were refused when groups were nested.
fn set_depths(groups: &mut IndexMap<String, Group>) {
    let mut waiting: Vec<usize> = groups.values().map(|group| group.parents.len()).collect();
    let mut ready = VecDeque::from([ALL]);
    while let Some(id) = ready.pop_front() {
        let depth = groups[id.0].depth;
        let children: Vec<GroupId> = groups[id.0].children.keys().copied().collect();
        for child in children {
            groups[child.0].depth = groups[child.0].depth.max(depth + 1);
            waiting[child.0] -= 1;
            if waiting[child.0] == 0 {
                ready.push_back(child);
            }
        }
    }
}

/// Gives every host the index of its set of groups, and lists these sets.
fn memberships(
    groups: &IndexMap<String, Group>,
    hosts: &mut IndexMap<String, Host>,
) -> Vec<Membership> {
    // The first one is of implicit hosts, which are in no group.
    let mut found = vec![Membership::default()];
    let mut known: HashMap<Vec<GroupId>, usize> = HashMap::new();
    for host in hosts.values_mut() {
        let mut direct = host.groups.clone();
        direct.sort_unstable();
        host.membership = *known.entry(direct).or_insert_with_key(|direct| {
            found.push(Membership {
                groups: with_ancestors(groups, direct),
                merged: OnceLock::new(),
            });
            found.len() - 1
        });
    }
    found
}

/// These groups and all groups that they are inside, but not `all`; the weakest first.
fn with_ancestors(groups: &IndexMap<String, Group>, direct: &[GroupId]) -> Vec<GroupId> {
    let mut seen: HashSet<GroupId> = HashSet::new();
    let mut open = direct.to_vec();
    while let Some(id) = open.pop() {
        if id != ALL && seen.insert(id) {
            open.extend(&groups[id.0].parents);
        }
    }
    let mut list: Vec<GroupId> = seen.into_iter().collect();
    list.sort_by(|a, b| groups[a.0].rank().cmp(&groups[b.0].rank()));
    list
}

/// This machine under each of its names, reached without a connection.
fn implicit_hosts() -> Vec<Host> {
    let at = At::start(&Source::new("implicit localhost", ""));
    LOCAL_NAMES
        .iter()
        .map(|name| {
            let mut host = Host::new(name, None, &Arc::default());
            host.implicit = true;
            host.variables.set(
                "ansible_connection",
                Variable {
                    value: "local".into(),
                    at: at.clone(),
                },
            );
            host
        })
        .collect()
}
