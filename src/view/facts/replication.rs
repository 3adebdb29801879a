//! Whom a server follows, who follows it, and the Sentinels.

use super::sheet::{Part, Row};
use crate::model::value::{Map, Value};
use crate::view::tell::count;

/// `primary of 2 replicas (1 not in sync)`, `replica of 10.0.0.1:6379, its link is down`, `watched by 3 Sentinels`. Of
/// a server that stands alone, nothing.
pub(super) fn of(server: &Map) -> Vec<String> {
    let text = |name: &str| server.get(name).and_then(Value::as_str);
    let replicas = list(server, "replicas");
    let mut parts = Vec::new();
    match (text("role"), text("follows")) {
        (Some("replica"), Some(primary)) => {
            parts.push(match text("link") {
                Some("up") => format!("replica of {primary}"),
                Some("syncing") => format!("replica of {primary}, it gets all data anew"),
                _ => format!("replica of {primary}, its link is down"),
            });
            if !replicas.is_empty() {
                parts.push(format!("followed by {}", count(replicas.len(), "replica")));
            }
        }
        (Some("primary"), _) if !replicas.is_empty() => {
            let in_sync = |replica: &&Value| replica.get("online") == Some(&Value::Bool(true));
            let behind = replicas.len() - replicas.iter().filter(in_sync).count();
            let mut words = format!("primary of {}", count(replicas.len(), "replica"));
            if behind > 0 {
                words.push_str(&format!(" ({behind} not in sync)"));
            }
            parts.push(words);
        }
        _ => {}
    }
    if let Some(number) = number(server, "watched_by") {
        parts.push(format!("watched by {}", count(number, "Sentinel")));
    }
    if let Some(state) = text("cluster_state") {
        let slots = number(server, "cluster_slots").unwrap_or(0);
        parts.push(format!(
            "in a cluster that is {state}, {slots} of 16384 slots assigned"
        ));
    }
    parts
}

/// A row for each Sentinel.
pub(super) fn sentinels(redis: &Map) -> Vec<Row> {
    list(redis, "sentinels")
        .iter()
        .filter_map(Value::as_map)
        .map(|sentinel| {
            let watches = list(sentinel, "watches");
            let mut words: Vec<String> = watches
                .iter()
                .filter_map(Value::as_map)
                .map(watched)
                .collect();
            if let Some(why) = sentinel.get("unreachable").and_then(Value::as_str) {
                words.push(format!("it could not be asked: {why}"));
            } else if words.is_empty() {
                words.push("watches nobody".to_owned());
            }
            let port = number(sentinel, "port").unwrap_or(0);
            let name = format!("sentinel on port {port}");
            Row::new(Part::Server, &name, words.join("; "), "INFO")
        })
        .collect()
}

fn watched(primary: &Map) -> String {
    let text = |name: &str| {
        primary
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let how_many = |name: &str, word: &str| count(number(primary, name).unwrap_or(0), word);
    format!(
        "{} at {}: {}, {}, {}",
        text("name"),
        text("primary"),
        text("status"),
        how_many("replicas", "replica"),
        how_many("sentinels", "Sentinel"),
    )
}

fn list<'a>(map: &'a Map, name: &str) -> &'a [Value] {
    map.get(name).and_then(Value::as_list).unwrap_or_default()
}

fn number(map: &Map, name: &str) -> Option<usize> {
    match map.get(name) {
        Some(Value::Int(number)) => usize::try_from(*number).ok(),
        _ => None,
    }
}
