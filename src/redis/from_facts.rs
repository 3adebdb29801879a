//! What follows from a host's facts about Redis, as the variable `redis`.
//!
//! Three cases: a server is installed, and everything is known; none is, but the package that would bring one is
//! known, so that a plan for a bare host can already tell what will be (`redis.predicted`); or nothing is known
//! until one is installed.

mod build;
mod estimate;
mod instances;
mod values;
mod wishes;

use crate::model::facts::Facts;
use crate::model::value::{Map, Value};
use build::Subject;
use values::put_text;
pub use wishes::check as check_wishes;
use wishes::{Wanted, Wishes};

/// Completes "known after ...".
const INSTALLED: &str = "redis-server is installed";

/// What exists only where a server, or the package that would bring one, is known.
const DEPENDENT: [&str; 21] = [
    "flavour",
    "version",
    "major",
    "minor",
    "binary",
    "package",
    "unit",
    "config_file",
    "user",
    "port",
    "defragmentation",
    "defragmentation_reason",
    "maxmemory",
    "active_defrag_ignore_bytes",
    "repl_backlog_size",
    "replica_output_limit",
    "client_query_buffer_limit",
    "memory_high",
    "memory_max",
    "guard_floor",
    "guard_limit",
];

/// The variable `redis`. `wishes` is the variable `redis_sizing`, if people set it; with a mistake in it nothing is
/// computed, and `redis.sizing.refused` says why ([`check_wishes`] finds mistakes beforehand).
pub fn variables(facts: &Facts, wishes: Option<&Value>) -> Map {
    let mut redis = Map::new();
    let running = facts
        .redis_instances
        .iter()
        .any(|instance| instance.pid != 0);
    let installed = running || !facts.redis_binaries.is_empty();
    redis.insert("installed".to_owned(), installed.into());
    redis.insert("running".to_owned(), running.into());
    redis.insert("instances".to_owned(), Value::List(instances::list(facts)));
    let read = wishes::read(wishes);
    let flavour = read.as_ref().ok().and_then(|wishes| wishes.flavour);
    let subject = Subject::of(facts, flavour);
    redis.insert(
        "predicted".to_owned(),
        matches!(subject, Some(Subject::Candidate(_))).into(),
    );
    match subject {
        None => {
            for name in DEPENDENT.iter().chain(&["sizing"]) {
                redis.insert((*name).to_owned(), Value::unknown(INSTALLED));
            }
        }
        Some(subject) => {
            build::describe(&subject, facts, &mut redis);
            match read {
                Ok(wishes) => size(&subject, facts, &wishes, &mut redis),
                Err(wishes::Problem::Unknown(unknown)) => {
                    for name in DEPENDENT
                        .iter()
                        .skip_while(|name| **name != "defragmentation")
                    {
                        redis.insert((*name).to_owned(), Value::Unknown(unknown.clone()));
                    }
                    redis.insert("sizing".to_owned(), Value::Unknown(unknown));
                }
                Err(wishes::Problem::Wrong(message)) => {
                    let mut sizing = Map::new();
                    put_text(&mut sizing, "refused", &message);
                    redis.insert("sizing".to_owned(), sizing.into());
                }
            }
        }
    }
    [("redis".to_owned(), redis.into())].into_iter().collect()
}

/// Why nothing may be planned for a host, if people require what its server cannot do: a sentence without a full stop.
/// Nothing where the server is not known yet.
#[must_use]
pub fn unmet(facts: &Facts, wishes: Option<&Value>) -> Option<String> {
    let wishes = wishes::read(wishes).ok()?;
    if wishes.defragmentation != Wanted::Require {
        return None;
    }
    let subject = Subject::of(facts, wishes.flavour)?;
    let defragmentation = build::defragmentation(&subject, facts, &wishes);
    (!defragmentation.enable).then(|| {
        format!(
            "`redis_sizing.defragmentation` is `require`, and it cannot be had: {}",
            defragmentation.reason
        )
    })
}

/// Adds what the server can do, and what it may use.
fn size(subject: &Subject<'_>, facts: &Facts, wishes: &Wishes, redis: &mut Map) {
    let defragmentation = build::defragmentation(subject, facts, wishes);
    let mut estimate = estimate::of(subject, facts, wishes, defragmentation.enable);
    if wishes.defragmentation == Wanted::Require && !defragmentation.enable {
        estimate.sizing.settings = None;
        estimate.sizing.refused = Some(format!(
            "defragmentation is required, and {}",
            defragmentation.reason
        ));
    }
    if facts.numa_nodes > 1 {
        estimate.sizing.warnings.push(of_nodes(facts));
    }
    values::put_defragmentation(redis, &defragmentation);
    values::put_sizing(redis, &estimate);
}

/// A server that is pinned to a part of the machine has that part's memory alone, and nothing tells that it is.
fn of_nodes(facts: &Facts) -> String {
    let value = |name: &str| facts.kernel_values.get(name).map(String::as_str);
    let mut advice = Vec::new();
    if value("kernel.numa_balancing").is_some_and(|balancing| balancing != "0") {
        advice.push(
            "`kernel.numa_balancing: 0` where servers are pinned, for moving pages stalls them",
        );
    }
    if value("vm.zone_reclaim_mode").is_some_and(|mode| mode != "0") {
        advice.push(
            "`vm.zone_reclaim_mode: 0`, for one part's memory may end while the other's is free",
        );
    }
    let advice: String = advice.iter().flat_map(|advice| ["; ", advice]).collect();
    format!(
        "the host's memory has {} parts (NUMA nodes): a server that is pinned to one has no more than that one's, and `redis_sizing.maxmemory` has to say so{advice}",
        facts.numa_nodes
    )
}

#[cfg(test)]
mod tests;
