//! The servers of a host.

use super::values::{put_text, support_word};
use super::{build, replication};
use crate::model::facts::{Facts, RedisInstance};
use crate::model::value::{Map, Value};
use crate::redis::config_get;
use crate::redis::guard_status;
use crate::redis::info::{Info, Role};
use crate::redis::version::Flavour;

/// The port that a server is expected on; it makes one of several the main one.
const USUAL_PORT: u16 = 6379;

/// Whether a server uses memory, now or after the next boot.
pub(super) fn counts(instance: &RedisInstance) -> bool {
    instance.pid != 0 || instance.active == "active" || instance.enabled == "enabled"
}

/// The server that is meant by "the server": one that runs rather than one that does not, one that starts at boot
/// rather than another, the one on the usual port, then the one with the lowest port.
pub(super) fn main(
    facts: &Facts,
    is_meant: impl Fn(&RedisInstance) -> bool,
) -> Option<&RedisInstance> {
    facts
        .redis_instances
        .iter()
        .filter(|instance| is_meant(instance))
        .min_by_key(|instance| {
            (
                instance.pid == 0,
                instance.enabled != "enabled",
                instance.port != USUAL_PORT,
                instance.port,
            )
        })
}

/// All of them as values.
pub(super) fn list(facts: &Facts) -> Vec<Value> {
    facts
        .redis_instances
        .iter()
        .map(|instance| {
            let mut map = one(facts, instance);
            if let Some(guard) = guard_of(facts, instance) {
                map.insert("guard".to_owned(), guard.into());
            }
            Value::Map(map)
        })
        .collect()
}

/// What the guard of a server says, where it has one that is not off.
fn guard_of(facts: &Facts, instance: &RedisInstance) -> Option<Map> {
    let texts = facts.guards.values();
    let status = texts
        .filter_map(|text| guard_status::parse(text))
        .find(|status| {
            let is_at = |port| status.is_about(port, None);
            is_at(instance.port)
                || is_at(instance.tls_port)
                || status.is_about(0, Some(&instance.socket))
        })?;
    let mut map = Map::new();
    put_text(&mut map, "state", &status.state);
    put_text(&mut map, "why", &status.why);
    let holds = status.holds.iter().map(|name| name.as_str().into());
    map.insert("holds".to_owned(), Value::List(holds.collect()));
    for (name, bytes) in [
        ("planned_maxmemory", status.planned_maxmemory),
        ("held_maxmemory", status.held_maxmemory),
        ("used", Some(status.used)),
        ("limit", Some(status.limit)),
    ] {
        if let Some(bytes) = bytes {
            map.insert(name.to_owned(), bytes.into());
        }
    }
    map.insert("updated".to_owned(), status.updated.into());
    Some(map)
}

fn one(facts: &Facts, instance: &RedisInstance) -> Map {
    let mut map = Map::new();
    let info = Info::parse(&instance.info);
    map.insert("running".to_owned(), (instance.pid != 0).into());
    for (name, text) in [
        ("unit", &instance.unit),
        ("active", &instance.active),
        ("enabled", &instance.enabled),
        ("binary", &instance.binary),
        ("config_file", &instance.config_file),
        ("user", &instance.user),
        ("socket", &instance.socket),
        ("bind", &instance.bind),
        ("unreachable", &instance.unreachable),
    ] {
        put_text(&mut map, name, text);
    }
    map.insert("port".to_owned(), u32::from(instance.port).into());
    if instance.tls_port != 0 {
        map.insert("tls_port".to_owned(), u32::from(instance.tls_port).into());
    }
    if let Some(files) = &instance.tls {
        let named = files.named().into_iter();
        let named = named.filter(|(_, path)| !path.is_empty());
        let files: Map = named
            .map(|(name, path)| (name.to_owned(), path.into()))
            .collect();
        map.insert("tls".to_owned(), files.into());
    }
    if instance.pid != 0 {
        map.insert("pid".to_owned(), instance.pid.into());
        map.insert("resident".to_owned(), instance.resident.into());
        map.insert("swapped".to_owned(), instance.swapped.into());
        map.insert("restart_pending".to_owned(), instance.replaced.into());
    }
    if let Some(server) = info.server() {
        let flavour = if server.flavour == Flavour::Redis {
            "redis"
        } else {
            "valkey"
        };
        put_text(&mut map, "flavour", flavour);
        put_text(&mut map, "version", &server.version.to_string());
    }
    let (decision, assessment) = build::of_instance(facts, instance);
    map.insert("defragmentation".to_owned(), decision.enable.into());
    put_text(
        &mut map,
        "defragmentation_support",
        support_word(assessment.verdict),
    );
    let reason = if decision.enable {
        assessment.reasons.first().cloned().unwrap_or_default()
    } else {
        decision.refusals.join("; ")
    };
    put_text(&mut map, "defragmentation_reason", &reason);
    for (name, field) in [
        ("used_memory", "used_memory"),
        ("used_memory_peak", "used_memory_peak"),
        ("maxmemory", "maxmemory"),
    ] {
        if let Some(bytes) = info.bytes(field) {
            map.insert(name.to_owned(), bytes.into());
        }
    }
    let config = config_get::parse(&instance.config).unwrap_or_default();
    if let Some(clients) = config
        .get("maxclients")
        .and_then(|text| text.parse::<u32>().ok())
    {
        map.insert("maxclients".to_owned(), clients.into());
    }
    let own_score = config.get("oom-score-adj").map(String::as_str);
    put_text(&mut map, "oom_score_adj", own_score.unwrap_or_default());
    put_text(
        &mut map,
        "maxmemory_policy",
        info.text("maxmemory_policy").unwrap_or_default(),
    );
    let role = match info.role() {
        Some(Role::Primary) => "primary",
        Some(Role::Replica) => "replica",
        Some(Role::Sentinel) => "sentinel",
        None => "",
    };
    put_text(&mut map, "role", role);
    if let Some(fragmentation) = info.fragmentation() {
        map.insert("fragmentation".to_owned(), fragmentation.ratio().into());
    }
    if let Some(cluster) = info.flag("cluster_enabled") {
        map.insert("cluster".to_owned(), cluster.into());
    }
    replication::put(&mut map, instance, &info, &config);
    map
}
