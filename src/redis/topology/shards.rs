//! Servers joined to shards.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Groups;
use super::matching::{Directory, Found};
use super::member::Member;
use super::sentinel::Sentinel;
use crate::model::replication::{Endpoint, Keeper, Seat, Shard};
use crate::redis::info::Role;

/// What is known of the servers of all hosts that were asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    pub members: Vec<Member>,
    /// The Sentinels on these hosts.
    pub sentinels: Vec<Sentinel>,
    /// Those with more than one server, or with servers outside of the inventory; then single servers, each alone.
    pub shards: Vec<Shard>,
    /// Why nothing may be changed on a host: by its name.
    pub refusals: BTreeMap<String, String>,
    /// What a person should know before anything is changed: sentences without a full stop.
    pub warnings: Vec<String>,
    /// The shard of each member.
    pub(super) shard_of: Vec<usize>,
    /// Whom each member follows, where that is a member.
    pub(super) leaders: Vec<Option<usize>>,
    /// The members that follow each member.
    pub(super) followers: Vec<BTreeSet<usize>>,
}

/// Makes shards of the servers of all hosts.
#[must_use]
pub fn build(members: Vec<Member>) -> Topology {
    let directory = Directory::of(&members);
    let mut topology = Topology::default();
    let mut groups = Groups::new(members.len());
    let mut leaders: Vec<Option<usize>> = vec![None; members.len()];
    let mut outside: BTreeMap<Endpoint, BTreeSet<usize>> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        if member.role.is_none() {
            refuse_silent(&mut topology, member);
        }
        if let Some(primary) = &member.follows {
            match directory.find(index, primary) {
                Found::Member(leader) => {
                    groups.join(index, leader);
                    leaders[index] = Some(leader);
                }
                Found::Nobody => {
                    outside.entry(primary.clone()).or_default().insert(index);
                    topology.warnings.push(format!(
                        "{} follows {primary}, which is on no host of this play: keep it up while its replicas are changed",
                        member.name()
                    ));
                }
                Found::Several(several) => {
                    let hosts: BTreeSet<&str> = several
                        .iter()
                        .map(|other| members[*other].host.as_str())
                        .collect();
                    topology.refusals.insert(
                        member.host.clone(),
                        format!(
                            "{} follows {primary}, and several hosts have that address: {}; give the primary an address of its own with `replica-announce-ip`",
                            member.name(),
                            hosts.into_iter().collect::<Vec<_>>().join(", ")
                        ),
                    );
                }
            }
        }
        for replica in &member.replicas {
            let Some(endpoint) = Endpoint::parse(&replica.address) else {
                continue;
            };
            match directory.find(index, &endpoint) {
                Found::Member(follower) => groups.join(index, follower),
                Found::Nobody | Found::Several(_) => {
                    outside.entry(endpoint).or_default().insert(index);
                }
            }
        }
    }
    // Two replicas of one unknown primary are of one shard.
    for speakers in outside.values() {
        let mut speakers = speakers.iter();
        if let Some(first) = speakers.next() {
            speakers.for_each(|other| groups.join(*first, *other));
        }
    }
    refuse_circles(&mut topology, &members, &leaders);
    topology.followers = vec![BTreeSet::new(); members.len()];
    for (index, leader) in leaders.iter().enumerate() {
        if let Some(leader) = leader {
            topology.followers[*leader].insert(index);
        }
    }
    topology.leaders = leaders;
    topology.shards(&members, &mut groups, &outside);
    topology.members = members;
    topology
}

fn refuse_silent(topology: &mut Topology, member: &Member) {
    let why = match member.unreachable.as_str() {
        "" => "it does not tell its role",
        why => why,
    };
    topology.refusals.insert(
        member.host.clone(),
        format!(
            "the server {} could not be asked whether replicas follow it: {why}",
            member.name()
        ),
    );
}

/// Servers that follow each other have no primary.
fn refuse_circles(topology: &mut Topology, members: &[Member], leaders: &[Option<usize>]) {
    for (index, member) in members.iter().enumerate() {
        if depth(index, leaders).is_none() {
            topology.refusals.insert(
                member.host.clone(),
                format!(
                    "{} follows itself by way of others: nobody there is a primary",
                    member.name()
                ),
            );
        }
    }
}

/// How many servers stand above one; `None`: it stands above itself.
fn depth(index: usize, leaders: &[Option<usize>]) -> Option<usize> {
    let mut depth = 0;
    let mut current = index;
    while let Some(leader) = leaders[current] {
        depth += 1;
        current = leader;
        if depth > leaders.len() {
            return None;
        }
    }
    Some(depth)
}

impl Topology {
    fn shards(
        &mut self,
        members: &[Member],
        groups: &mut Groups,
        outside: &BTreeMap<Endpoint, BTreeSet<usize>>,
    ) {
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        let mut lists: Vec<Vec<usize>> = Vec::new();
        for index in 0..members.len() {
            let root = groups.root(index);
            let number = *numbers.entry(root).or_insert_with(|| {
                lists.push(Vec::new());
                lists.len() - 1
            });
            lists[number].push(index);
            self.shard_of.push(number);
        }
        for list in lists {
            self.shards.push(self.shard(members, &list, outside));
        }
    }

    fn shard(
        &self,
        members: &[Member],
        list: &[usize],
        outside: &BTreeMap<Endpoint, BTreeSet<usize>>,
    ) -> Shard {
        let mut seats: Vec<Seat> = list
            .iter()
            .map(|index| {
                let member = &members[*index];
                let above = depth(*index, &self.leaders).unwrap_or(0);
                // A replica of somebody who is not known stands below somebody.
                let orphan = member.role == Some(Role::Replica) && above == 0;
                Seat {
                    host: member.host.clone(),
                    port: member.port,
                    depth: above + usize::from(orphan),
                    follows: member.follows.clone(),
                    link_up: member.link_up,
                    keeps_data: member.keeps_data,
                    successor: None,
                }
            })
            .collect();
        seats.sort_by_key(|seat| seat.depth);
        let outside: Vec<Endpoint> = outside
            .iter()
            .filter(|(_, speakers)| speakers.iter().any(|index| list.contains(index)))
            .map(|(endpoint, _)| endpoint.clone())
            .collect();
        let keepers: Vec<Keeper> = list.iter().map(|index| members[*index].keeper).collect();
        let keeper = [Keeper::Cluster, Keeper::Sentinel]
            .into_iter()
            .find(|keeper| keepers.contains(keeper))
            .unwrap_or_default();
        let name = match seats.first() {
            Some(seat) if seat.depth > 0 => seat
                .follows
                .as_ref()
                .map_or_else(String::new, Endpoint::to_string),
            Some(seat) => format!("{}:{}", seat.host, seat.port),
            None => String::new(),
        };
        Shard {
            name,
            keeper,
            seats,
            outside,
        }
    }
}
