//! Fragmentation of the allocator's memory, and whether defragmentation is at work against it.

use super::{CheckResult, Expectations, Observation, Outcome};
use crate::redis::capability::Defragmentation;
use crate::redis::info::Fragmentation;
use crate::redis::units::{MIB, human};

/// Waste below this is never worth a word (MEMORY DOCTOR's own floor).
const NEGLIGIBLE: u64 = 10 * MIB;

/// Milliseconds for which defragmentation may hold clients up, as Redis' own tests of it allow on older servers
/// (memefficiency.tcl: 30 ms up to 7.4), and what is too long in any case.
const LONG_STALL: u64 = 30;
const LONGEST_STALL: u64 = 100;

/// What is worth a warning where nothing was asked for: twice MEMORY DOCTOR's 10%.
const USUAL_LIMIT: f64 = 1.2;

/// Redis' own default of `active-defrag-ignore-bytes`.
const DEFAULT_IGNORED: u64 = 100 * MIB;

/// Bytes of waste at which defragmentation begins.
fn ignored(observation: &Observation<'_>) -> u64 {
    observation
        .setting_bytes("active-defrag-ignore-bytes")
        .unwrap_or(DEFAULT_IGNORED)
}

/// Bytes of waste that do not matter on this server: what defragmentation ignores, but no more than 5% of the limit,
/// for on a small server the default of 100 MiB is much.
fn insignificant(observation: &Observation<'_>) -> u64 {
    let share = observation.maxmemory().map_or(u64::MAX, |bytes| bytes / 20);
    ignored(observation).min(share).max(NEGLIGIBLE)
}

fn is_enabled(observation: &Observation<'_>) -> bool {
    observation
        .setting("activedefrag")
        .is_some_and(|value| value.eq_ignore_ascii_case("yes"))
}

/// The allocator's pages are well used. Computed from its own two numbers: `allocator_frag_ratio` is always 1.00 on
/// Valkey from 8.1 on without defragmentation, and `mem_fragmentation_ratio` means nothing on a small or young server.
pub(super) fn fragmentation(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> CheckResult {
    const NAME: &str = "fragmentation";
    let limit = expectations.fragmentation_below.unwrap_or(USUAL_LIMIT);
    let expected = format!("below {limit}");
    let Some(fragmentation) = observation.info.fragmentation() else {
        let result = CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            expected,
            "no figures of the allocator",
        );
        return result.advice("only jemalloc tells how its memory is used");
    };
    let found = format!(
        "{:.2}, {} wasted",
        fragmentation.ratio(),
        human(fragmentation.wasted())
    );
    if fragmentation.ratio() < limit {
        return CheckResult::new(NAME, Outcome::Passed, expected, found);
    }
    let least = insignificant(observation);
    if fragmentation.wasted() <= least {
        let found = format!(
            "{found}, which is too little to matter (up to {} here)",
            human(least)
        );
        return CheckResult::new(NAME, Outcome::NotApplicable, expected, found);
    }
    let outcome = if expectations.fragmentation_below.is_some() {
        Outcome::Failed
    } else {
        Outcome::Warned
    };
    CheckResult::new(NAME, outcome, expected, found).advice(remedy(observation, fragmentation))
}

/// What helps against fragmentation on this server.
fn remedy(observation: &Observation<'_>, fragmentation: Fragmentation) -> String {
    let ignored = ignored(observation);
    match (observation.defragmentation, is_enabled(observation)) {
        (Defragmentation::Unsupported, _) => {
            "this build cannot defragment: resynchronize it from a fresh replica, restart it, or install a build with a jemalloc of its own".to_owned()
        }
        (_, false) => "enable activedefrag, after it is proven that this build can defragment".to_owned(),
        (_, true) if fragmentation.wasted() < ignored => {
            format!("lower active-defrag-ignore-bytes: defragmentation only begins at {} of waste", human(ignored))
        }
        (_, true) if observation.info.count("active_defrag_running").is_some_and(|effort| effort > 0) => {
            "defragmentation is at work: look again in a few minutes".to_owned()
        }
        (_, true) => "defragmentation is enabled and idle: lower active-defrag-threshold-lower".to_owned(),
    }
}

/// Where defragmentation is enabled and has something to do, it runs.
pub(super) fn defragmentation(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "defragmentation";
    let expected = "at work where there is something to do";
    let idle = |found: &str| CheckResult::new(NAME, Outcome::NotApplicable, expected, found);
    if !is_enabled(observation) {
        return idle("not enabled");
    }
    let Some(fragmentation) = observation.info.fragmentation() else {
        return idle("no figures of the allocator");
    };
    let lower = observation
        .setting("active-defrag-threshold-lower")
        .and_then(|text| text.parse::<f64>().ok())
        .unwrap_or(10.0);
    let per_cent = (fragmentation.ratio() - 1.0) * 100.0;
    if per_cent < lower || fragmentation.wasted() < ignored(observation) {
        return idle("nothing to do");
    }
    let running = observation.info.count("active_defrag_running");
    let moved = observation.growth("active_defrag_hits");
    let stall = longest_stall(observation);
    match (running, moved) {
        // Between two looks it has to have moved something; at one look its word is taken.
        (Some(effort), moved) if effort > 0 || moved.is_some_and(|(hits, _)| hits > 0) => {
            let mut found = format!("at work with {effort}% of a core");
            if let Some((hits, seconds)) = moved {
                found.push_str(&format!(", {hits} values moved in {seconds:.0} s"));
            }
            let outcome = match (stall, moved) {
                (Some(stall), _) if stall > LONGEST_STALL => Outcome::Failed,
                (Some(stall), _) if stall > LONG_STALL => Outcome::Warned,
                (_, Some((0, _))) => Outcome::Warned,
                _ => Outcome::Passed,
            };
            if let Some(stall) = stall {
                found.push_str(&format!(", clients waited up to {stall} ms for it"));
            }
            let result = CheckResult::new(NAME, outcome, expected, found);
            match outcome {
                Outcome::Passed => result,
                _ if stall.is_some_and(|stall| stall > LONG_STALL) => {
                    result.advice("lower active-defrag-cycle-max")
                }
                _ => result.advice("what is left may be in large values, which it does not move: watch whether the ratio falls"),
            }
        }
        (Some(_), _) => {
            let found = format!(
                "idle at {per_cent:.0}% fragmentation, {} wasted",
                human(fragmentation.wasted())
            );
            let advice = "it is looked at once a second, and newer servers count small allocations only: look again in 5 s";
            CheckResult::new(NAME, Outcome::Warned, expected, found).advice(advice)
        }
        (None, _) => idle("the server does not tell"),
    }
}

/// The longest time, in milliseconds, for which defragmentation held clients up since the server was started, where
/// it keeps such a record (`latency-monitor-threshold`).
fn longest_stall(observation: &Observation<'_>) -> Option<u64> {
    let mut lines = observation.host?.latency.lines();
    lines.find(|line| *line == "active-defrag-cycle")?;
    lines.nth(2)?.trim().parse().ok()
}
