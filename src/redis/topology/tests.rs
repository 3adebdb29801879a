use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::replication::{Endpoint, Keeper};
use crate::redis::info::{Replica, Role};
use crate::redis::version::Server;

/// A server on `host` at `10.0.0.HOST`.
fn member(host: usize, port: u16, follows: Option<(usize, u16)>) -> Member {
    Member {
        host: format!("h{host:02}"),
        port,
        unit: format!("redis-{port}.service"),
        role: Some(if follows.is_some() {
            Role::Replica
        } else {
            Role::Primary
        }),
        server: Some(Server::redis(7, 0, 15)),
        endpoints: BTreeSet::from([endpoint(host, port)]),
        follows: follows.map(|(host, port)| endpoint(host, port)),
        link_up: follows.is_some(),
        ..Member::default()
    }
}

fn endpoint(host: usize, port: u16) -> Endpoint {
    Endpoint::new(format!("10.0.0.{host}"), port)
}

/// Every primary sees those that follow it.
fn connect(members: &mut [Member]) {
    let followers: Vec<(Endpoint, Endpoint)> = members
        .iter()
        .filter_map(|member| Some((member.follows.clone()?, member.endpoints.first()?.clone())))
        .collect();
    for member in members {
        member.replicas = followers
            .iter()
            .filter(|(primary, _)| member.endpoints.contains(primary))
            .map(|(_, replica)| Replica {
                address: replica.to_string(),
                online: true,
                offset: Some(100),
                lag_seconds: Some(0),
            })
            .collect();
    }
}

fn topology(mut members: Vec<Member>) -> Topology {
    connect(&mut members);
    build(members)
}

fn hosts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("h{number:02}")).collect()
}

fn names(places: &[Place]) -> Vec<&str> {
    places.iter().map(|place| place.host.as_str()).collect()
}

#[test]
fn a_pair_and_a_chain_are_shards_and_replicas_come_first() {
    let topology = topology(vec![
        member(0, 6379, None),
        member(1, 6379, Some((0, 6379))),
        member(2, 6379, None),
        member(3, 6379, Some((2, 6379))),
        member(4, 6379, Some((3, 6379))),
    ]);
    assert_eq!((topology.shards.len(), topology.refusals.len()), (2, 0));
    assert_eq!(topology.shards[0].name, "h00:6379");
    let depths: Vec<(&str, usize)> = topology.shards[1]
        .seats
        .iter()
        .map(|seat| (seat.host.as_str(), seat.depth))
        .collect();
    assert_eq!(depths, [("h02", 0), ("h03", 1), ("h04", 2)]);
    let places = order(&hosts(6), &topology);
    // The last one has no server at all.
    assert_eq!(names(&places), ["h01", "h04", "h05", "h00", "h03", "h02"]);
    let group = |host: &str| {
        places
            .iter()
            .find(|place| place.host == host)
            .unwrap()
            .group
    };
    assert_eq!(group("h00"), group("h01"));
    assert_eq!(group("h02"), group("h04"));
    assert_ne!(group("h00"), group("h02"));
    assert_ne!(group("h05"), group("h00"));
}

#[test]
fn a_primary_outside_of_the_inventory_is_told_and_its_replicas_stay_apart() {
    let topology = topology(vec![
        member(1, 6379, Some((9, 6379))),
        member(2, 6379, Some((9, 6379))),
    ]);
    assert_eq!(topology.shards.len(), 1);
    assert_eq!(topology.shards[0].outside, [endpoint(9, 6379)]);
    assert_eq!(topology.shards[0].name, "10.0.0.9:6379");
    assert_eq!(topology.warnings.len(), 2);
    assert!(topology.refusals.is_empty());
    let places = order(&hosts(3), &topology);
    assert_eq!(places[1].group, places[2].group);
}

#[test]
fn an_address_of_many_hosts_is_told_apart_by_the_history_of_the_data() {
    let shared = Endpoint::new("172.17.0.1", 6379);
    let mut members = vec![
        member(0, 6379, None),
        member(1, 6379, None),
        member(2, 6379, None),
    ];
    for (member, history) in members.iter_mut().zip(["a", "b", "b"]) {
        member.endpoints.insert(shared.clone());
        history.clone_into(&mut member.history);
    }
    members[2].role = Some(Role::Replica);
    members[2].follows = Some(shared);
    let known = build(members.clone());
    assert_eq!(known.shards.len(), 2);
    assert_eq!(known.shards[1].name, "h01:6379");
    members[1].history.clear();
    let unknown = build(members);
    assert!(
        unknown.refusals["h02"].contains("h00, h01"),
        "{:?}",
        unknown.refusals
    );
}

