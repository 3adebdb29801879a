//! What a sizing is made from on a certain host, and the sizing.

use indexmap::IndexMap;

use super::build::Subject;
use super::instances::counts;
use super::wishes::Wishes;
use crate::model::facts::{Facts, RedisInstance};
use crate::redis::info::{Info, Role};
use crate::redis::sizing::{Inputs, MemoryLimit, Overrides, Sizing, size};
use crate::redis::units::{MIB, human};

/// The sizing, and in words what was taken for granted and why.
pub(super) struct Estimate {
    pub(super) sizing: Sizing,
    pub(super) assumptions: Vec<String>,
    /// What was done because of limits on the servers' own units.
    pub(super) own_limits: Vec<String>,
}

pub(super) fn of(
    subject: &Subject<'_>,
    facts: &Facts,
    wishes: &Wishes,
    defragmentation: bool,
) -> Estimate {
    let mut assumptions = Vec::new();
    let counted: Vec<&RedisInstance> = facts
        .redis_instances
        .iter()
        .filter(|instance| counts(instance))
        .collect();
    let mut inputs = Inputs {
        limits: shared_limits(facts),
        instances: wishes
            .instances
            .unwrap_or_else(|| u32::try_from(counted.len().max(1)).unwrap_or(u32::MAX)),
        persistence: persistence(&counted, wishes, &mut assumptions),
        replicas: replicas(&counted, wishes, &mut assumptions),
        replica_buffers_shared: subject
            .server()
            .is_none_or(|server| server.shares_replica_buffers()),
        write_heavy: wishes.write_heavy,
        defragmentation,
        overrides: wishes.overrides.clone(),
        ..Inputs::of_ram(facts.memory.total)
    };
    let others = other_processes(facts, wishes, &mut assumptions);
    inputs.other_resident_bytes = others;
    for limit in &mut inputs.limits {
        limit.other_resident_bytes = others;
    }
    let mut estimate = Estimate {
        sizing: size(&inputs),
        assumptions,
        own_limits: Vec::new(),
    };
    if wishes.unit_limits != Some(false) && wishes.overrides.maxmemory.is_none() {
        heed_own_limits(&inputs, facts, &counted, &mut estimate);
    }
    estimate
}

/// The limits that servers share with everything else.
fn shared_limits(facts: &Facts) -> Vec<MemoryLimit> {
    let limits = facts
        .memory
        .limits
        .iter()
        .filter(|limit| limit.unit.is_empty());
    limits
        .map(|limit| MemoryLimit {
            source: limit.path.clone(),
            bytes: limit.bytes,
            other_resident_bytes: 0,
        })
        .collect()
}

/// What other processes need beyond what is kept for the system anyway.
///
/// Half of that reserve is for the kernel, half for the usual daemons; only what goes beyond counts, in steps of 64 MiB
/// or 1/64 of the RAM. So the figure does not follow every process that comes and goes, and the next plan finds
/// nothing to change.
fn other_processes(facts: &Facts, wishes: &Wishes, assumptions: &mut Vec<String>) -> u64 {
    if let Some(bytes) = wishes.other_processes {
        return bytes;
    }
    let total = facts.memory.total;
    let usual = wishes
        .overrides
        .system_reserve
        .unwrap_or_else(|| (total / 100 * 6).clamp(192 * MIB, 2048 * MIB))
        / 2;
    let measured = facts.memory.other_processes;
    let step = (total / 64).max(64 * MIB);
    let beyond = measured
        .saturating_sub(usual)
        .div_ceil(step)
        .saturating_mul(step);
    // The exact number would differ each time; its size does not.
    if beyond == 0 {
        assumptions.push(format!(
            "other processes: they need less than {}, which is kept for them",
            human(usual)
        ));
    } else {
        assumptions.push(format!(
            "other processes: they need up to {}, of which {} is kept for them anyway",
            human(usual.saturating_add(beyond)),
            human(usual)
        ));
    }
    beyond
}

