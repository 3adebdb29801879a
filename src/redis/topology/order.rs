//! In which order hosts are changed: whoever follows comes before whom it follows.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Groups;
use super::shards::Topology;

/// A host in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub host: String,
    /// Hosts of one group have servers of the same shards, or are joined by others that have: no two of them may be
    /// changed at once. The number of the first of them.
    pub group: usize,
    /// Hosts with replicas of its servers that come after it all the same, because it has replicas of theirs.
    pub ahead_of: BTreeSet<String>,
}

/// Puts hosts in an order in which all replicas come first, then those that they follow, level by level; hosts of one
/// level stay in the order in which they were given. Where two hosts hold replicas of each other, no order is right
/// for both: the one with the fewest replicas still to come is taken first, and says so.
#[must_use]
pub fn order(hosts: &[String], topology: &Topology) -> Vec<Place> {
    let numbers: BTreeMap<&str, usize> = hosts
        .iter()
        .enumerate()
        .map(|(number, host)| (host.as_str(), number))
        .collect();
    let mut groups = Groups::new(hosts.len());
    let mut first_of_shard: BTreeMap<usize, usize> = BTreeMap::new();
    let mut waits_for: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); hosts.len()];
    for (index, member) in topology.members.iter().enumerate() {
        let Some(own) = numbers.get(member.host.as_str()) else {
            continue;
        };
        let first = first_of_shard
            .entry(topology.shard_of[index])
            .or_insert(*own);
        groups.join(*own, *first);
        for follower in &topology.followers[index] {
            let follower = numbers.get(topology.members[*follower].host.as_str());
            if let Some(follower) = follower.filter(|follower| *follower != own) {
                waits_for[*own].insert(*follower);
            }
        }
    }
    let mut rest: BTreeSet<usize> = (0..hosts.len()).collect();
    let mut places = Vec::with_capacity(hosts.len());
    while !rest.is_empty() {
        let ready: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|host| waits_for[*host].is_disjoint(&rest))
            .collect();
        let level = if ready.is_empty() {
            let fewest = rest
                .iter()
                .copied()
                .min_by_key(|host| (waits_for[*host].intersection(&rest).count(), *host));
            fewest.into_iter().collect()
        } else {
            ready
        };
        for host in level {
            rest.remove(&host);
            let ahead_of = waits_for[host].intersection(&rest);
            places.push(Place {
                host: hosts[host].clone(),
                group: groups.root(host),
                ahead_of: ahead_of.map(|other| hosts[*other].clone()).collect(),
            });
        }
    }
    places
}