#[test]
fn loopback_means_the_own_host() {
    let mut members = vec![
        member(0, 6379, None),
        member(1, 6379, None),
        member(1, 6380, None),
    ];
    members[2].role = Some(Role::Replica);
    members[2].follows = Some(Endpoint::new("127.0.0.1", 6379));
    let topology = build(members);
    assert_eq!(topology.shards.len(), 2);
    assert_eq!(topology.shards[1].seats.len(), 2);
}

#[test]
fn who_cannot_be_asked_and_who_follows_itself_is_refused() {
    let mut silent = member(0, 6379, None);
    silent.role = None;
    silent.unreachable = "NOAUTH Authentication required.".to_owned();
    let topology = build(vec![
        silent,
        member(1, 6379, Some((2, 6379))),
        member(2, 6379, Some((1, 6379))),
    ]);
    assert!(topology.refusals["h00"].ends_with("NOAUTH Authentication required."));
    assert_eq!(topology.refusals.len(), 3);
    // An order is found all the same.
    assert_eq!(order(&hosts(3), &topology).len(), 3);
}

#[test]
fn hosts_with_replicas_of_each_other_take_turns_and_say_so() {
    let topology = topology(vec![
        member(0, 7000, None),
        member(0, 7001, Some((1, 7000))),
        member(1, 7000, None),
        member(1, 7001, Some((0, 7000))),
    ]);
    let places = order(&hosts(2), &topology);
    assert_eq!(names(&places), ["h00", "h01"]);
    assert_eq!(places[0].ahead_of, BTreeSet::from(["h01".to_owned()]));
    assert!(places[1].ahead_of.is_empty());
    assert_eq!(places[0].group, places[1].group);
}

#[test]
fn the_successor_is_ahead_of_others_on_another_host_and_waited_for() {
    let mut members = vec![
        member(0, 6379, None),
        member(0, 6380, Some((0, 6379))),
        member(1, 6379, Some((0, 6379))),
        member(2, 6379, Some((0, 6379))),
    ];
    connect(&mut members);
    members[0].replicas[2].offset = Some(101);
    let chosen = |members: &[Member]| successor(&build(members.to_vec()), 0);
    let first = chosen(&members).unwrap().unwrap();
    assert_eq!(first.candidate.host, "h02");
    assert_eq!(first.candidate.names, [endpoint(2, 6379)]);
    assert_eq!(first.others, [endpoint(0, 6380), endpoint(1, 6379)]);
    members[0].replicas[2].online = false;
    assert_eq!(chosen(&members).unwrap().unwrap().candidate.host, "h01");
    // Who is not online yet, or not even connected, is waited for.
    members[0].replicas[1].online = false;
    let waiting = chosen(&members).unwrap().unwrap();
    assert_eq!(waiting.candidate.host, "h02");
    assert_eq!(waiting.candidates.len(), 2);
    members[0].replicas.clear();
    assert_eq!(chosen(&members).unwrap().unwrap().candidate.host, "h01");
    members[0].server = Some(Server::redis(6, 0, 16));
    assert!(chosen(&members).unwrap_err().contains("6.2"));
    members[0].keeper = Keeper::Cluster;
    assert!(chosen(&members).is_ok());
    members.truncate(2);
    assert!(chosen(&members).unwrap_err().contains("on its own host"));
    members.truncate(1);
    assert_eq!(chosen(&members), Ok(None));
    let elsewhere = Replica {
        address: "192.0.2.1:6379".to_owned(),
        online: true,
        offset: None,
        lag_seconds: None,
    };
    members[0].replicas.push(elsewhere);
    assert!(
        chosen(&members)
            .unwrap_err()
            .starts_with("none of the 1 replicas")
    );
    members[0].keeper = Keeper::Sentinel;
    members[0].server = None;
    let mut watched = vec![members[0].clone(), member(1, 6379, Some((0, 6379)))];
    connect(&mut watched);
    assert!(
        chosen(&watched)
            .unwrap_err()
            .contains("none of them is on a host of this play")
    );
    let mut known = build(watched);
    known.sentinels = vec![Sentinel {
        host: "h01".to_owned(),
        endpoint: endpoint(1, 26379),
        watches: Watched::all_of(
            "master0:name=cache,status=ok,address=10.0.0.0:6379,slaves=1,sentinels=1",
        ),
    }];
    let told = successor(&known, 0).unwrap().unwrap();
    assert_eq!(
        (told.sentinels, told.sentinel_name.as_str()),
        (vec![endpoint(1, 26379)], "cache")
    );
}

