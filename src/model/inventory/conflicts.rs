//! Groups that disagree: two groups of one host set a variable to different values, and nothing but the alphabet
//! decides which one counts.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::Inventory;
use super::group::GroupId;
use super::host::Host;
use super::precedence::Layer;
use super::variables::Variable;
use crate::model::diagnostic::Diagnostic;

/// Two groups that give hosts a variable, at the same depth, with the same priority, in the same place.
struct Conflict<'a> {
    name: &'a str,
    winner: (GroupId, &'a Variable),
    loser: (GroupId, &'a Variable),
}

/// One warning for each variable and pair of groups, however many hosts are in both.
pub(super) fn find(inventory: &Inventory) -> Vec<Diagnostic> {
    let mut hosts_by_membership: IndexMap<usize, Vec<&Host>> = IndexMap::new();
    for host in inventory.hosts() {
        hosts_by_membership
            .entry(host.membership)
            .or_default()
            .push(host);
    }
    let mut found: IndexMap<(&str, GroupId, GroupId), (Conflict<'_>, Vec<&Host>)> = IndexMap::new();
    for hosts in hosts_by_membership.values() {
        for conflict in among_groups(inventory, hosts[0]) {
            let affected = hosts.iter().copied().filter(|host| {
                inventory
                    .host_layers(host)
                    .iter()
                    .all(|layer| layer.variables.get(conflict.name).is_none())
            });
            let affected: Vec<&Host> = affected.collect();
            if !affected.is_empty() {
                let key = (conflict.name, conflict.winner.0, conflict.loser.0);
                found
                    .entry(key)
                    .or_insert_with(|| (conflict, Vec::new()))
                    .1
                    .extend(affected);
            }
        }
    }
    found
        .values()
        .map(|(conflict, hosts)| describe(inventory, conflict, hosts))
        .collect()
}

/// The conflicts among the groups of a host; all hosts with the same groups have the same ones.
fn among_groups<'a>(inventory: &'a Inventory, host: &Host) -> Vec<Conflict<'a>> {
    let layers = inventory.group_layers(host);
    // For each variable, the layer that counts and those before it.
    let mut settings: HashMap<&str, Vec<(&Layer<'a>, &'a Variable)>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    for layer in &layers {
        for (name, variable) in layer.variables.iter() {
            let list = settings.entry(name).or_default();
            if list.is_empty() {
                order.push(name);
            }
            list.push((layer, variable));
        }
    }
    let mut conflicts = Vec::new();
    for name in order {
        let list = &settings[name];
        let Some(((winner, value), others)) = list.split_last() else {
            continue;
        };
        let rival = others.iter().rev().find(|(layer, other)| {
            other.value != value.value && are_rivals(inventory, winner, layer)
        });
        if let (Some((loser, other)), Some(winner)) = (rival, winner.group)
            && let Some(loser) = loser.group
        {
            conflicts.push(Conflict {
                name,
                winner: (winner, value),
                loser: (loser, other),
            });
        }
    }
    conflicts
}

/// Same place, same depth, same priority: only the names decide. Groups of one depth are never inside each other.
fn are_rivals(inventory: &Inventory, winner: &Layer<'_>, other: &Layer<'_>) -> bool {
    let (Some(a), Some(b)) = (winner.group, other.group) else {
        return false;
    };
    let (left, right) = (inventory.group_at(a), inventory.group_at(b));
    a != b
        && winner.folder == other.folder
        && left.depth == right.depth
        && left.priority == right.priority
}

fn describe(inventory: &Inventory, conflict: &Conflict<'_>, hosts: &[&Host]) -> Diagnostic {
    let name = conflict.name;
    let winner = inventory.group_at(conflict.winner.0).name();
    let loser = inventory.group_at(conflict.loser.0).name();
    let whom = match hosts {
        [host] => format!("host `{}`", host.name()),
        [host, rest @ ..] => format!("host `{}` and {} more", host.name(), rest.len()),
        [] => "hosts".to_owned(),
    };
    Diagnostic::warning(format!(
        "groups `{loser}` and `{winner}` set `{name}` to different values for {whom}; `{winner}` wins by the alphabet"
    ))
    .at(&conflict.winner.1.at)
    .label("this one counts")
    .related(&conflict.loser.1.at, "this one does not")
    .help(format!(
        "set `ansible_group_priority` on one of the groups, or set `{name}` for the hosts themselves"
    ))
}
