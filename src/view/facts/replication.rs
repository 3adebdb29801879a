//! Whom a server follows, who follows it, and the Sentinels.

use super::sheet::{Part, Row};
use crate::model::facts::{Facts, RedisInstance};
use crate::model::replication::Keeper;
use crate::redis::info::{Info, Role};
use crate::redis::topology::{Member, Watched};
use crate::view::tell::count;

/// `primary of 2 replicas (1 not in sync)`, `replica of 10.0.0.1:6379, its link is down`, `watched by 3 Sentinels`. Of
/// a server that stands alone, nothing.
pub(super) fn of(instance: &RedisInstance) -> Vec<String> {
    let info = Info::parse(&instance.info);
    let mut parts = Vec::new();
    let replicas = info.replicas();
    match info.role() {
        Some(Role::Replica) => {
            let field = |name| info.text(name).unwrap_or("?");
            let mut text = format!(
                "replica of {}:{}",
                field("master_host"),
                field("master_port")
            );
            if field("master_link_status") != "up" {
                text.push_str(", its link is down");
            } else if field("master_sync_in_progress") == "1" {
                text.push_str(", it gets all data anew");
            }
            parts.push(text);
            if !replicas.is_empty() {
                parts.push(format!("followed by {}", count(replicas.len(), "replica")));
            }
        }
        Some(Role::Primary) if !replicas.is_empty() => {
            let behind = replicas.iter().filter(|replica| !replica.online).count();
            let mut text = format!("primary of {}", count(replicas.len(), "replica"));
            if behind > 0 {
                text.push_str(&format!(" ({behind} not in sync)"));
            }
            parts.push(text);
        }
        _ => {}
    }
    match Member::keeper(instance, &info) {
        Keeper::Nobody => {}
        Keeper::Sentinel => {
            let number = usize::try_from(instance.sentinels).unwrap_or(usize::MAX);
            parts.push(format!("watched by {}", count(number, "Sentinel")));
        }
        Keeper::Cluster => {
            let cluster = Info::parse(&instance.cluster_info);
            let field = |name| cluster.text(name).unwrap_or("?");
            parts.push(format!(
                "in a cluster that is {}, {} of 16384 slots served",
                field("cluster_state"),
                field("cluster_slots_ok")
            ));
        }
    }
    parts
}

/// A row for each Sentinel.
pub(super) fn sentinels(facts: &Facts) -> Vec<Row> {
    facts
        .redis_sentinels
        .iter()
        .map(|sentinel| {
            let watched = Watched::all_of(&sentinel.info).into_iter().map(|watched| {
                format!(
                    "{} at {}: {}, {}, {}",
                    watched.name,
                    watched.primary,
                    watched.status,
                    count(usize::try_from(watched.replicas).unwrap_or(0), "replica"),
                    count(usize::try_from(watched.sentinels).unwrap_or(0), "Sentinel"),
                )
            });
            let mut words: Vec<String> = watched.collect();
            if !sentinel.unreachable.is_empty() {
                words.push(format!("it could not be asked: {}", sentinel.unreachable));
            } else if words.is_empty() {
                words.push("watches nobody".to_owned());
            }
            let name = format!("sentinel on port {}", sentinel.port);
            Row::new(Part::Server, &name, words.join("; "), "INFO")
        })
        .collect()
}