#[test]
fn endpoints_are_read_as_servers_write_them() {
    for (text, address, port) in [
        ("10.0.0.2:6379", "10.0.0.2", 6379),
        ("[fd00::2]:6379", "fd00::2", 6379),
        ("fd00::2:6380", "fd00::2", 6380),
        ("Cache1.example:1", "cache1.example", 1),
    ] {
        assert_eq!(
            Endpoint::parse(text),
            Some(Endpoint::new(address, port)),
            "{text}"
        );
    }
    for text in ["", ":6379", "10.0.0.2", "10.0.0.2:x", "10.0.0.2:70000"] {
        assert_eq!(Endpoint::parse(text), None, "{text}");
    }
    assert_eq!(Endpoint::new("fd00::2", 1).to_string(), "[fd00::2]:1");
    assert!(Endpoint::new("LOCALHOST", 1).is_loopback() && Endpoint::new("::1", 1).is_loopback());
}

/// Servers of a shard: the host of each, and the place of whom it follows in the list.
type Servers = Vec<(usize, Option<usize>)>;

/// Shards with a tree of replicas each, spread over hosts so that no host has two servers of a shard.
fn fleets() -> impl Strategy<Value = (usize, Vec<Servers>)> {
    let shard = proptest::collection::vec((0_usize..100, any::<prop::sample::Index>()), 1..5);
    (2_usize..12, proptest::collection::vec(shard, 0..8)).prop_map(|(count, shards)| {
        let shards = shards
            .into_iter()
            .map(|servers| {
                let mut taken = BTreeSet::new();
                let mut list = Servers::new();
                for (host, leader) in servers {
                    if taken.insert(host % count) {
                        let leader = (!list.is_empty()).then(|| leader.index(list.len()));
                        list.push((host % count, leader));
                    }
                }
                list
            })
            .collect();
        (count, shards)
    })
}

proptest! {
    #[test]
    fn every_host_has_one_place_and_nobody_comes_before_its_replicas_unless_it_says_so((count, shards) in fleets()) {
        let mut members = Vec::new();
        for (number, servers) in shards.iter().enumerate() {
            let port = 7000 + u16::try_from(number).unwrap();
            for (host, leader) in servers {
                members.push(member(*host, port, leader.map(|leader| (servers[leader].0, port))));
            }
        }
        let topology = topology(members);
        prop_assert!(topology.refusals.is_empty() && topology.warnings.is_empty());
        prop_assert_eq!(topology.shards.len(), shards.len());
        let all = hosts(count);
        let places = order(&all, &topology);
        let at: BTreeMap<&str, usize> = places.iter().enumerate().map(|(at, place)| (place.host.as_str(), at)).collect();
        prop_assert_eq!((places.len(), at.len()), (count, count));
        for shard in &topology.shards {
            for seat in &shard.seats {
                // All hosts of a shard are of one group, so that no wave ever has two of them.
                prop_assert_eq!(places[at[seat.host.as_str()]].group, places[at[shard.seats[0].host.as_str()]].group);
            }
        }
        for (number, servers) in shards.iter().enumerate() {
            for (host, leader) in servers {
                let Some(leader) = leader else { continue };
                let (replica, primary) = (&all[*host], &all[servers[*leader].0]);
                let ahead = places[at[primary.as_str()]].ahead_of.contains(replica);
                prop_assert_eq!(at[replica.as_str()] > at[primary.as_str()], ahead, "shard {}", number);
            }
        }
        // Where every host has servers of one shard only, an order that is right for all is found.
        let single = shards.iter().flatten().map(|(host, _)| host).collect::<BTreeSet<_>>().len() == shards.iter().flatten().count();
        prop_assert!(!single || places.iter().all(|place| place.ahead_of.is_empty()));
    }

    #[test]
    fn no_answer_of_a_host_breaks_it(roles in proptest::collection::vec((0_usize..4, 0_u16..3, proptest::option::of((0_usize..5, 0_u16..3))), 0..12)) {
        let members: Vec<Member> = roles.iter().map(|(host, port, follows)| member(*host, *port, *follows)).collect();
        let topology = topology(members);
        let places = order(&hosts(4), &topology);
        prop_assert_eq!(places.len(), 4);
        for index in 0..topology.members.len() {
            let _ = successor(&topology, index);
        }
    }
}
