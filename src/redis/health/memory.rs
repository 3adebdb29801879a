//! Whether the server keeps to its memory, and the host has enough for it.

use super::{CheckResult, Observation, Outcome};
use crate::redis::units::{MIB, human};

/// Below this a server is too small for its ratios to mean anything. MEMORY DOCTOR calls 5 MB empty; ratios of servers
/// under 100 MB are ruled by the program's own size.
const SMALL: u64 = 100 * MIB;

/// Differences below this are never worth a word (MEMORY DOCTOR).
const NEGLIGIBLE: u64 = 10 * MIB;

/// The share of the data that a plan counts on being copied while a fork is there.
const PLANNED_COPY: f64 = 0.25;

/// Milliseconds above `maxmemory` after which evictions evidently do not keep up.
const EXCEEDED_TOO_LONG: u64 = 10_000;

/// What counts for eviction is within `maxmemory`, or not above it for long.
pub(super) fn usage(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "usage";
    let info = observation.info;
    let (Some(limit), Some(used)) = (observation.maxmemory(), info.bytes("used_memory")) else {
        let found = if observation.maxmemory().is_none() {
            "no limit"
        } else {
            "no figure"
        };
        return CheckResult::new(NAME, Outcome::NotApplicable, "within maxmemory", found);
    };
    let counted = used.saturating_sub(info.bytes("mem_not_counted_for_evict").unwrap_or_default());
    let expected = format!("at most {}", human(limit));
    let found = human(counted);
    if counted <= limit {
        return CheckResult::new(NAME, Outcome::Passed, expected, found);
    }
    let exceeded = info
        .count("current_eviction_exceeded_time")
        .unwrap_or_default();
    let growing = observation
        .growth("used_memory")
        .is_some_and(|(growth, _)| growth > NEGLIGIBLE);
    let outcome = match (exceeded >= EXCEEDED_TOO_LONG, growing) {
        (true, true) => Outcome::Failed,
        _ => Outcome::Warned,
    };
    let found = format!("{found}, above it for {} s", exceeded / 1000);
    let advice = if observation.setting("maxmemory-policy") == Some("noeviction") {
        "the server refuses writes: set a policy that evicts"
    } else {
        "evictions do not keep up with writes; a replica may exceed its limit, a primary only for moments"
    };
    CheckResult::new(NAME, outcome, expected, found).advice(advice)
}

/// What is resident leaves the host room: at most 85% of what the server's host or unit may use.
pub(super) fn resident(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "resident";
    let resident = observation
        .info
        .bytes("used_memory_rss")
        .filter(|bytes| *bytes > 0);
    let (Some(limit), Some(resident)) = (observation.memory_limit, resident) else {
        let found = if observation.memory_limit.is_none() {
            "the host's memory is not known"
        } else {
            "the server cannot tell what it has resident"
        };
        return CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            "at most 85% of the memory",
            found,
        );
    };
    let most = limit / 100 * 85;
    let outcome = if resident <= most {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    let expected = format!("at most {} (85% of {})", human(most), human(limit));
    let result = CheckResult::new(NAME, outcome, expected, human(resident));
    if outcome == Outcome::Failed {
        result.advice(
            "the kernel may kill it soon: lower maxmemory in small steps, then MEMORY PURGE",
        )
    } else {
        result
    }
}

