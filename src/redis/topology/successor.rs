//! Who takes over from a primary before it restarts.

use std::cmp::Reverse;

use super::member::Member;
use super::sentinel::Watched;
use super::shards::Topology;
use crate::model::replication::{Endpoint, Keeper};
use crate::redis::info::Replica;
use crate::redis::version::{Flavour, Version};

/// A replica that becomes the primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    pub candidate: Candidate,
    /// All that could take over, the best first.
    pub candidates: Vec<Candidate>,
    /// Further replicas of the primary, as it knows them.
    pub others: Vec<Endpoint>,
    /// Sentinels that watch the primary, and what they call it.
    pub sentinels: Vec<Endpoint>,
    pub sentinel_name: String,
}

/// A replica that could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The inventory's name of its host.
    pub host: String,
    /// As its primary knows it; while it is not connected, all names under which it may be known, the likeliest first.
    pub names: Vec<Endpoint>,
}

/// The replica that takes over from a member: on another host of this play, and where there are several, one that is
/// online, with the most of the primary's stream. One that is not online yet is waited for when its time has come: it
/// may have been restarted a moment ago. `Ok(None)`: nobody follows it.
///
/// # Errors
/// Replicas follow it, and none of them can take over: why, in a sentence without a full stop.
pub fn successor(topology: &Topology, index: usize) -> Result<Option<Successor>, String> {
    let member = &topology.members[index];
    let followers: Vec<&Member> = topology.followers[index]
        .iter()
        .map(|follower| &topology.members[*follower])
        .collect();
    if member.replicas.is_empty() && followers.is_empty() {
        return Ok(None);
    }
    refused_version(member)?;
    if followers.is_empty() {
        return Err(format!(
            "none of the {} replicas of {} is on a host of this play",
            member.replicas.len(),
            member.name()
        ));
    }
    let mut able: Vec<(Option<&Replica>, Candidate)> = followers
        .iter()
        .filter(|follower| follower.host != member.host)
        .map(|follower| {
            let seen = seen(member, follower);
            let names = match &seen {
                Some((endpoint, _)) => vec![endpoint.clone()],
                None => follower.names(),
            };
            let candidate = Candidate {
                host: follower.host.clone(),
                names,
            };
            (seen.map(|(_, replica)| replica), candidate)
        })
        .filter(|(_, candidate)| !candidate.names.is_empty())
        .collect();
    able.sort_by_key(|(replica, candidate)| {
        let standing = replica.map(|replica| (replica.online, replica.offset));
        (Reverse(standing), candidate.host.clone())
    });
    let candidates: Vec<Candidate> = able.into_iter().map(|(_, candidate)| candidate).collect();
    let Some(candidate) = candidates.first().cloned() else {
        return Err(format!(
            "all replicas of {} are on its own host",
            member.name()
        ));
    };
    let others = member
        .replicas
        .iter()
        .filter_map(|replica| Endpoint::parse(&replica.address))
        .filter(|other| !candidate.names.contains(other))
        .collect();
    let (sentinels, sentinel_name) = sentinels(topology, member)?;
    Ok(Some(Successor {
        candidate,
        candidates,
        others,
        sentinels,
        sentinel_name,
    }))
}

/// How a primary sees one that follows it.
fn seen<'m>(member: &'m Member, follower: &Member) -> Option<(Endpoint, &'m Replica)> {
    member.replicas.iter().find_map(|replica| {
        let endpoint = Endpoint::parse(&replica.address)?;
        let is_meant = follower.endpoints.contains(&endpoint)
            || endpoint.is_loopback()
                && follower.host == member.host
                && follower.port == endpoint.port;
        is_meant.then_some((endpoint, replica))
    })
}

/// Redis knows `FAILOVER` and `CLIENT PAUSE WRITE` from 6.2 on, and every Valkey does. A cluster hands over by itself.
fn refused_version(member: &Member) -> Result<(), String> {
    let Some(server) = member.server.filter(|_| member.keeper != Keeper::Cluster) else {
        return Ok(());
    };
    let old = server.flavour == Flavour::Redis && server.version < Version::new(6, 2, 0);
    if old {
        return Err(format!(
            "{} is Redis {}, and only 6.2 and later can hand over without losing writes",
            member.name(),
            server.version
        ));
    }
    Ok(())
}

/// The Sentinels that watch a primary.
fn sentinels(topology: &Topology, member: &Member) -> Result<(Vec<Endpoint>, String), String> {
    if member.keeper != Keeper::Sentinel {
        return Ok((Vec::new(), String::new()));
    }
    let mut endpoints = Vec::new();
    let mut name = String::new();
    for sentinel in &topology.sentinels {
        let own = |watched: &&Watched| {
            member.endpoints.contains(&watched.primary)
                || watched.primary.is_loopback()
                    && sentinel.host == member.host
                    && watched.primary.port == member.port
        };
        if let Some(watched) = sentinel.watches.iter().find(own) {
            endpoints.push(sentinel.endpoint.clone());
            name.clone_from(&watched.name);
        }
    }
    if endpoints.is_empty() {
        return Err(format!(
            "Sentinels watch {}, and none of them is on a host of this play: add their hosts to it",
            member.name()
        ));
    }
    Ok((endpoints, name))
}
