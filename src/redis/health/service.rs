//! Whether the server does its work: it has loaded its data, replicates, turns nobody away.

use super::{CheckResult, Expectations, ExpectedRole, Observation, Outcome};
use crate::redis::info::Role;
use crate::redis::units::{MIB, human};

/// Counters of clients that were turned away, and what each of them means.
const TURNED_AWAY: [(&str, &str); 4] = [
    (
        "rejected_connections",
        "rejected for want of a free connection",
    ),
    ("evicted_clients", "closed by maxmemory-clients"),
    (
        "client_query_buffer_limit_disconnections",
        "closed for too large requests",
    ),
    (
        "client_output_buffer_limit_disconnections",
        "closed for reading too slowly",
    ),
];

/// What is found where a check compares with an earlier look at the same process and there is none.
const NO_EARLIER_LOOK: &str = "no earlier look to compare with";

/// Look-ups from which on a ratio says something.
const ENOUGH_LOOKUPS: u64 = 1000;

/// Fields in bytes that are looked at for impossible values.
const BYTE_FIELDS: [&str; 6] = [
    "used_memory",
    "used_memory_rss",
    "used_memory_peak",
    "allocator_allocated",
    "allocator_active",
    "allocator_resident",
];

/// The server has its data and answers.
pub(super) fn loaded(observation: &Observation<'_>) -> CheckResult {
    let busy = ["loading", "async_loading"]
        .into_iter()
        .find(|name| observation.info.flag(name) == Some(true));
    match busy {
        None => CheckResult::new(
            "loaded",
            Outcome::Passed,
            "all data loaded",
            "all data loaded",
        ),
        Some(_) => {
            let found = match observation.info.text("loading_loaded_perc") {
                Some(per_cent) => format!("loading, {per_cent}% done"),
                None => "loading".to_owned(),
            };
            CheckResult::new("loaded", Outcome::Failed, "all data loaded", found)
                .advice("wait until it has loaded")
        }
    }
}

