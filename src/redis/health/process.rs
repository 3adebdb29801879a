//! What the kernel has of the server's process, which need not be what files say.

use super::{CheckResult, Expectations, Observation, Outcome};
use crate::model::probe::ServerProcess;
use crate::redis::units::human;

/// Files that Redis keeps for itself beside its clients' (`CONFIG_MIN_RESERVED_FDS`).
const RESERVED_FILES: u64 = 32;

/// Per cent of the mappings that a process may have, from which on there are many, and from which on too many.
const MANY_MAPS: u64 = 70;
const TOO_MANY_MAPS: u64 = 90;

/// What the process has; nothing where the host was not asked.
pub(super) fn checks(
    observation: &Observation<'_>,
    expectations: &Expectations,
) -> Vec<CheckResult> {
    let Some(host) = observation.host else {
        return Vec::new();
    };
    let Some(process) = &host.process else {
        let found = "not a process of this host, or one that cannot be looked at";
        return vec![CheckResult::new(
            "process",
            Outcome::NotApplicable,
            "the server's process",
            found,
        )];
    };
    let all = [
        swap(observation, process),
        files(observation, process),
        score(expectations, process),
        maps(process, host.most_maps),
        huge_pages(observation, process),
    ];
    all.into_iter().flatten().collect()
}

/// Nothing of it is swapped out: each look-up there costs a read from disk, and stops all clients.
fn swap(observation: &Observation<'_>, process: &ServerProcess) -> Option<CheckResult> {
    let swapped = process.swapped?;
    let used = observation.info.bytes("used_memory");
    let outcome = match used {
        _ if swapped == 0 => Outcome::Passed,
        Some(used) if swapped > used / 100 => Outcome::Failed,
        _ => Outcome::Warned,
    };
    let result = CheckResult::new("swap", outcome, "nothing swapped out", human(swapped));
    Some(match outcome {
        Outcome::Passed => result,
        _ => result.advice("set vm.swappiness to 1 and make room; `swapoff -a` and `swapon -a` bring it back where there is room"),
    })
}

/// It may open as many files as it has clients.
fn files(observation: &Observation<'_>, process: &ServerProcess) -> Option<CheckResult> {
    let open = process.open_files?;
    let clients: u64 = observation.setting("maxclients")?.parse().ok()?;
    let least = clients.saturating_add(RESERVED_FILES);
    let found = match open {
        u64::MAX => "no limit".to_owned(),
        number => number.to_string(),
    };
    let expected = format!("{least} or more, for {clients} clients");
    Some(if open >= least {
        CheckResult::new("open_files", Outcome::Passed, expected, found)
    } else {
        CheckResult::new("open_files", Outcome::Failed, expected, found)
            .advice("raise LimitNOFILE with redis_unit: clients beyond it are turned away")
    })
}

/// The OOM killer prefers others.
fn score(expectations: &Expectations, process: &ServerProcess) -> Option<CheckResult> {
    const NAME: &str = "oom_score_adj";
    let found = process.oom_score_adj?;
    let most = expectations.oom_score_adjust;
    let expected = format!("at most {}", most.unwrap_or(0));
    let outcome = match most {
        _ if found <= most.unwrap_or(0) => Outcome::Passed,
        Some(_) => Outcome::Failed,
        None => Outcome::Warned,
    };
    let result = CheckResult::new(NAME, outcome, expected, found.to_string());
    Some(match outcome {
        Outcome::Passed => result,
        _ => result.advice(
            "redis_unit sets it live; a server with `oom-score-adj` other than no sets its own",
        ),
    })
}

/// Its memory is in fewer pieces than the kernel allows: beyond them it is refused memory though there is some
/// (redis#12821 saw 110,000 with jemalloc 5.3 on Debian 12).
fn maps(process: &ServerProcess, most: Option<u64>) -> Option<CheckResult> {
    let (maps, most) = (process.maps?, most.filter(|most| *most > 0)?);
    let share = u128::from(maps) * 100 / u128::from(most);
    let outcome = match share {
        share if share < u128::from(MANY_MAPS) => Outcome::Passed,
        share if share < u128::from(TOO_MANY_MAPS) => Outcome::Warned,
        _ => Outcome::Failed,
    };
    let expected = format!("below {MANY_MAPS}% of vm.max_map_count");
    let found = format!("{maps} of {most}");
    let result = CheckResult::new("maps", outcome, expected, found);
    Some(match outcome {
        Outcome::Passed => result,
        _ => result.advice("raise vm.max_map_count: it holds at once"),
    })
}

/// It gets no huge pages that it did not ask for: with them a fork copies 2 MiB where one byte is written.
fn huge_pages(observation: &Observation<'_>, process: &ServerProcess) -> Option<CheckResult> {
    let allowed = process.huge_pages?;
    let expected = "none that it did not ask for";
    let gets = allowed && observation.huge_pages_for_all;
    let found = match (allowed, observation.huge_pages_for_all) {
        (true, true) => "huge pages for everybody",
        (true, false) => "those that it asks for",
        (false, _) => "none: it has told the kernel so",
    };
    Some(if gets {
        CheckResult::new("huge_pages", Outcome::Warned, expected, found).advice(
            "set transparent_hugepage to madvise; what it has it keeps until its next start",
        )
    } else {
        CheckResult::new("huge_pages", Outcome::Passed, expected, found)
    })
}
