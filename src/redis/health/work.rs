//! Work in the background: whether it gets done.

use super::{CheckResult, Observation, Outcome};

/// Seconds after which a child that saves is late, and after which it hangs (judgements; redis#15666 is about one that
/// hung for 8 days and was seen by nobody).
const LATE: u64 = 3600;
const HANGING: u64 = 6 * 3600;

/// Seconds without a byte from the primary after which a synchronization hangs (`repl-timeout` by default).
const SILENT: u64 = 60;

/// What is freed in the background is freed faster than more comes.
pub(super) fn lazyfree(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "lazyfree";
    let expected = "no growing backlog";
    let Some(pending) = observation.info.count("lazyfree_pending_objects") else {
        return CheckResult::new(
            NAME,
            Outcome::NotApplicable,
            expected,
            "the server does not tell",
        );
    };
    let found = format!("{pending} objects to be freed");
    match observation.growth("lazyfree_pending_objects") {
        _ if pending == 0 => CheckResult::new(NAME, Outcome::Passed, expected, found),
        // It has shrunk, or there was no earlier look.
        None if observation.earlier.is_some() => {
            CheckResult::new(NAME, Outcome::Passed, expected, found)
        }
        None => CheckResult::new(NAME, Outcome::NotApplicable, expected, found),
        Some((0, _)) => CheckResult::new(NAME, Outcome::Passed, expected, found),
        Some((more, seconds)) => {
            let found = format!("{found}, {more} more than {seconds:.0} s ago");
            CheckResult::new(NAME, Outcome::Warned, expected, found)
                .advice("memory is freed later than it is given up: delete or expire fewer large values at once")
        }
    }
}

/// Nothing that should end has been under way for long.
pub(super) fn underway(observation: &Observation<'_>) -> CheckResult {
    const NAME: &str = "underway";
    let info = observation.info;
    let expected = "nothing under way for more than an hour";
    let children = [
        (
            "rdb_bgsave_in_progress",
            "rdb_current_bgsave_time_sec",
            "a snapshot",
        ),
        (
            "aof_rewrite_in_progress",
            "aof_current_rewrite_time_sec",
            "a rewrite of the append-only file",
        ),
    ];
    let mut worst = Outcome::Passed;
    let mut found = Vec::new();
    for (flag, since, words) in children {
        if info.flag(flag) != Some(true) {
            continue;
        }
        let seconds = info.count(since).unwrap_or(0);
        worst = worst.max(match seconds {
            HANGING.. => Outcome::Failed,
            LATE.. => Outcome::Warned,
            _ => Outcome::Passed,
        });
        found.push(format!("{words} for {seconds} s"));
    }
    if info.flag("master_sync_in_progress") == Some(true) {
        let silent = info.count("master_sync_last_io_seconds_ago").unwrap_or(0);
        if silent > SILENT {
            worst = worst.max(Outcome::Warned);
        }
        found.push(format!("a synchronization, silent for {silent} s"));
    }
    let found = match found.is_empty() {
        true => "nothing".to_owned(),
        false => found.join(", "),
    };
    let result = CheckResult::new(NAME, worst, expected, found);
    match worst {
        Outcome::Passed => result,
        _ => result.advice(
            "look at the child and at the log; a child that hangs holds memory and has to be ended",
        ),
    }
}