/// The server has the role it should have.
pub(super) fn role(observation: &Observation<'_>, expectations: &Expectations) -> CheckResult {
    let found = match observation.info.role() {
        Some(Role::Primary) => "primary",
        Some(Role::Replica) => "replica",
        Some(Role::Sentinel) => "sentinel",
        None => "no answer",
    };
    let Some(expected) = expectations.role else {
        return CheckResult::new("role", Outcome::NotApplicable, "any role", found);
    };
    let expected = match expected {
        ExpectedRole::Primary => "primary",
        ExpectedRole::Replica => "replica",
    };
    let outcome = if expected == found {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    let result = CheckResult::new("role", outcome, expected, found);
    if outcome == Outcome::Failed {
        result
            .advice("a failover may have happened: compare with what Sentinel or the cluster says")
    } else {
        result
    }
}

/// A replica follows its primary; a primary has the replicas it should have, up to date.
pub(super) fn replication(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> CheckResult {
    const NAME: &str = "replication";
    let info = observation.info;
    if info.role() == Some(Role::Replica) {
        let link = info.text("master_link_status").unwrap_or("no answer");
        let syncing = info.flag("master_sync_in_progress") == Some(true);
        let found = if syncing {
            format!("link {link}, synchronizing")
        } else {
            format!("link {link}")
        };
        let outcome = if link == "up" && !syncing {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        let result = CheckResult::new(NAME, outcome, "link up", found);
        return match (outcome, syncing) {
            (Outcome::Failed, true) => result.advice("wait until the synchronization is over"),
            (Outcome::Failed, false) => {
                result.advice("look at the primary's address, password and log")
            }
            _ => result,
        };
    }
    let replicas = info.replicas();
    let position = info.count("master_repl_offset").unwrap_or_default();
    let allowed = expectations.replica_lag_bytes.unwrap_or(MIB);
    let behind = |offset: Option<u64>| position.saturating_sub(offset.unwrap_or_default());
    let good = replicas
        .iter()
        .filter(|replica| replica.online && behind(replica.offset) <= allowed)
        .count();
    if expectations.replicas.is_none() && replicas.is_empty() {
        return CheckResult::new(NAME, Outcome::NotApplicable, "nothing", "no replicas");
    }
    let wanted = expectations.replicas.unwrap_or(replicas.len() as u64);
    let found = format!(
        "{good} of {} replicas online and at most {} behind",
        replicas.len(),
        human(allowed)
    );
    let outcome = match (good as u64 >= wanted, expectations.replicas) {
        (true, _) => Outcome::Passed,
        (false, Some(_)) => Outcome::Failed,
        (false, None) => Outcome::Warned,
    };
    let result = CheckResult::new(NAME, outcome, format!("{wanted} or more"), found);
    let late: Vec<&str> = replicas
        .iter()
        .filter(|replica| !replica.online || behind(replica.offset) > allowed)
        .map(|replica| replica.address.as_str())
        .collect();
    match (outcome, late.is_empty()) {
        (Outcome::Passed, _) => result,
        (_, true) => result.advice("a replica is missing: look at its log"),
        (_, false) => result.advice(format!("not up to date: {}", late.join(", "))),
    }
}

/// Nobody was turned away since the earlier look.
pub(super) fn clients(observation: &Observation<'_>) -> CheckResult {
    let expected = "nobody turned away";
    if observation.growth("total_connections_received").is_none() {
        return CheckResult::new("clients", Outcome::NotApplicable, expected, NO_EARLIER_LOOK);
    }
    let turned_away: Vec<String> = TURNED_AWAY
        .iter()
        .filter_map(|(name, words)| {
            let (growth, _) = observation.growth(name)?;
            (growth > 0).then(|| format!("{growth} {words}"))
        })
        .collect();
    if turned_away.is_empty() {
        return CheckResult::new("clients", Outcome::Passed, expected, "nobody");
    }
    CheckResult::new("clients", Outcome::Warned, expected, turned_away.join(", "))
        .advice("look at maxclients, maxmemory-clients and client-output-buffer-limit")
}

/// Keys are not evicted faster than they may be.
pub(super) fn evictions(observation: &Observation<'_>, expectations: &Expectations) -> CheckResult {
    const NAME: &str = "evictions";
    let most = expectations.evictions_per_second;
    let expected = most.map_or_else(
        || "no expectation".to_owned(),
        |most| format!("at most {most} per second"),
    );
    let Some((growth, seconds)) = observation.growth("evicted_keys") else {
        return CheckResult::new(NAME, Outcome::NotApplicable, expected, NO_EARLIER_LOOK);
    };
    let rate = growth as f64 / seconds;
    let found = format!("{rate:.1} per second");
    match most {
        None => CheckResult::new(NAME, Outcome::NotApplicable, expected, found),
        Some(most) if rate <= most => CheckResult::new(NAME, Outcome::Passed, expected, found),
        Some(_) => CheckResult::new(NAME, Outcome::Failed, expected, found)
            .advice("the data does not fit: stop lowering maxmemory, or give the server more"),
    }
}

/// Enough look-ups find their key.
pub(super) fn hit_ratio(observation: &Observation<'_>, expectations: &Expectations) -> CheckResult {
    const NAME: &str = "hit_ratio";
    let expected = expectations.hit_ratio.map_or_else(
        || "no expectation".to_owned(),
        |least| format!("at least {least}"),
    );
    let (Some((hits, _)), Some((misses, _))) = (
        observation.growth("keyspace_hits"),
        observation.growth("keyspace_misses"),
    ) else {
        return CheckResult::new(NAME, Outcome::NotApplicable, expected, NO_EARLIER_LOOK);
    };
    if hits + misses == 0 {
        return CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            expected,
            "no look-ups in between",
        );
    }
    let ratio = hits as f64 / (hits + misses) as f64;
    let found = format!("{ratio:.3} of {} look-ups", hits + misses);
    if expectations.hit_ratio.is_none()
        && let Some(usual) = usual_hit_ratio(observation)
        && hits + misses >= ENOUGH_LOOKUPS
    {
        return compared_with_usual(usual, ratio, found);
    }
    match expectations.hit_ratio {
        None => CheckResult::new(NAME, Outcome::NotApplicable, expected, found),
        Some(least) if ratio >= least => CheckResult::new(NAME, Outcome::Passed, expected, found),
        Some(_) => CheckResult::new(NAME, Outcome::Failed, expected, found)
            .advice("the cache is cold, or too small for its data"),
    }
}

/// The hit ratio of all the time before the earlier look, if there were look-ups enough.
fn usual_hit_ratio(observation: &Observation<'_>) -> Option<f64> {
    let (earlier, _) = observation.earlier?;
    let hits = earlier.count("keyspace_hits")?;
    let all = hits.checked_add(earlier.count("keyspace_misses")?)?;
    (all >= 10 * ENOUGH_LOOKUPS).then(|| hits as f64 / all as f64)
}

/// Five points less than usual are worth a warning, fifteen are a failure (judgements).
fn compared_with_usual(usual: f64, ratio: f64, found: String) -> CheckResult {
    let outcome = match usual - ratio {
        drop if drop >= 0.15 => Outcome::Failed,
        drop if drop >= 0.05 => Outcome::Warned,
        _ => Outcome::Passed,
    };
    let expected = format!("about {usual:.3}, as before");
    let result = CheckResult::new("hit_ratio", outcome, expected, found);
    match outcome {
        Outcome::Passed => result,
        _ => result.advice(
            "keys that are used were lost: compare with evictions, and with what was changed last",
        ),
    }
}

/// The last snapshot and the append-only file were written.
pub(super) fn saving(observation: &Observation<'_>) -> CheckResult {
    let bad = |name: &&str| {
        observation
            .info
            .text(name)
            .is_some_and(|status| status != "ok")
    };
    let statuses = [
        "rdb_last_bgsave_status",
        "aof_last_bgrewrite_status",
        "aof_last_write_status",
    ];
    match statuses.iter().find(|name| bad(name)) {
        None => CheckResult::new("saving", Outcome::Passed, "no failed writes to disk", "none"),
        Some(name) => CheckResult::new("saving", Outcome::Warned, "no failed writes to disk", format!("{name} is not ok"))
            .advice("look at the server's log, at free space, and at vm.overcommit_memory; writes may be refused"),
    }
}

/// No fork and no full synchronization is under way.
pub(super) fn quiet(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> Option<CheckResult> {
    if !expectations.quiet {
        return None;
    }
    let info = observation.info;
    let flags = [
        ("rdb_bgsave_in_progress", "a snapshot"),
        (
            "aof_rewrite_in_progress",
            "a rewrite of the append-only file",
        ),
        ("master_sync_in_progress", "a full synchronization"),
    ];
    let mut busy: Vec<&str> = flags
        .into_iter()
        .filter(|(name, _)| info.flag(name) == Some(true))
        .map(|(_, words)| words)
        .collect();
    if info.replicas().iter().any(|replica| !replica.online) {
        busy.push("a replica's first copy");
    }
    if info
        .count("current_eviction_exceeded_time")
        .is_some_and(|milliseconds| milliseconds > 0)
    {
        busy.push("a backlog of evictions");
    }
    let expected = "nothing under way";
    Some(if busy.is_empty() {
        CheckResult::new("quiet", Outcome::Passed, expected, "nothing")
    } else {
        CheckResult::new("quiet", Outcome::Failed, expected, busy.join(", "))
            .advice("wait until it is over")
    })
}

/// What the server tells can be true. Said only where it cannot.
pub(super) fn believable(observation: &Observation<'_>) -> Option<CheckResult> {
    let wrong: Vec<&str> = BYTE_FIELDS
        .into_iter()
        .filter(|name| observation.info.is_unbelievable(name))
        .collect();
    if wrong.is_empty() {
        return None;
    }
    let result = CheckResult::new(
        "believable",
        Outcome::Warned,
        "figures that can be true",
        format!("impossible values of {}", wrong.join(", ")),
    );
    Some(result.advice("a counter ran below zero (valkey#2994): checks that need it were left out; a restart repairs it"))
}
