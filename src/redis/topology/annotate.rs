//! What a topology adds to the variables of a host: under which names a server is known, and who takes over from it.

use super::shards::Topology;
use super::successor::{Candidate, Successor, successor};
use crate::model::replication::Endpoint;
use crate::model::value::{Map, Value};

/// Adds `known_as`, and `successor` or `no_successor`, to the servers among a host's variables.
pub fn annotate(variables: &mut Map, host: &str, topology: &Topology) {
    let Some(Value::Map(redis)) = variables.get_mut("redis") else {
        return;
    };
    let Some(Value::List(instances)) = redis.get_mut("instances") else {
        return;
    };
    for instance in instances {
        let Value::Map(map) = instance else {
            continue;
        };
        let port = map.get("port").cloned();
        let socket = map
            .get("socket")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let member = topology.members.iter().position(|member| {
            member.host == host
                && port == Some(u32::from(member.port).into())
                && member.socket == socket
        });
        let Some(index) = member else {
            continue;
        };
        let names = list(&topology.members[index].names());
        map.insert("known_as".to_owned(), names);
        match successor(topology, index) {
            Ok(None) => {}
            Ok(Some(found)) => {
                map.insert("successor".to_owned(), of(&found).into());
            }
            Err(why) => {
                map.insert("no_successor".to_owned(), why.into());
            }
        }
    }
}

fn of(found: &Successor) -> Map {
    let mut map = candidate(&found.candidate);
    map.insert("others".to_owned(), list(&found.others));
    let all = found.candidates.iter().map(|one| candidate(one).into());
    map.insert("candidates".to_owned(), Value::List(all.collect()));
    if !found.sentinels.is_empty() {
        map.insert("sentinels".to_owned(), list(&found.sentinels));
        let name = found.sentinel_name.as_str();
        map.insert("sentinel_name".to_owned(), name.into());
    }
    map
}

fn candidate(candidate: &Candidate) -> Map {
    let mut map = Map::new();
    map.insert("host".to_owned(), candidate.host.as_str().into());
    map.insert("names".to_owned(), list(&candidate.names));
    map
}

fn list(endpoints: &[Endpoint]) -> Value {
    let texts = endpoints.iter().map(|endpoint| endpoint.to_string().into());
    Value::List(texts.collect())
}
