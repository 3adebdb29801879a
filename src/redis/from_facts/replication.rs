//! Who follows whom, as values.

use indexmap::IndexMap;

use super::values::put_text;
use crate::model::facts::{Facts, RedisInstance};
use crate::model::value::{Map, Value};
use crate::redis::info::{Info, Role};
use crate::redis::topology::{Member, Watched, keeps_data};

/// Adds what a server says of those that it follows and that follow it.
pub(super) fn put(
    map: &mut Map,
    instance: &RedisInstance,
    info: &Info,
    config: &IndexMap<String, String>,
) {
    let Some(role) = info.role() else {
        return;
    };
    put_text(map, "keeper", Member::keeper(instance, info).word());
    if !config.is_empty() {
        map.insert("keeps_data".to_owned(), keeps_data(config).into());
    }
    if role == Role::Replica {
        let primary = info.text("master_host").zip(info.text("master_port"));
        if let Some((host, port)) = primary {
            put_text(map, "follows", &format!("{host}:{port}"));
        }
        let syncing = info.flag("master_sync_in_progress") == Some(true);
        let link = match info.text("master_link_status") {
            Some("down") if syncing => "syncing",
            status => status.unwrap_or_default(),
        };
        put_text(map, "link", link);
    }
    let offset = info
        .count("slave_repl_offset")
        .or_else(|| info.count("master_repl_offset"));
    if let Some(offset) = offset {
        map.insert("offset".to_owned(), offset.into());
    }
    let replicas: Vec<Value> = info
        .replicas()
        .into_iter()
        .map(|replica| {
            let mut one = Map::new();
            put_text(&mut one, "address", &replica.address);
            one.insert("online".to_owned(), replica.online.into());
            for (name, number) in [("offset", replica.offset), ("lag", replica.lag_seconds)] {
                if let Some(number) = number {
                    one.insert(name.to_owned(), number.into());
                }
            }
            one.into()
        })
        .collect();
    if !replicas.is_empty() {
        map.insert("replicas".to_owned(), Value::List(replicas));
    }
    if instance.sentinels > 0 {
        map.insert("watched_by".to_owned(), instance.sentinels.into());
    }
    let cluster = Info::parse(&instance.cluster_info);
    put_text(
        map,
        "cluster_state",
        cluster.text("cluster_state").unwrap_or_default(),
    );
    if let Some(slots) = cluster.count("cluster_slots_assigned") {
        map.insert("cluster_slots".to_owned(), slots.into());
    }
}

/// The Sentinels of a host, and what they watch.
pub(super) fn sentinels(facts: &Facts) -> Vec<Value> {
    facts
        .redis_sentinels
        .iter()
        .map(|sentinel| {
            let mut map = Map::new();
            put_text(&mut map, "unit", &sentinel.unit);
            map.insert("port".to_owned(), u32::from(sentinel.port).into());
            put_text(&mut map, "unreachable", &sentinel.unreachable);
            let watched = Watched::all_of(&sentinel.info).into_iter().map(|watched| {
                let mut one = Map::new();
                put_text(&mut one, "name", &watched.name);
                put_text(&mut one, "primary", &watched.primary.to_string());
                put_text(&mut one, "status", &watched.status);
                one.insert("replicas".to_owned(), watched.replicas.into());
                one.insert("sentinels".to_owned(), watched.sentinels.into());
                Value::Map(one)
            });
            map.insert("watches".to_owned(), Value::List(watched.collect()));
            map.into()
        })
        .collect()
}