/// What is resident is not far from what is used: neither much more (fragmentation, buffers) nor less (swap).
pub(super) fn overhead(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "resident_ratio";
    let expected = "from 1.0 to 1.4";
    let info = observation.info;
    let unknown = |found: &str| CheckResult::new(NAME, Outcome::NotApplicable, expected, found);
    let resident = info.bytes("used_memory_rss").filter(|bytes| *bytes > 0);
    let (Some(used), Some(resident)) = (info.bytes("used_memory"), resident) else {
        return unknown("no figures");
    };
    if used < SMALL {
        return unknown("too little data for the ratio to mean anything");
    }
    if info
        .count("uptime_in_seconds")
        .is_some_and(|seconds| seconds < 60)
    {
        return unknown("started less than a minute ago");
    }
    let ratio = resident as f64 / used as f64;
    let found = format!("{ratio:.2}");
    if ratio < 1.0 {
        let result = CheckResult::new(NAME, Outcome::Warned, expected, found);
        return result.advice(
            "part of the data is probably swapped out: compare VmSwap in /proc/PID/status",
        );
    }
    // After a peak freed pages stay resident for a while, and are used again; that is harmless.
    let after_peak = info
        .bytes("used_memory_peak")
        .is_some_and(|peak| used < peak / 10 * 7);
    let more = resident.saturating_sub(used);
    let outcome = match ratio {
        _ if more <= NEGLIGIBLE || after_peak => Outcome::Passed,
        ratio if ratio >= 2.0 => Outcome::Failed,
        ratio if ratio >= 1.4 => Outcome::Warned,
        _ => Outcome::Passed,
    };
    let found = if after_peak {
        format!("{found}, after a peak")
    } else {
        found
    };
    let result = CheckResult::new(NAME, outcome, expected, found);
    if outcome == Outcome::Passed {
        result
    } else {
        result.advice("see fragmentation; MEMORY PURGE gives back what is merely retained")
    }
}

/// The last fork copied no more than a plan counts on: a quarter of the data.
pub(super) fn fork_cost(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "fork_cost";
    let expected = "at most 25% of the data copied";
    let info = observation.info;
    let copied = info
        .bytes("rdb_last_cow_size")
        .max(info.bytes("aof_last_cow_size"))
        .filter(|bytes| *bytes > 0);
    let used = info.bytes("used_memory").filter(|bytes| *bytes >= SMALL);
    let (Some(copied), Some(used)) = (copied, used) else {
        return CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            expected,
            "no fork of a server of this size",
        );
    };
    let share = copied as f64 / used as f64;
    let outcome = match share {
        share if share <= PLANNED_COPY => Outcome::Passed,
        share if share <= 2.0 * PLANNED_COPY => Outcome::Warned,
        _ => Outcome::Failed,
    };
    let took = info
        .count("latest_fork_usec")
        .map(|microseconds| format!(", the fork itself took {} ms", microseconds / 1000))
        .unwrap_or_default();
    let result = CheckResult::new(
        NAME,
        outcome,
        expected,
        format!("{:.0}%, {}{took}", share * 100.0, human(copied)),
    );
    if outcome == Outcome::Passed {
        result
    } else {
        result.advice("plan this host as write-heavy, or save at quieter times")
    }
}

/// Pages that hold nothing any more are given back: `allocator_resident / allocator_active` below 1.1, or less than
/// 10 MB more (MEMORY DOCTOR). jemalloc keeps them for 10 seconds or so, and longer without traffic.
pub(super) fn retained(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "retained";
    let expected = "less than 10% of the allocator's pages empty";
    let bytes = |name| observation.info.bytes(name).filter(|bytes| *bytes > 0);
    let (Some(resident), Some(active)) = (bytes("allocator_resident"), bytes("allocator_active"))
    else {
        return CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            expected,
            "no figures of the allocator",
        );
    };
    let more = resident.saturating_sub(active);
    let found = format!(
        "{:.0}%, {}",
        (resident as f64 / active as f64 - 1.0).max(0.0) * 100.0,
        human(more)
    );
    if more <= NEGLIGIBLE || more < active / 10 {
        return CheckResult::new(NAME, Outcome::Passed, expected, found);
    }
    CheckResult::new(NAME, Outcome::Warned, expected, found)
        .advice("MEMORY PURGE gives it back; set jemalloc-bg-thread yes")
}

/// The share of the data that a fork is expected to copy where one can happen (`C` of the sizing): Redis forks for
/// what it saves and for replicas.
pub(super) fn copied_by_forks(observation: &Observation<'_>) -> f64 {
    let saves = |name: &str, off: &str| {
        observation
            .setting(name)
            .is_some_and(|value| !value.is_empty() && value != off)
    };
    let replicas = observation
        .info
        .count("connected_slaves")
        .is_some_and(|number| number > 0);
    if saves("save", "") || saves("appendonly", "no") || replicas {
        PLANNED_COPY
    } else {
        0.0
    }
}