/// A running server says what it does. One that could not be asked, or is not there yet, is taken to save, as the
/// configurations of all packages do.
fn persistence(counted: &[&RedisInstance], wishes: &Wishes, assumptions: &mut Vec<String>) -> bool {
    if let Some(wish) = wishes.persistence {
        return wish;
    }
    let answers = counted
        .iter()
        .filter(|instance| !instance.config.is_empty());
    let saving: Vec<String> = answers
        .clone()
        .filter_map(|instance| {
            let config = config(instance);
            let save = config.get("save").copied().unwrap_or_default();
            if config.get("appendonly") == Some(&"yes") {
                Some("appendonly yes".to_owned())
            } else if save.is_empty() {
                None
            } else {
                Some(format!("save {save}"))
            }
        })
        .collect();
    let silent = counted.is_empty() || counted.iter().any(|instance| instance.config.is_empty());
    match (saving.first(), silent) {
        (Some(words), _) => {
            assumptions.push(format!("persistence: a server has `{words}`, so it forks"));
            true
        }
        (None, true) => {
            assumptions.push(
                "persistence: a server could not be asked, so it is taken to save, as packages configure it".to_owned(),
            );
            true
        }
        (None, false) => {
            assumptions.push("persistence: no server saves or appends".to_owned());
            false
        }
    }
}

/// Names and values of the answer to `CONFIG GET *`.
fn config(instance: &RedisInstance) -> IndexMap<&str, &str> {
    let mut lines = instance.config.lines();
    std::iter::from_fn(|| Some((lines.next()?, lines.next()?))).collect()
}

/// Whether there is replication, and not how many replicas are connected at the moment: during a rolling update
/// they come and go, and a size that follows them would be another one each time. A primary keeps its backlog
/// for an hour after the last replica has left.
fn replicas(counted: &[&RedisInstance], wishes: &Wishes, assumptions: &mut Vec<String>) -> u32 {
    if let Some(wish) = wishes.replicas {
        return wish;
    }
    let replicates = counted.iter().any(|instance| {
        let info = Info::parse(&instance.info);
        info.role() == Some(Role::Replica)
            || info
                .count("connected_slaves")
                .is_some_and(|count| count > 0)
            || info.flag("repl_backlog_active") == Some(true)
    });
    let words = if replicates {
        "a server takes part in replication"
    } else {
        "no server has any"
    };
    assumptions.push(format!("replicas: {words}"));
    u32::from(replicates)
}

/// Makes `maxmemory` so small that the server stays below the limits of its own unit.
///
/// Nothing but the server lives under such a limit, so nothing is kept for the system: what counts is the least
/// `MemoryHigh=` and `MemoryMax=` that belong to a `maxmemory`. A limit that was computed from it therefore leads to
/// the same `maxmemory` again.
fn heed_own_limits(
    inputs: &Inputs,
    facts: &Facts,
    counted: &[&RedisInstance],
    estimate: &mut Estimate,
) {
    let own = || {
        facts.memory.limits.iter().filter(|limit| {
            counted
                .iter()
                .any(|instance| !limit.unit.is_empty() && instance.unit == limit.unit)
        })
    };
    let is_high = |path: &str| path.ends_with("memory.high") || path.ends_with("MemoryHigh");
    let fits = |sizing: &Sizing| {
        sizing.settings.as_ref().is_some_and(|settings| {
            own().all(|limit| {
                let needed = if is_high(&limit.path) {
                    settings.memory_high
                } else {
                    settings.memory_max
                };
                needed <= limit.bytes
            })
        })
    };
    let Some(settings) = &estimate.sizing.settings else {
        return;
    };
    if fits(&estimate.sizing) {
        return;
    }
    let tried = |mebibytes: u64| {
        size(&Inputs {
            overrides: Overrides {
                maxmemory: Some(mebibytes * MIB),
                ..inputs.overrides.clone()
            },
            ..inputs.clone()
        })
    };
    // What is needed grows with maxmemory, so the largest that fits is found by halving.
    let (mut fitting, mut too_large) = (0, settings.maxmemory / MIB);
    while too_large - fitting > 1 {
        let middle = fitting.midpoint(too_large);
        if fits(&tried(middle)) {
            fitting = middle;
        } else {
            too_large = middle;
        }
    }
    let words: Vec<String> = own()
        .map(|limit| format!("{} {}", limit.path, human(limit.bytes)))
        .collect();
    let words = words.join(", ");
    if fitting < crate::redis::sizing::LEAST_MAXMEMORY / MIB {
        estimate.sizing.settings = None;
        estimate.sizing.refused = Some(format!(
            "a limit of the server's own unit leaves too little for it: {words}"
        ));
        return;
    }
    let derivation = estimate.sizing.derivation.clone();
    estimate.sizing = Sizing {
        derivation,
        ..tried(fitting)
    };
    estimate.own_limits.push(format!(
        "maxmemory: {} (the largest that fits below the limits of the server's own unit: {words})",
        human(fitting * MIB)
    ));
}
